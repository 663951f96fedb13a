/** One training with all that came of it: its recipe, its course, and what it answers on train and validation. */
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

/** A trained network. The test part has no place here: notebook 5 opens it. */
export interface Run {
  /** As `frozen VGG16, nadam` or `VGG16 trained from block1, nadam`. */
  readonly name: string;
  /** Of the last stage, as the optimizer. */
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  readonly recipe: Recipe;
  /** Digest of everything that decides the run: what names its results. */
  readonly configuration: string;
  readonly history: readonly RunEpoch[];
  /** Of the last stage, from 1: the epoch whose weights were restored; null where the last epoch's weights count. */
  readonly bestEpoch: number | null;
  /** After training, in inference mode. */
  readonly train: Evaluation;
  readonly validation: Evaluation;
  /** Class probabilities of the validation rows, (n, classes). */
  readonly validationAnswers: Float32Array;
  /** Seconds of training when it was computed, over all sittings. */
  readonly seconds: number;
  /** False where a stored run was taken. */
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
 * Trains a network on the experiment's 9,600 images and measures it on them and on the 2,400 that validate.
 *
 * Each stage starts from the weights of the one before. What was trained already is taken from the store; stopped at any moment
 * and called again, it ends with the same bits. `trainings/<depth>-<digest>/history.jsonl` has a line an epoch.
 *
 * @param model where the training starts: see `vgg16`
 * @param stages what a stage leaves out has the usual value of its depth: see `stageOf`
 * @param options.seed of the order of the images and of dropout. Default: the configuration's
 * @param options.label what the progress line calls it
 * @param options.signal stops it soon after it is aborted, with a checkpoint; its reason is then thrown
 * @throws {RangeError} when there is no stage, or one cannot be
 * @throws {Error} as `checkParts`, also where a stored training would do
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
    if (!store.has("fits", configuration)) return null; // a record without its weights serves nobody
    const stored = await store.read<StoredRun>("runs", configuration);
    if (stored === null) return null;
    await writeRecords(folder, stored.value);
    if (config.tensorBoard) await writeTensorBoard(join(folder, "tensorboard"), stored.value.history);
    return { ...stored.value, validationAnswers: stored.tensors.validation, computed: false };
  };
  const found = await findStored();
  if (found) return found;
  using _lock = await lockWork(store, configuration, { signal });
  const meanwhile = await findStored(); // by another process, while this one waited
  if (meanwhile) return meanwhile;

  const images = parts.subsetTrain.length;
  const total = recipe.reduce((sum, { epochs }) => sum + epochs, 0) * images;
  const show = progress(label);
  let history: RunEpoch[] = [];
  let fitted: Fitted | null = null;
  let seconds = 0;
  for (const [index, stage] of recipe.entries()) {
    signal?.throwIfAborted();
    await computeActivations(experiment, parts.subset, stage.depth); // in one list: the last batch of each is filled up
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
    await onEpoch(fitted.history); // also where the stage was there already
    seconds += fitted.seconds;
  }
  show(total, total);

  const { depth, optimizer } = recipe.at(-1)!;
  const measure = async (rows: readonly number[]) => {
    using examples = await openExamples(experiment, rows, depth);
    const report = progress(`${label}: measuring`);
    const answers = await predict(fitted!.model, examples, (done, total) => {
      signal?.throwIfAborted(); // what was trained is stored
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
 * Throws when train, validation and test belong together in a way that the experiment does not ask for by its name, as
 * `checkLeakFree` finds it. Parts as written ask for all, so nothing is looked at.
 *
 * @throws {Error} too when the evidence is missing or is that of another table
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

/** Writes those of a run's files for readers that are not there. Its times, not the same twice, have one of their own. */
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

/** VGG16 with the experiment's weights and a new softmax over its classes. @param seed of the softmax's first weights */
export function modelOf({ config, weights, source }: Experiment, seed: number = config.seed): Model {
  const { size, scaling, precision } = config;
  return vgg16({ weights, size, scaling, precision, classes: source.classes.length, seed });
}

/** The network that a run ended with, out of the store. @throws {Error} when its weights are not there any more */
export async function networkOf(experiment: Experiment, run: Pick<Run, "configuration">): Promise<Model> {
  return await loadFitted(experiment.store, run.configuration, modelOf(experiment));
}

/** 95 % interval of a run's validation accuracy; whole lesions are drawn. */
export function validationInterval(experiment: Experiment, run: Run): Interval {
  return lesionInterval(experiment, rightOnValidation(experiment, run));
}

/** 1 for each validation row that a run answers rightly, else 0. */
export function rightOnValidation({ parts, source }: Experiment, { validationAnswers }: Run): number[] {
  const predicted = argmaxRows(validationAnswers, source.classes.length);
  return rightAnswers(labelsOf(parts, parts.subsetValidation), predicted);
}

/** 95 % interval of the mean of one value for each validation row; whole lesions are drawn. */
export function lesionInterval({ source, parts, config }: Experiment, values: readonly number[]): Interval {
  return groupBootstrapInterval(values, lesionsOf(source, parts, parts.subsetValidation), {
    seed: config.seed,
  });
}
