/** Trains the softmax behind the frozen network on stored activations, as Keras' `model.fit` does. */
import type { OptimizerName } from "../recipe.ts";
import { randomFor, shuffled } from "../support/random.ts";
import { countCorrect, crossEntropy } from "./cross_entropy.ts";
import { type Head, initialHead } from "./head.ts";
import { makeOptimizer } from "./optimizer.ts";
import { makeSoftmaxNetwork } from "./softmax_network.ts";
import { checkExamples, checkTraining, diverged } from "./train_checks.ts";
import { makeTurns } from "./turns.ts";

export interface TrainOptions {
  /** Number of classes; labels are 0 … classes − 1. */
  readonly classes: number;
  readonly optimizer: OptimizerName;
  /** Above 0. */
  readonly learningRate: number;
  readonly epochs: number;
  /** Rows per step; an epoch's last step takes what is left. */
  readonly batchSize: number;
  /** Decides the initial weights and the order of every epoch. */
  readonly seed: number;
  /** Measured after every epoch, never learned from. */
  readonly validation?: { readonly features: Float32Array; readonly labels: Uint8Array };
  /** Weights to start from. Default: `initialHead` of the seed. */
  readonly initial?: Head;
  /** Called after every epoch and awaited. What it throws ends the training. */
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
}

/** One epoch, as Keras reports it. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Mean cross-entropy in nats over the epoch's rows, each measured before the step that learned from it. */
  readonly loss: number;
  /** Share of rows answered rightly, 0 … 1, measured like `loss`. */
  readonly accuracy: number;
  /** Measured after the epoch's last step. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  readonly seconds: number;
}

export interface TrainedHead {
  readonly head: Head;
  readonly history: EpochRecord[];
  readonly seconds: number;
}

/**
 * Dense(classes) with softmax and categorical cross-entropy, trained on all rows every epoch in an order of its own:
 * `shuffled(0 … n − 1, randomFor(seed, "order", epoch))`. Repeats to the bit on one machine and engine.
 *
 * The event loop gets a turn between epochs, every 50 ms at the most.
 *
 * @param features (n, inputs), finite; inputs are a multiple of four
 * @param labels n class indices
 * @throws {TypeError} when shapes do not fit
 * @throws {RangeError} when an option, a label or a feature is out of range, with its row
 * @throws {Error} when the loss grows without bound, with epoch, step and what to change
 */
export async function trainHead(
  features: Float32Array,
  labels: Uint8Array,
  options: TrainOptions,
): Promise<TrainedHead> {
  const { classes, learningRate, epochs, batchSize, seed, validation, onEpoch } = options;
  checkTraining(options);
  const inputs = checkExamples("training", features, labels, { classes });
  if (validation) checkExamples("validation", validation.features, validation.labels, { classes, inputs });
  const n = labels.length;
  const started = performance.now();
  const initial = options.initial ?? initialHead({ inputs, classes, seed });
  using network = makeSoftmaxNetwork([initial.kernel, initial.bias], { features: inputs, classes });
  const validate = validation && makeValidation(initial, validation);
  using optimizer = makeOptimizer(options.optimizer, { learningRate });
  const { weights } = optimizer.place([initial.kernel, initial.bias]);
  const rows = Array.from({ length: n }, (_, row) => row);
  const history: EpochRecord[] = [];
  let lossLimit = NaN;
  const turn = makeTurns();
  const remedy = "scale the features down";

  for (let epoch = 1; epoch <= epochs; epoch++) {
    const epochStarted = performance.now();
    const order = shuffled(rows, randomFor(seed, "order", epoch));
    let lossSum = 0;
    let correct = 0;
    for (let first = 0, step = 1; first < n; first += batchSize, step++) {
      const batch = order.slice(first, first + batchSize);
      const x = network.batch(batch.length);
      batch.forEach((row, i) => x.set(features.subarray(row * inputs, (row + 1) * inputs), i * inputs));
      const truth = batch.map((row) => labels[row]);
      network.assign(weights);
      const { loss, logits, gradients } = network.lossAndGradients(x, truth);
      if (epoch === 1 && step === 1) lossLimit = 1000 * Math.max(loss, Math.log(classes));
      if (!(loss <= lossLimit && loss < Infinity)) {
        throw diverged(options, { epoch, step, loss }, remedy);
      }
      optimizer.update(gradients, weights);
      lossSum += loss * batch.length;
      correct += countCorrect(logits, truth, classes);
    }
    // The last step's loss was measured before that step.
    if (!weights.every((values) => values.every(Number.isFinite))) {
      throw diverged(options, { epoch, step: Math.ceil(n / batchSize), loss: NaN }, remedy);
    }
    const record = {
      epoch,
      loss: lossSum / n,
      accuracy: correct / n,
      ...validate?.(weights),
      seconds: (performance.now() - epochStarted) / 1000,
    };
    history.push(record);
    await onEpoch?.(record);
    await turn();
  }
  const [kernel, bias] = weights.map((values) => values.slice());
  return { head: { kernel, bias, inputs, classes }, history, seconds: (performance.now() - started) / 1000 };
}

/** Measures weights on the same rows again and again: they stay where the network multiplies. */
function makeValidation(
  { kernel, bias, inputs, classes }: Head,
  { features, labels }: { features: Float32Array; labels: Uint8Array },
) {
  const network = makeSoftmaxNetwork([kernel, bias], { features: inputs, classes });
  const x = network.batch(labels.length);
  x.set(features);
  return (weights: readonly Float32Array[]) => {
    network.assign(weights);
    const { loss, correct } = crossEntropy(network.logits(x), labels, classes);
    return { validationLoss: loss, validationAccuracy: correct / labels.length };
  };
}
