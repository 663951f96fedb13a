/**
 * Area under the ROC curve: how often a row of a class gets a higher probability of it than a row of another class. Ties count half.
 *
 * D. J. Hand & R. J. Till, "A Simple Generalisation of the Area Under the ROC Curve for Multiple Class Classification Problems",
 * Machine Learning 45, 2001. As scikit-learn's `roc_auc_score`.
 */

/**
 * @param isPositive one for each row
 * @param scores one for each row, higher where the row is thought to be positive
 * @returns 0 … 1; NaN where all rows are of one kind
 * @throws {TypeError} when there is not one score for each row
 */
export function areaUnderRoc(isPositive: ArrayLike<boolean>, scores: ArrayLike<number>): number {
  const n = isPositive.length;
  if (scores.length !== n) {
    throw new TypeError(`There must be one score for each of ${n} rows. Received: ${scores.length}`);
  }
  const order = Array.from({ length: n }, (_, row) => row).sort((a, b) => scores[a] - scores[b]);
  let positives = 0;
  let rankSum = 0; // of the positive rows, 1 … n; equal scores share their mean rank
  for (let start = 0, end = 0; start < n; start = end) {
    let equal = 0;
    while (end < n && scores[order[end]] === scores[order[start]]) if (isPositive[order[end++]]) equal++;
    positives += equal;
    rankSum += equal * (start + 1 + end) / 2;
  }
  return (rankSum - positives * (positives + 1) / 2) / (positives * (n - positives));
}

/**
 * Mean area of each class against the rest, over the classes that some rows have and others have not: scikit-learn's
 * `roc_auc_score(multi_class="ovr", average="macro")`.
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
