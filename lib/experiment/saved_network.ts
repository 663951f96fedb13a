/** A trained network saved as a thing to use. */
import { join } from "node:path";
import { saveModel } from "../model/saved_model.ts";
import { digestTraining, type TrainedOn } from "../model/trained_on.ts";
import type { Experiment } from "./experiment.ts";
import { networkOf, type Run } from "./run.ts";

/**
 * What the experiment's networks are trained on: the photos of all rows of the training part, whether they stand there themselves
 * or as copies, and their lesions.
 */
export function trainedOn({ source, parts, images }: Experiment): TrainedOn {
  const photos = [...new Set(parts.subsetTrain.map((row) => parts.table[row].row))];
  return digestTraining(photos.map((photo) => ({
    fileDigest: images.fileDigests[photo],
    lesionId: source.knowsLesions ? source.samples[photo].lesionId : null,
  })));
}

/** Saves a run's network in `model` of the run's folder, for `deno task classify`, TensorFlow.js and Keras; its files. */
export async function saveNetwork(
  experiment: Experiment,
  run: Run,
): Promise<{ file: string; bytes: number; reads: string }[]> {
  const { config, weights, source } = experiment;
  const { layers, head } = await networkOf(experiment, run);
  const folder = join(config.out, "model");
  await saveModel(folder, {
    ...{ size: config.size, scaling: config.scaling, classes: source.classes, layers, head },
    trainedOn: trainedOn(experiment),
    provenance: {
      ...{ configuration: run.configuration, base: weights.source, baseDigest: weights.digest },
      ...{ depth: run.depth, seed: config.seed, synthetic: source.synthetic },
      ...config.precision !== "float32" && { precision: config.precision },
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
