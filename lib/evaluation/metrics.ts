/**
 * Classification metrics as scikit-learn defines them, with `labels=range(classes)` and `zero_division=0`.
 *
 * A ratio whose denominator is zero counts as 0 and is named in `notes`.
 */
export interface ClassMetrics {
  /** Share of correct answers among the rows predicted as this class, 0 … 1. */
  readonly precision: number;
  /** Share of correct answers among the rows of this class, 0 … 1. */
  readonly recall: number;
  /** Harmonic mean of precision and recall, 0 … 1. */
  readonly f1: number;
  /** Number of rows of this class. */
  readonly support: number;
}

/** All metrics of one evaluation, in a form that JSON can hold. */
export interface Evaluation {
  /** Number of rows. */
  readonly n: number;
  /** Share of correct answers, 0 … 1. */
  readonly accuracy: number;
  /** Mean recall over the classes that occur in the truth: scikit-learn's `balanced_accuracy_score`. */
  readonly balancedAccuracy: number;
  /** Unweighted means over all classes, including those that do not occur. */
  readonly macroPrecision: number;
  readonly macroRecall: number;
  readonly macroF1: number;
  /** Means weighted by support; the weighted recall is the accuracy. */
  readonly weightedPrecision: number;
  readonly weightedRecall: number;
  readonly weightedF1: number;
  /** Mean cross-entropy in nats, of probabilities clipped to 1e-7 … 1 − 1e-7: see `logLoss`. */
  readonly loss: number;
  readonly perClass: readonly ClassMetrics[];
  /** Rows: true class. Columns: predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /** Names the metrics that were set to 0 because their denominator is 0. */
  readonly notes: readonly string[];
}

/**
 * Counts of (true, predicted) pairs: `result[true][predicted]`.
 *
 * @throws {TypeError} if the lists differ in length
 * @throws {RangeError} if a label is not 0 … classes − 1, with its row
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): number[][] {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new RangeError(`classes must be a whole number of at least 1. Received: ${classes}`);
  }
  if (predicted.length !== truth.length) {
    throw new TypeError(
      `There must be one predicted label for each of ${truth.length} true ones. Received: ${predicted.length}`,
    );
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < truth.length; row++) {
    checkLabel("True", truth[row], row, classes);
    checkLabel("Predicted", predicted[row], row, classes);
    counts[truth[row]][predicted[row]]++;
  }
  return counts;
}

/**
 * All metrics of a classifier's probabilities. A row's answer is its class with the largest probability, the first of equal ones.
 *
 * @param truth n class indices, at least one
 * @param probabilities (n, classes), each 0 … 1, rows sum to 1 within 1e-3
 * @throws {TypeError} if shapes do not fit
 * @throws {RangeError} if there are no rows, or a label or a row of probabilities is invalid, with its row
 */
export function evaluate(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): Evaluation {
  checkProbabilities(truth, probabilities, classes);
  const confusion = confusionMatrix(truth, argmaxRows(probabilities, classes), classes);
  const notes: string[] = [];
  const { perClass, ...scores } = scoresOf(confusion, notes);
  return { ...scores, loss: logLoss(truth, probabilities, classes), perClass, confusion, notes };
}

/**
 * All metrics that follow from a confusion matrix.
 *
 * @param confusion whole numbers, rows true, columns predicted; at least one of them above 0
 * @param notes gets a sentence for each metric that is set to 0 because its denominator is 0
 */
export function scoresOf(
  confusion: readonly (readonly number[])[],
  notes: string[] = [],
): Omit<Evaluation, "loss" | "confusion" | "notes"> {
  const perClass = confusion.map((_, label) => classMetrics(confusion, label, notes));
  const n = perClass.reduce((sum, { support }) => sum + support, 0);
  const present = perClass.filter(({ support }) => support > 0);
  const macro = (name: keyof ClassMetrics) => mean(perClass.map((metrics) => metrics[name]));
  const weighted = (name: keyof ClassMetrics) =>
    perClass.reduce((sum, metrics) => sum + metrics[name] * metrics.support, 0) / n;
  return {
    n,
    accuracy: confusion.reduce((sum, counts, label) => sum + counts[label], 0) / n,
    balancedAccuracy: mean(present.map(({ recall }) => recall)),
    macroPrecision: macro("precision"),
    macroRecall: macro("recall"),
    macroF1: macro("f1"),
    weightedPrecision: weighted("precision"),
    weightedRecall: weighted("recall"),
    weightedF1: weighted("f1"),
    perClass,
  };
}

/** 1 for each row that is predicted correctly, else 0. */
export function rightAnswers(truth: ArrayLike<number>, predicted: ArrayLike<number>): number[] {
  return Array.from(truth, (label, row) => Number(label === predicted[row]));
}

/** Predicted labels: for each row of (n, classes), the index of the largest value, the first of equal ones. */
export function argmaxRows(values: ArrayLike<number>, classes: number): Uint8Array {
  return Uint8Array.from(
    { length: values.length / classes },
    (_, row) => argmax(values, row * classes, classes),
  );
}

/** Index, from 0, of the largest of `count` values from `start` on, the first of equal ones. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) {
    if (values[start + i] > values[start + best]) best = i;
  }
  return best;
}

/**
 * Mean of −ln p of the true class, in nats, as in Keras' `categorical_crossentropy` for probabilities: each row is divided by its
 * sum, then p is clipped to 1e-7 … 1 − 1e-7. So one wrong answer costs at most 16.12.
 *
 * The loss that Keras reports in training is computed from logits and is not clipped: see `crossEntropy`.
 *
 * @param truth n class indices
 * @param probabilities (n, classes)
 */
