/**
 * The one training loop: seeded mini-batches through a network and an optimizer, with validation after every epoch. It is the same for
 * the softmax alone and for any number of layers before it. If it is stopped, it continues to the same bits.
 */
import { orient } from "../data/augmentation.ts";
import { countLabels } from "../data/diagnosis.ts";
import type { Stage } from "../recipe.ts";
import { type Random, randomFor, shuffled } from "../support/random.ts";
import type { Store } from "../support/store.ts";
import { crossEntropy, logShares } from "./cross_entropy.ts";
import type { Examples } from "./examples.ts";
import type { Network } from "./network.ts";
import { learningRateAt, Optimizer } from "./optimizers.ts";

/** What a training needs besides its stage. */
export interface LoopOptions {
  /** Decides each epoch's order of rows, the dropout masks and the random orientations. */
  readonly seed: number;
  /** Measured after every epoch, never learned from. */
  readonly validation?: Examples;
  /** Keeps checkpoints during the training and its result at the end. */
  readonly store?: Store;
  /** Seconds between checkpoints. Each is written at the next end of a step or an epoch. Default: 120. */
  readonly checkpointSeconds?: number;
  /** When it is aborted, a checkpoint is written after the current step, and its reason is thrown. */
  readonly signal?: AbortSignal;
  readonly onStep?: (state: StepState) => void | Promise<void>;
  /** Called after each epoch with all epochs so far. */
  readonly onEpoch?: (history: readonly EpochRecord[]) => void | Promise<void>;
}

export interface StepState {
  /** From 1. */
  readonly epoch: number;
  /** Finished steps of the epoch, and all its steps. */
  readonly step: number;
  readonly steps: number;
  /** Means over the epoch's rows so far. */
  readonly loss: number;
  readonly accuracy: number;
}

/** The results of one epoch, without times, which differ between runs. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Means over the epoch's rows. Each row is measured with dropout, before its step updates the weights. */
  readonly loss: number;
  readonly accuracy: number;
  /** Measured in inference mode after the epoch's last step. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Learning rate of the epoch's last step. */
  readonly learningRate: number;
}

/** The state of a training. Random choices depend only on seed, epoch, step and row, so they add nothing to it. */
interface Position {
  /** The current epoch, from 1, and the number of its finished steps. */
  readonly epoch: number;
  readonly step: number;
  /** Sums over the epoch's rows so far. */
  readonly lossSum: number;
  readonly correct: number;
  /** A larger loss counts as divergence; 0 before the first step. */
  readonly lossLimit: number;
  readonly history: readonly EpochRecord[];
  /** Training time so far. */
  readonly seconds: number;
}

/**
 * Trains a network with a stage's options. Changes the network's weights.
 *
 * @param options.key the checkpoints' key in the store
 * @returns `weights`: those that count; `last`: if these are averages, the weights after the last step
 * @throws {Error} if the training diverges; the message names epoch, step and what to change
 */
export async function runEpochs(
  network: Network,
  train: Examples,
  stage: Stage,
  { seed, validation, store, key = "", checkpointSeconds = 120, signal, onStep, onEpoch }:
    & LoopOptions
    & { key?: string },
) {
  const { epochs, batchSize, dropout, emaMomentum } = stage;
  const { weights, features, classes } = network;
  const optimizer = new Optimizer(stage.optimizer, network, { weightDecay: stage.weightDecay });
  const n = train.labels.length;
  const steps = Math.ceil(n / batchSize); // an epoch's last step takes the remaining rows

  let at: Position = { epoch: 1, step: 0, lossSum: 0, correct: 0, lossLimit: 0, history: [], seconds: 0 };
  let best: Float32Array | null = null;
  const average = emaMomentum > 0 ? weights.all.slice() : null;
  const counting = () => average ?? weights.all;
  const offsets = stage.balancedSoftmax ? shownShares(train, classes, seed) : undefined;
  const stored = await store?.read<Position>("checkpoints", key);
  if (stored) {
    at = stored.value;
    weights.all.set(stored.tensors.weights);
    optimizer.slots.forEach((slot, i) => slot.set(stored.tensors[`slot ${i}`]));
    best = stored.tensors.best ?? null;
    average?.set(stored.tensors.average);
  }
  const started = performance.now() - 1000 * at.seconds;
  const seconds = () => (performance.now() - started) / 1000;
  let savedAt = performance.now();
  const saveWhenDue = async () => {
    if (!signal?.aborted && performance.now() - savedAt < 1000 * checkpointSeconds) return;
    await save();
    signal?.throwIfAborted();
  };
  const save = async () => {
    if (!store) return;
    const slots = Object.fromEntries(optimizer.slots.map((slot, i) => [`slot ${i}`, slot]));
    const tensors = { weights: weights.all, ...slots, ...best && { best }, ...average && { average } };
    await store.write("checkpoints", key, { value: { ...at, seconds: seconds() }, tensors });
    savedAt = performance.now();
  };

  const measured = async () => {
    if (!average) return await measure(network, validation!, signal);
    const own = weights.all.slice();
    weights.all.set(average);
    try {
      return await measure(network, validation!, signal);
    } finally {
      weights.all.set(own);
    }
  };

  /** If validation is interrupted, saves the training as it was after the epoch's last step. */
  const stopped = async (error: unknown): Promise<never> => {
    if (signal?.aborted) await save();
    throw error;
  };

  const turn = makeTurns();
  while (at.epoch <= epochs && !isOver(at.history, stage)) {
    const { epoch } = at;
    const order = orderOf(train, seed, epoch);
    while (at.step < steps) {
      const step = at.step + 1;
      const rows = order.slice((step - 1) * batchSize, step * batchSize);
      const labels = rows.map((row) => train.labels[row]);
      const x = network.batch(rows.length); // (batch, inputs)
      const first = (step - 1) * batchSize;
      rows.forEach((row, i) => train.read(row, x[i], { epoch, place: first + i }));
      if (stage.randomOrientation) {
        rows.forEach((row, i) => orient(x[i], Math.floor(8 * randomFor(seed, "orientation", epoch, row)())));
      }
      const mask = dropout > 0 // (batch, features)
        ? dropoutMask(rows.length * features, dropout, randomFor(seed, "dropout", epoch, step))
        : undefined;

      const { loss, correct } = await network.lossAndGradients(labels, { mask, offsets });
      const lossLimit = at.lossLimit || 1000 * Math.max(loss, Math.log(classes));
      if (!(loss <= lossLimit && loss < Infinity)) throw diverged(stage, { epoch, step, loss });
      const t = (epoch - 1) * steps + step;
      const rate = learningRateAt(t, stage, steps);
      optimizer.step(t, rate);
      if (average) updateAverage(average, weights.all, emaMomentum);

      const lossSum = at.lossSum + loss * rows.length;
      at = { ...at, step, lossLimit, lossSum, correct: at.correct + correct };
      const done = Math.min(step * batchSize, n);
      await onStep?.({ epoch, step, steps, loss: lossSum / done, accuracy: at.correct / done });
      await saveWhenDue();
      await turn();
    }
    if (!weights.all.every(Number.isFinite)) throw diverged(stage, { epoch, step: steps, loss: NaN });

    const record: EpochRecord = {
      epoch,
      loss: at.lossSum / n,
      accuracy: at.correct / n,
      ...validation && await measured().catch(stopped),
      learningRate: learningRateAt(epoch * steps, stage, steps),
    };
    const history = [...at.history, record];
    if (stage.restoreBestWeights && bestOf(history) === record) best = counting().slice();
    at = { ...at, epoch: epoch + 1, step: 0, lossSum: 0, correct: 0, history };
    await saveWhenDue();
    await onEpoch?.(history);
  }
  const { history } = at;
  const bestEpoch = stage.restoreBestWeights ? bestOf(history).epoch : null;
  const last = average && weights.all;
  return { weights: best ?? counting(), last, history, bestEpoch, seconds: seconds() };
}

