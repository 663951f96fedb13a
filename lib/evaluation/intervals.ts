/**
 * Confidence intervals of an accuracy, and of a difference of two accuracies.
 *
 * Copies of one photo, and photos of one lesion, are not independent. Resampling single rows would make an interval too narrow,
 * so whole lesions are resampled here.
 */
import { randomFor } from "../support/random.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Whether the interval of a difference lies on one side of zero, so that chance alone hardly explains the difference. */
export function excludesZero({ low, high }: Interval): boolean {
  return low > 0 || high < 0;
}

/** A number with its interval. */
export interface Measured extends Interval {
  readonly value: number;
}

/**
 * 95 % percentile interval of a mean over rows in groups, such as photos of one lesion. Groups, not rows, are drawn with
 * replacement. For the interval of an accuracy, give 1 for a correct answer and 0 for a wrong one. For the interval of a paired
 * difference, give the difference of two networks' answers to the same rows, −1, 0 or 1.
 *
 * A. C. Davison & D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
 *
 * @param values one for each row
 * @param groups each row's group, such as its lesion_id
 * @param options.seed the same seed gives the same interval
 * @param options.repeats number of resamples, default 2,000
 * @throws {TypeError} if there is not one group for each row, or no row
 */
export function groupBootstrapInterval(
  values: ArrayLike<number>,
  groups: ArrayLike<string>,
  { seed, repeats = 2000 }: { seed: number; repeats?: number },
): Interval {
  checkRows(values.length, groups);
  const numbers = new Map<string, number>();
  const sums: number[] = []; // summing up groups first takes a third of the time
  const rows: number[] = [];
  for (let row = 0; row < values.length; row++) {
    const group = numbers.get(groups[row]) ?? numbers.size;
    numbers.set(groups[row], group);
    sums[group] = (sums[group] ?? 0) + values[row];
    rows[group] = (rows[group] ?? 0) + 1;
  }
  const [groupSums, groupRows] = [Float64Array.from(sums), Float64Array.from(rows)];
  const mean = (times: Uint32Array) => {
    let [sum, count] = [0, 0];
    for (let group = 0; group < groupSums.length; group++) {
      sum += times[group] * groupSums[group];
      count += times[group] * groupRows[group];
    }
    return sum / count;
  };
  return bootstrap([...numbers.keys()], (times) => ({ mean: mean(times) }), { seed, repeats }).mean;
}

/** Mean of values, each weighted by how often its row was drawn. */
export function weightedMean(values: ArrayLike<number>, times: Uint32Array): number {
  let [sum, rows] = [0, 0];
  for (let row = 0; row < values.length; row++) {
    sum += times[row] * values[row];
    rows += times[row];
  }
  return sum / rows;
}

export interface BootstrapOptions {
  readonly seed: number;
  /** Number of resamples, default 2,000. */
  readonly repeats?: number;
  /**
   * Each row's class. If given, groups are drawn within the classes, so every resample has the same number of groups of each
   * class. A group with rows of several classes, such as a patient, is drawn among the groups with the same classes.
   */
  readonly labels?: ArrayLike<number>;
}

/**
 * 95 % percentile intervals of statistics over rows in groups. Groups, not rows, are drawn with replacement.
 *
 * @param groups each row's group
 * @param statistic gets how often each row was drawn, and returns numbers by name
 * @throws {TypeError} if there is no row
 */
export function bootstrap<Name extends string>(
  groups: ArrayLike<string>,
  statistic: (times: Uint32Array) => Record<Name, number>,
  { seed, repeats = 2000, labels }: BootstrapOptions,
): Record<Name, Interval> {
  const rows = groups.length;
  checkRows(rows, groups);
  const numbers = new Map<string, number>();
  const groupOf = Uint32Array.from(groups, (group) => {
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    return numbers.get(group)!;
  });
  const strata = strataOf(groupOf, numbers.size, labels);
  const random = randomFor(seed, "bootstrap");
  const drawn = new Uint32Array(numbers.size);
  const times = numbers.size === rows ? drawn : new Uint32Array(rows);
  const values = new Map<Name, Float64Array>();
  for (let repeat = 0; repeat < repeats; repeat++) {
    drawn.fill(0);
    for (const stratum of strata) {
      for (let draw = 0; draw < stratum.length; draw++) {
        drawn[stratum[(random() * stratum.length) | 0]]++;
      }
    }
    if (times !== drawn) { for (let row = 0; row < rows; row++) times[row] = drawn[groupOf[row]]; }
    const found = statistic(times);
    for (const name of Object.keys(found) as Name[]) {
      if (!values.has(name)) values.set(name, new Float64Array(repeats));
      values.get(name)![repeat] = found[name];
    }
  }
  const interval = (all: Float64Array) => {
    all.sort();
    return { low: quantile(all, 0.025), high: quantile(all, 0.975) };
  };
  return Object.fromEntries([...values].map(([name, all]) => [name, interval(all)])) as Record<
    Name,
    Interval
  >;
}

function checkRows(rows: number, groups: ArrayLike<string>): void {
  if (rows > 0 && rows === groups.length) return;
  throw new TypeError(
    `There must be rows, and one group for each. Received: ${rows} rows, ${groups.length} groups`,
  );
}

/** The strata, as lists of group numbers: groups are drawn within each stratum. */
function strataOf(groupOf: Uint32Array, count: number, labels?: ArrayLike<number>): Uint32Array[] {
  const groups = Array.from({ length: count }, (_, group) => group);
  if (!labels) return [Uint32Array.from(groups)];
  const classes = groups.map(() => new Set<number>());
  groupOf.forEach((group, row) => classes[group].add(labels[row]));
  const strata = Map.groupBy(groups, (group) => [...classes[group]].sort((a, b) => a - b).join());
  return Array.from(strata.values(), (stratum) => Uint32Array.from(stratum));
}

export interface PairedDifference extends Interval {
  /** Mean of a − b over the pairs. */
  readonly mean: number;
  readonly pairs: number;
}

/** Mean and standard deviation, with n − 1 in the denominator. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** 97.5 % quantiles of Student's t for 1 … 10 degrees of freedom. */
const t975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];

/**
 * Mean of a − b with Student's 95 % interval, which covers the variation between pairs, such as runs with different seeds.
 *
 * "Student", "The probable error of a mean", Biometrika 6, 1908.
 *
 * @throws {RangeError} if there are not 2 to 11 pairs
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

/** Quantile of sorted values, linear between neighbours as by default in NumPy. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
