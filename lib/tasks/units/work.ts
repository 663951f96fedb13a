/** Does one unit of work. Whichever process does it, the store then holds the same bytes. */
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { filesOfImages, loadImageSet } from "../../data/image_set.ts";
import { measureBaselines } from "../../experiment/baselines.ts";
import {
  computeActivations,
  type Experiment,
  openExperiment,
  openRowsOf,
  openSource,
  storedActivations,
} from "../../experiment/experiment.ts";
import { honestPlan } from "../../experiment/honest/choice.ts";
import { trainAtPlace } from "../../experiment/honest/selection.ts";
import { dividePhotos, relate, type Related } from "../../experiment/leakage/division.ts";
import { trainListed } from "../../experiment/leakage/networks.ts";
import { openOfficialImages, testOfficially } from "../../experiment/official_testing.ts";
import { openParts } from "../../experiment/protocol.ts";
import { modelOf, type Run, train } from "../../experiment/run.ts";
import { crossoverPlan, studyConfigs } from "../../experiment/study_runs.ts";
import { openTest } from "../../experiment/testing.ts";
import type { Depth } from "../../recipe.ts";
import { lockWork } from "../../support/lock.ts";
import type { Store } from "../../support/store.ts";
import { recipesOf } from "../estimate.ts";
import { isStored, joinUnits, type Plan, type UnitRecord, writeRecord } from "./records.ts";
import { depthsOf, rowsAt } from "./shards.ts";
import type { Unit } from "./units.ts";

/**
 * Does a unit, unless it is stored already. While another process does it, this one waits.
 *
 * @param options.signal when it is aborted, a training writes a checkpoint and then throws the signal's reason
 * @throws {Error} if units that it needs are not stored or are damaged, with their names; and the errors of the work itself
 */
export async function doUnit(
  config: Config,
  store: Store,
  { plan, unit, signal }: { plan: Plan; unit: Unit; signal?: AbortSignal },
): Promise<"done" | "stored"> {
  if (await isStored(store, unit)) return "stored";
  using _ = await lockWork(store, unit.id, { signal });
  if (await isStored(store, unit)) return "stored"; // the process that had the lock has done it
  const needs = new Set(unit.needs);
  await joinUnits(store, plan.units.filter(({ id }) => needs.has(id)));
  signal?.throwIfAborted();
  await writeRecord(store, unit, await compute(config, store, unit, signal));
  return "done";
}

async function compute(config: Config, store: Store, unit: Unit, signal?: AbortSignal): Promise<UnitRecord> {
  const { work } = unit;
  switch (work.kind) {
    case "decode": {
      const { folder, samples } = await openSource({ ...config, skipDamaged: false });
      const paths = samples.slice(work.first, work.end).map(({ imagePath }) => join(folder, imagePath));
      const { damaged } = await loadImageSet(paths, {
        size: config.size,
        store,
        keepGoing: config.skipDamaged,
      });
      const { files, missing } = filesOfImages(paths, { size: config.size, store });
      checkStored(missing.length - damaged.length, unit);
      return { files, entries: [] };
    }
    case "activations": {
      const source = await openSource(config);
      const { parts } = await openParts(config, source);
      const rows = rowsOfShard(config, parts, work);
      const experiment = await openRowsOf({ config, source, parts }, rows);
      const own = rows.map((_, row) => row);
      await computeActivations(experiment, own, work.depth);
      const { files, missing } = storedActivations(experiment, own, work.depth);
      checkStored(missing, unit);
      return { files, entries: [] };
    }
    case "training":
      return await noted(await openExperiment(config), async (experiment) => {
        await trained(experiment, work.recipe, signal);
      });
    case "evaluation":
      return await noted(await openExperiment(config), async (experiment) => {
        if (work.of === "baselines") await measureBaselines(experiment);
        else await openTest(experiment, await trained(experiment, work.of));
      });
    case "near-duplicates":
      return await noted(await openExperiment(config), async (experiment) => {
        await (work.official ? relateAll(experiment) : relate(experiment));
      });
    case "crossover":
      return await noted(await openExperiment(config), async (experiment) => {
        const related = await relateAll(experiment);
        const { parts, lists } = await dividePhotos(experiment, related, work.partition);
        const { recipe } = crossoverPlan(config)[work.set];
        await trainListed(experiment, related, {
          ...{ parts, list: lists[work.list], recipe, seed: work.seed, signal },
        });
      });
    case "study":
      return await noted(
        await openExperiment(studyConfigs(config)[work.study].config),
        async (experiment) => {
          signal?.throwIfAborted();
          await train(experiment, modelOf(experiment), experiment.config.recipe, { signal });
        },
      );
    case "honest":
      return await noted(await openExperiment(config), async (experiment) => {
        const related = await relateAll(experiment);
        const { parts } = await dividePhotos(experiment, related, 0);
        const { place, network } = work;
        const options = { place, network, store: experiment.store, signal };
        await trainAtPlace(config, experiment.source, parts, honestPlan(config), related, options);
      });
    case "official":
      return await noted(await openExperiment(config), async (experiment) => {
        const tested = [];
        for (const recipe of recipesOf(config).keys()) {
          tested.push(await openTest(experiment, await trained(experiment, recipe)));
        }
        await testOfficially(experiment, tested);
      });
  }
}

async function relateAll(experiment: Experiment): Promise<Related> {
  return await relate(experiment, (await openOfficialImages(experiment))?.kept);
}

function rowsOfShard(
  config: Config,
  parts: Experiment["parts"],
  { depth, first, end }: { depth: Depth; first: number; end: number },
): number[] {
  const opensTest = depthsOf(recipesOf(config)).get(depth) ?? false;
  return [...rowsAt(parts, { opensTest }).subarray(first, end)];
}

async function trained(experiment: Experiment, recipe: number, signal?: AbortSignal): Promise<Run> {
  signal?.throwIfAborted();
  return await train(experiment, modelOf(experiment), recipesOf(experiment.config)[recipe], { signal });
}

/** Kinds of entries that are results. Checkpoints and the like are deleted or useless when a unit is done. */
const kept = ["runs", "fits", "answers", "baselines", "near-duplicates"];

/** Does the work and lists the results in the store that it read or wrote: other units may need them. */
async function noted(
  experiment: Experiment,
  work: (experiment: Experiment) => Promise<void>,
): Promise<UnitRecord> {
  const { store } = experiment;
  const entries = new Map<string, readonly [string, string]>();
  const note = (kind: string, key: string) => {
    if (kept.includes(kind)) entries.set(`${kind}/${key}`, [kind, key]);
  };
  const watched: Store = {
    ...store,
    read: (kind, key) => (note(kind, key), store.read(kind, key)),
    write: (kind, key, stored) => (note(kind, key), store.write(kind, key, stored)),
    keep: (kind, key, compute) => (note(kind, key), store.keep(kind, key, compute)),
  };
  await work({ ...experiment, store: watched });
  const stored = [...entries.values()].filter(([kind, key]) => store.has(kind, key));
  return { files: [], entries: stored };
}

function checkStored(missing: number, { name, images }: Unit): void {
  if (missing <= 0) return;
  throw new Error(
    `${name}: ${missing} of its ${images} images cannot be found in the store after they were computed. ` +
      "Photos that change while they are read, or a disk that loses files, do this. Check both and do the unit again",
  );
}
