/** Detection of one condition, such as melanoma: thresholds, sensitivity and specificity, predictive values, net benefit. */
import { checkScores } from "./curves.ts";
import { checkShare } from "./metrics.ts";

/**
 * The highest threshold at which `score >= threshold` reaches the given sensitivity. Choose it on validation: the rows it was
 * chosen on reach the sensitivity by construction.
 *
 * @param isPositive one for each row
 * @param scores one for each row, higher if the row is more likely positive
 * @param options.sensitivity share of the positive rows to be found, above 0 and at most 1
 * @returns the score of a positive row
 * @throws {TypeError} if there is not one score for each row
 * @throws {RangeError} if no row is positive, or a score or the sensitivity is invalid
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
  // a search, because 0.07 · 100 is a little more than 7 in floating point, and its ceiling would be 8
  return positives.find((_, i) => (i + 1) / positives.length >= sensitivity)!;
}

/** Numbers of rows by their true and their predicted side, and the two rates. */
export interface Detection {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
  /** Share of the positive rows that are called positive, 0 … 1; NaN if there are none. */
  readonly sensitivity: number;
  /** Share of the negative rows that are called negative, 0 … 1; NaN if there are none. */
  readonly specificity: number;
}

/**
 * Counts, sensitivity and specificity if rows with `score >= threshold` are called positive.
 *
 * @param isPositive one for each row
 * @param scores one for each row, higher if the row is more likely positive
 * @param threshold any number; at Infinity no row is called positive
 * @param times how often each row counts, as drawn by `bootstrap`. Default: once
 * @throws {TypeError} if there is not one score for each row, or not one of `times`
 * @throws {RangeError} if a score is not finite, with its row, or the threshold is NaN
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
 * Predictive values at a prevalence, by Bayes' rule: `ppv` is the share of true positives among those called positive, `npv` the
 * share of true negatives among those called negative. NaN if no one is called so.
 *
 * D. G. Altman & J. M. Bland, "Diagnostic tests 2: predictive values", BMJ 309, 1994.
 *
 * @param rates sensitivity and specificity, 0 … 1
 * @param prevalence share that has the condition, 0 … 1
 * @throws {RangeError} if a number is not from 0 to 1
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
 * Net benefit of acting if `probability >= threshold`: TP/n − FP/n · t/(1 − t), in true positives per row. A doctor who acts from
 * a probability of t on accepts (1 − t)/t false alarms for one found case. Acting on no one has a net benefit of 0.
 *
 * A. J. Vickers & E. B. Elkin, "Decision Curve Analysis: A Novel Method for Evaluating Prediction Models", Medical Decision Making
 * 26, 2006.
 *
 * @param isPositive one for each row, at least one row
 * @param probabilities of being positive, one for each row
 * @param threshold lowest probability for acting, at least 0, below 1
 * @throws as `detectionAt`, and {RangeError} if there are no rows or the threshold is invalid
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
 * Net benefit of acting on everyone, for comparison with a classifier's. It is 0 if the threshold equals the prevalence.
 *
 * @param prevalence share that has the condition, 0 … 1
 * @param threshold lowest probability for acting, at least 0, below 1
 * @throws {RangeError} if a number is out of range
 */
export function netBenefitOfAll(prevalence: number, threshold: number): number {
  checkShare("prevalence", prevalence);
  return prevalence - (1 - prevalence) * oddsOf(threshold);
}

/** The cost of one false alarm, in true positives. */
function oddsOf(threshold: number): number {
  if (!(threshold >= 0 && threshold < 1)) {
    throw new RangeError(`threshold must be a probability of at least 0 and below 1. Received: ${threshold}`);
  }
  return threshold / (1 - threshold);
}
