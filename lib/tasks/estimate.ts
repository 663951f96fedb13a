/** Estimates what a run will cost, before it starts: photos, passes, epochs, time, disk. */
import { join } from "node:path";
import { type Config, storeFolder } from "../config.ts";
import { augmentationTargets } from "../data/augmented_table.ts";
import { countLabels, type DiagnosisClass, ham10000Classes } from "../data/diagnosis.ts";
import { countStoredImages } from "../data/image_set.ts";
import { leakFreeCount } from "../data/leak_free_parts.ts";
import { openTable } from "../data/metadata.ts";
import { findSamePhotos } from "../data/same_photos.ts";
import { standInCounts } from "../data/stand_in.ts";
import { honestPlan, honestTrainings } from "../experiment/honest/choice.ts";
import { openOfficialSet } from "../experiment/official_set.ts";
import { leakageConfigs, studyConfigs } from "../experiment/study_runs.ts";
import { type ImageSize, pixelsIn, sizeText } from "../image_size.ts";
import { inputLength, parameterCount, trainedLayers } from "../model/vgg16.ts";
import { type Depth, type Recipe, stageOf } from "../recipe.ts";
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { whyNotNative } from "../support/engine/install.ts";
import { readInstallation, tfjsNodeFolder } from "../support/engine/installation.ts";
import { countText, thousands } from "../support/format.ts";
import { durationText } from "../support/pace.ts";
import { openStore } from "../support/store.ts";
import type { StoredWork } from "./run_folder.ts";
import { decodeSeconds, frozenSeconds, secondsPerNotebook, secondsPerPair, stageSeconds } from "./speeds.ts";

/** How much is left to do, and the seconds and bytes that all of it needs. */
export interface Cost {
  /** Photos to decode. */
  decoded: number;
  /** Images to pass through frozen layers. */
  forward: number;
  trainings: number;
  epochs: number;
  trainingSeconds: number;
  /** Whether it counts trainings whose storage has not been checked: those of notebooks 06 to 08. */
  atMost: boolean;
  seconds: number;
  bytes: number;
}

/** The cost as lines of text. */
export function costLines(
  { decoded, forward, trainings, epochs, trainingSeconds, atMost, seconds, bytes }: Cost,
): string[] {
  const { engine, threads } = readEngineChoice();
  const ofGpu = engine === "webgpu" ? "; how long on this GPU, the progress lines will tell" : "";
  const recipes = `${countText(trainings, "recipe")}, ${thousands(epochs)} epochs`;
  const less = atMost ? ", less if trainings of 06 to 08 are stored" : "";
  return [
    `to compute  ${thousands(decoded)} photos to decode, ${thousands(forward)} images through VGG16`,
    ...epochs > 0
      ? [`to train    ${recipes}: about ${durationText(trainingSeconds)} of the time${less}`]
      : [],
    `time        about ${durationText(seconds)} on ${
      countText(threads, "CPU thread")
    }, a first guess${ofGpu}`,
    `disk        about ${thousands(Math.ceil(bytes / 1e6))} MB more in the run's folder`,
  ];
}

/** A training that the notebooks need. */
interface Training {
  readonly config: Config;
  readonly opensTest: boolean;
  /** Numbers of photos, for a training that augments them anew in each epoch and stores no activations. */
  readonly drawn?: { readonly train: number; readonly validation: number };
  /** Null: whether it is stored is not checked. */
  readonly stored: Stored | null;
}

/**
 * The most that is left to compute for these notebooks. Whether the trainings of notebooks 06 to 08 are stored is not checked.
 *
 * @param options.forgotten stored work that does not count, because it will be deleted
 * @throws {RangeError} if the table, photos or weights cannot be used
 */
