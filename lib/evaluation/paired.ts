/** Differences between two methods that were measured in pairs: on the same seeds, or on the same images. */
import type { Interval } from "./intervals.ts";

export interface PairedDifference extends Interval {
  /** Mean of a − b over the pairs. */
  readonly mean: number;
  readonly pairs: number;
}

/** Mean and standard deviation, with n − 1 below the root. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** 97.5 % quantiles of Student's t for 1 … 10 degrees of freedom. */
const t975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];

/**
 * Mean of a − b with Student's 95 % interval: how far apart two methods are when the pairs, such as seeds, are drawn again.
 *
 * "Student", "The probable error of a mean", Biometrika 6, 1908.
 *
 * @throws {RangeError} unless there are 2 to 11 pairs
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): PairedDifference {
  const pairs = a.length;
  if (pairs !== b.length || pairs < 2 || pairs > t975.length + 1) {
    throw new RangeError(`Expected 2 to ${t975.length + 1} pairs. Received: ${pairs} and ${b.length} values`);
  }
  const { mean, deviation } = meanAndDeviation(a.map((value, i) => value - b[i]));
  const half = t975[pairs - 2] * deviation / Math.sqrt(pairs);
  return { mean, low: mean - half, high: mean + half, pairs };
}
