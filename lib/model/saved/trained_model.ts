/** A trained classifier as a thing to use: the whole network, what goes in, what comes out, and where it comes from. */
import type { Scaling } from "../../config.ts";
import type { DiagnosisClass } from "../../data/diagnosis.ts";
import { type ImageSize, sizeText } from "../../image_size.ts";
import type { Head } from "../../training/head.ts";
import { convolutions, type Cut, cutLength } from "../architecture.ts";
import type { ConvolutionWeights, Vgg16Weights } from "../weights.ts";

/** Photos of (height, width, 3), RGB 0–255 → probabilities of the classes. */
export interface TrainedModel {
  /** Of the images, at least 32 pixels a side. */
  readonly size: ImageSize;
  /** What happens to the pixels first. */
  readonly scaling: Scaling;
  /** In label order. */
  readonly classes: readonly DiagnosisClass[];
  /** The 13 convolutions in the network's order, trained or not. */
  readonly layers: readonly ConvolutionWeights[];
  readonly head: Head;
  readonly provenance: Provenance;
}

/** What a model was made from. */
export interface Provenance {
  /** Digest of the configuration that it was trained with. */
  readonly configuration: string;
  /** Weights that the training started from: their source, and their digest. */
  readonly base: Vgg16Weights["source"];
  readonly baseDigest: string;
  /** The first part that was trained; `head`: the softmax alone. */
  readonly depth: "head" | Exclude<Cut, "flatten">;
  readonly seed: number;
  /** Whether it has learned from drawn stand-in pictures. */
  readonly synthetic: boolean;
}

/** What decides the network's shape. */
export interface ModelShape {
  readonly size: ImageSize;
  readonly scaling: Scaling;
  readonly classes: readonly DiagnosisClass[];
}

/** Values that the softmax reads: 2,048 at 64×64. */
export function featuresOf({ size }: Pick<ModelShape, "size">): number {
  return cutLength("flatten", size);
}

/**
 * @throws {TypeError} when layers or head do not fit size and classes
 * @throws {RangeError} when a weight is not finite: the training has diverged
 */
export function checkModel(model: TrainedModel): void {
  const { classes, layers, head } = model;
  const inputs = featuresOf(model);
  const expected = [
    ...convolutions.map(({ name, inputs, outputs }) => `${name} ${9 * inputs * outputs} + ${outputs}`),
    `predictions ${inputs * classes.length} + ${classes.length}`,
  ];
  const parts = [...layers, { name: "predictions", ...head }];
  const received = parts.map(({ name, kernel, bias }) => `${name} ${kernel.length} + ${bias.length}`);
  for (let i = 0; i < Math.max(expected.length, received.length); i++) {
    if (expected[i] === received[i]) continue;
    throw new TypeError(
      `A model of ${sizeText(model.size)} pixels and ${classes.length} classes must have as layer ${
        i + 1
      }: ` +
        `${expected[i] ?? "none"} values (kernel + bias). Received: ${received[i] ?? "none"}`,
    );
  }
  for (const { name, kernel, bias } of parts) {
    const wrong = [kernel, bias].flatMap((values) => values.find((value) => !Number.isFinite(value)) ?? []);
    if (wrong.length > 0) {
      throw new RangeError(
        `${name} must have finite weights. Received: ${
          wrong[0]
        }. The training has diverged: lower its learning rate`,
      );
    }
  }
}