export async function estimateCost(
  config: Config,
  notebooks: readonly string[],
  { forgotten = [] }: { forgotten?: readonly StoredWork[] } = {},
): Promise<Cost> {
  const needs = (...numbers: string[]) => notebooks.some((name) => numbers.includes(name.slice(0, 2)));
  const studies = needs("06") ? studyConfigs(config) : [];
  const honest = needs("08") ? honestTrainings(honestPlan(config)) : [];
  const sizes = [
    ...needs("02", "04", "05", "07", "08") ? [config.size] : [],
    ...honest.map(({ size }) => size),
    ...studies.map(({ config }) => config.size),
  ];
  const { classes, counts, paths } = await photosOf(config);
  if (needs("05") && config.data !== null) await openOfficialSet(config, classes).catch(refuse); // fail before hours of training
  const photos = photosToDecode(config, counts, { sizes, forgotten });
  const trainings: Training[] = studies.map((run) => ({ ...run, stored: null }));
  if (needs("07")) {
    trainings.push(...leakageConfigs(config).map((config) => ({ config, opensTest: true, stored: null })));
  }
  const total = counts.reduce((sum, count) => sum + count);
  const drawn = { train: leakFreeCount("train", total), validation: leakFreeCount("validation", total) };
  trainings.push(...honest.map(({ size, recipe }) => ({
    config: { ...config, size, recipe: recipe.map(stageOf) },
    ...{ opensTest: true, stored: null, drawn },
  })));
  if (needs("04", "05")) {
    // Activations are looked up by the images' pixels, so nothing is known of them while images are missing.
    const stored = photos.get(sizeText(config.size))!.images === 0
      ? await openStored(config, forgotten)
      : null;
    for (const recipe of recipesOf(config)) {
      trainings.push({ config: { ...config, recipe }, opensTest: needs("05"), stored });
    }
  }

  const { engine, threads } = readEngineChoice();
  const cost: Cost = {
    decoded: 0,
    forward: 0,
    trainings: 0,
    epochs: 0,
    trainingSeconds: 0,
    atMost: needs("06", "07", "08"),
    seconds: 0,
    bytes: 0,
  };
  for (const { size, images } of photos.values()) {
    cost.decoded += images;
    cost.bytes += 3 * pixelsIn(size) * images;
  }
  cost.seconds += cost.decoded * decodeSeconds(cost.decoded > 0 ? await photoPixels(paths) : 0, threads);
  const wasm = engine === "wasm" || engine === "auto" && await whyNotNative() !== null;

  /** Images to pass through the layers before a depth, once for all trainings that share them. */
  const passes = new Map<string, { depth: Depth; size: ImageSize; images: number }>();
  for (const { config, opensTest, stored, drawn } of trainings) {
    const { size, scaling, subsetShare, recipe } = config;
    const parts = partSizesOf(config, counts);
    const [train, subset] = drawn
      ? [drawn.train, drawn.train + drawn.validation]
      : [parts.train, parts.subset];
    const isTrained = stored?.isTrained(recipe) ?? false;
    if (!isTrained) cost.trainings++;
    for (const stage of recipe) {
      const { depth, epochs } = stage;
      if (drawn) cost.seconds += epochs * subset * frozenSeconds(depth, size, { wasm }) / threads;
      else {
        const images = stored?.missing(depth, opensTest) ?? subset + (opensTest ? parts.test : 0);
        const key = `${depth} ${sizeText(size)} ${scaling} ${subsetShare}`;
        passes.set(key, { depth, size, images: Math.max(images, passes.get(key)?.images ?? 0) });
      }
      if (isTrained) continue;
      cost.epochs += epochs;
      cost.trainingSeconds += stageSeconds(stage, { size, train, validation: subset - train }) / threads;
      cost.bytes += 4 * parameterCount(trainedLayers(depth)); // without checkpoints: it deletes them at its end
    }
  }
  for (const { depth, size, images } of passes.values()) {
    if (depth === "block1") continue; // has no frozen layers
    cost.forward += images;
    cost.seconds += images * frozenSeconds(depth, size, { wasm }) / threads;
    cost.bytes += images * (2 * inputLength(depth, size) + 36); // 16-bit floats, key and checksum
  }
  if (needs("07", "08") || config.protocol === "split-first") cost.seconds += secondsPerPair * total ** 2 / 2;
  cost.seconds += cost.trainingSeconds + notebooks.length * secondsPerNotebook;
  return cost;
}

/** The trainings of notebook 4: one for each optimizer on the frozen network, and the configuration's own recipe. */
export function recipesOf({ optimizers, learningRate, epochs, batchSize, recipe }: Config): Recipe[] {
  const softmax = { depth: "head", learningRate, epochs, batchSize } as const;
  const comparison = optimizers.map((optimizer) => [stageOf({ ...softmax, optimizer })]);
  return recipe.length > 0 ? [...comparison, recipe] : comparison;
}

