/** One condition against the rest, such as melanoma: what a threshold catches, what it costs, and what an alarm then means. */
import { checkScores } from "./curves.ts";

/**
 * The highest threshold at which `score >= threshold` catches at least the share asked of the positive rows. Choose it on
 * validation: on the rows it was chosen on, the sensitivity is reached by construction.
 *
 * @param isPositive one for each row
 * @param scores one for each row, higher where the row is thought to be positive
 * @param options.sensitivity above 0, at most 1
 * @returns the score of a positive row
 * @throws {TypeError} when there is not one score for each row
 * @throws {RangeError} when no row is positive, or a score or the sensitivity cannot be
 */
export function thresholdFor(
  isPositive: ArrayLike<boolean>,
  scores: ArrayLike<number>,
  { sensitivity }: { sensitivity: number },
): number {
  checkScores(isPositive.length, scores);
  if (!(sensitivity > 0 && sensitivity <= 1)) {
    throw new RangeError(`sensitivity must be above 0 and at most 1. Received: ${sensitivity}`);
  }
  const positives = Float64Array.from(scores).filter((_, row) => isPositive[row]).sort().reverse();
  if (positives.length === 0) {
    throw new RangeError(
      `There must be a positive row to reach a sensitivity. Received: ${isPositive.length} rows, none positive`,
    );
  }
  // a search, since 0.07 · 100 rounds to more than 7, of which the ceiling would be 8
  return positives.find((_, i) => (i + 1) / positives.length >= sensitivity)!;
}

/** Rows by what they are and what they are called. */
export interface Detection {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
  /** Share of the positive rows that are called positive, 0 … 1; NaN where there are none. */
  readonly sensitivity: number;
  /** Share of the negative rows that are called negative, 0 … 1; NaN where there are none. */
  readonly specificity: number;
}

/**
 * What calling a row positive where `score >= threshold` comes to.
 *
 * @param isPositive one for each row
 * @param scores one for each row, higher where the row is thought to be positive
 * @param threshold any number; at Infinity no row is called positive
 * @param times how often each row counts, as `bootstrap` draws them. Default: once
 * @throws {TypeError} when there is not one score for each row, or not one of `times`
 * @throws {RangeError} when a score is not finite, with its row, or the threshold is NaN
 */
export function detectionAt(
  isPositive: ArrayLike<boolean>,
  scores: ArrayLike<number>,
  threshold: number,
  times?: ArrayLike<number>,
): Detection {
  const n = isPositive.length;
  checkScores(n, scores);
  if (Number.isNaN(threshold)) throw new RangeError("threshold must be a number. Received: NaN");
  if (times && times.length !== n) {
    throw new TypeError(`times must have one number for each of ${n} rows. Received: ${times.length}`);
  }
  let [truePositives, falsePositives, trueNegatives, falseNegatives] = [0, 0, 0, 0];
  for (let row = 0; row < n; row++) {
    const count = times ? times[row] : 1;
    const isCalled = scores[row] >= threshold;
    if (isPositive[row]) {
      if (isCalled) truePositives += count;
      else falseNegatives += count;
    } else if (isCalled) falsePositives += count;
    else trueNegatives += count;
  }
  return {
    truePositives,
    falsePositives,
    trueNegatives,
    falseNegatives,
    sensitivity: truePositives / (truePositives + falseNegatives),
    specificity: trueNegatives / (trueNegatives + falsePositives),
  };
}

/**
 * What a call means where the condition has some prevalence, by Bayes' rule: `ppv` is the share of those called positive that are,
 * `npv` the share of those called negative that are. NaN where no one is called so.
 *
 * D. G. Altman & J. M. Bland, "Diagnostic tests 2: predictive values", BMJ 309, 1994.
 *
 * @param rates sensitivity and specificity, 0 … 1
 * @param prevalence share that has the condition, 0 … 1
 * @throws {RangeError} when a number is not from 0 to 1
 */
export function predictiveValues(
  { sensitivity, specificity }: Pick<Detection, "sensitivity" | "specificity">,
  prevalence: number,
): { ppv: number; npv: number } {
  checkShare("sensitivity", sensitivity);
  checkShare("specificity", specificity);
  checkShare("prevalence", prevalence);
  const [truePositive, falseNegative] = [sensitivity * prevalence, (1 - sensitivity) * prevalence];
  const [trueNegative, falsePositive] = [
    specificity * (1 - prevalence),
    (1 - specificity) * (1 - prevalence),
  ];
  return {
    ppv: truePositive / (truePositive + falsePositive),
    npv: trueNegative / (trueNegative + falseNegative),
  };
}

/**
 * Net benefit of acting where `probability >= threshold`: TP/n − FP/n · t/(1 − t), in true positives for each row. Who acts from a
 * probability of t on finds one case worth (1 − t)/t alarms for nothing; acting on no one comes to 0.
 *
 * A. J. Vickers & E. B. Elkin, "Decision Curve Analysis: A Novel Method for Evaluating Prediction Models", Medical Decision Making
 * 26, 2006.
 *
 * @param isPositive one for each row, at least one row
 * @param probabilities of being positive, one for each row
 * @param threshold probability from which on one acts, at least 0, below 1
 * @throws as `detectionAt`, and {RangeError} when there are no rows or the threshold cannot be
 */
export function netBenefit(
  isPositive: ArrayLike<boolean>,
  probabilities: ArrayLike<number>,
  threshold: number,
): number {
  const n = isPositive.length;
  if (n === 0) throw new RangeError("There must be at least one row. Received: none");
  const odds = oddsOf(threshold);
  const { truePositives, falsePositives } = detectionAt(isPositive, probabilities, threshold);
  return truePositives / n - falsePositives / n * odds;
}

/**
 * Net benefit of acting on everyone, with which a classifier's is compared: 0 where the threshold is the prevalence.
 *
 * @param prevalence share that has the condition, 0 … 1
 * @param threshold probability from which on one acts, at least 0, below 1
 * @throws {RangeError} when a number cannot be
 */
export function netBenefitOfAll(prevalence: number, threshold: number): number {
  checkShare("prevalence", prevalence);
  return prevalence - (1 - prevalence) * oddsOf(threshold);
}

/** What one alarm for nothing costs, in true positives. */
function oddsOf(threshold: number): number {
  if (!(threshold >= 0 && threshold < 1)) {
    throw new RangeError(`threshold must be a probability of at least 0 and below 1. Received: ${threshold}`);
  }
  return threshold / (1 - threshold);
}

function checkShare(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be from 0 to 1. Received: ${value}`);
}
