/** The single opening of the test part: the chosen run, the two others beside it, the baselines. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { OptimizerName } from "../recipe.ts";
import { evaluate, type Evaluation } from "../evaluation/metrics.ts";
import { predict } from "../training/head.ts";
import { type Baseline, colourBaseline, commonestClass } from "./baselines.ts";
import { chooseRun, type OptimizerRun } from "./comparison.ts";
import { featuresOf, type Inputs } from "./features.ts";
import { labelsOf } from "./parts.ts";

export interface FinalEvaluation {
  /** The optimizer that validation preferred, before the test was opened. */
  readonly chosen: OptimizerName;
  /** Each optimizer's test results; only the chosen one's count as the result. */
  readonly tests: Readonly<Record<string, Evaluation>>;
  readonly baselines: readonly Baseline[];
  /** Test images whose predicted class differs when activations are kept as float32 instead of half floats. */
  readonly changedByHalfFloats: number;
  /** Of the chosen run: predicted label of each test image, in the order of the part. */
  readonly predicted: Uint8Array;
}

export interface FinalProgress {
  features?: (done: number, total: number) => void;
  baseline?: (done: number, total: number) => void;
}

/** Opens the test part; the opening is logged with the chosen run's configuration before any label is looked at. */
export async function evaluateOnTest(
  config: Config,
  inputs: Inputs,
  runs: readonly OptimizerRun[],
  progress: FinalProgress = {},
): Promise<FinalEvaluation> {
  const chosen = chooseRun(runs);
  const { test } = inputs.parts;
  const { values, float32 } = await featuresOf(config, inputs, test, {
    float32: true,
    onProgress: progress.features,
  });

  await logOpening(config, chosen);
  const labels = labelsOf(inputs.parts, test);
  const classes = inputs.source.classes.length;
  const tests: Record<string, Evaluation> = {};
  for (const { optimizer, head } of runs) {
    tests[optimizer] = evaluate(labels, predict(head, values), classes);
  }
  const predicted = argmaxRows(predict(chosen.head, values), classes);
  const exact = argmaxRows(predict(chosen.head, float32!), classes);
  return {
    chosen: chosen.optimizer,
    tests,
    baselines: [commonestClass(inputs), await colourBaseline(config, inputs, progress.baseline)],
    changedByHalfFloats: predicted.filter((label, index) => label !== exact[index]).length,
    predicted,
  };
}

/** Index of the largest value of each row of (n, classes). */
function argmaxRows(probabilities: Float32Array, classes: number): Uint8Array {
  return Uint8Array.from({ length: probabilities.length / classes }, (_, index) => {
    const row = probabilities.subarray(index * classes, (index + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
}

/** One JSON line per opening in `test_openings.jsonl`, so that a reader can see how often the test was looked at. */
async function logOpening(config: Config, chosen: OptimizerRun): Promise<void> {
  const line = {
    time: new Date().toISOString(),
    optimizer: chosen.optimizer,
    configuration: chosen.configuration,
  };
  await Deno.mkdir(config.out, { recursive: true });
  await Deno.writeTextFile(join(config.out, "test_openings.jsonl"), `${JSON.stringify(line)}\n`, {
    append: true,
  });
}
