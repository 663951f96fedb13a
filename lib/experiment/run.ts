/** One training and what came of it: its recipe, its history, and its answers on train and validation. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Depth,
  type OptimizerName,
  type Recipe,
  type Stage,
  stageOf,
  type StageOptions,
} from "../recipe.ts";
import { checkLeakFree } from "../data/leak_check.ts";
import { labelsOf, lesionsOf } from "../data/parts.ts";
import { groupBootstrapInterval, type Interval } from "../evaluation/intervals.ts";
import { argmaxRows, evaluate, type Evaluation, rightAnswers } from "../evaluation/metrics.ts";
import { writeAtomic } from "../support/atomic.ts";
import { digestOf } from "../support/digest.ts";
import { percent } from "../support/format.ts";
import { lockWork } from "../support/lock.ts";
import { progress } from "../support/progress.ts";
import { fit, fitKey, type Fitted, loadFitted, predict } from "../training/fit.ts";
import type { EpochRecord } from "../training/training_loop.ts";
import { type Model, vgg16 } from "../training/model.ts";
import { writeTensorBoard } from "../training/tensor_board.ts";
import { computeActivations, examplesDigest, type Experiment, openExamples } from "./experiment.ts";
import { jsonText } from "../support/json.ts";

/** One epoch of one stage, both counted from 1. */
export interface RunEpoch extends EpochRecord {
  readonly stage: number;
  readonly depth: Depth;
}

/** A trained network. It holds nothing of the test part, which notebook 5 opens. */
export interface Run {
  /** For example `frozen VGG16, nadam` or `VGG16 trained from block1, nadam`. */
  readonly name: string;
  /** The depth of the last stage; the optimizer, too, is that of the last stage. */
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  readonly recipe: Recipe;
  /** Digest of everything that decides the run; it identifies the results. */
  readonly configuration: string;
  readonly history: readonly RunEpoch[];
  /** The epoch of the last stage, from 1, whose weights were restored; null if the last epoch's weights count. */
  readonly bestEpoch: number | null;
  /** Measured after training, in inference mode. */
  readonly train: Evaluation;
  readonly validation: Evaluation;
  /** Class probabilities of the validation rows, (n, classes), rows sum to 1. */
  readonly validationAnswers: Float32Array;
  /** Seconds that the training took when it was computed, over all sittings. */
  readonly seconds: number;
  /** False if a stored run was used. */
  readonly computed: boolean;
}

/** The name of a run, the same in notebooks, results and report. */
export function runName(
  { depth, optimizer, precision = "float32" }:
    & Pick<Stage, "depth" | "optimizer">
    & Partial<Pick<Model, "precision">>,
): string {
  const trained = depth === "head" ? "frozen VGG16" : `VGG16 trained from ${depth}`;
  return [trained, optimizer, ...precision === "float32" ? [] : [precision]].join(", ");
}

/**
 * Trains a network on the experiment's 9,600 training images and measures it on them and on the 2,400 validation images.
 *
 * Each stage starts from the weights of the one before. Stored trainings are not repeated. A training that was stopped at any
 * moment and is called again ends with the same bits. `trainings/<depth>-<digest>/history.jsonl` has a line for each epoch.
 *
 * @param model where the training starts: see `vgg16`
 * @param stages a field left out has the default of the stage's depth: see `stageOf`
 * @param options.seed of the images' order and orientations, and of dropout. Default: the configuration's
 * @param options.label name in the progress line
 * @param options.signal when it is aborted, the training soon writes a checkpoint and throws the signal's reason
 * @throws {RangeError} if there is no stage, or a stage is invalid
 * @throws {Error} as `checkParts`, even if the training is stored
 */
