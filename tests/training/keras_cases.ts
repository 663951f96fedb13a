/** Short trainings on seeded noise, every step of which Keras has taken too: what they start from, and what they learn from. */
import type { Precision } from "../../lib/config.ts";
import { inputLength } from "../../lib/model/vgg16.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { depths, optimizerNames, type Stage, stageOf } from "../../lib/recipe.ts";
import { randomFor } from "../../lib/support/random.ts";
import { type Examples, examplesOf } from "../../lib/training/examples.ts";
import { type Model, vgg16 } from "../../lib/training/model.ts";

const [classes, batchSize, steps] = [7, 8, 4];
export const seed = 3;
/** So small that a step does not amplify what float32 rounds; rmsprop's first steps are √10 as long as its rate says. */
const rates = { nadam: 1e-5, adam: 1e-5, rmsprop: 3e-6 };
/** One at which no ReLU's input and no two values under a maximum are so near that float32 takes the other side in the first step. */
const noiseSeed = 2;

const weights = randomWeights(0);

/** What sets a case apart; the rest is the same for all: one epoch of four steps of eight rows, at a constant rate. */
export type KerasCase =
  & Pick<Stage, "depth" | "optimizer" | "learningRate">
  & Partial<Stage>
  & { precision?: Precision };

/** Each optimizer from four depths, and what else a step may do: another rate, less weight, dropped inputs, fewer bits. */
export const kerasCases: Readonly<Record<string, KerasCase>> = {
  ...Object.fromEntries(
    depths.filter((depth) => !["block2", "block4"].includes(depth)).flatMap((depth) =>
      optimizerNames.map((optimizer): [string, KerasCase] => [
        `${depth}, ${optimizer}`,
        { depth, optimizer, learningRate: rates[optimizer] * (depth === "head" ? 100 : 1) },
      ])
    ),
  ),
  "block5, nadam, cosine after a warm-up": {
    ...{ depth: "block5", optimizer: "nadam", learningRate: rates.nadam },
    ...{ schedule: "cosine", warmUpEpochs: 0.5 },
  },
  // so strong that it shows beside the first steps
  "block5, adam, weight decay": {
    ...{ depth: "block5", optimizer: "adam", learningRate: rates.adam },
    weightDecay: 30,
  },
  "block5, rmsprop, dropout": {
    ...{ depth: "block5", optimizer: "rmsprop", learningRate: rates.rmsprop },
    dropout: 0.5,
  },
  "block5, nadam, bfloat16": {
    ...{ depth: "block5", optimizer: "nadam", learningRate: rates.nadam },
    precision: "bfloat16",
  },
};

/** What `fit` takes; validation is on the first eight of the rows that are learned from. */
export function kerasTraining(
  { precision, ...given }: KerasCase,
): { model: Model; train: Examples; validation: Examples; stage: Stage } {
  const length = inputLength(given.depth, 64);
  const random = randomFor("keras training", noiseSeed, given.depth === "head" ? "flatten" : given.depth);
  const rows = steps * batchSize;
  const values = Float32Array.from({ length: rows * length }, () => random());
  const labels = Uint8Array.from({ length: rows }, () => Math.floor(random() * classes));
  return {
    model: vgg16({ weights, size: 64, scaling: "divide255", precision, classes, seed: 0 }),
    train: examplesOf(values, labels),
    validation: examplesOf(values.subarray(0, batchSize * length), labels.subarray(0, batchSize)),
    stage: stageOf({ batchSize, epochs: 1, schedule: "constant", warmUpEpochs: 0, ...given }),
  };
}

/** Names and values of what a depth trains, in the network's order. */
export function trainedArrays(model: Model, depth: Stage["depth"]): [string, Float32Array][] {
  const first = model.layers.findIndex(({ name }) => name.startsWith(depth));
  const layers = first < 0 ? [] : model.layers.slice(first);
  return [...layers, { name: "predictions", ...model.head }].flatMap(({ name, kernel, bias }) => [
    [`${name}/kernel`, kernel],
    [`${name}/bias`, bias],
  ]);
}
