/** Predicts class probabilities of pixels or photos with a trained model. The engine must be running; `classify` starts it. */
import { orient } from "../data/augmentation.ts";
import { decodeBytes, readPhoto } from "../data/decode.ts";
import { isOfTheDisk } from "../data/image_set.ts";
import { pixelsIn, sidesOf, sizeText } from "../image_size.ts";
import { sha256 } from "../support/digest.ts";
import { readValues, startEngine, tf } from "../support/engine/engine.ts";
import { inParallel } from "../support/parallel.ts";
import { progress } from "../support/progress.ts";
import { makeBase } from "./forward.ts";
import type { TrainedModel } from "./saved_model.ts";

/** Holds the weights on the engine until it is disposed of. */
export interface Predictor extends Disposable {
  /**
   * RGB 0–255, (n, height, width, 3) → probabilities, (n, classes), rows sum to 1. The other photos of a batch may change a photo's
   * probabilities by rounding, by less than 1e-5.
   *
   * @throws {TypeError} if the pixels are not a whole number of images
   */
  predict(pixels: Uint8Array): Promise<Float32Array>;
}

/** Number of orientations in which a photo is predicted. 1: as it is. 8: all quarter turns, also mirrored. */
export type Orientations = 1 | 8;

export interface PredictorOptions {
  /** Probabilities are the mean over this many orientations of the square image. Default: 1, the photo as it is. */
  readonly orientations?: Orientations;
}

/** The parts of a model that a prediction needs. */
export type Answering = Pick<TrainedModel, "size" | "scaling" | "layers" | "head">;

/** Images per forward pass. The last pass is padded with black images: with other batch sizes the engine rounds differently. */
const batchSize = 16;

/** @throws {RangeError} for eight orientations of a rectangle */
export function makePredictor(
  { size, scaling, layers, head }: Answering,
  { orientations = 1 }: PredictorOptions = {},
): Predictor {
  const sides = sidesOf(size);
  if (orientations !== 1 && sides[0] !== sides[1]) {
    throw new RangeError(
      "Eight orientations need a model of square images: a rectangle cannot be turned by a quarter. Leave out " +
        `--orientations, or take another model. Received: a model of ${sizeText(size)} pixels`,
    );
  }
  const classes = head.bias.length;
  const base = makeBase({ layers }, { size, scaling });
  const kernel = tf.tensor2d(head.kernel, [base.outputs, classes]);
  const bias = tf.tensor1d(head.bias);
  const length = pixelsIn(size) * 3;
  const answerBatch = (batch: Int32Array) =>
    readValues(() => {
      const features = base.forward(tf.tensor4d(batch, [batchSize, ...sides, 3], "int32"));
      return features.matMul(kernel).add(bias).softmax();
    });
  return {
    async predict(pixels) {
      if (pixels.length % length !== 0) {
        throw new TypeError(
          `Pixels must have shape (n, ${sides.join(", ")}, 3): a multiple of ${length} values. ` +
            `Received: ${pixels.length}`,
        );
      }
      const n = pixels.length / length;
      const probabilities = new Float32Array(n * classes);
      for (let start = 0; start < n; start += batchSize) {
        const rows = Math.min(batchSize, n - start);
        for (let way = 0; way < orientations; way++) {
          const images = pixels.slice(start * length, (start + rows) * length);
          for (let row = 0; way > 0 && row < rows; row++) {
            orient(images.subarray(row * length, (row + 1) * length), way);
          }
          const batch = new Int32Array(batchSize * length);
          batch.set(images);
          const answers = await answerBatch(batch);
          for (let i = 0; i < rows * classes; i++) {
            probabilities[start * classes + i] += answers[i] / orientations;
          }
        }
      }
      return probabilities;
    },
    [Symbol.dispose]() {
      base[Symbol.dispose]();
      tf.dispose([kernel, bias]);
    },
  };
}

/** Probabilities of many images, (n, classes), with progress. @param images RGB, 0–255, each of the model's size */
export async function predictImages(
  model: Answering,
  images: readonly Uint8Array[],
  { label, ...options }: PredictorOptions & { label: string },
): Promise<Float32Array> {
  using predictor = makePredictor(model, options);
  const classes = model.head.bias.length;
  const answers = new Float32Array(images.length * classes);
  const report = progress(label);
  const step = 4 * batchSize;
  for (let start = 0; start < images.length; start += step) {
    const some = images.slice(start, start + step);
    const pixels = new Uint8Array(some.reduce((sum, { length }) => sum + length, 0));
    some.forEach((image, i) => pixels.set(image, i * image.length));
    answers.set(await predictor.predict(pixels), start * classes);
    report(Math.min(start + step, images.length), images.length);
    await new Promise((resolve) => setTimeout(resolve)); // lets progress be shown
  }
  return answers;
}

export interface PhotoAnswer {
  readonly path: string;
  /** In the order of the model's classes; null if the photo cannot be decoded. */
  readonly probabilities: Float32Array | null;
  /** SHA-256 of the photo's file; null if it cannot be decoded. */
  readonly fileDigest: string | null;
  /** Why it cannot be decoded, beginning with the path; null if it can. */
  readonly problem: string | null;
  /** Whether a disk, a network or permissions are the reason; the photo itself may be sound. */
  readonly isUnread: boolean;
}

/**
 * Yields an answer for each photo, in order. Photos are decoded and resized as for training. At most 16 are held in memory at a time. A
 * photo that cannot be decoded gets an answer with a problem, and the work continues.
 */
export async function* classify(
  model: TrainedModel,
  paths: readonly string[],
  options: PredictorOptions = {},
): AsyncGenerator<PhotoAnswer> {
  await startEngine();
  using predictor = makePredictor(model, options);
  for (let start = 0; start < paths.length; start += batchSize) {
    const batch = paths.slice(start, start + batchSize);
    const photos = new Map<string, { fileDigest: string; pixels: Uint8Array }>();
    const problems = new Map<string, Error>();
    await inParallel(batch, 4, async (path) => {
      try {
        const bytes = await readPhoto(path);
        const pixels = await decodeBytes(bytes, { size: model.size, name: path });
        photos.set(path, { fileDigest: sha256(bytes), pixels });
      } catch (error) {
        problems.set(path, error as Error);
      }
    });
    const sound = batch.filter((path) => photos.has(path));
    const length = pixelsIn(model.size) * 3;
    const images = new Uint8Array(sound.length * length);
    sound.forEach((path, i) => images.set(photos.get(path)!.pixels, i * length));
    const probabilities = await predictor.predict(images);
    const classes = model.classes.length;
    for (const path of batch) {
      const row = sound.indexOf(path) * classes;
      const problem = problems.get(path);
      yield problem
        ? {
          ...{ path, probabilities: null, fileDigest: null, problem: problem.message },
          isUnread: isOfTheDisk(problem, path),
        }
        : {
          ...{ path, fileDigest: photos.get(path)!.fileDigest, problem: null, isUnread: false },
          probabilities: probabilities.slice(row, row + classes),
        };
    }
  }
}