export async function train(
  experiment: Experiment,
  model: Model,
  stages: readonly StageOptions[],
  { seed = experiment.config.seed, label = "Training", signal }: {
    seed?: number;
    label?: string;
    signal?: AbortSignal;
  } = {},
): Promise<Run> {
  checkParts(experiment);
  const recipe = stages.map(stageOf);
  const configuration = configurationOf(experiment, model, recipe, seed);
  const { config, parts, source, store } = experiment;
  const folder = join(config.out, "trainings", `${recipe.at(-1)!.depth}-${configuration.slice(0, 12)}`);
  const findStored = async (): Promise<Run | null> => {
    if (!store.has("fits", configuration)) return null; // a record without its weights is of no use
    const stored = await store.read<StoredRun>("runs", configuration);
    if (stored === null) return null;
    await writeRecords(folder, stored.value);
    if (config.tensorBoard) await writeTensorBoard(join(folder, "tensorboard"), stored.value.history);
    return { ...stored.value, validationAnswers: stored.tensors.validation, computed: false };
  };
  const found = await findStored();
  if (found) return found;
  using _lock = await lockWork(store, configuration, { signal });
  const meanwhile = await findStored(); // another process may have finished it while this one waited
  if (meanwhile) return meanwhile;

  const images = parts.subsetTrain.length;
  const total = recipe.reduce((sum, { epochs }) => sum + epochs, 0) * images;
  const show = progress(label);
  let history: RunEpoch[] = [];
  let fitted: Fitted | null = null;
  let seconds = 0;
  for (const [index, stage] of recipe.entries()) {
    signal?.throwIfAborted();
    await computeActivations(experiment, parts.subset, stage.depth); // in one list: each list fills up its last batch
    using learned = await openExamples(experiment, parts.subsetTrain, stage.depth);
    using validated = await openExamples(experiment, parts.subsetValidation, stage.depth);
    const before = history;
    const onEpoch = async (epochs: readonly EpochRecord[]) => {
      history = [...before, ...epochs.map((epoch) => ({ stage: index + 1, depth: stage.depth, ...epoch }))];
      await writeAtomic(join(folder, historyFile), linesOf(history));
      if (config.tensorBoard) await writeTensorBoard(join(folder, "tensorboard"), history);
    };
    fitted = await fit(fitted?.model ?? model, learned, {
      ...stage,
      ...{ seed, store, validation: validated, onEpoch, signal },
      onStep({ epoch, step, steps, loss, accuracy }) {
        const done = (before.length + epoch - 1 + step / steps) * images;
        const detail = `${stage.depth}, epoch ${epoch}/${stage.epochs}, loss ${loss.toFixed(3)}`;
        show(Math.round(done), total, `${detail}, accuracy ${percent(accuracy)}`);
      },
    });
    await onEpoch(fitted.history); // also if the stage was in the store
    seconds += fitted.seconds;
  }
  show(total, total);

  const { depth, optimizer } = recipe.at(-1)!;
  const measure = async (rows: readonly number[]) => {
    using examples = await openExamples(experiment, rows, depth);
    const report = progress(`${label}: measuring`);
    const answers = await predict(fitted!.model, examples, (done, total) => {
      signal?.throwIfAborted(); // the training is already stored
      report(done, total);
    });
    return { answers, evaluation: evaluate(examples.labels, answers, source.classes.length) };
  };
  const learned = await measure(parts.subsetTrain);
  const validated = await measure(parts.subsetValidation);
  const value: StoredRun = {
    ...{
      name: runName({ depth, optimizer, precision: model.precision }),
      depth,
      optimizer,
      recipe,
      configuration,
      history,
    },
    ...{ bestEpoch: fitted!.bestEpoch, train: learned.evaluation, validation: validated.evaluation, seconds },
  };
  await store.write("runs", configuration, { value, tensors: { validation: validated.answers } });
  await writeRecords(folder, value);
  return { ...value, validationAnswers: validated.answers, computed: true };
}

/**
 * Throws if train, validation and test are related in a way that the experiment's leak does not allow: see `checkLeakFree`. Parts
 * as written allow every leak, so nothing is checked.
 *
 * @throws {Error} also if the evidence is missing or belongs to another table
 */
