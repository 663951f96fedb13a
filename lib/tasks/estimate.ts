/** What a run will cost, said before it starts: images, epochs, time, disk. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { augmentationTargets } from "../data/augmented_table.ts";
import { countLabels } from "../data/diagnosis.ts";
import { countStoredImages } from "../data/image_set.ts";
import { openTable } from "../data/metadata.ts";
import { standInCounts } from "../data/stand_in.ts";
import { storeFolder } from "../experiment/experiment.ts";
import { studyConfigs } from "../experiment/studies.ts";
import { type ImageSize, pixelsIn } from "../image_size.ts";
import {
  frozenLayers,
  inputLength,
  layers,
  outputShapes,
  parameterCount,
  trainedLayers,
} from "../model/vgg16.ts";
import type { Depth } from "../recipe.ts";
import { openStore } from "../support/store.ts";

import { thousands } from "../support/format.ts";
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { readInstallation, tfjsNodeFolder } from "../support/engine/installation.ts";
import { durationText } from "../support/pace.ts";
import type { StoredWork } from "./run_folder.ts";

/**
 * A first guess for a machine of these years; the progress line then measures the one at hand. Multiplications a second are
 * those of the convolutions as written, for each thread; a training step passes each trained layer three times.
 */
const speeds = {
  forward: { native: 100e9, wasm: 11e9 },
  trained: 75e9,
  /** Seconds to decode one photo, and each of its own pixels, on one thread. */
  photo: 3e-3,
  photoPixel: 16e-9,
  /** Seconds of a training step for each image, and for each weight. */
  image: 25e-6,
  weight: 6e-9,
};

/** Seconds that a notebook takes besides all that: kernel, figures, the softmaxes. */
const secondsPerNotebook: Record<string, number> = { "04": 20, "05": 20, "06": 60 };

/** Numbers of images, seconds, bytes. */
export interface Cost {
  decoded: number;
  forward: number;
  /** Of these three also what is finished already. */
  trainings: number;
  epochs: number;
  trainingSeconds: number;
  /** All of it. */
  seconds: number;
  bytes: number;
}

/** Lines for a reader. */
export function costLines(cost: Cost): string[] {
  const recipes = `${thousands(cost.trainings)} ${cost.trainings === 1 ? "recipe" : "recipes"}`;
  const { threads } = readEngineChoice();
  return [
    `to compute  ${thousands(cost.decoded)} photos to decode, ${
      thousands(cost.forward)
    } images through VGG16`,
    ...cost.epochs === 0 ? [] : [
      `to train    ${recipes}, ${thousands(cost.epochs)} epochs, less what is stored: about ` +
      `${durationText(cost.trainingSeconds)} of the time`,
    ],
    `time        about ${durationText(cost.seconds)} on ${threads} CPU threads, a first guess`,
    `disk        about ${thousands(Math.ceil(cost.bytes / 1e6))} MB more in the run's folder`,
  ];
}

/**
 * What is left to compute for these notebooks.
 *
 * @param options.forgotten stored work that does not count, as it is going to be deleted
 * @throws {RangeError} for a table, photos or weights that cannot be used
 */
