/** The three optimizers on the frozen network, each at its own best learning rate, over several seeds. */
import { join } from "node:path";
import { writeAtomic } from "../support/atomic.ts";
import type { Config } from "../config.ts";
import { evaluate } from "../evaluation/metrics.ts";
import { meanAndDeviation, type PairedDifference, pairedDifference } from "../evaluation/paired.ts";
import { groupBootstrapInterval, type Interval } from "../evaluation/intervals.ts";
import { type OptimizerName, optimizerNames } from "../recipe.ts";
import { argmaxRows } from "../training/cross_entropy.ts";
import { predict } from "../training/head.ts";
import { trainHead } from "../training/train_head.ts";
import { type Inputs, subsetFeatures } from "./features.ts";

/** Learning rates that each optimizer is tried with. */
export const learningRates = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2] as const;
/** They decide initial weights and order; the data and its parts stay those of the configuration. */
export const trainingSeeds = [0, 1, 2, 3, 4] as const;

export interface TunedOptimizer {
  readonly optimizer: OptimizerName;
  /** Validation accuracy after the last epoch with the first seed, by learning rate. */
  readonly grid: readonly { readonly learningRate: number; readonly accuracy: number }[];
  /** The rate with the highest one; of equals the lowest. */
  readonly learningRate: number;
  /** Validation accuracy at that rate, by seed. */
  readonly accuracies: readonly number[];
  readonly mean: number;
  /** Standard deviation over the seeds. */
  readonly deviation: number;
}

export interface OptimizerDifference {
  readonly a: OptimizerName;
  readonly b: OptimizerName;
  /** Over the seeds: what another initial softmax and order would change. */
  readonly seeds: PairedDifference;
  /** Over the lesions, of the means over the seeds: what other validation images would change. */
  readonly lesions: Interval;
}

export interface FairComparison {
  readonly optimizers: readonly TunedOptimizer[];
  /** Of all pairs. */
  readonly differences: readonly OptimizerDifference[];
}

/**
 * Tunes each optimizer on validation, then trains it with every seed: in one seed all three start from the same softmax and see the
 * same order. Kept in `studies/optimizers.json`.
 */
export async function compareFairly(
  config: Config,
  inputs: Inputs,
  progress: {
    features?: (done: number, total: number) => void;
    training?: (done: number, total: number) => void;
  } = {},
): Promise<FairComparison> {
  const { train, validation } = await subsetFeatures(config, inputs, progress.features);
  const truth = validation.labels;
  const classes = inputs.source.classes.length;
  const total = optimizerNames.length * (learningRates.length + trainingSeeds.length - 1);
  let done = 0;
  const rightAnswers = async (optimizer: OptimizerName, learningRate: number, seed: number) => {
    const { epochs, batchSize } = config;
    const { head } = await trainHead(train.features, train.labels, {
      ...{ classes, optimizer, learningRate, epochs, batchSize, seed },
    });
    progress.training?.(++done, total);
    const probabilities = predict(head, validation.features);
    const predicted = argmaxRows(probabilities, classes);
    const right = Array.from(truth, (label, row) => Number(predicted[row] === label));
    return { right, accuracy: evaluate(truth, probabilities, classes).accuracy };
  };

  const optimizers: TunedOptimizer[] = [];
  const rights = new Map<OptimizerName, number[][]>(); // by seed
  for (const optimizer of optimizerNames) {
    const tried = [];
    for (const learningRate of learningRates) {
      tried.push({ learningRate, ...await rightAnswers(optimizer, learningRate, trainingSeeds[0]) });
    }
    const best = tried.reduce((best, one) => (one.accuracy > best.accuracy ? one : best));
    const runs = [best];
    for (const seed of trainingSeeds.slice(1)) {
      runs.push({ ...best, ...await rightAnswers(optimizer, best.learningRate, seed) });
    }
    const accuracies = runs.map(({ accuracy }) => accuracy);
    rights.set(optimizer, runs.map(({ right }) => right));
    optimizers.push({
      optimizer,
      grid: tried.map(({ learningRate, accuracy }) => ({ learningRate, accuracy })),
      learningRate: best.learningRate,
      accuracies,
      ...meanAndDeviation(accuracies),
    });
  }
  const lesions = inputs.parts.subsetValidation.map((row) =>
    inputs.source.samples[inputs.parts.table[row].row].lesionId
  );
  const meanRight = (optimizer: OptimizerName) => {
    const bySeed = rights.get(optimizer)!;
    return bySeed[0].map((_, row) => bySeed.reduce((sum, right) => sum + right[row], 0) / bySeed.length);
  };
  const differences = optimizers.flatMap((a, i) =>
    optimizers.slice(i + 1).map((b): OptimizerDifference => {
      const [ofA, ofB] = [meanRight(a.optimizer), meanRight(b.optimizer)];
      return {
        ...{ a: a.optimizer, b: b.optimizer },
        seeds: pairedDifference(a.accuracies, b.accuracies),
        lesions: groupBootstrapInterval(ofA.map((right, row) => right - ofB[row]), lesions, {
          seed: config.seed,
        }),
      };
    })
  );
  const comparison = { optimizers, differences };
  await writeAtomic(
    join(config.out, "studies", "optimizers.json"),
    `${JSON.stringify(comparison, null, 2)}\n`,
  );
  return comparison;
}
