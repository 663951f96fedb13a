/** The single opening of the test part: the chosen run, the others beside it, the baselines. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { evaluate, type Evaluation } from "../evaluation/metrics.ts";
import type { Depth, OptimizerName } from "../recipe.ts";
import { argmaxRows } from "../training/cross_entropy.ts";
import { predict } from "../training/head.ts";
import { type Baseline, colourBaseline, commonestClass } from "./baselines.ts";
import { chooseRun, type OptimizerRun } from "./comparison.ts";
import { type DeepRun, predictDeep, predictWithoutRounding } from "./deep_training.ts";
import { featuresOf, type Inputs } from "./features.ts";
import { labelsOf } from "./parts.ts";

/** A trained network with its answers to the test. */
export interface TestedRun {
  /** As `frozen VGG16, nadam`. */
  readonly name: string;
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  readonly configuration: string;
  readonly train: Evaluation;
  readonly validation: Evaluation;
  readonly test: Evaluation;
  /** Predicted label of each test image, in the order of the part. */
  readonly predicted: Uint8Array;
}

export interface FinalEvaluation {
  /** The optimizer on the frozen network that validation preferred, before the test was opened. */
  readonly chosen: OptimizerName;
  /** The comparison's runs; only the chosen one's number counts as the result on the frozen network. */
  readonly frozen: readonly TestedRun[];
  /** The recipe's run; null without a recipe. */
  readonly trained: TestedRun | null;
  /** What validation prefers of the chosen and the trained one: the run that figures speak of. */
  readonly best: TestedRun;
  readonly baselines: readonly Baseline[];
  readonly changedByHalfFloats: ChangedByHalfFloats;
}

/** Test images whose predicted class differs when activations are kept as float32 instead of half floats. */
export interface ChangedByHalfFloats {
  /** Of the chosen run on the frozen network. */
  readonly frozen: number;
  /** Null without a recipe, and behind `block1`, where no activations are read. */
  readonly trained: number | null;
}

export interface FinalProgress {
  features?: (done: number, total: number) => void;
  baseline?: (done: number, total: number) => void;
  trained?: (done: number, total: number) => void;
}

/** Opens the test part; each run's configuration is logged before its answers are compared with any label. */
export async function evaluateOnTest(
  config: Config,
  inputs: Inputs,
  runs: readonly OptimizerRun[],
  { deep = null, progress = {} }: { deep?: DeepRun | null; progress?: FinalProgress } = {},
): Promise<FinalEvaluation> {
  const chosen = chooseRun(runs);
  const { test } = inputs.parts;
  const { values, float32 } = await featuresOf(config, inputs, test, {
    float32: true,
    onProgress: progress.features,
  });

  await logOpening(config, { ...chosen, depth: "head" });
  const frozen = runs.map((run) => tested(inputs, { ...run, depth: "head" }, predict(run.head, values)));
  const trained = deep && await testDeep(config, inputs, deep, progress.trained);
  const first = frozen.find(({ optimizer }) => optimizer === chosen.optimizer)!;
  const best = trained && trained.validation.accuracy > first.validation.accuracy ? trained : first;
  const exact = deep && await predictWithoutRounding(config, inputs, deep.network, test, progress.trained);
  return {
    ...{ frozen, trained, best },
    chosen: chosen.optimizer,
    baselines: [commonestClass(inputs), await colourBaseline(config, inputs, progress.baseline)],
    changedByHalfFloats: {
      frozen: changed(first, predict(chosen.head, float32!)),
      trained: exact && changed(trained!, exact),
    },
  };
}

/** Opens the test part for a recipe's run, which is logged before any label is looked at. */
export async function testDeep(
  config: Config,
  inputs: Inputs,
  deep: DeepRun,
  onProgress?: (done: number, total: number) => void,
): Promise<TestedRun> {
  await logOpening(config, deep);
  return tested(inputs, deep, await predictDeep(config, inputs, deep.network, inputs.parts.test, onProgress));
}

type Run = Pick<TestedRun, "depth" | "optimizer" | "configuration" | "train" | "validation">;

function tested(inputs: Inputs, run: Run, probabilities: Float32Array): TestedRun {
  const { depth, optimizer, configuration, train, validation } = run;
  const classes = inputs.source.classes.length;
  return {
    name: depth === "head" ? `frozen VGG16, ${optimizer}` : `trained from ${depth}, ${optimizer}`,
    ...{ depth, optimizer, configuration, train, validation },
    test: evaluate(labelsOf(inputs.parts, inputs.parts.test), probabilities, classes),
    predicted: argmaxRows(probabilities, classes),
  };
}

/** How many answers are others by these probabilities. */
function changed({ predicted, test }: TestedRun, probabilities: Float32Array): number {
  const others = argmaxRows(probabilities, test.perClass.length);
  return predicted.filter((label, index) => label !== others[index]).length;
}

/** One JSON line per opening in `test_openings.jsonl`, so that a reader can see how often the test was looked at. */
async function logOpening(
  config: Config,
  { depth, optimizer, configuration }: Pick<Run, "depth" | "optimizer" | "configuration">,
): Promise<void> {
  const line = { time: new Date().toISOString(), depth, optimizer, configuration };
  await Deno.mkdir(config.out, { recursive: true });
  await Deno.writeTextFile(join(config.out, "test_openings.jsonl"), `${JSON.stringify(line)}\n`, {
    append: true,
  });
}
