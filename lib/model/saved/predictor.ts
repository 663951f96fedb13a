/** A trained model on the engine: pixels in, probabilities out. */
import { pixelsIn, sidesOf } from "../../image_size.ts";
import { tf, valuesOf } from "../../support/engine/engine.ts";
import { softmax } from "../../training/cross_entropy.ts";
import { makeSoftmaxNetwork } from "../../training/softmax_network.ts";
import { makeBase } from "../forward.ts";
import type { TrainedModel } from "./trained_model.ts";

/** Holds the weights on the engine until it is disposed of. */
export interface Predictor extends Disposable {
  /**
   * RGB 0–255, (n, height, width, 3) → probabilities, (n, classes), rows sum to 1. A photo's answer does not depend, to the bit, on
   * those beside it.
   *
   * @throws {TypeError} when the pixels are no whole number of images
   */
  predict(pixels: Uint8Array): Float32Array;
}

/** Images per forward pass. Every pass has as many, black ones at the end: the engine may round other numbers differently. */
export const batchSize = 16;

export function makePredictor({ size, scaling, classes, layers, head }: TrainedModel): Predictor {
  const base = makeBase({ layers }, { size, scaling });
  const behind = makeSoftmaxNetwork([head.kernel, head.bias], {
    features: head.inputs,
    classes: classes.length,
  });
  const sides = sidesOf(size);
  const length = pixelsIn(size) * 3;
  return {
    predict(pixels) {
      if (pixels.length % length !== 0) {
        throw new TypeError(
          `Pixels must have shape (n, ${sides.join(", ")}, 3): a multiple of ${length} values. ` +
            `Received: ${pixels.length}`,
        );
      }
      const n = pixels.length / length;
      const probabilities = new Float32Array(n * classes.length);
      for (let start = 0; start < n; start += batchSize) {
        const batch = new Int32Array(batchSize * length);
        batch.set(pixels.subarray(start * length, (start + batchSize) * length));
        const features = valuesOf(() => base.forward(tf.tensor4d(batch, [batchSize, ...sides, 3], "int32")));
        const answers = softmax(behind.logits(features), classes.length);
        const rows = Math.min(batchSize, n - start);
        probabilities.set(answers.subarray(0, rows * classes.length), start * classes.length);
      }
      return probabilities;
    },
    [Symbol.dispose]() {
      base.dispose();
      behind[Symbol.dispose]();
    },
  };
}
