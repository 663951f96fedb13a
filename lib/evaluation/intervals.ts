/** How sure an accuracy is, given how many rows it was measured on. */
import { randomFor } from "../support/random.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 97.5 % quantile of the normal distribution: two-sided 95 %. */
const z = 1.959963984540054;

/**
 * Wilson's 95 % interval for a share of independent rows: never outside 0 … 1, and of use for few rows and for 0 or n right answers.
 *
 * E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22, 1927.
 * Copies of one photo are not independent: use `groupBootstrapInterval` for them.
 *
 * @throws {RangeError} unless 0 ≤ correct ≤ n and n ≥ 1, whole numbers
 */
export function wilsonInterval(correct: number, n: number): Interval {
  if (!Number.isInteger(correct) || !Number.isInteger(n) || n < 1 || correct < 0 || correct > n) {
    throw new RangeError(
      `Expected whole numbers, 0 ≤ correct ≤ n and n ≥ 1. Received: correct ${correct}, n ${n}`,
    );
  }
  const share = correct / n;
  const denominator = 1 + z * z / n;
  const centre = (share + z * z / (2 * n)) / denominator;
  const half = z / denominator * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {
    low: correct === 0 ? 0 : centre - half,
    high: correct === n ? 1 : centre + half,
  };
}

/**
 * 95 % percentile interval of an accuracy when rows come in groups that stand or fall together, such as photos of one lesion:
 * groups, not rows, are drawn with replacement.
 *
 * A. C. Davison & D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
 *
 * @param right 1 where a row was answered rightly, else 0
 * @param groups each row's group, such as its lesion_id
 * @param options.seed the same seed gives the same interval
 * @param options.repeats number of resamples, default 2,000
 * @throws {TypeError} when there is not one group for each row, or no row
 */
export function groupBootstrapInterval(
  right: ArrayLike<number>,
  groups: ArrayLike<string>,
  { seed, repeats = 2000 }: { seed: number; repeats?: number },
): Interval {
  if (right.length === 0 || right.length !== groups.length) {
    throw new TypeError(
      `There must be rows, and one group for each. Received: ${right.length} rows, ${groups.length} groups`,
    );
  }
  const byGroup = new Map<string, { rows: number; right: number }>();
  for (let row = 0; row < right.length; row++) {
    const group = byGroup.get(groups[row]) ?? { rows: 0, right: 0 };
    byGroup.set(groups[row], { rows: group.rows + 1, right: group.right + right[row] });
  }
  const all = [...byGroup.values()];
  const random = randomFor(seed, "bootstrap");
  const accuracies = new Float64Array(repeats);
  for (let repeat = 0; repeat < repeats; repeat++) {
    let rows = 0;
    let sum = 0;
    for (let draw = 0; draw < all.length; draw++) {
      const group = all[Math.floor(random() * all.length)];
      rows += group.rows;
      sum += group.right;
    }
    accuracies[repeat] = sum / rows;
  }
  accuracies.sort();
  return { low: quantile(accuracies, 0.025), high: quantile(accuracies, 0.975) };
}

/** Of sorted values, linear between neighbours: NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
