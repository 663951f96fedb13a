/**
 * How well scores separate one class from the rest: curves over all thresholds, and the area under the ROC curve.
 *
 * A row is called positive if `score >= threshold`. Equal scores make one step of a curve.
 */

import { rankRows } from "./ranking.ts";

export interface RocCurve {
  /** Share of the negative rows that are called positive, rising to 1; NaN if no row is negative. */
  readonly falsePositiveRate: number[];
  /** Share of the positive rows that are called positive, rising to 1; NaN if no row is positive. */
  readonly truePositiveRate: number[];
  /** Infinity, at which no row is called positive, then each different score, falling. */
  readonly thresholds: number[];
}

/**
 * The ROC curve, from (0, 0) to (1, 1): both rates at every threshold, as scikit-learn's `roc_curve(drop_intermediate=False)`.
 *
 * T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006.
 *
 * @param isPositive one for each row
 * @param scores one for each row, higher if the row is more likely positive
 * @throws {TypeError} if there is not one score for each row
 * @throws {RangeError} if there are no rows, or a score is not finite, with its row
 */
export function rocCurve(isPositive: ArrayLike<boolean>, scores: ArrayLike<number>): RocCurve {
  const { thresholds, truePositives, falsePositives } = countsByThreshold(isPositive, scores);
  const rates = (counts: readonly number[]) => [0, ...counts].map((count) => count / counts.at(-1)!);
  return {
    falsePositiveRate: rates(falsePositives),
    truePositiveRate: rates(truePositives),
    thresholds: [Infinity, ...thresholds],
  };
}

export interface PrecisionRecallCurve {
  /** Share of the rows called positive that are positive, one for each threshold, then 1. */
  readonly precision: number[];
  /** Share of the positive rows that are called positive, falling, one for each threshold, then 0. */
  readonly recall: number[];
  /** Each different score, rising: one fewer than the points of the curve. */
  readonly thresholds: number[];
}

/**
 * Precision and recall at every threshold, as scikit-learn's `precision_recall_curve`. But if no row is positive, the recall is
 * NaN here, and 1 with a warning in scikit-learn.
 *
 * @param isPositive one for each row
 * @param scores one for each row, higher if the row is more likely positive
 * @throws as `rocCurve`
 */
export function precisionRecallCurve(
  isPositive: ArrayLike<boolean>,
  scores: ArrayLike<number>,
): PrecisionRecallCurve {
  const { thresholds, truePositives, falsePositives } = countsByThreshold(isPositive, scores);
  const positives = truePositives.at(-1)!;
  return {
    precision: [1, ...truePositives.map((count, i) => count / (count + falsePositives[i]))].reverse(),
    recall: [0, ...truePositives.map((count) => count / positives)].reverse(),
    thresholds: thresholds.reverse(),
  };
}

/**
 * Area under the ROC curve: how often a positive row has a higher score than a negative row. Ties count half. As scikit-learn's
 * `roc_auc_score`.
 *
 * @param isPositive one for each row
 * @param scores one for each row, higher if the row is more likely positive
 * @returns 0 … 1; NaN if all rows are positive or all negative
 * @throws {TypeError} if there is not one score for each row
 * @throws {RangeError} for a score that is not finite, with its row
 */
export function areaUnderRoc(isPositive: ArrayLike<boolean>, scores: ArrayLike<number>): number {
  const n = isPositive.length;
  checkScores(n, scores);
  return rankRows(Array.from(isPositive), scores)(new Uint8Array(n).fill(1)).auc;
}

/**
 * Mean area under the ROC curves of each class against the rest: scikit-learn's
 * `roc_auc_score(multi_class="ovr", average="macro")`. Classes that no row or every row has are left out.
 *
 * D. J. Hand & R. J. Till, "A Simple Generalisation of the Area Under the ROC Curve for Multiple Class Classification Problems",
 * Machine Learning 45, 2001.
 *
 * @param truth n class indices
 * @param probabilities (n, classes)
 */
export function macroAuc(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): number {
  const areas = Array.from({ length: classes }, (_, label) =>
    areaUnderRoc(
      Array.from(truth, (own) => own === label),
      Float64Array.from(truth, (_, row) => probabilities[row * classes + label]),
    )).filter((area) => !Number.isNaN(area));
  return areas.reduce((a, b) => a + b, 0) / areas.length;
}

/** @throws {TypeError} if there is not one score for each row @throws {RangeError} for a score that is not finite, with its row */
export function checkScores(rows: number, scores: ArrayLike<number>): void {
  if (scores.length !== rows) {
    throw new TypeError(`There must be one score for each of ${rows} rows. Received: ${scores.length}`);
  }
  for (let row = 0; row < rows; row++) {
    if (!Number.isFinite(scores[row])) {
      throw new RangeError(`Scores must be finite numbers: row ${row}. Received: ${scores[row]}`);
    }
  }
}

/** Numbers of rows whose score is at least each threshold, from the highest threshold down. */
function countsByThreshold(isPositive: ArrayLike<boolean>, scores: ArrayLike<number>) {
  const n = isPositive.length;
  checkScores(n, scores);
  if (n === 0) throw new RangeError("There must be at least one row for a curve. Received: none");
  const order = Array.from({ length: n }, (_, row) => row).sort((a, b) => scores[b] - scores[a]);
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let positives = 0;
  order.forEach((row, i) => {
    if (isPositive[row]) positives++;
    if (i + 1 < n && scores[order[i + 1]] === scores[row]) return; // one step for all equal scores
    thresholds.push(scores[row]);
    truePositives.push(positives);
    falsePositives.push(i + 1 - positives);
  });
  return { thresholds, truePositives, falsePositives };
}
