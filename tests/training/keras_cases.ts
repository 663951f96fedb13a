/** Short trainings on seeded noise, every step of which Keras has taken too: what they start from, and what they learn from. */
import { depths, optimizerNames } from "../../lib/recipe.ts";
import { randomFor } from "../../lib/support/random.ts";
import { type Examples, examplesOf } from "../../lib/training/examples.ts";
import { initialHead } from "../../lib/training/head.ts";
import { parametersBehind } from "../../lib/training/parameters.ts";
import type { NetworkTrainOptions } from "../../lib/training/train_network.ts";
import { cutOf, cutShape } from "../../lib/model/architecture.ts";
import { randomWeights } from "../../lib/model/weights.ts";

const [size, classes, batchSize, steps] = [64, 7, 8, 4];
/** So small that a step does not amplify what float32 rounds; rmsprop's first steps are √10 as long as its rate says. */
const rates = { nadam: 1e-5, adam: 1e-5, rmsprop: 3e-6 };
/** One at which no ReLU's input and no two values under a maximum are so near that float32 takes the other side in the first step. */
const noiseSeed = 2;
const weights = randomWeights(0);
const head = initialHead({ inputs: 2048, classes, seed: 0 });

/** What sets a case apart; the rest is the same for all: one epoch of four steps of eight rows, at a constant rate. */
export type KerasCase =
  & Pick<NetworkTrainOptions, "cut" | "optimizer" | "learningRate">
  & Partial<NetworkTrainOptions>;

/** Each optimizer from four depths, and what else a step may do: another rate, less weight, dropped inputs. */
export const kerasCases: Readonly<Record<string, KerasCase>> = {
  ...Object.fromEntries(
    depths.filter((depth) => !["block2", "block4"].includes(depth)).flatMap((depth) =>
      optimizerNames.map((optimizer): [string, KerasCase] => [
        `${depth}, ${optimizer}`,
        { cut: cutOf(depth), optimizer, learningRate: rates[optimizer] * (depth === "head" ? 100 : 1) },
      ])
    ),
  ),
  "block5, nadam, cosine after a warm-up": {
    ...{ cut: "block5", optimizer: "nadam", learningRate: rates.nadam },
    ...{ schedule: "cosine", warmUpEpochs: 0.5 },
  },
  // so strong that it shows beside the first steps
  "block5, adam, weight decay": {
    cut: "block5",
    optimizer: "adam",
    learningRate: rates.adam,
    weightDecay: 30,
  },
  "block5, rmsprop, dropout": {
    cut: "block5",
    optimizer: "rmsprop",
    learningRate: rates.rmsprop,
    dropout: 0.5,
  },
};

/** What `trainNetwork` takes; validation is on the first eight of the rows that are learned from. */
export function kerasTraining(given: KerasCase): { train: Examples; options: NetworkTrainOptions } {
  const length = cutShape(given.cut, size).reduce((all, side) => all * side, 1);
  const random = randomFor("keras training", noiseSeed, given.cut);
  const rows = steps * batchSize;
  const values = Float32Array.from({ length: rows * length }, () => random());
  const labels = Uint8Array.from({ length: rows }, () => Math.floor(random() * classes));
  const options: NetworkTrainOptions = {
    ...{ size, classes, batchSize, epochs: 1, seed: 3 },
    ...{ schedule: "constant", warmUpEpochs: 0, weightDecay: 0, dropout: 0 },
    ...{ randomOrientation: false, patience: null },
    validation: examplesOf(values.subarray(0, batchSize * length), labels.subarray(0, batchSize)),
    initial: parametersBehind(given.cut, weights, head),
    ...given,
  };
  return { train: examplesOf(values, labels), options };
}
