/** nadam, adam and rmsprop on the same stored activations, each trained once and kept. */
import { join } from "node:path";
import { writeAtomic } from "../support/atomic.ts";
import type { Config } from "../config.ts";
import type { OptimizerName } from "../recipe.ts";
import { digestOf } from "../support/digest.ts";
import { percent, points, thousands } from "../support/format.ts";
import { wilsonInterval } from "../evaluation/intervals.ts";
import { evaluate, type Evaluation } from "../evaluation/metrics.ts";
import { type Head, loadHead, predict, saveHead } from "../training/head.ts";
import { type EpochRecord, trainHead } from "../training/train_head.ts";
import { activationStage } from "../model/activations.ts";
import { decisiveOf } from "./decisive.ts";
import { type Inputs, subsetFeatures } from "./features.ts";

/** One optimizer's run. The test part has no place here: 05 opens it. */
export interface OptimizerRun {
  readonly optimizer: OptimizerName;
  /** Digest of everything that decides the run. */
  readonly configuration: string;
  /** Per epoch; without times, which are not the same twice. */
  readonly history: readonly Omit<EpochRecord, "seconds">[];
  /** After training, in inference mode, on the 9,600 and the 2,400. */
  readonly train: Evaluation;
  readonly validation: Evaluation;
  /** Seconds of training when it was computed. */
  readonly seconds: number;
  readonly head: Head;
  /** False where a stored run was taken. */
  readonly computed: boolean;
}

/** Raised by hand when training changes its results. */
const stageVersion = 2;

export interface ComparisonProgress {
  features?: (done: number, total: number) => void;
  training?: (done: number, total: number) => void;
}

/** Trains each optimizer of the configuration from the same initial weights and order; takes what is stored already. */
export async function compareOptimizers(
  config: Config,
  inputs: Inputs,
  progress: ComparisonProgress = {},
): Promise<OptimizerRun[]> {
  const stored = await Promise.all(config.optimizers.map((name) => readRun(config, inputs, name)));
  if (stored.every((run) => run !== null)) return stored;

  const { train, validation } = await subsetFeatures(config, inputs, progress.features);
  const classes = inputs.source.classes.length;
  const runs: OptimizerRun[] = [];
  for (const [index, optimizer] of config.optimizers.entries()) {
    const kept = stored[index];
    if (kept) {
      runs.push(kept);
      continue;
    }
    const { learningRate, epochs, batchSize, seed } = config;
    const { head, history, seconds } = await trainHead(train.features, train.labels, {
      classes,
      optimizer,
      learningRate,
      epochs,
      batchSize,
      seed,
      validation,
      onEpoch: ({ epoch }) => progress.training?.(index * epochs + epoch, config.optimizers.length * epochs),
    });
    const run = {
      optimizer,
      configuration: configurationOf(config, inputs, optimizer),
      history: history.map(({ seconds: _, ...record }) => record),
      train: evaluate(train.labels, predict(head, train.features), classes),
      validation: evaluate(validation.labels, predict(head, validation.features), classes),
    };
    // Without its record a head is nobody's: stopped between the two writes, the run is trained again.
    await Deno.remove(runFile(config, optimizer, "json")).catch(() => {});
    await Promise.all([
      saveHead(runFile(config, optimizer, "head"), head),
      writeAtomic(runFile(config, optimizer, "seconds.json"), JSON.stringify({ seconds })),
    ]);
    await writeAtomic(runFile(config, optimizer, "json"), JSON.stringify(run, null, 1));
    runs.push({ ...run, seconds, head, computed: true });
  }
  return runs;
}

/** The run that validation prefers: highest accuracy, then lowest loss. The test part has no say. */
export function chooseRun(runs: readonly OptimizerRun[]): OptimizerRun {
  return [...runs].sort((a, b) =>
    b.validation.accuracy - a.validation.accuracy || a.validation.loss - b.validation.loss
  )[0];
}

/** The choice in words: which optimizer, by how much, and whether the difference says anything. Markdown. */
export function describeChoice(runs: readonly OptimizerRun[]): string {
  const [best, ...others] = [...runs].sort((a, b) => b.validation.accuracy - a.validation.accuracy);
  const interval = ({ validation: { accuracy, n } }: OptimizerRun) => {
    const { low, high } = wilsonInterval(Math.round(accuracy * n), n);
    return `${percent(accuracy)} (95 % interval ${percent(low)} to ${percent(high)})`;
  };
  const { n } = best.validation;
  const lines = others.map((run) => {
    const lead = Math.round((best.validation.accuracy - run.validation.accuracy) * n);
    const behind = points(best.validation.accuracy - run.validation.accuracy);
    const apart = wilsonInterval(Math.round(best.validation.accuracy * n), n).low >
      wilsonInterval(Math.round(run.validation.accuracy * n), n).high;
    return `- **${run.optimizer}**: ${interval(run)}, ${behind} points behind, ${lead} of ${
      thousands(n)
    } images; ` +
      (apart ? "the intervals do not overlap" : "the intervals overlap: this difference may be chance");
  });
  return [
    `**${chooseRun(runs).optimizer}** is chosen: ${interval(chooseRun(runs))} on validation.`,
    "",
    ...lines,
  ].join("\n");
}

/** Digest of everything that decides one optimizer's results: constants, data, weights, engine. */
export function configurationOf(config: Config, inputs: Inputs, optimizer: OptimizerName): string {
  return digestOf({ ...decisiveOf(config, inputs), depth: "head", optimizer, stageVersion, activationStage });
}

async function readRun(
  config: Config,
  inputs: Inputs,
  optimizer: OptimizerName,
): Promise<OptimizerRun | null> {
  try {
    const run = JSON.parse(await Deno.readTextFile(runFile(config, optimizer, "json")));
    if (run.configuration !== configurationOf(config, inputs, optimizer)) return null;
    const { seconds } = JSON.parse(await Deno.readTextFile(runFile(config, optimizer, "seconds.json")));
    return { ...run, seconds, head: await loadHead(runFile(config, optimizer, "head")), computed: false };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    console.warn(
      `The stored run of ${optimizer} cannot be read and is trained again: ${(error as Error).message}`,
    );
    return null;
  }
}

function runFile(config: Config, optimizer: OptimizerName, extension: string): string {
  return join(config.out, "optimizers", `${optimizer}.${extension}`);
}
