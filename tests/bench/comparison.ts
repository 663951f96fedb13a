/** What the comparison of the optimizers costs beside its steps: reading, validating, evaluating, writing. */
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { openExamples, openExperiment } from "../../lib/experiment/experiment.ts";
import { modelOf, train } from "../../lib/experiment/run.ts";
import { fitSoftmax } from "../../lib/training/fit.ts";
import { median } from "./statistics.ts";
import { comparisonAtMost } from "./targets.ts";

export interface ComparisonResult {
  readonly rows: number;
  /** Of each round. */
  readonly seconds: readonly number[];
  /** Of training the same on the same rows in memory, with nothing measured in between. */
  readonly stepSeconds: readonly number[];
  /** Median of seconds / stepSeconds, round by round. */
  readonly ratio: number;
  readonly atMost: number;
  readonly pass: boolean;
}

/**
 * Of the write-up's 12,000 images where photos are given, else of all rows that the drawn stand-in gives: few, so that what a run
 * costs but once weighs more. Their activations are stored before; three rounds at least steady the ratio.
 */
export async function measureComparison(
  folder: string,
  { rounds, data, weights }: { rounds: number; data: string | null; weights: string | null },
): Promise<ComparisonResult> {
  const out = join(folder, "comparison");
  const config = data === null
    ? createConfig({ preset: "smoke", subsetShare: 1, weights, out })
    : createConfig({ preset: "quick", data, weights, out });
  const experiment = await openExperiment(config);
  const model = modelOf(experiment);
  const { subsetTrain, subsetValidation } = experiment.parts;
  for (const rows of [subsetTrain, subsetValidation]) {
    (await openExamples(experiment, rows, "head"))[Symbol.dispose]();
  }
  using examples = await openExamples(experiment, subsetTrain, "head");
  const { labels } = examples;
  const { inputs } = model.head;
  const features = new Float32Array(labels.length * inputs);
  labels.forEach((_, row) => examples.read(row, features.subarray(row * inputs, (row + 1) * inputs)));
  const { learningRate, epochs, batchSize, seed, optimizers } = config;
  const { classes } = model;
  const seconds: number[] = [];
  const stepSeconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const kind of ["runs", "fits"]) { // or they would be taken from there
      await Deno.remove(join(out, "store", kind), { recursive: true }).catch(() => {});
    }
    const started = performance.now();
    for (const optimizer of optimizers) {
      await train(experiment, model, [{ depth: "head", optimizer, learningRate, epochs, batchSize }]);
    }
    seconds.push((performance.now() - started) / 1000);
    const stepsStarted = performance.now();
    for (const optimizer of optimizers) {
      await fitSoftmax(features, labels, { classes, optimizer, learningRate, epochs, batchSize, seed });
    }
    stepSeconds.push((performance.now() - stepsStarted) / 1000);
  }
  const ratio = median(seconds.map((all, round) => all / stepSeconds[round]));
  const atMost = comparisonAtMost;
  return { rows: labels.length, seconds, stepSeconds, ratio, atMost, pass: ratio <= atMost };
}
