/** Seeded noise whose classes differ, and small networks that learn from it, for tests. */
import type { Precision } from "../../lib/config.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { randomFor } from "../../lib/support/random.ts";
import { type Examples, examplesOf } from "../../lib/training/examples.ts";
import { initialHead, type Model, vgg16 } from "../../lib/training/model.ts";

/** A softmax on `inputs` features: a model without layers before it. */
export function softmaxModel({ inputs = 12, classes = 4, seed = 1 } = {}): Model {
  const head = initialHead({ inputs, classes, seed });
  const size = 32; // of no image
  return {
    depth: "head",
    layers: [],
    head,
    size,
    scaling: "divide255",
    precision: "float32",
    classes,
    digest: `softmax ${seed}`,
  };
}

/** VGG16 for images of 32×32 and three classes. At `block5` it reads 2 × 2 × 512 values, at `head` 512. */
export function smallModel(precision: Precision = "float32"): Model {
  return vgg16({ weights: randomWeights(1), size: 32, scaling: "divide255", precision, classes: 3, seed: 1 });
}

/** n rows: at each place every third value is larger where its class is the row's. */
export function noise(n: number, length: number, ...seed: (string | number)[]): Examples {
  const random = randomFor("noise", length, ...seed);
  const labels = Uint8Array.from({ length: n }, (_, row) => row % 3);
  const values = Float32Array.from({ length: n * length }, (_, i) => {
    const isOwn = i % length % 512 % 3 === labels[Math.floor(i / length)];
    return random() * (isOwn ? 1 : 0.6);
  });
  return examplesOf(values, labels);
}
