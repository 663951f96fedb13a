/** Makes the plan of a configuration from its table, its photos' file sizes and dates, and a few photos' headers. */
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
import { honestNotebook, leakageNotebook, selectNotebooks, studiesNotebook } from "../notebooks.ts";
import { isStored, type Plan, type PlannedNotebooks, writePlan } from "./records.ts";
import { planCrossover } from "./crossover_units.ts";
import { planHonest } from "./honest_units.ts";
import { planStudies } from "./study_units.ts";
import { planBeforeParts, type PlanInput, planUnits, type Unit } from "./units.ts";

/**
 * Plans a run of the main notebooks, or of notebook 6, 7 or 8, and stores the plan in the run's store, where `deno task unit` finds it.
 * Draws the stand-in images if they do not exist yet.
 *
 * @param options.only the name of notebook 6, 7 or 8; null: the main notebooks, or the preset's own
 * @throws {RangeError} if table, photos or weights cannot be used
 */
export async function makePlan(
  config: Config,
  { shardImages, only = null }: { shardImages?: number } & Partial<PlannedNotebooks> = {},
): Promise<Plan> {
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
    return (await Promise.all(planBeforeParts(input).map((unit) => isStored(store, unit)))).every((stored) =>
      stored
    );
  });
  const planned = { ...input, parts, photoOf };
  const [notebook] = selectNotebooks({ only: only && [...only], from: null, preset: config.preset });
  const units = unitsOf(notebook, planned, all.counts);
  const plan = { engine, instructions: cpuInstructions(), units, complete: parts !== null };
  await writePlan(store, config, plan, { only });
  return plan;
}

function unitsOf(notebook: string, input: PlanInput, counts: readonly number[]): Unit[] {
  switch (notebook) {
    case studiesNotebook:
      return planStudies(input, counts);
    case leakageNotebook:
      return planCrossover(input, crossoverPlan(input.config));
    case honestNotebook:
      return planHonest(input);
    default:
      return planUnits(input);
  }
}

/** The parts; null if they need decoded photos or near-duplicates that are not stored. @param isKnown whether these are stored */
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

/** Id, file size and modification time of a photo: they change when the photo does. Drawn photos depend on no time. */
function photoState(imageId: string, path: string, { synthetic = false } = {}): string {
  try {
    const { size, mtime } = Deno.statSync(path);
    return [imageId, size, synthetic ? "drawn" : mtime?.getTime()].join(" ");
  } catch {
    return imageId; // decoding will report why it cannot be read
  }
}
