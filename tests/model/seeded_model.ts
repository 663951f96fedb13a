/** Seeded models and pictures that tests and the recipe of their fixture share. */
import assert from "node:assert/strict";
import type { Scaling } from "../../lib/config.ts";
import { classesOf, ham10000Classes } from "../../lib/data/diagnosis.ts";
import { type ImageSize, pixelsIn } from "../../lib/image_size.ts";
import { featuresOf, type TrainedModel } from "../../lib/model/saved_model.ts";
import { randomWeights, weightsDigest } from "../../lib/model/weights.ts";
import { randomFor } from "../../lib/support/random.ts";
import { noiseImages } from "./images.ts";

export interface ModelOptions {
  size: ImageSize;
  scaling: Scaling;
  /** Codes. Default: HAM10000's seven. */
  classes?: string[];
  seed?: number;
}

/** A network nobody trained. No bias is zero, and no class is certain, so that whatever is mixed up shows. */
export function seededModel({ size, scaling, classes: codes, seed = 0 }: ModelOptions): TrainedModel {
  const base = randomWeights(seed);
  // Pixels in ±150 instead of 0–1 give as much larger activations
  const [reach, share] = scaling === "imagenet" ? [10, 0.01] : [0.1, 1];
  const random = randomFor("seeded model", seed);
  const layers = base.layers.map((layer) => ({
    ...layer,
    bias: layer.bias.map(() => reach * (2 * random() - 1)),
  }));
  const classes = codes ? classesOf(codes) : ham10000Classes;
  const features = featuresOf({ size });
  const limit = Math.sqrt(6 / (features + classes.length));
  const glorot = randomFor(seed, "glorot_uniform", features, classes.length);
  const kernel = Float32Array.from({ length: features * classes.length }, () => limit * (2 * glorot() - 1));
  return {
    ...{ size, scaling, classes, layers },
    head: {
      kernel: kernel.map((value) => share * value),
      bias: Float32Array.from(classes, () => random()),
    },
    provenance: {
      configuration: weightsDigest(layers),
      base: "random",
      baseDigest: base.digest,
      depth: "block1",
      seed,
      synthetic: true,
    },
    trainedOn: null,
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
    for (let j = 0; j < length; j++) pixels[(2 + i) * length + j] = colour[j % 3];
  });
  return pixels;
}

/** Throws unless all answers are equal within 1e-5, as those of direct convolutions and of Winograd's are. */
export function assertClose(ours: ArrayLike<number>, theirs: ArrayLike<number>): void {
  assert.equal(ours.length, theirs.length);
  Array.from(ours).forEach((value, i) => assert.ok(Math.abs(value - theirs[i]) < 1e-5, `${i}: ${value}`));
}
