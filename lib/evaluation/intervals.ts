/**
 * How sure an accuracy or a difference of two accuracies is.
 *
 * Copies of one photo, and photos of one lesion, are not independent: an interval that draws single rows would be too narrow.
 * So whole lesions are drawn here.
 */
import { randomFor } from "../support/random.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % percentile interval of a mean over rows that come in groups, such as photos of one lesion: groups, not rows, are drawn
 * with replacement. Give 1 for a right answer and 0 for a wrong one to get the interval of an accuracy; give the difference of
 * two networks' answers to the same rows, −1, 0 or 1, to get the interval of a paired difference.
 *
 * A. C. Davison & D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
 *
 * @param values one for each row
 * @param groups each row's group, such as its lesion_id
 * @param options.seed the same seed gives the same interval
 * @param options.repeats number of resamples, default 2,000
 * @throws {TypeError} when there is not one group for each row, or no row
 */
export function groupBootstrapInterval(
  values: ArrayLike<number>,
  groups: ArrayLike<string>,
  { seed, repeats = 2000 }: { seed: number; repeats?: number },
): Interval {
  if (values.length === 0 || values.length !== groups.length) {
    throw new TypeError(
      `There must be rows, and one group for each. Received: ${values.length} rows, ${groups.length} groups`,
    );
  }
  const byGroup = new Map<string, { rows: number; sum: number }>();
  for (let row = 0; row < values.length; row++) {
    const group = byGroup.get(groups[row]) ?? { rows: 0, sum: 0 };
    byGroup.set(groups[row], { rows: group.rows + 1, sum: group.sum + values[row] });
  }
  const all = [...byGroup.values()];
  const random = randomFor(seed, "bootstrap");
  const means = new Float64Array(repeats);
  for (let repeat = 0; repeat < repeats; repeat++) {
    let rows = 0;
    let sum = 0;
    for (let draw = 0; draw < all.length; draw++) {
      const group = all[Math.floor(random() * all.length)];
      rows += group.rows;
      sum += group.sum;
    }
    means[repeat] = sum / rows;
  }
  means.sort();
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

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

/** Of sorted values, linear between neighbours: NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
