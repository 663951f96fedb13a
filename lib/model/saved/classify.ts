/** Photos in files to probabilities, a few at a time. */
import { decodeImage } from "../../data/decode.ts";
import { pixelsIn } from "../../image_size.ts";
import { inParallel } from "../../support/parallel.ts";
import { batchSize, makePredictor } from "./predictor.ts";
import type { TrainedModel } from "./trained_model.ts";

export interface PhotoAnswer {
  readonly path: string;
  /** In the order of the model's classes; null where the photo cannot be decoded. */
  readonly probabilities: Float32Array | null;
  /** Why it cannot, beginning with the path; null where it can. */
  readonly problem: string | null;
}

export interface ClassifyOptions {
  /** Photos read and decoded at the same time. Default: 4. */
  readonly concurrency?: number;
  /** Told after every batch how many of the photos are done, those with problems among them. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * An answer for each photo, in their order: decoded and resized as for training, then through the network. However many there
 * are, no more than 16 are held at a time. What cannot be decoded is an answer with a problem, and the rest goes on.
 */
export async function* classify(
  model: TrainedModel,
  paths: readonly string[],
  options: ClassifyOptions = {},
): AsyncGenerator<PhotoAnswer> {
  const { concurrency = 4, onProgress } = options;
  const length = pixelsIn(model.size) * 3;
  using predictor = makePredictor(model);
  for (let start = 0; start < paths.length; start += batchSize) {
    const batch = paths.slice(start, start + batchSize);
    const images = new Map<string, Uint8Array>();
    const problems = new Map<string, string>();
    await inParallel(batch, concurrency, async (path) => {
      try {
        images.set(path, await decodeImage(path, model.size));
      } catch (error) {
        problems.set(path, (error as Error).message);
      }
    });
    const sound = batch.filter((path) => images.has(path));
    const pixels = new Uint8Array(sound.length * length);
    sound.forEach((path, i) => pixels.set(images.get(path)!, i * length));
    const probabilities = predictor.predict(pixels);
    const n = model.classes.length;
    const rows = new Map(sound.map((path, i) => [path, probabilities.slice(i * n, (i + 1) * n)]));
    onProgress?.(start + batch.length, paths.length);
    for (const path of batch) {
      yield { path, probabilities: rows.get(path) ?? null, problem: problems.get(path) ?? null };
    }
  }
}
