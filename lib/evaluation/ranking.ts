/** ROC AUC and average precision for a bootstrap: rows are sorted once, not for every resample. */

/**
 * Returns a function from drawn rows to the area under the ROC curve (`areaUnderRoc`) and the average precision. The latter is
 * the mean precision over the steps of the recall, without interpolation, as scikit-learn's `average_precision_score`. For
 * uninformative scores it is about the share of positive rows.
 *
 * @param isPositive one for each row
 * @param scores one for each row
 * @returns a function of how often each row was drawn. Its AUC is NaN if all drawn rows are of one kind; its average precision is
 * 0 if no drawn row is positive
 */
export function rankRows(
  isPositive: readonly boolean[],
  scores: ArrayLike<number>,
): (times: ArrayLike<number>) => { auc: number; averagePrecision: number } {
  const order = Array.from(isPositive.keys()).sort((a, b) => scores[b] - scores[a]);
  const isLast = order.map((row, i) => i === order.length - 1 || scores[order[i + 1]] !== scores[row]); // of equal scores
  return (times) => {
    let positives = 0;
    let negatives = 0;
    for (let row = 0; row < isPositive.length; row++) {
      if (isPositive[row]) positives += times[row];
      else negatives += times[row];
    }
    let [found, alarms] = [0, 0]; // so far, from the highest score down
    let [area, precision] = [0, 0];
    let [own, others] = [0, 0]; // of equal scores
    for (let i = 0; i < order.length; i++) {
      const row = order[i];
      if (isPositive[row]) own += times[row];
      else others += times[row];
      if (!isLast[i]) continue;
      area += others * (found + own / 2);
      found += own;
      alarms += own + others;
      if (own > 0) precision += own / positives * found / alarms;
      own = others = 0;
    }
    return { auc: area / (positives * negatives), averagePrecision: precision };
  };
}
