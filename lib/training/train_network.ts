/** Trains VGG16 behind a cut, in seeded mini-batches, with checkpoints: stopped at any moment it goes on to the same bits. */
import { sidesOf, sizeText } from "../image_size.ts";
import { checkStage, type Stage } from "../recipe.ts";
import { randomFor, shuffled } from "../support/random.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { countCorrect, crossEntropy } from "./cross_entropy.ts";
import type { Examples } from "./examples.ts";
import { makeOptimizer } from "./optimizer.ts";
import type { NetworkSize, TrainableNetwork } from "./network.ts";
import { orient } from "./orientation.ts";
import { learningRateAt } from "./schedule.ts";
import { diverged } from "./train_checks.ts";
import { makeTrainableNetwork } from "./trainable_network.ts";
import { type Parameter } from "./parameters.ts";
import { makeTurns } from "./turns.ts";

export interface NetworkTrainOptions extends NetworkSize, Omit<Stage, "depth"> {
  /** Decides the order of every epoch and what dropout drops. */
  readonly seed: number;
  /** Measured after every epoch, never learned from. */
  readonly validation: Examples;
  /** Where the training starts. */
  readonly initial: readonly Parameter[];
  /** File, and digest of all that decides the training: a checkpoint of another one is not gone on from. */
  readonly checkpoint?: {
    readonly path: string;
    readonly configuration: string;
    readonly everySeconds: number;
  };
  readonly onStep?: (state: StepState) => void | Promise<void>;
  /** Told of every epoch, and of all that are done. */
  readonly onEpoch?: (record: NetworkEpoch, history: readonly NetworkEpoch[]) => void | Promise<void>;
  /** Told of a checkpoint that cannot be used. Default: console.warn. */
  readonly onNotice?: (message: string) => void;
}

export interface StepState {
  /** From 1. */
  readonly epoch: number;
  /** Steps of the epoch that are done, and all of them. */
  readonly step: number;
  readonly steps: number;
  /** Means over the epoch's steps so far. */
  readonly loss: number;
  readonly accuracy: number;
}

/** One epoch; without times, which are not the same twice. */
export interface NetworkEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Means over the epoch's rows, each measured with dropout and before the step that learned from it. */
  readonly loss: number;
  readonly accuracy: number;
  /** Measured in inference mode after the epoch's last step. */
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  /** Of the epoch's last step. */
  readonly learningRate: number;
}

export interface TrainedNetwork {
  /** After the best epoch: highest validation accuracy, of equal ones the lowest loss, of equal ones the first. */
  readonly parameters: readonly Parameter[];
  readonly bestEpoch: number;
  readonly history: readonly NetworkEpoch[];
  /** Of training and validation, over all sittings. */
  readonly seconds: number;
}

/**
 * Every epoch takes all rows in the order `shuffled(0 … n − 1, randomFor(seed, "order", epoch))`.
 *
 * @throws {RangeError} when an option cannot be
 * @throws {TypeError} when the parameters do not fit the cut
 * @throws {Error} when the loss grows without bound, with epoch, step and what to change
 */
