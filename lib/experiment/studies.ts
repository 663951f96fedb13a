/** Studies beyond the write-up: trainings that differ in one thing, compared on validation. */
import { join } from "node:path";
import type { Config, Scaling } from "../config.ts";
import type { ImageSize } from "../image_size.ts";
import type { Depth, OptimizerName } from "../recipe.ts";
import { countLeakage } from "../data/leakage.ts";
import type { Interval } from "../evaluation/intervals.ts";
import { inputLength, parameterCount, trainedLayers } from "../model/vgg16.ts";
import { writeAtomic } from "../support/atomic.ts";
import { thousands } from "../support/format.ts";
import { type Experiment, openExperiment } from "./experiment.ts";
import { allImages, type StudyRun, variantOf } from "./study_runs.ts";
import { configurationOf, modelOf, type Run, train } from "./run.ts";
import { openTest } from "./testing.ts";
import { jsonText } from "../support/json.ts";

/** The result of one training of a study, on train and validation only: the test stays closed. */
export interface StudyResult {
  readonly label: string;
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  readonly scaling: Scaling;
  readonly size: ImageSize;
  /** Images trained on. */
  readonly images: number;
  /** Trained weights and biases. */
  readonly parameters: number;
  readonly epochs: number;
  /** The epoch whose weights were restored, counted over all stages; null if the last epoch's weights count. */
  readonly bestEpoch: number | null;
  readonly train: { readonly accuracy: number; readonly loss: number };
  readonly validation: { readonly n: number; readonly accuracy: number; readonly loss: number };
  /** Digest of everything that decides the run. */
  readonly configuration: string;
  /** Minutes of training, without computing the activations before it. */
  readonly minutes: number;
}

/**
 * Does the missing trainings of a study and keeps all results in `studies/<name>.json`. Activations and whole runs that trainings
 * share are computed once. A result in the file with the same configuration is reused, even if its weights are no longer stored.
 */
export async function runStudy(
  config: Config,
  name: string,
  runs: readonly StudyRun[],
): Promise<StudyResult[]> {
  const file = join(config.out, "studies", `${name}.json`);
  const variants = runs.map((run) => variantOf(config, run));
  return await keepRows<StudyResult>(file, variants, async (experiment, known, index) => {
    const { label } = runs[index];
    if (known) return { ...known, label };
    const run = await train(experiment, modelOf(experiment), experiment.config.recipe, {
      label: `${label} (${index + 1}/${runs.length})`,
    });
    return resultOf(label, experiment, run);
  });
}

function resultOf(label: string, { config, parts, source }: Experiment, run: Run): StudyResult {
  const { depth, optimizer, configuration, history, bestEpoch, recipe, train, validation, seconds } = run;
  const beforeLast = history.filter(({ stage }) => stage < recipe.length).length;
  return {
    ...{ label, depth, optimizer, scaling: config.scaling, size: config.size },
    images: parts.subsetTrain.length,
    parameters: parameterCount(trainedLayers(depth)) +
      (inputLength("head", config.size) + 1) * source.classes.length,
    epochs: history.length,
    bestEpoch: bestEpoch === null ? null : beforeLast + bestEpoch,
    train: { accuracy: train.accuracy, loss: train.loss },
    validation: { n: validation.n, accuracy: validation.accuracy, loss: validation.loss },
    configuration,
    minutes: seconds / 60,
  };
}

export interface AllImagesRow {
  readonly name: string;
  /** Images of the subset: for training and validation together. */
  readonly images: number;
  readonly epochs: number;
  /** Share of the test images with a copy in training. */
  readonly copyShare: number;
  /** Accuracies, and the 95 % interval of the test accuracy. */
  readonly validation: number;
  readonly test: number;
  readonly interval: Interval;
  /** Minutes of training. */
  readonly minutes: number;
  readonly configuration: string;
}

/**
 * Trains the configuration's recipe on the subset, then, with about as many steps, on all images of the training side. Tests both
 * networks and keeps the rows in `studies/all_images.json`.
 *
 * @throws {RangeError} for a configuration without a recipe
 */
export async function testOnAllImages(config: Config): Promise<AllImagesRow[]> {
  const file = join(config.out, "studies", "all_images.json");
  const variants = [config, allImages(config)];
  return await keepRows<AllImagesRow>(file, variants, async (experiment, known) => {
    return known ?? await testAll(experiment);
  });
}

async function testAll(experiment: Experiment): Promise<AllImagesRow> {
  const { config, parts, source } = experiment;
  const { subset, subsetTrain } = parts;
  const name = `${thousands(subset.length)} images`;
  const run = await train(experiment, modelOf(experiment), config.recipe, { label: name });
  const { test, interval } = await openTest(experiment, run);
  return {
    ...{ name, images: subset.length, epochs: run.history.length },
    copyShare: countLeakage(source, parts, subsetTrain).at(-1)!.copyShare,
    ...{ validation: run.validation.accuracy, test: test.accuracy, interval },
    ...{ minutes: run.seconds / 60, configuration: run.configuration },
  };
}

/**
 * One row for each configuration, kept in a file. It is written after each row; rows of other configurations stay in it until the
 * last one. If the file is missing or cannot be read, all rows are computed again.
 *
 * @param rowOf returns the row of an experiment; `known`: the file's row with the same configuration
 */
async function keepRows<Row extends { readonly configuration: string }>(
  file: string,
  variants: readonly Config[],
  rowOf: (experiment: Experiment, known: Row | undefined, index: number) => Promise<Row>,
): Promise<Row[]> {
  const kept: Row[] = await Deno.readTextFile(file).then(JSON.parse).catch(() => []);
  const rows: Row[] = [];
  let opened = null as { key: string; experiment: Experiment } | null;
  for (const [index, variant] of variants.entries()) {
    const key = `${variant.size} ${variant.subsetShare}`; // these decide images and parts
    if (opened?.key !== key) opened = { key, experiment: await openExperiment(variant) };
    const experiment = { ...opened.experiment, config: variant };
    const configuration = configurationOf(experiment, modelOf(experiment), variant.recipe);
    const known = kept.find((row) => row.configuration === configuration);
    rows.push(await rowOf(experiment, known, index));
    const left = kept.filter((row) => !rows.some(({ configuration }) => configuration === row.configuration));
    await writeAtomic(file, jsonText(index === variants.length - 1 ? rows : [...rows, ...left]));
  }
  return rows;
}
