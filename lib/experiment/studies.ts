/** What goes beyond the write-up: trainings that differ in one thing, compared on validation. */
import { join } from "node:path";
import { type Config, type ConfigOptions, createConfig, type Scaling } from "../config.ts";
import { type ImageSize, sizeText } from "../image_size.ts";
import { type Depth, depths, type OptimizerName, optimizerNames, type StageOptions } from "../recipe.ts";
import { countLeakage } from "../data/leakage.ts";
import type { Interval } from "../evaluation/intervals.ts";
import { inputLength, parameterCount, trainedLayers } from "../model/vgg16.ts";
import { writeAtomic } from "../support/atomic.ts";
import { thousands } from "../support/format.ts";
import { type Experiment, openExperiment } from "./experiment.ts";
import { configurationOf, modelOf, type Run, train } from "./run.ts";
import { openTest } from "./testing.ts";

/** One of a study's trainings: its name, and what of the configuration it changes. */
export interface StudyRun {
  readonly label: string;
  readonly change: Pick<ConfigOptions, "recipe" | "scaling" | "size" | "subsetShare">;
}

/** What a training of a study has come to. Validation alone: the test stays shut. */
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
  /** The epoch whose weights were restored, over all stages; null: the last one's count. */
  readonly bestEpoch: number | null;
  readonly train: { readonly accuracy: number; readonly loss: number };
  readonly validation: { readonly n: number; readonly accuracy: number; readonly loss: number };
  /** Digest of everything that decides the run. */
  readonly configuration: string;
  /** Minutes of training, without the activations before it. */
  readonly minutes: number;
}

/** From the softmax alone to the whole network, each with the usual recipe of its depth. */
export function ladder(config: Config): StudyRun[] {
  return depths.map((depth) => ({ label: depth, change: { recipe: usual(depth, config) } }));
}

/** The configuration's own recipe, and before it the same with half the epochs: could it be cheaper? */
export function ownRecipe({ recipe }: Config): StudyRun[] {
  const half = recipe.map((stage) => ({ ...stage, epochs: Math.ceil(stage.epochs / 2) }));
  const whole = { label: "notebook 5's recipe", change: { recipe } };
  if (recipe.every(({ epochs }) => epochs === 1)) return recipe.length > 0 ? [whole] : [];
  return [{ label: "notebook 5's, half the epochs", change: { recipe: half } }, whole];
}

/** Pixels divided by 255, as written, against what ImageNet's weights were trained with. */
export function scalings(config: Config): StudyRun[] {
  return (["head", "block5"] as const).flatMap((depth) =>
    (["divide255", "imagenet"] as const).map((scaling) => ({
      label: `${depth}, ${scaling}`,
      change: { scaling, recipe: usual(depth, config) },
    }))
  );
}

/** The three optimizers with block 5 trained: one seed and one learning rate each, so exploratory. */
export function deepOptimizers(config: Config): StudyRun[] {
  return optimizerNames.map((optimizer) => ({
    label: optimizer,
    change: { recipe: usual("block5", config, { optimizer }) },
  }));
}

/** Larger images, one of them in the photos' own proportions: the frozen network on each, and one trained deeper. */
export function imageSizes(config: Config): StudyRun[] {
  const run = (size: ImageSize, depth: Depth): StudyRun => ({
    label: `${sizeText(size)}, ${depth}`,
    change: { size, recipe: usual(depth, config) },
  });
  return [
    ...([64, 96, 128, [150, 200]] as const).map((size) => run(size, "head")),
    ...[64, 96].map((size) => run(size, "block5")),
  ];
}

/** The usual recipe of a depth, with the studies' number of epochs where convolutions are trained. */
function usual(depth: Depth, { studyEpochs }: Config, change: Partial<StageOptions> = {}): StageOptions[] {
  return [depth === "head" ? { depth, ...change } : { depth, epochs: studyEpochs, ...change }];
}

/** The configuration of one training of a study. */
export function variantOf(config: Config, { change }: StudyRun): Config {
  const { depth: _, recipe: _own, ...rest } = config;
  return createConfig({ ...rest, ...change });
}

/**
 * The configuration with nothing left out of the training side, and as many steps as the subset gets: fewer epochs, so that the
 * number of images is all that differs.
 */
