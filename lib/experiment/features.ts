/** Rows of the augmented table to activations of the frozen network, computed once per image and stored. */
import type { Config } from "../config.ts";
import { digestOf } from "../support/digest.ts";
import { augmentedCopy, protocolRanges } from "../data/augmentation.ts";
import type { ImageSet } from "../data/image_set.ts";
import { type ActivationInput, type Activations, computeActivations } from "../model/activations.ts";
import type { Vgg16Weights } from "../model/weights.ts";
import { photoOf } from "./augmentation_samples.ts";
import { labelsOf, type Parts } from "./parts.ts";
import { type Source, storeFolder } from "./source.ts";

/** What the images of a run are computed from. */
export interface Inputs {
  readonly source: Source;
  readonly parts: Parts;
  readonly images: ImageSet;
  /** Digest of the table and of every photo. */
  readonly dataDigest: string;
  readonly weights: Vgg16Weights;
}

/** Pixels of one row: the photo, or its copy drawn again from (seed, image_id, copy). (height, width, 3), RGB, 0–255. */
export function pixelsOf(
  config: Config,
  inputs: Pick<Inputs, "source" | "parts" | "images">,
  row: number,
): Uint8Array {
  const { row: photo, copy } = inputs.parts.table[row];
  const { imageId } = inputs.source.samples[photo];
  return augmentedCopy(photoOf(inputs.images, photo), {
    size: config.size,
    ranges: protocolRanges,
    seed: config.seed,
    imageId,
    copy,
  });
}

/** Activations of some rows, (n, 2048) at 64×64, as they are read back from the store; float32 as well where asked for. */
export function featuresOf(
  config: Config,
  inputs: Inputs,
  rows: readonly number[],
  options: { float32?: boolean; onProgress?: (done: number, total: number) => void } = {},
): Promise<Activations> {
  return computeActivations(activationInputs(config, inputs, rows), {
    ...activationOptions(config, inputs),
    ...options,
  });
}

/** Rows with their activations, (n, inputs), and labels. */
export interface LabelledFeatures {
  readonly features: Float32Array;
  readonly labels: Uint8Array;
}

/** What the softmax learns from and is validated on; all of it is read from the store once. */
export async function subsetFeatures(
  config: Config,
  inputs: Inputs,
  onProgress?: (done: number, total: number) => void,
): Promise<{ train: LabelledFeatures; validation: LabelledFeatures }> {
  const { subsetTrain, subsetValidation } = inputs.parts;
  const rows = [...subsetTrain, ...subsetValidation];
  const { values, length } = await featuresOf(config, inputs, rows, { onProgress });
  const labels = labelsOf(inputs.parts, rows);
  const n = subsetTrain.length;
  return {
    train: { features: values.subarray(0, n * length), labels: labels.subarray(0, n) },
    validation: { features: values.subarray(n * length), labels: labels.subarray(n) },
  };
}

/** Where and how the activations of a run are stored. */
export function activationOptions(config: Config, inputs: Inputs) {
  const { scaling, size } = config;
  return { weights: inputs.weights, scaling, size, store: storeFolder(config) };
}

/** What names each row's activations: whatever decides its pixels. */
export function activationInputs(config: Config, inputs: Inputs, rows: readonly number[]): ActivationInput[] {
  return rows.map((row) => {
    const { row: photo, copy } = inputs.parts.table[row];
    const { imageId } = inputs.source.samples[photo];
    const pixels = inputs.images.pixelDigests[photo];
    const drawn = copy === 0 ? {} : { imageId, copy, seed: config.seed, ranges: protocolRanges };
    return { key: digestOf({ pixels, ...drawn }), pixels: () => pixelsOf(config, inputs, row) };
  });
}