export async function trainNetwork(train: Examples, options: NetworkTrainOptions): Promise<TrainedNetwork> {
  const { cut } = options;
  checkStage({ ...options, depth: cut === "flatten" ? "head" : cut });
  const { initial, epochs, batchSize, seed, validation, checkpoint, classes, learningRate, dropout } =
    options;
  const [side, width] = sidesOf(options.size);
  if (options.randomOrientation && side !== width) {
    throw new RangeError(`randomOrientation needs square images. Received: ${sizeText(options.size)} pixels`);
  }
  using optimizer = makeOptimizer(options.optimizer, { learningRate });
  const { weights, gradients: gradientRoom } = optimizer.place(initial.map(({ values }) => values));
  using network = makeTrainableNetwork(initial, { ...options, gradientRoom });
  const n = train.labels.length;
  const steps = Math.ceil(n / batchSize);
  const rates = {
    schedule: options.schedule,
    learningRate,
    warmUpSteps: Math.round(options.warmUpEpochs * steps),
    totalSteps: epochs * steps,
  };
  const rows = Array.from({ length: n }, (_, row) => row);

  const stored = checkpoint
    ? await loadCheckpoint(checkpoint.path, checkpoint.configuration, options.onNotice ?? console.warn)
    : null;
  let position = stored ?? { epoch: 1, step: 0, lossSum: 0, correct: 0, lossLimit: 0 };
  const history = [...stored?.history ?? []];
  let best = stored?.best ?? null;
  if (stored) {
    weights.forEach((values, i) => values.set(stored.weights[i]));
    optimizer.setState(stored.optimizer);
  }
  const started = performance.now();
  const seconds = () => (stored?.seconds ?? 0) + (performance.now() - started) / 1000;
  let savedAt = performance.now();
  const save = async () => {
    if (!checkpoint) return;
    const { configuration, path } = checkpoint;
    const { epoch, step, lossSum, correct, lossLimit } = position;
    const state: Checkpoint = {
      ...{ configuration, epoch, step, lossSum, correct, lossLimit, history, seconds: seconds() },
      ...{ weights, best, optimizer: optimizer.getState() },
    };
    await saveCheckpoint(path, state);
    savedAt = performance.now();
  };

  const turn = makeTurns();
  while (position.epoch <= epochs && !isOver(history, options.patience)) {
    const { epoch } = position;
    const order = shuffled(rows, randomFor(seed, "order", epoch));
    while (position.step < steps) {
      const step = position.step + 1;
      const batch = order.slice((step - 1) * batchSize, step * batchSize);
      const x = readRows(train, batch, network);
      if (options.randomOrientation) reorient(x, batch, { side, seed, epoch });
      const labels = batch.map((row) => train.labels[row]);
      network.assign(weights);
      const mask = dropout > 0
        ? dropoutMask(batch.length * network.features, dropout, randomFor(seed, "dropout", epoch, step))
        : undefined;
      const { loss, logits, gradients } = network.lossAndGradients(x, labels, mask);
      const lossLimit = position.lossLimit || 1000 * Math.max(loss, Math.log(classes));
      if (!(loss <= lossLimit && loss < Infinity)) {
        throw diverged(options, { epoch, step, loss }, "a warm-up");
      }
      optimizer.learningRate = learningRateAt((epoch - 1) * steps + step, rates);
      decay(weights, initial, options.weightDecay * optimizer.learningRate);
      optimizer.update(gradients, weights);
      position = {
        epoch,
        step,
        lossLimit,
        lossSum: position.lossSum + loss * batch.length,
        correct: position.correct + countCorrect(logits, labels, classes),
      };
      const done = Math.min(step * batchSize, n);
      await options.onStep?.({
        ...{ epoch, step, steps },
        ...{ loss: position.lossSum / done, accuracy: position.correct / done },
      });
      if (checkpoint && performance.now() - savedAt >= 1000 * checkpoint.everySeconds) await save();
      await turn();
    }
    if (!weights.every((values) => values.every(Number.isFinite))) {
      throw diverged(options, { epoch, step: steps, loss: NaN }, "a warm-up");
    }
    network.assign(weights);
    const record: NetworkEpoch = {
      epoch,
      loss: position.lossSum / n,
      accuracy: position.correct / n,
      ...await validate(network, validation, classes),
      learningRate: optimizer.learningRate,
    };
    history.push(record);
    if (bestOf(history) === record) best = weights.map((values) => values.slice());
    position = { epoch: epoch + 1, step: 0, lossSum: 0, correct: 0, lossLimit: position.lossLimit };
    await save();
    await options.onEpoch?.(record, history);
  }
  return {
    parameters: initial.map((parameter, i) => ({ ...parameter, values: best![i] })),
    bestEpoch: bestOf(history).epoch,
    history,
    seconds: seconds(),
  };
}

/** Answers of a network in inference mode: (n, classes) logits. `onBatch` is told how many rows are done. */
export async function networkLogits(
  network: TrainableNetwork,
  examples: Examples,
  classes: number,
  onBatch?: (done: number, total: number) => void,
): Promise<Float32Array> {
  const n = examples.labels.length;
  const batchSize = 64;
  const logits = new Float32Array(n * classes);
  const turn = makeTurns();
  for (let start = 0; start < n; start += batchSize) {
    const rows = Array.from({ length: Math.min(batchSize, n - start) }, (_, i) => start + i);
    logits.set(network.logits(readRows(examples, rows, network)), start * classes);
    onBatch?.(start + rows.length, n);
    await turn();
  }
  return logits;
}

async function validate(network: TrainableNetwork, validation: Examples, classes: number) {
  const logits = await networkLogits(network, validation, classes);
  const { loss, correct } = crossEntropy(logits, validation.labels, classes);
  return { validationLoss: loss, validationAccuracy: correct / validation.labels.length };
}

function bestOf(history: readonly NetworkEpoch[]): NetworkEpoch {
  return history.reduce((best, record) => {
    const ahead = record.validationAccuracy - best.validationAccuracy ||
      best.validationLoss - record.validationLoss;
    return ahead > 0 ? record : best;
  });
}

function isOver(history: readonly NetworkEpoch[], patience: number | null): boolean {
  return patience !== null && history.length > 0 && history.length - bestOf(history).epoch >= patience;
}

/** A batch for the network's next call. */
function readRows(examples: Examples, rows: readonly number[], network: TrainableNetwork): Float32Array {
  const { inputs } = network;
  const values = network.batch(rows.length);
  rows.forEach((row, i) => examples.read(row, values.subarray(i * inputs, (i + 1) * inputs)));
  return values;
}

/** Turns and mirrors images (rows, side, side, 3) in place, each as (seed, epoch, row) say. */
function reorient(
  images: Float32Array,
  rows: readonly number[],
  { side, seed, epoch }: { side: number; seed: number; epoch: number },
): void {
  const length = images.length / rows.length;
  rows.forEach((row, i) => {
    const image = images.subarray(i * length, (i + 1) * length);
    const way = Math.floor(8 * randomFor(seed, "orientation", epoch, row)());
    orient(image.slice(), image, { side, channels: 3, way });
  });
}

function dropoutMask(length: number, dropout: number, random: () => number): Float32Array {
  return Float32Array.from({ length }, () => (random() < dropout ? 0 : 1 / (1 - dropout)));
}

/** Takes a share off every kernel; biases stay. */
function decay(weights: readonly Float32Array[], parameters: readonly Parameter[], share: number): void {
  if (share === 0) return;
  weights.forEach((values, index) => {
    if (!parameters[index].name.endsWith("/kernel")) return;
    for (let i = 0; i < values.length; i++) values[i] -= share * values[i];
  });
}
