/** Makes the plan of a configuration: opens its table and looks at its photos' sizes and dates, without opening one. */
import { join } from "node:path";
import { type Config, storeFolder } from "../../config.ts";
import { openSource, type Source, weightsOf } from "../../experiment/experiment.ts";
import { openOfficialSet } from "../../experiment/official_set.ts";
import { openParts } from "../../experiment/protocol.ts";
import { crossoverPlan } from "../../experiment/study_runs.ts";
import { sha256 } from "../../support/digest.ts";
import { cpuInstructions } from "../../support/engine/engine_choice.ts";
import { expectedEngine } from "../../support/engine/expected_engine.ts";
import { openStore } from "../../support/store.ts";
import { vgg16 } from "../../training/model.ts";
import { photoPixels, refuse } from "../estimate.ts";
import { isStored, type Plan, type PlannedNotebooks, writePlan } from "./records.ts";
import { planCrossover } from "./crossover_units.ts";
import { planUnits } from "./units.ts";

/**
 * Plans a run of the main notebooks and keeps the plan in the run's store, where `deno task unit` finds it. The drawn stand-in is drawn,
 * where it is not there yet.
 *
 * @throws {RangeError} for a table, photos or weights that cannot be used, and for the preset `honest`
 */
export async function makePlan(
  config: Config,
  { shardImages, only = null }: { shardImages?: number } & Partial<PlannedNotebooks> = {},
): Promise<Plan> {
  if (config.preset === "honest") {
    throw new RangeError(
      "A plan is one of the notebooks 01 to 05, so --preset is smoke, quick or write-up. Received: honest. " +
        "deno task reproduce --preset honest runs notebook 8 in one process",
    );
  }
  const engine = await expectedEngine();
  const weights = await weightsOf(config).catch(refuse);
  const all = await openSource({ ...config, skipDamaged: false }).catch(refuse);
  const set = await openOfficialSet(config, all.classes).catch(refuse);
  const { size, scaling, precision, seed } = config;
  const classes = all.classes.length;
  const input = {
    ...{ config, engine, shardImages, classes },
    photos: all.samples.map(({ imageId, imagePath }) =>
      photoState(imageId, join(all.folder, imagePath), all)
    ),
    weights: weights.digest,
    model: vgg16({ weights, size, scaling, precision, classes, seed }).digest,
    photoPixels: await photoPixels(all.samples.map(({ imagePath }) => join(all.folder, imagePath))),
    official: set && {
      photos: set.photos.length,
      digest: sha256(
        set.photos.map(({ imageId, path, label }) => `${label} ${photoState(imageId, path)}`).join("\n"),
      ),
    },
  };
  const store = openStore(storeFolder(config));
  const { parts, photoOf } = await partsOf(config, all, async () => {
    const before = planUnits({ ...input, parts: null });
    return (await Promise.all(before.map((unit) => isStored(store, unit)))).every((stored) => stored);
  });
  const planned = { ...input, parts, photoOf };
  const units = only ? planCrossover(planned, crossoverPlan(config)) : planUnits(planned);
  const plan = { engine, instructions: cpuInstructions(), units, complete: parts !== null };
  await writePlan(store, config, plan, { only });
  return plan;
}

/** The parts; null where they are only known when the photos are decoded, or near-duplicates found. @param isKnown whether they are */
async function partsOf(config: Config, all: Source, isKnown: () => Promise<boolean>) {
  if (config.skipDamaged || config.protocol === "split-first") {
    if (!await isKnown()) return { parts: null };
  }
  if (!config.skipDamaged) return { parts: (await openParts(config, all)).parts };
  const source = await openSource(config);
  const places = new Map(all.samples.map(({ imageId }, place) => [imageId, place]));
  return {
    parts: (await openParts(config, source)).parts,
    photoOf: (row: number) => places.get(source.samples[row].imageId)!,
  };
}

/** What changes when a photo does, without opening it. Drawn ones are the same whenever they were drawn. */
function photoState(imageId: string, path: string, { synthetic = false } = {}): string {
  try {
    const { size, mtime } = Deno.statSync(path);
    return [imageId, size, synthetic ? "drawn" : mtime?.getTime()].join(" ");
  } catch {
    return imageId; // decoding it says why
  }
}
