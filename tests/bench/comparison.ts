/** What the comparison of the optimizers costs beside its steps: reading, validating, evaluating, writing. */
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { compareOptimizers } from "../../lib/experiment/comparison.ts";
import { subsetFeatures } from "../../lib/experiment/features.ts";
import { openInputs } from "../../lib/experiment/inputs.ts";
import { trainHead } from "../../lib/training/train_head.ts";
import { median } from "./statistics.ts";

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
  const inputs = await openInputs(config);
  const { train: { features, labels } } = await subsetFeatures(config, inputs);
  const { learningRate, epochs, batchSize, seed, optimizers } = config;
  const classes = inputs.source.classes.length;
  const seconds: number[] = [];
  const stepSeconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await Deno.remove(join(out, "optimizers"), { recursive: true }).catch(() => {}); // or it would be taken from there
    const started = performance.now();
    await compareOptimizers(config, inputs);
    seconds.push((performance.now() - started) / 1000);
    let steps = 0;
    for (const optimizer of optimizers) {
      const options = { classes, optimizer, learningRate, epochs, batchSize, seed };
      steps += (await trainHead(features, labels, options)).seconds;
    }
    stepSeconds.push(steps);
  }
  const ratio = median(seconds.map((all, round) => all / stepSeconds[round]));
  const atMost = 1.2;
  return { rows: labels.length, seconds, stepSeconds, ratio, atMost, pass: ratio <= atMost };
}
