/** A trained model on the engine, which must have been started: pixels or photos in, probabilities out. */
import { decodeImage } from "../data/decode.ts";
import { pixelsIn, sidesOf } from "../image_size.ts";
import { startEngine, tf, valuesOf } from "../support/engine/engine.ts";

import { inParallel } from "../support/parallel.ts";
import { makeBase } from "./forward.ts";
import type { TrainedModel } from "./saved_model.ts";

/** Holds the weights on the engine until it is disposed of. */
export interface Predictor extends Disposable {
  /**
   * RGB 0–255, (n, height, width, 3) → probabilities, (n, classes), rows sum to 1. Photos beside a photo may change its answer by
   * rounding, less than 1e-5.
   *
   * @throws {TypeError} when the pixels are no whole number of images
   */
  predict(pixels: Uint8Array): Float32Array;
}

/** Images per forward pass. Every pass has as many, black ones at the end: the engine rounds otherwise for other numbers. */
const batchSize = 16;

export function makePredictor({ size, scaling, layers, head }: TrainedModel): Predictor {
  const classes = head.bias.length;
  const base = makeBase({ layers }, { size, scaling });
  const kernel = tf.tensor2d(head.kernel, [base.outputs, classes]);
  const bias = tf.tensor1d(head.bias);
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
      const probabilities = new Float32Array(n * classes);
      for (let start = 0; start < n; start += batchSize) {
        const batch = new Int32Array(batchSize * length);
        batch.set(pixels.subarray(start * length, (start + batchSize) * length));
        const answers = valuesOf(() => {
          const features = base.forward(tf.tensor4d(batch, [batchSize, ...sides, 3], "int32"));
          return features.matMul(kernel).add(bias).softmax();
        });
        const rows = Math.min(batchSize, n - start);
        probabilities.set(answers.subarray(0, rows * classes), start * classes);
      }
      return probabilities;
    },
    [Symbol.dispose]() {
      base[Symbol.dispose]();
      tf.dispose([kernel, bias]);
    },
  };
}

export interface PhotoAnswer {
  readonly path: string;
  /** In the order of the model's classes; null where the photo cannot be decoded. */
  readonly probabilities: Float32Array | null;
  /** Why it cannot, beginning with the path; null where it can. */
  readonly problem: string | null;
}

/**
 * An answer for each photo, in their order: decoded and resized as for training, then through the network. However many there
 * are, no more than 16 are held at a time. What cannot be decoded is an answer with a problem, and the rest goes on.
 */
export async function* classify(model: TrainedModel, paths: readonly string[]): AsyncGenerator<PhotoAnswer> {
  await startEngine();
  using predictor = makePredictor(model);
  for (let start = 0; start < paths.length; start += batchSize) {
    const batch = paths.slice(start, start + batchSize);
    const pixels = new Map<string, Uint8Array>();
    const problems = new Map<string, string>();
    await inParallel(batch, 4, async (path) => {
      try {
        pixels.set(path, await decodeImage(path, model.size));
      } catch (error) {
        problems.set(path, (error as Error).message);
      }
    });
    const sound = batch.filter((path) => pixels.has(path));
    const length = pixelsIn(model.size) * 3;
    const images = new Uint8Array(sound.length * length);
    sound.forEach((path, i) => images.set(pixels.get(path)!, i * length));
    const probabilities = predictor.predict(images);
    const classes = model.classes.length;
    for (const path of batch) {
      const row = sound.indexOf(path) * classes;
      yield row < 0
        ? { path, probabilities: null, problem: problems.get(path)! }
        : { path, probabilities: probabilities.slice(row, row + classes), problem: null };
    }
  }
}