export function checkParts({ parts, source, leak }: Pick<Experiment, "parts" | "source" | "leak">): void {
  const { allowed, evidence } = leak;
  const names = (samples: readonly { imageId: string; lesionId: string }[]) =>
    digestOf(samples.map(({ imageId, lesionId }) => [imageId, lesionId]));
  if (evidence && evidence.samples !== source.samples && names(evidence.samples) !== names(source.samples)) {
    throw new Error(
      `The evidence against leaks is of another table. Expected: that of the run's ${source.samples.length} photos and their ` +
        `lesion_ids, in their order, from relate(experiment). Received: one of ${evidence.samples.length} photos`,
    );
  }
  const { table, subsetTrain, subsetValidation, test } = parts;
  const [learned, validation, tested] = [subsetTrain, subsetValidation, test]
    .map((rows) => rows.map((row) => table[row]));
  checkLeakFree({ train: learned, validation, test: tested }, evidence, { allowed });
}

type StoredRun = Omit<Run, "validationAnswers" | "computed">;

const historyFile = "history.jsonl";

function linesOf(history: readonly RunEpoch[]): string {
  return history.map((epoch) => `${JSON.stringify(epoch)}\n`).join("");
}

/** Writes a run's files for readers, if they are missing. The time has a file of its own, because it is never the same twice. */
async function writeRecords(folder: string, { seconds, history, ...record }: StoredRun): Promise<void> {
  const files = {
    [historyFile]: linesOf(history),
    "run.json": jsonText(record, 1),
    "run.seconds.json": JSON.stringify({ seconds }),
  };
  for (const [name, text] of Object.entries(files)) {
    if (!existsSync(join(folder, name))) await writeAtomic(join(folder, name), text);
  }
}

/** Digest of everything that decides a run, without training it: the key of its last stage. */
export function configurationOf(
  experiment: Experiment,
  model: Pick<Model, "digest">,
  stages: readonly StageOptions[],
  seed: number = experiment.config.seed,
): string {
  if (stages.length === 0) throw new RangeError("A recipe must have at least one stage. Received: none");
  const { parts } = experiment;
  return stages.map(stageOf).reduce((digest, stage) => {
    const train = examplesDigest(experiment, parts.subsetTrain, stage.depth);
    const validation = examplesDigest(experiment, parts.subsetValidation, stage.depth);
    return fitKey(digest, stage, { train, validation, seed });
  }, model.digest);
}

/** VGG16 with the experiment's weights and a new softmax over its classes. @param seed of the softmax's initial weights */
export function modelOf({ config, weights, source }: Experiment, seed: number = config.seed): Model {
  const { size, scaling, precision } = config;
  return vgg16({ weights, size, scaling, precision, classes: source.classes.length, seed });
}

/** A run's trained network, from the store. @throws {Error} if its weights are no longer there */
export async function networkOf(experiment: Experiment, run: Pick<Run, "configuration">): Promise<Model> {
  return await loadFitted(experiment.store, run.configuration, modelOf(experiment));
}

/** 95 % interval of a run's validation accuracy, from resampling whole lesions. */
export function validationInterval(experiment: Experiment, run: Run): Interval {
  return lesionInterval(experiment, rightOnValidation(experiment, run));
}

/** 1 for each validation row that a run classifies correctly, 0 for the others. */
export function rightOnValidation({ parts, source }: Experiment, { validationAnswers }: Run): number[] {
  const predicted = argmaxRows(validationAnswers, source.classes.length);
  return rightAnswers(labelsOf(parts, parts.subsetValidation), predicted);
}

/** 95 % interval of the mean of one value for each validation row, from resampling whole lesions. */
export function lesionInterval({ source, parts, config }: Experiment, values: readonly number[]): Interval {
  return groupBootstrapInterval(values, lesionsOf(source, parts, parts.subsetValidation), {
    seed: config.seed,
  });
}