export function logLoss(truth: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  return rowLosses(truth, probabilities, classes).reduce((sum, loss) => sum + loss, 0) / truth.length;
}

/** The loss of each row, in nats: `logLoss` is their mean. */
export function rowLosses(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): Float64Array {
  const epsilon = 1e-7;
  return Float64Array.from(truth, (label, row) => {
    let sum = 0;
    for (let i = row * classes; i < (row + 1) * classes; i++) sum += probabilities[i];
    const share = probabilities[row * classes + label] / sum;
    return -Math.log(Math.min(Math.max(share, epsilon), 1 - epsilon));
  });
}

/**
 * Mean over the classes of the mean over each class's rows. For losses it is the class-balanced log loss, for correct answers (0
 * or 1) the balanced accuracy. Classes without rows are left out.
 *
 * @param values one for each row
 * @param truth n class indices
 * @param times how often each row counts. Default: once
 */
export function classMean(
  values: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  times?: ArrayLike<number>,
): number {
  const sums = new Float64Array(classes);
  const rows = new Float64Array(classes);
  for (let row = 0; row < truth.length; row++) {
    const count = times ? times[row] : 1;
    sums[truth[row]] += count * values[row];
    rows[truth[row]] += count;
  }
  const present = [...rows.keys()].filter((label) => rows[label] > 0);
  return present.reduce((sum, label) => sum + sums[label] / rows[label], 0) / present.length;
}

/**
 * The write-up's generalisation gap: (train − test) / train × 100, in per cent of the train accuracy.
 *
 * @param train accuracy on the training part, above 0 (else the gap is undefined) and at most 1
 * @param test accuracy on the test part, 0 … 1
 * @throws {RangeError} if a value is out of range
 */
export function gapPercent(train: number, test: number): number {
  if (!(train > 0 && train <= 1)) {
    throw new RangeError(`Train accuracy must be above 0 and at most 1. Received: ${train}`);
  }
  if (!(test >= 0 && test <= 1)) throw new RangeError(`Test accuracy must be from 0 to 1. Received: ${test}`);
  return (train - test) / train * 100;
}

function classMetrics(
  confusion: readonly (readonly number[])[],
  label: number,
  notes: string[],
): ClassMetrics {
  const right = confusion[label][label];
  const support = confusion[label].reduce((a, b) => a + b, 0);
  const answers = confusion.reduce((sum, counts) => sum + counts[label], 0);
  if (answers === 0) notes.push(`Class ${label} was never predicted: its precision is set to 0.`);
  if (support === 0) {
    notes.push(
      `Class ${label} does not occur in the truth: its recall is set to 0, and the balanced accuracy leaves it out.`,
    );
  }
  if (answers + support === 0) notes.push(`Class ${label}: its F1 is set to 0.`);
  return {
    precision: answers ? right / answers : 0,
    recall: support ? right / support : 0,
    f1: answers + support ? 2 * right / (answers + support) : 0,
    support,
  };
}

/**
 * Checks class indices and their probabilities, which `evaluate` and the measures of calibration expect alike.
 *
 * @throws {TypeError} if shapes do not fit
 * @throws {RangeError} if there are no rows, or a label or a row of probabilities is invalid, with its row
 */
export function checkProbabilities(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): void {
  const n = truth.length;
  if (n === 0) throw new RangeError("There must be at least one row. Received: none");
  if (probabilities.length !== n * classes) {
    throw new TypeError(
      `Probabilities must have shape (${n}, ${classes}) for ${n} labels. Received: ${probabilities.length} values`,
    );
  }
  for (let row = 0; row < n; row++) {
    checkLabel("True", truth[row], row, classes);
    let sum = 0;
    for (let i = row * classes; i < (row + 1) * classes; i++) {
      if (!(probabilities[i] >= 0 && probabilities[i] <= 1)) {
        throw new RangeError(
          `Probabilities must be from 0 to 1: row ${row}, class ${i - row * classes}. Received: ${
            probabilities[i]
          }`,
        );
      }
      sum += probabilities[i];
    }
    if (Math.abs(sum - 1) > 1e-3) {
      throw new RangeError(`Probabilities of row ${row} must sum to 1. Received: a sum of ${sum}`);
    }
  }
}

/** @throws {RangeError} for a label that is not one of the classes, with its row */
function checkLabel(kind: string, label: number, row: number, classes: number): void {
  if (!Number.isInteger(label) || label < 0 || label >= classes) {
    throw new RangeError(`${kind} label of row ${row} must be 0 … ${classes - 1}. Received: ${label}`);
  }
}

/** @throws {RangeError} for a number that is not from 0 to 1 */
export function checkShare(what: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${what} must be from 0 to 1. Received: ${value}`);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The runs sorted by validation: highest accuracy first, ties by lowest loss. */
export function rankRuns<T extends { readonly validation: Pick<Evaluation, "accuracy" | "loss"> }>(
  runs: readonly T[],
): T[] {
  return runs.toSorted((a, b) =>
    b.validation.accuracy - a.validation.accuracy || a.validation.loss - b.validation.loss
  );
}

/** The tested networks in the order of {@linkcode rankRuns}. */
export function rankTested<T extends { readonly run: Parameters<typeof rankRuns>[0][number] }>(
  tested: readonly T[],
): T[] {
  const order = rankRuns(tested.map(({ run }) => run));
  return tested.toSorted((a, b) => order.indexOf(a.run) - order.indexOf(b.run));
}