export function allImages(config: Config): Config {
  const recipe = config.recipe.map((stage) => ({
    ...stage,
    epochs: Math.max(1, Math.round(stage.epochs * config.subsetShare)),
    warmUpEpochs: stage.warmUpEpochs * config.subsetShare,
  }));
  return variantOf(config, { label: "all images", change: { subsetShare: 1, recipe } });
}

/** All trainings of `06_future_work` as configurations, each once, and whether the test is opened for it. */
export function studyConfigs(config: Config): { config: Config; opensTest: boolean }[] {
  const runs = [ladder, ownRecipe, scalings, deepOptimizers, imageSizes].flatMap((study) => study(config));
  const variants = [
    ...[variantOf(config, { label: "own", change: { recipe: config.recipe } }), allImages(config)]
      .map((config) => ({ config, opensTest: true })),
    ...runs.map((run) => ({ config: variantOf(config, run), opensTest: false })),
  ].filter(({ config }) => config.recipe.length > 0);
  const keys = variants.map((variant) => JSON.stringify(variant.config));
  return variants.filter((_, i) => keys.indexOf(keys[i]) === i);
}

/**
 * Trains what is not trained yet and keeps the results in `studies/<name>.json`. What trainings share, activations or a whole
 * run, is computed once. A result that the file has for the same configuration is taken, whether or not its weights are there.
 */
export async function runStudy(
  config: Config,
  name: string,
  runs: readonly StudyRun[],
): Promise<StudyResult[]> {
  const file = join(config.out, "studies", `${name}.json`);
  const kept = await readRows<StudyResult>(file);
  const results: StudyResult[] = [];
  let opened = null as { key: string; experiment: Experiment } | null;
  for (const [index, { label, change }] of runs.entries()) {
    const variant = variantOf(config, { label, change });
    const key = `${variant.size} ${variant.subsetShare}`; // decides images and parts
    if (opened?.key !== key) opened = { key, experiment: await openExperiment(variant) };
    const experiment = { ...opened.experiment, config: variant };
    const known = kept.find(({ configuration }) =>
      configuration === configurationOf(experiment, modelOf(experiment), variant.recipe)
    );
    results.push(
      known ? { ...known, label } : resultOf(
        label,
        experiment,
        await train(experiment, modelOf(experiment), variant.recipe, {
          label: `${label} (${index + 1}/${runs.length})`,
        }),
      ),
    );
    const left = kept.filter((row) =>
      !results.some(({ configuration }) => configuration === row.configuration)
    );
    await writeRows(file, index === runs.length - 1 ? results : [...results, ...left]);
  }
  return results;
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
  /** Images of the subset: trained on and validated with. */
  readonly images: number;
  readonly epochs: number;
  /** Share of the test images of which training has seen a copy. */
  readonly copyShare: number;
  /** Accuracies, and the 95 % interval of the test's. */
  readonly validation: number;
  readonly test: number;
  readonly interval: Interval;
  /** Minutes of training. */
  readonly minutes: number;
  readonly configuration: string;
}

/**
 * Trains the configuration's recipe on the subset and, with as many steps, on all images of the training side; opens the test for
 * both and keeps the rows in `studies/all_images.json`.
 *
 * @throws {RangeError} for a configuration without a recipe
 */
export async function testOnAllImages(config: Config): Promise<AllImagesRow[]> {
  const file = join(config.out, "studies", "all_images.json");
  const kept = await readRows<AllImagesRow>(file);
  const rows: AllImagesRow[] = [];
  for (const variant of [config, allImages(config)]) {
    const experiment = await openExperiment(variant);
    const configuration = configurationOf(experiment, modelOf(experiment), variant.recipe);
    const known = kept.find((row) => row.configuration === configuration);
    rows.push(known ?? await testAll(experiment));
    await writeRows(file, [
      ...rows,
      ...kept.filter((row) => !rows.some((one) => one.configuration === row.configuration)),
    ]);
  }
  await writeRows(file, rows);
  return rows;
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

/** Nothing where there is no such file, or one that cannot be read: its rows are made again. */
async function readRows<Row>(path: string): Promise<Row[]> {
  return await Deno.readTextFile(path).then(JSON.parse).catch(() => []);
}

async function writeRows(path: string, rows: readonly unknown[]): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(rows, null, 2)}\n`);
}
