/** Trains the honest model's networks on photos that are augmented anew each time, and predicts with them. */
import { join } from "node:path";
import type { LeakFreeParts } from "../../data/leak_free_parts.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { digestOf } from "../../support/digest.ts";
import { percent } from "../../support/format.ts";
import { lockWork } from "../../support/lock.ts";
import { progress } from "../../support/progress.ts";
import { predictImages } from "../../model/predictor.ts";
import { drawnExamples, type DrawnPhotos } from "../../training/drawn_examples.ts";
import { fit, fitKey } from "../../training/fit.ts";
import type { Model } from "../../training/model.ts";
import { type Experiment, photoOf } from "../experiment.ts";
import { type HonestChoice, honestFolder, honestStage } from "./choice.ts";
import { modelOf } from "../run.ts";

/** A trained network with its last weights and with their moving average. */
export interface HonestNetwork {
  readonly last: Model;
  readonly average: Model;
  readonly seconds: number;
}

/**
 * Trains one network on the photos of the training part. A trained one is reused.
 *
 * @param experimentOf the experiment with photos of a choice's size
 * @param options.signal when aborted, the training soon writes a checkpoint and throws its reason
 */
export async function trainHonest(
  experimentOf: (choice: HonestChoice) => Promise<Experiment>,
  parts: Pick<LeakFreeParts, "train" | "validation">,
  choice: HonestChoice,
  { seed, label, signal }: { seed: number; label: string; signal?: AbortSignal },
): Promise<HonestNetwork> {
  const before = choice.before &&
    await trainHonest(experimentOf, parts, choice.before, { seed, label, signal });
  const experiment = await experimentOf(choice);
  const { config, store } = experiment;
  const stage = honestStage(choice);
  const { shape, light, balance } = choice;
  const train = drawnExamples(photosOf(experiment, parts.train), { shape, light, balance }, { seed });
  const asTheyAre = { shape: null, light: null, balance: 0 };
  const validation = drawnExamples(photosOf(experiment, parts.validation), asTheyAre, { seed });
  const show = progress(label);
  const photos = train.labels.length;
  const start = withZeroSoftmax(withConvolutions(modelOf(experiment), before?.last));
  const on = { train: train.digest, validation: validation.digest, seed };
  using _ = await lockWork(store, fitKey(start.digest, stage, on), { signal }); // so two processes do not repeat hours of work
  const { model, last, history, seconds, key } = await fit(start, train, {
    ...stage,
    ...{ seed, store, validation, signal },
    onStep({ epoch, step, steps, loss, accuracy }) {
      const done = (epoch - 1 + step / steps) * photos;
      const detail = `epoch ${epoch}/${choice.epochs}, loss ${loss.toFixed(3)}, accuracy ${
        percent(accuracy)
      }`;
      show(Math.round(done), choice.epochs * photos, detail);
    },
  });
  const path = join(config.out, honestFolder, `history-${key.slice(0, 12)}.jsonl`);
  await writeAtomic(path, history.map((epoch) => `${JSON.stringify(epoch)}\n`).join(""));
  return { last: last ?? model, average: model, seconds };
}

function withConvolutions(model: Model, of: Model | undefined): Model {
  if (!of) return model;
  return { ...model, layers: of.layers, digest: digestOf({ model: model.digest, convolutions: of.digest }) };
}

/**
 * The model with a softmax of zeros, which gives all classes the same probability. With pixels scaled as ImageNet's, a random softmax
 * starts with losses above 10, and the first steps then damage the convolutions.
 */
function withZeroSoftmax(model: Model): Model {
  const { head: { kernel, bias } } = model;
  return {
    ...model,
    head: { ...model.head, kernel: new Float32Array(kernel.length), bias: new Float32Array(bias.length) },
    digest: digestOf({ model: model.digest, softmax: "zeros" }),
  };
}

/** A network's probabilities for photos of the table, (n, classes). They are kept in the store. */
export async function answerPhotos(
  experiment: Experiment,
  model: Model,
  rows: readonly number[],
  { orientations, label }: Pick<HonestChoice, "orientations"> & { label: string },
): Promise<Float32Array> {
  const { pixelDigests } = experiment.images;
  const key = digestOf({
    model: model.digest,
    pixels: rows.map((row) => pixelDigests[row]),
    ...orientations !== 1 && { orientations },
  });
  const { tensors } = await experiment.store.keep("photo-answers", key, async () => ({
    value: null,
    tensors: {
      answers: await predictImages(model, rows.map((row) => photoOf(experiment.images, row)), {
        orientations,
        label,
      }),
    },
  }));
  return tensors.answers;
}

function photosOf({ source, images }: Experiment, rows: readonly number[]): DrawnPhotos {
  return {
    size: images.size,
    photoOf: (row) => photoOf(images, rows[row]),
    pixelDigests: rows.map((row) => images.pixelDigests[row]),
    imageIds: rows.map((row) => source.samples[row].imageId),
    labels: Uint8Array.from(rows, (row) => source.samples[row].label),
  };
}
