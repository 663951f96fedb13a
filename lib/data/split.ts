/** Stratified splits, as indices into one table. */
import { randomFor, shuffled } from "../support/random.ts";

/** Two disjoint lists of indices, each ascending, that together hold every index once. */
export interface Split {
  readonly train: number[];
  readonly test: number[];
}

/**
 * Divides 0 … n − 1 in two so that each class keeps its share, as scikit-learn's `train_test_split(stratify=…)`.
 *
 * Images per class on the test side: largest remainder, ties to the lower label, so the total is exact. Which ones: a seeded
 * shuffle within the class.
 *
 * @param labels class of each row, whole numbers from 0
 * @param options.testSize number of rows on the test side, 1 … n − 1; or a share between 0 and 1, rounded to whole rows
 * @param options.seed 0 … 2³² − 1
 * @param options.name tells this split's randomness from that of other splits with the same seed
 * @throws {RangeError} when one side would be empty
 */
export function stratifiedSplit(
  labels: ArrayLike<number>,
  options: { testSize: number; seed: number; name: string },
): Split {
  const n = labels.length;
  const size = options.testSize < 1 ? Math.round(options.testSize * n) : options.testSize;
  if (!Number.isInteger(size) || size < 1 || size >= n) {
    throw new RangeError(
      `Split "${options.name}": testSize must leave at least one of ${n} rows on each side. Received: ${options.testSize}`,
    );
  }
  const byLabel: number[][] = [];
  for (let index = 0; index < n; index++) (byLabel[labels[index]] ??= []).push(index);
  const classes = Array.from(byLabel, (indices) => indices ?? []);
  const testCounts = largestRemainder(classes.map((indices) => indices.length), size);

  const isTest = new Uint8Array(n);
  classes.forEach((indices, label) => {
    const order = shuffled(indices, randomFor(options.seed, "split", options.name, label));
    for (const index of order.slice(0, testCounts[label])) isTest[index] = 1;
  });
  const all = Array.from({ length: n }, (_, index) => index);
  return { train: all.filter((index) => !isTest[index]), test: all.filter((index) => isTest[index]) };
}

/**
 * Shares `total` among the classes in proportion to their counts (Hamilton's method): each gets the whole part of its quota,
 * the rest go to the largest fractions, ties to the lower label.
 */
export function largestRemainder(counts: readonly number[], total: number): number[] {
  const sum = counts.reduce((a, b) => a + b, 0);
  // Quotas as exact integer divisions: fractions of equal value then compare as equal.
  const result = counts.map((count) => Math.floor((count * total) / sum));
  const remainders = counts.map((count, label) => ({ label, rest: (count * total) % sum }));
  remainders.sort((a, b) => b.rest - a.rest || a.label - b.label);
  const missing = total - result.reduce((a, b) => a + b, 0);
  for (const { label } of remainders.slice(0, missing)) result[label]++;
  return result;
}