/** The number of photos that are not stored yet, for each image size. */
function photosToDecode(
  config: Config,
  counts: readonly number[],
  { sizes, forgotten }: { sizes: readonly ImageSize[]; forgotten: readonly StoredWork[] },
) {
  const { photos } = partSizesOf(config, counts);
  const store = openStore(storeFolder(config));
  return new Map(sizes.map((size) => {
    const stored = forgotten.includes("images") ? 0 : countStoredImages(store, size);
    return [sizeText(size), { size, images: Math.max(0, photos - stored) }];
  }));
}

/** What is stored for a configuration whose images are all stored. */
interface Stored {
  isTrained(recipe: Recipe): boolean;
  /** Number of images whose activations at this depth are missing: of the subset, and of the test if it is opened. */
  missing(depth: Depth, opensTest: boolean): number;
}

/** Loads the engine, which is part of all keys. Null if it is not set up yet. */
async function openStored(config: Config, forgotten: readonly StoredWork[]): Promise<Stored | null> {
  const { engine } = readEngineChoice();
  if (["auto", "native"].includes(engine) && (await readInstallation(tfjsNodeFolder())).state !== "ready") {
    return null;
  }
  const { openExperiment, storedActivations } = await import("../experiment/experiment.ts");
  const { configurationOf, modelOf } = await import("../experiment/run.ts");
  const experiment = await openExperiment(config).catch(refuse);
  const { parts, store } = experiment;
  const model = modelOf(experiment);
  return {
    isTrained: (recipe) =>
      !forgotten.includes("trainings") &&
      ["runs", "fits"].every((kind) => store.has(kind, configurationOf(experiment, model, recipe))),
    missing(depth, opensTest) {
      const rows = opensTest ? [...parts.subset, ...parts.test] : parts.subset;
      if (depth === "block1" || forgotten.includes("activations")) return rows.length;
      return storedActivations(experiment, rows, depth).missing;
    },
  };
}

/** Numbers of images in each part, without opening any. @param counts photos of each class */
export function partSizesOf(config: Config, counts: readonly number[]) {
  const add = (a: number, b: number) => a + b;
  const augmented = augmentationTargets(counts).reduce(add, 0);
  const test = Math.round(config.testShare * augmented);
  const subset = Math.round(config.subsetShare * (augmented - test));
  const train = subset - Math.round(config.validationShare * subset);
  return { photos: counts.reduce(add, 0), subset, train, test };
}

/** The classes, photos of each, and their paths. @throws {RangeError} for a table or photo files that would stop the run */
async function photosOf(
  config: Config,
): Promise<{ classes: readonly DiagnosisClass[]; counts: readonly number[]; paths: readonly string[] }> {
  const { data } = config;
  if (data === null) {
    return { classes: ham10000Classes, counts: standInCounts(config.standInImages), paths: [] };
  }
  const { samples, classes, paths: tables } = await openTable(data, config).catch(refuse);
  await findSamePhotos(data, samples, { ...config, tables }).catch(refuse);
  return {
    classes,
    counts: countLabels(samples.map((sample) => sample.label), classes.length),
    paths: samples.map(({ imagePath }) => join(data, imagePath)),
  };
}

/** Mean pixels of about twenty photos, by their headers: decoding 6000 × 4000 takes a hundred times as long as 200 × 150. */
export async function photoPixels(paths: readonly string[]): Promise<number> {
  if (paths.length === 0) return 200 * 150; // the size of stand-in images
  const { default: sharp } = await import("sharp");
  const step = Math.max(1, Math.floor(paths.length / 20));
  const pixels: number[] = [];
  for (let i = 0; i < paths.length; i += step) {
    const head = await sharp(paths[i]).metadata().catch(() => null);
    if (head) pixels.push(head.width * head.height); // unreadable photos are reported when they are decoded
  }
  return pixels.length === 0 ? 0 : pixels.reduce((a, b) => a + b) / pixels.length;
}

/** Throws the error of an unusable table, photo or weight file as a RangeError: the call is at fault. */
export function refuse(error: Error): never {
  if (!["Error", "SyntaxError"].includes(error.name)) throw error;
  throw new RangeError(error.message, { cause: error });
}
