/** Saves a trained network for use outside the experiment. */
import { join } from "node:path";
import { type Provenance, saveModel } from "../model/saved_model.ts";
import { digestTraining, type TrainedOn } from "../model/trained_on.ts";
import type { Model } from "../training/model.ts";
import type { Experiment } from "./experiment.ts";
import { networkOf, type Run } from "./run.ts";

/** What the networks are trained on: the photos of all training rows, whether originals or copies, and their lesions. */
export function trainedOn(experiment: Experiment): TrainedOn {
  const { parts } = experiment;
  return trainedOnPhotos(experiment, parts.subsetTrain.map((row) => parts.table[row].row));
}

/** @param photos rows of the table of photos */
export function trainedOnPhotos({ source, images }: Experiment, photos: readonly number[]): TrainedOn {
  return digestTraining([...new Set(photos)].map((photo) => ({
    fileDigest: images.fileDigests[photo],
    lesionId: source.knowsLesions ? source.samples[photo].lesionId : null,
  })));
}

/** A file of a saved network, for a table. */
export interface SavedFile {
  readonly file: string;
  readonly bytes: number;
  readonly reads: string;
}

/** Saves a run's network in `model` of the run's folder, for `deno task classify`, TensorFlow.js and Keras; returns its files. */
export async function saveNetwork(experiment: Experiment, run: Run): Promise<SavedFile[]> {
  const { configuration, depth } = run;
  return await saveIn(join(experiment.config.out, "model"), experiment, await networkOf(experiment, run), {
    ...{ trainedOn: trainedOn(experiment), configuration, depth },
  });
}

/** Saves a network in a folder; returns its files. */
export async function saveIn(
  folder: string,
  { config, weights, source }: Experiment,
  { layers, head, size, scaling, precision }: Model,
  { trainedOn, configuration, depth, assessment }:
    & Pick<Provenance, "configuration" | "depth" | "assessment">
    & { trainedOn: TrainedOn },
): Promise<SavedFile[]> {
  await saveModel(folder, {
    ...{ size, scaling, classes: source.classes, layers, head, trainedOn },
    provenance: {
      ...{ configuration, base: weights.source, baseDigest: weights.digest },
      ...{ depth, seed: config.seed, synthetic: source.synthetic },
      ...precision !== "float32" && { precision },
      ...assessment && { assessment },
    },
  });
  const readers = {
    "about.json": "people: classes, provenance, digests",
    "model.json": "TensorFlow.js",
    "weights.bin": "TensorFlow.js",
    "model.h5": "Keras 2 and 3",
    "trained_on.json": "deno task evaluate: digests of the photos and lesions trained on",
  };
  return await Promise.all(
    Object.entries(readers).map(async ([file, reads]) => {
      const { size } = await Deno.stat(join(folder, file));
      return { file, bytes: size, reads };
    }),
  );
}
