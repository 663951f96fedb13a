/**
 * Calibration: are 80 % of the answers with a probability of 80 % correct? This file measures it, and corrects probabilities for
 * overconfidence and for another mixture of classes.
 */
import { argmax, argmaxRows, checkProbabilities, checkShare } from "./metrics.ts";

/**
 * Brier score: mean over the rows of the sum over the classes of (p − y)², where y is 1 for the true class and 0 for the others.
 * The same as scikit-learn's `brier_score_loss(scale_by_half=False)`.
 *
 * G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
 *
 * @param truth n class indices, at least one
 * @param probabilities (n, classes), each 0 … 1, rows sum to 1
 * @returns 0 (certain and correct) … 2 (certain and wrong)
 * @throws {TypeError} if shapes do not fit
 * @throws {RangeError} if there are no rows, or a label or a probability is invalid, with its row
 */
export function brierScore(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): number {
  checkProbabilities(truth, probabilities, classes);
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const isTrue = truth[Math.floor(i / classes)] === i % classes;
    sum += (probabilities[i] - Number(isTrue)) ** 2;
  }
  return sum / truth.length;
}

/** A bin of rows with similar confidence. */
export interface ReliabilityBin {
  /** Number of rows, at least one. */
  readonly n: number;
  /** Mean confidence of the rows, 0 … 1. */
  readonly confidence: number;
  /** Share of correct answers, 0 … 1. */
  readonly accuracy: number;
}

/**
 * The bins of a reliability diagram: accuracy and mean confidence in bins of equally many rows, from the lowest confidence up.
 * Rows are sorted by confidence, ties in the order given, and split like `numpy.array_split`: if the rows do not divide evenly,
 * the first bins have one row more.
 *
 * @param isRight whether each row's answer is correct
 * @param confidences each row's probability of its answer, 0 … 1
 * @param options.bins a whole number of at least 1, default 15. With fewer rows than bins, the empty bins are left out
 * @throws {TypeError} if there is not one confidence for each row
 * @throws {RangeError} if `bins` or a confidence is invalid, with its row
 */
export function reliability(
  isRight: ArrayLike<boolean>,
  confidences: ArrayLike<number>,
  { bins = 15 }: { bins?: number } = {},
): ReliabilityBin[] {
  const n = isRight.length;
  if (confidences.length !== n) {
    throw new TypeError(
      `There must be one confidence for each of ${n} rows. Received: ${confidences.length}`,
    );
  }
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`bins must be a whole number of at least 1. Received: ${bins}`);
  }
  for (let row = 0; row < n; row++) checkShare(`Confidence of row ${row}`, confidences[row]);
  const order = Array.from({ length: n }, (_, row) => row).sort((a, b) => confidences[a] - confidences[b]);
  const [size, larger] = [Math.floor(n / bins), n % bins]; // the first `larger` bins hold size + 1 rows
  const start = (bin: number) => bin * size + Math.min(bin, larger);
  return Array.from({ length: Math.min(bins, n) }, (_, bin) => {
    const rows = order.slice(start(bin), start(bin + 1));
    return {
      n: rows.length,
      confidence: rows.reduce((sum, row) => sum + confidences[row], 0) / rows.length,
      accuracy: rows.reduce((sum, row) => sum + Number(isRight[row]), 0) / rows.length,
    };
  });
}

/**
 * Expected calibration error: the mean of |accuracy − confidence| over the bins of `reliability`, weighted by their rows. A row's
 * answer is its class with the largest probability, the first of equal ones. This probability is its confidence.
 *
 * M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015; with
 * bins of equally many rows as in J. Nixon et al., "Measuring Calibration in Deep Learning", CVPR Workshops 2019. Even perfect
 * probabilities do not reach 0, because each bin has a limited number of rows.
 *
 * @param truth n class indices, at least one
 * @param probabilities (n, classes), each 0 … 1, rows sum to 1
 * @param options.bins a whole number of at least 1, default 15
 * @returns 0 … 1
 * @throws as `brierScore` and `reliability`
 */
export function expectedCalibrationError(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  { bins = 15 }: { bins?: number } = {},
): number {
  checkProbabilities(truth, probabilities, classes);
  const answers = argmaxRows(probabilities, classes);
  const isRight = Array.from(answers, (answer, row) => answer === truth[row]);
  const confidences = Float64Array.from(answers, (answer, row) => probabilities[row * classes + answer]);
  return reliability(isRight, confidences, { bins })
    .reduce((sum, bin) => sum + bin.n / truth.length * Math.abs(bin.accuracy - bin.confidence), 0);
}

/**
 * Expected calibration error of perfect probabilities: its mean if each answer is correct with a probability equal to its bin's
 * confidence. A measured error of about this size shows no miscalibration. By A. de Moivre's formula for the mean deviation of a
 * binomial, 1730.
 *
 * @param bins result of `reliability`
 * @returns 0 … 1
 */
export function perfectCalibrationError(
  bins: readonly Pick<ReliabilityBin, "n" | "confidence">[],
): number {
  const rows = bins.reduce((sum, { n }) => sum + n, 0);
  return bins.reduce((sum, { n, confidence: p }) => sum + meanDeviation(n, p) / rows, 0);
}

/** Mean of |X − n p| for a binomial X: 2 v (1 − p) P(X = v) with v = ⌊n p⌋ + 1. */
function meanDeviation(n: number, p: number): number {
  if (p <= 0 || p >= 1) return 0;
  const v = Math.floor(n * p) + 1;
  let logarithm = v * Math.log(p) + (n - v) * Math.log(1 - p);
  for (let i = 1; i <= v; i++) logarithm += Math.log((n - v + i) / i);
  return 2 * v * (1 - p) * Math.exp(logarithm);
}