export async function estimateCost(
  config: Config,
  notebooks: readonly string[],
  { forgotten = [] }: { forgotten?: readonly StoredWork[] } = {},
): Promise<Cost> {
  const needs = (...numbers: string[]) => notebooks.some((name) => numbers.includes(name.slice(0, 2)));
  const cost: Cost = {
    decoded: 0,
    forward: 0,
    trainings: 0,
    epochs: 0,
    trainingSeconds: 0,
    seconds: 0,
    bytes: 0,
  };
  const { engine, threads } = readEngineChoice();
  const { photos } = await partSizesOf(config);
  const studies = needs("06") ? studyConfigs(config) : [];

  const missing = (size: ImageSize) =>
    photos - (forgotten.includes("images") ? 0 : countStoredImages(openStore(storeFolder(config)), size));
  const imageSizes = [
    ...needs("02", "04", "05") ? [config.size] : [],
    ...studies.map((run) => run.config.size),
  ];
  for (const size of new Map(imageSizes.map((size) => [String(size), size])).values()) {
    const images = Math.max(0, missing(size));
    cost.decoded += images;
    cost.bytes += 3 * pixelsIn(size) * images;
  }
  if (cost.decoded > 0) {
    const perPhoto = speeds.photo + speeds.photoPixel * await photoPixels(config);
    cost.seconds += cost.decoded * perPhoto / Math.min(threads, 4); // photos in flight
  }

  /** Images that pass the layers before a depth, once for all that share them. */
  const passes = new Map<string, { depth: Depth; size: ImageSize; images: number }>();
  const addPass = ({ size, scaling, subsetShare }: Config, depth: Depth, images: number) => {
    const key = `${depth} ${size} ${scaling} ${subsetShare}`;
    passes.set(key, { depth, size, images: Math.max(images, passes.get(key)?.images ?? 0) });
  };
  if (needs("04", "05")) {
    // Activations are found by their pixels: while images are missing, nothing is known of them.
    const isKnown = missing(config.size) <= 0 && !forgotten.includes("activations") && await isEngineReady();
    const { subset, test } = isKnown
      ? await missingActivations(config).catch(refuse)
      : await partSizesOf(config);
    addPass(config, "head", subset + (needs("05") ? test : 0));
  }
  const ownRecipe = config.recipe.length > 0 && needs("04", "05") ? [{ config, opensTest: true }] : [];
  for (const { config, opensTest } of [...ownRecipe, ...studies]) {
    const { subset, train, test } = await partSizesOf(config);
    cost.trainings++;
    for (const { depth, epochs, batchSize } of config.recipe) {
      const trained = trainedLayers(depth);
      const pass = multiplications(trained, config.size) / (threads * speeds.trained);
      const weights = parameterCount(trained);
      const perImage = speeds.image + 3 * pass + weights * speeds.weight / batchSize;
      cost.epochs += epochs;
      cost.trainingSeconds += epochs * (train * perImage + (subset - train) * pass);
      cost.bytes += 4 * weights; // its checkpoints are gone when it ends
      if (depth !== "block1") addPass(config, depth, subset + (opensTest ? test : 0));
    }
  }
  for (const { depth, size, images } of passes.values()) {
    cost.forward += images;
    cost.seconds += images * multiplications(frozenLayers(depth), size) /
      (threads * speeds.forward[engine === "wasm" ? "wasm" : "native"]);
    cost.bytes += images * (2 * inputLength(depth, size) + 40); // half floats, key and checksum
  }
  const others = notebooks.map((name) => secondsPerNotebook[name.slice(0, 2)] ?? 6);
  cost.seconds += cost.trainingSeconds + others.reduce((a, b) => a + b, 0);
  return cost;
}

/** Multiplications of these layers for one image. */
function multiplications(of: readonly typeof layers[number][], size: ImageSize): number {
  const shapes = new Map(
    outputShapes(size).map(({ name, shape: [height, width] }) => [name, height * width]),
  );
  return of.reduce((sum, layer) => {
    const kernel = layer.kind === "convolution" ? 9 * layer.inputs * layer.outputs : 0;
    return sum + kernel * shapes.get(layer.name)!;
  }, 0);
}

/** Numbers of images, without opening any. */
async function partSizesOf(config: Config) {
  const counts = config.data === null
    ? standInCounts(config.standInImages)
    : await tableCounts(config, config.data);
  const add = (a: number, b: number) => a + b;
  const augmented = augmentationTargets(counts).reduce(add, 0);
  const test = Math.round(config.testShare * augmented);
  const subset = Math.round(config.subsetShare * (augmented - test));
  const train = subset - Math.round(config.validationShare * subset);
  return { photos: counts.reduce(add, 0), subset, train, test };
}

/** Photos of each class. */
async function tableCounts(config: Config, folder: string): Promise<number[]> {
  const { samples, classes } = await openTable(folder, config).catch(refuse);
  return countLabels(samples.map((sample) => sample.label), classes.length);
}

/** Pixels of the photos as they are, by the heads of twenty of them: 6000 × 4000 takes a hundred times as long as 200 × 150. */
async function photoPixels(config: Config): Promise<number> {
  if (config.data === null) return 200 * 150; // as they are drawn
  const { default: sharp } = await import("sharp");
  const { samples } = await openTable(config.data, config).catch(refuse);
  const step = Math.max(1, Math.floor(samples.length / 20));
  const pixels: number[] = [];
  for (let i = 0; i < samples.length; i += step) {
    const head = await sharp(join(config.data, samples[i].imagePath)).metadata().catch(() => null);
    if (head) pixels.push(head.width * head.height); // what cannot be read is told when it is decoded
  }
  return pixels.length === 0 ? 0 : pixels.reduce((a, b) => a + b) / pixels.length;
}

/** Images of the subset and of the test whose activations are not stored. Loads the engine, which is part of their keys. */
async function missingActivations(config: Config): Promise<{ subset: number; test: number }> {
  const { countMissing, openExperiment } = await import("../experiment/experiment.ts");
  const experiment = await openExperiment(config);
  const { subset, test } = experiment.parts;
  return { subset: countMissing(experiment, subset, "head"), test: countMissing(experiment, test, "head") };
}

/** A table, photos or weights that cannot be used: the call cannot be carried out as given. */
function refuse(error: Error): never {
  if (!["Error", "SyntaxError"].includes(error.name)) throw error;
  throw new RangeError(error.message, { cause: error });
}

async function isEngineReady(): Promise<boolean> {
  return readEngineChoice().engine === "wasm" || (await readInstallation(tfjsNodeFolder())).state === "ready";
}
