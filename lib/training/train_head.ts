/** Trains the softmax behind the frozen network on stored activations, as Keras' `model.fit` does. */
import type { OptimizerName } from "../recipe.ts";
import { randomFor, shuffled } from "../random.ts";
import { tf } from "../tensorflow/engine.ts";
import { crossEntropy } from "./cross_entropy.ts";
import { computeLogits, type Head, initialHead } from "./head.ts";
import { makeOptimizer } from "../optimizers/optimizer.ts";
import { packHead, transpose, unpackHead } from "./packed_head.ts";
import { checkExamples, checkTraining, diverged } from "./train_checks.ts";

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
 * The event loop gets a turn after every epoch.
 *
 * @param features (n, inputs), finite
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
  const optimizer = makeOptimizer(options.optimizer, { learningRate });
  const weights = packHead(options.initial ?? initialHead({ inputs, classes, seed }), { inputs, classes });
  const buffer = new Float32Array(Math.min(batchSize, n) * (inputs + 1)).fill(1); // the last column stays 1: the bias
  const rows = Array.from({ length: n }, (_, row) => row);
  const history: EpochRecord[] = [];
  let lossLimit = NaN;
  const remedy = "scale the features down";

  for (let epoch = 1; epoch <= epochs; epoch++) {
    const epochStarted = performance.now();
    const order = shuffled(rows, randomFor(seed, "order", epoch));
    let lossSum = 0;
    let correct = 0;
    for (let start = 0, step = 1; start < n; start += batchSize, step++) {
      const batch = order.slice(start, start + batchSize);
      const x = buffer.subarray(0, batch.length * (inputs + 1)); // (batch, inputs + 1)
      batch.forEach((row, i) => x.set(features.subarray(row * inputs, (row + 1) * inputs), i * (inputs + 1)));
      const result = lossAndGradient(weights, x, batch.map((row) => labels[row]), classes);
      if (epoch === 1 && step === 1) lossLimit = 1000 * Math.max(result.loss, Math.log(classes));
      if (!(result.loss <= lossLimit && result.loss < Infinity)) {
        throw diverged(options, { epoch, step, loss: result.loss }, remedy);
      }
      optimizer.update([result.gradient], [weights]);
      lossSum += result.loss * batch.length;
      correct += result.correct;
    }
    // The last step's loss was measured before that step.
    if (!weights.every(Number.isFinite)) {
      throw diverged(options, { epoch, step: Math.ceil(n / batchSize), loss: NaN }, remedy);
    }
    const record = {
      epoch,
      loss: lossSum / n,
      accuracy: correct / n,
      ...(validation && validate(unpackHead(weights, { inputs, classes }), validation)),
      seconds: (performance.now() - epochStarted) / 1000,
    };
    history.push(record);
    await onEpoch?.(record);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const head = unpackHead(weights, { inputs, classes });
  return { head, history, seconds: (performance.now() - started) / 1000 };
}

/** Mean loss of a batch, and its gradient in the layout of the packed weights. */
function lossAndGradient(weights: Float32Array, x: Float32Array, labels: number[], classes: number) {
  const n = labels.length;
  const columns = weights.length / classes; // inputs + 1
  let result = { loss: NaN, correct: 0, gradient: weights };
  tf.tidy(() => { // returns nothing: tidy would look for tensors in every element of an array
    const batch = tf.tensor2d(x, [n, columns]);
    // (classes, columns) · (n, columns)ᵀ: this order is the fastest of four for so few classes
    const logits = tf.matMul(tf.tensor2d(weights, [classes, columns]), batch, false, true).dataSync();
    const { loss, correct, gradient } = crossEntropy(
      transpose(logits as Float32Array, classes, n),
      labels,
      classes,
    );
    const ofWeights = tf.matMul(tf.tensor2d(gradient, [n, classes]), batch, true, false).dataSync();
    result = { loss, correct, gradient: ofWeights as Float32Array }; // gradient: (classes, columns)
  });
  return result;
}

function validate(head: Head, { features, labels }: { features: Float32Array; labels: Uint8Array }) {
  const { loss, correct } = crossEntropy(computeLogits(head, features), labels, head.classes);
  return { validationLoss: loss, validationAccuracy: correct / labels.length };
}
