/** Seeded models and pictures that the tests and the recipe of their fixture share. */
import type { Scaling } from "../../../lib/config.ts";
import { classesOf, ham10000Classes } from "../../../lib/data/diagnosis.ts";
import { type ImageSize, pixelsIn } from "../../../lib/image_size.ts";
import { randomFor } from "../../../lib/support/random.ts";
import { featuresOf, type TrainedModel } from "../../../lib/model/saved/trained_model.ts";
import { initialHead } from "../../../lib/training/head.ts";
import { randomWeights, weightsDigest } from "../../../lib/model/weights.ts";
import { noiseImages } from "../images.ts";

export interface ModelOptions {
  size: ImageSize;
  scaling: Scaling;
  /** Codes. Default: HAM10000's seven. */
  classes?: string[];
  seed?: number;
  synthetic?: boolean;
}

/** A network nobody trained. No bias is zero, and no class is certain, so that whatever is mixed up shows. */
export function seededModel(
  { size, scaling, classes, seed = 0, synthetic = true }: ModelOptions,
): TrainedModel {
  const base = randomWeights(seed);
  const random = randomFor("seeded model", seed);
  // Pixels in ±150 instead of 0–1 give as much larger activations
  const [bias, share] = scaling === "imagenet" ? [10, 0.01] : [0.1, 1];
  const draw = (length: number) => Float32Array.from({ length }, () => bias * (2 * random() - 1));
  const named = classes ? classesOf(classes) : ham10000Classes;
  const head = initialHead({ inputs: featuresOf({ size }), classes: named.length, seed });
  const layers = base.layers.map((layer) => ({ ...layer, bias: draw(layer.bias.length) }));
  return {
    ...{ size, scaling, classes: named, layers },
    head: {
      ...head,
      kernel: head.kernel.map((value) => share * value),
      bias: Float32Array.from(head.bias, () => random()),
    },
    provenance: {
      configuration: weightsDigest(layers),
      base: "random",
      baseDigest: base.digest,
      depth: "block1",
      ...{ seed, synthetic },
    },
  };
}

/** The fixture's models by name. */
export const fixtureModels: Record<string, ModelOptions> = {
  divide255: { size: 64, scaling: "divide255" },
  rectangle: { size: [48, 80], scaling: "divide255" },
  imagenet: { size: 96, scaling: "imagenet", classes: ["benign", "malignant", "unclear"] },
};

/** Noise, and plain pictures whose channels differ: (7, height, width, 3), RGB 0–255. */
export function testPixels(size: ImageSize): Uint8Array {
  const plain = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0], [200, 150, 130]];
  const length = pixelsIn(size) * 3;
  const pixels = new Uint8Array((2 + plain.length) * length);
  pixels.set(noiseImages(2, size));
  plain.forEach((colour, i) => {
    const at = (2 + i) * length;
    for (let j = 0; j < length; j++) pixels[at + j] = colour[j % 3];
  });
  return pixels;
}

/** max |a − b|; NaN where one is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new TypeError(`Lengths differ. Received: ${a.length} and ${b.length}`);
  return Array.from(a, (value, i) => Math.abs(value - b[i])).reduce((x, y) => (y <= x ? x : y), 0);
}