/**
 * The temperature T with the lowest mean log loss of p^(1/T), rows divided by their sums. T is above 1 for overconfident
 * probabilities, and below 1 for underconfident ones. It is searched from 1/20 to 20. The loss has a single minimum, because it
 * is convex in 1/T.
 *
 * C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017. Fit T on validation, never
 * on the test.
 *
 * @param truth n class indices, at least one
 * @param probabilities (n, classes), each 0 … 1, rows sum to 1. 0 counts as the smallest number that a Float32Array holds, 2⁻¹⁴⁹
 * @returns 1/20 … 20, within a millionth of the best; 1 if no temperature is better; an end of the range if the loss still falls
 * there, for instance if all answers are correct
 * @throws as `brierScore`
 */
export function fitTemperature(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): number {
  checkProbabilities(truth, probabilities, classes);
  const logits = Float64Array.from(probabilities, logOf);
  const lossAt = (temperature: number) => {
    let sum = 0;
    for (let row = 0; row < truth.length; row++) {
      const start = row * classes;
      const top = logits[start + argmax(logits, start, classes)];
      let scale = 0;
      for (let i = start; i < start + classes; i++) scale += Math.exp((logits[i] - top) / temperature);
      sum += Math.log(scale) - (logits[start + truth[row]] - top) / temperature;
    }
    return sum / truth.length;
  };
  const end = Math.log(20);
  const best = Math.exp(lowestPoint((logarithm) => lossAt(Math.exp(logarithm)), -end, end, 1e-6));
  return lossAt(best) < lossAt(1) ? best : 1;
}

/**
 * p^(1/temperature), rows divided by their sums. A temperature above 1 flattens the rows, one below 1 sharpens them. The order of
 * the classes in a row stays the same, so no answer changes.
 *
 * @param probabilities (n, classes), each 0 … 1, rows sum to 1. 0 counts as in `fitTemperature`
 * @param temperature above 0
 * @returns (n, classes), rows sum to 1
 * @throws {TypeError} if the probabilities are not whole rows
 * @throws {RangeError} if the temperature is not a number above 0
 */
export function withTemperature(
  probabilities: ArrayLike<number>,
  classes: number,
  temperature: number,
): Float32Array {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`temperature must be a number above 0. Received: ${temperature}`);
  }
  const logits = Float64Array.from(probabilities, logOf);
  return mapRows(logits, classes, (row) => {
    const top = row[argmax(row, 0, classes)]; // so that no exponential overflows
    return row.map((logit) => Math.exp((logit - top) / temperature));
  });
}

/**
 * Corrects probabilities from training with class shares `from` to use with class shares `to`, for instance from balanced
 * training to natural prevalence: p · to / from, rows divided by their sums. It is valid if the classes look the same in both
 * settings and only their mixture changes.
 *
 * M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple
 * Procedure", Neural Computation 14, 2002, equation 2.4.
 *
 * @param probabilities (n, classes), each 0 … 1, rows sum to 1
 * @param from share of each class in training, above 0. Counts work as well
 * @param to share of each class in use, at least 0. Counts work as well
 * @returns (n, classes), rows sum to 1
 * @throws {TypeError} if shapes do not fit
 * @throws {RangeError} if a share is invalid, or a row has probability 0 for all classes that occur in `to`
 */
export function atPrevalence(
  probabilities: ArrayLike<number>,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
): Float32Array {
  const classes = from.length;
  if (to.length !== classes) {
    throw new TypeError(`There must be as many shares in to as in from: ${classes}. Received: ${to.length}`);
  }
  const weights = Float64Array.from(to, (share, label) => {
    if (!(from[label] > 0 && from[label] < Infinity)) {
      throw new RangeError(`Shares in from must be above 0: class ${label}. Received: ${from[label]}`);
    }
    if (!(share >= 0 && share < Infinity)) {
      throw new RangeError(`Shares in to must be at least 0: class ${label}. Received: ${share}`);
    }
    return share / from[label];
  });
  return mapRows(probabilities, classes, (row) => row.map((value, label) => value * weights[label]));
}

/** Changes each row, then divides it by its sum. */
function mapRows(
  values: ArrayLike<number>,
  classes: number,
  change: (row: Float64Array) => Float64Array,
): Float32Array {
  if (!Number.isInteger(classes) || classes < 1 || values.length % classes !== 0) {
    throw new TypeError(`Probabilities must have shape (n, ${classes}). Received: ${values.length} values`);
  }
  const all = Float64Array.from(values);
  const result = new Float32Array(all.length);
  for (let start = 0; start < all.length; start += classes) {
    const row = change(all.subarray(start, start + classes));
    const sum = row.reduce((a, b) => a + b, 0);
    if (!(sum > 0)) {
      throw new RangeError(
        `Row ${
          start / classes
        } must have a class with a probability and a share above 0. Received: a sum of ${sum}`,
      );
    }
    result.set(row.map((value) => value / sum), start);
  }
  return result;
}

/** Natural logarithm, finite even for 0. So a temperature can lower the loss of an answer that is certain and wrong. */
function logOf(probability: number): number {
  return Math.log(Math.max(probability, 2 ** -149));
}

/**
 * The minimum point of a function with a single minimum, by golden-section search.
 *
 * J. Kiefer, "Sequential minimax search for a maximum", Proceedings of the American Mathematical Society 4, 1953.
 */
function lowestPoint(of: (x: number) => number, low: number, high: number, tolerance: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let [atLeft, atRight] = [of(left), of(right)];
  while (high - low > tolerance) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = of(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = of(right);
    }
  }
  return (low + high) / 2;
}
