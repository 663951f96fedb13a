/** A small training behind block4 on seeded noise whose classes differ, for tests. */
import { randomFor } from "../../lib/support/random.ts";
import { examplesOf } from "../../lib/training/examples.ts";
import { initialHead } from "../../lib/training/head.ts";
import type { NetworkTrainOptions } from "../../lib/training/train_network.ts";
import { parametersBehind } from "../../lib/training/parameters.ts";
import { randomWeights } from "../../lib/model/weights.ts";

const classes = 3;
const length = 4 * 4 * 512;

function noise(n: number, ...seed: string[]) {
  const random = randomFor("noise_training", ...seed);
  const labels = Uint8Array.from({ length: n }, (_, row) => row % classes);
  const values = Float32Array.from({ length: n * length }, (_, i) => {
    const channel = i % 512;
    return random() * (channel % classes === labels[Math.floor(i / length)] ? 1 : 0.6);
  });
  return examplesOf(values, labels);
}

export function noiseTraining(changes: Partial<NetworkTrainOptions> = {}) {
  const head = initialHead({ inputs: 2048, classes, seed: 1 });
  const options: NetworkTrainOptions = {
    cut: "block5",
    size: 64,
    classes,
    optimizer: "nadam",
    learningRate: 1e-4,
    schedule: "cosine",
    warmUpEpochs: 0.5,
    epochs: 2,
    batchSize: 8,
    seed: 5,
    dropout: 0.2,
    weightDecay: 1e-3,
    randomOrientation: false,
    patience: null,
    validation: noise(9, "validation"),
    initial: parametersBehind("block5", randomWeights(1), head),
    ...changes,
  };
  return { train: noise(22, "train"), options };
}
