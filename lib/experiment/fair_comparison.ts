/** The three optimizers on the frozen network, each at its own best learning rate, over several seeds. */
import { join } from "node:path";
import { type OptimizerName, optimizerNames } from "../recipe.ts";
import {
  type Interval,
  meanAndDeviation,
  type PairedDifference,
  pairedDifference,
} from "../evaluation/intervals.ts";
import { writeAtomic } from "../support/atomic.ts";
import type { Experiment } from "./experiment.ts";
import { lesionInterval, modelOf, rightOnValidation, train } from "./run.ts";
import { frozenRecipe } from "./study_runs.ts";
import { jsonText } from "../support/json.ts";

/** Learning rates that each optimizer is tried with. */
export const learningRates = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2] as const;
/** Seeds of initial weights and image order. The data and their parts always follow the configuration's seed. */
export const trainingSeeds = [0, 1, 2, 3, 4] as const;
/** The rate is chosen with a separate seed: one of the five would be used twice, to choose and to measure. */
export const tuningSeed = 5;

export interface TunedOptimizer {
  readonly optimizer: OptimizerName;
  /** Validation accuracy after the last epoch with the tuning seed, by learning rate. */
  readonly grid: readonly { readonly learningRate: number; readonly accuracy: number }[];
  /** The rate with the highest accuracy; the lowest of equal ones. */
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
  /** Mean difference with its interval over the seeds: how much another initial softmax and image order would change it. */
  readonly seeds: PairedDifference;
  /** Interval over lesions of the accuracies averaged over seeds: how much other validation images would change them. */
  readonly lesions: Interval;
}

export interface FairComparison {
  readonly optimizers: readonly TunedOptimizer[];
  /** One for each pair of optimizers. */
  readonly differences: readonly OptimizerDifference[];
}

/**
 * Tunes each optimizer on validation, then trains it with every seed. With one seed, all three start from the same softmax and
 * see the images in the same order. The store keeps each training, `studies/optimizers.json` the comparison for the report.
 */
export async function compareFairly(experiment: Experiment): Promise<FairComparison> {
  const { config } = experiment;
  const run = (optimizer: OptimizerName, learningRate: number, seed: number) =>
    train(experiment, modelOf(experiment, seed), [{ ...frozenRecipe(config), optimizer, learningRate }], {
      seed,
      label: `${optimizer}, rate ${learningRate}, seed ${seed}`,
    });
  const optimizers: TunedOptimizer[] = [];
  /** The share of seeds with a correct answer, for each validation row. */
  const rightShares = new Map<OptimizerName, number[]>();
  for (const optimizer of optimizerNames) {
    const grid = [];
    for (const learningRate of learningRates) {
      const { validation } = await run(optimizer, learningRate, tuningSeed);
      grid.push({ learningRate, accuracy: validation.accuracy });
    }
    const { learningRate } = grid.reduce((best, one) => (one.accuracy > best.accuracy ? one : best));
    const seeded = [];
    for (const seed of trainingSeeds) seeded.push(await run(optimizer, learningRate, seed));
    const rights = seeded.map((one) => rightOnValidation(experiment, one));
    const shareOf = (row: number) => rights.reduce((sum, right) => sum + right[row], 0) / rights.length;
    rightShares.set(optimizer, rights[0].map((_, row) => shareOf(row)));
    const accuracies = seeded.map(({ validation }) => validation.accuracy);
    optimizers.push({ optimizer, grid, learningRate, accuracies, ...meanAndDeviation(accuracies) });
  }

  const differences = optimizers.flatMap((a, i) =>
    optimizers.slice(i + 1).map((b): OptimizerDifference => {
      const [ofA, ofB] = [a, b].map(({ optimizer }) => rightShares.get(optimizer)!);
      return {
        ...{ a: a.optimizer, b: b.optimizer },
        seeds: pairedDifference(a.accuracies, b.accuracies),
        lesions: lesionInterval(experiment, ofA.map((share, row) => share - ofB[row])),
      };
    })
  );
  const comparison = { optimizers, differences };
  await writeAtomic(join(config.out, "studies", "optimizers.json"), jsonText(comparison));
  return comparison;
}