function orderOf(train: Examples, seed: number, epoch: number): readonly number[] {
  return train.order?.(seed, epoch) ??
    shuffled(train.labels.keys().toArray(), randomFor(seed, "order", epoch));
}

/** The balanced softmax's offsets: logarithms of the classes' shares of the first epoch's rows. */
function shownShares(train: Examples, classes: number, seed: number): Float32Array {
  const shown = orderOf(train, seed, 1).map((row) => train.labels[row]);
  return Float32Array.from(logShares(countLabels(shown, classes)));
}

function updateAverage(average: Float32Array, weights: Float32Array, momentum: number): void {
  const share = 1 - momentum;
  for (let i = 0; i < average.length; i++) average[i] += share * (weights[i] - average[i]);
}

function dropoutMask(length: number, dropout: number, random: Random): Float32Array {
  return Float32Array.from({ length }, () => random() < dropout ? 0 : 1 / (1 - dropout));
}

async function measure(network: Network, examples: Examples, signal?: AbortSignal) {
  const { labels } = examples;
  const answers = await answer(network, examples, () => signal?.throwIfAborted());
  const { loss, correct } = crossEntropy(answers, labels, network.classes);
  return { validationLoss: loss, validationAccuracy: correct / labels.length };
}

/** A network's logits in inference mode, (n, classes). */
export async function answer(
  network: Network,
  examples: Examples,
  report?: (done: number, total: number) => void,
): Promise<Float32Array> {
  const n = examples.labels.length;
  const logits = new Float32Array(n * network.classes);
  const turn = makeTurns();
  for (let first = 0; first < n; first += 64) {
    const rows = Math.min(64, n - first);
    network.batch(rows).forEach((target, i) => examples.read(first + i, target));
    logits.set(await network.logits(), first * network.classes);
    report?.(first + rows, n);
    await turn();
  }
  return logits;
}

function bestOf(history: readonly EpochRecord[]): EpochRecord {
  return history.reduce((best, record) => {
    const ahead = record.validationAccuracy! - best.validationAccuracy! ||
      best.validationLoss! - record.validationLoss!;
    return ahead > 0 ? record : best;
  });
}

function isOver(history: readonly EpochRecord[], { patience }: Stage): boolean {
  return patience !== null && history.length > 0 && history.length - bestOf(history).epoch >= patience;
}

/** Await the result after every step: it lets the event loop run (progress, interruption), at most every 50 ms. */
function makeTurns(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 50) return; // a turn may cost as much as ten steps of a small network
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  };
}

function diverged(
  { optimizer, learningRate }: Stage,
  { epoch, step, loss }: { epoch: number; step: number; loss: number },
): Error {
  return new Error(
    `Training with ${optimizer} diverged in epoch ${epoch}, step ${step}, at learning rate ${learningRate}. ` +
      `Take a smaller learning rate (try ${learningRate / 10}) or a warm-up. Received: loss ${loss}`,
  );
}
