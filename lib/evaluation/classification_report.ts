/** The table that scikit-learn's `classification_report` prints. */
import type { Evaluation } from "./metrics.ts";

/**
 * Precision, recall, F1 and support of each class, then accuracy and the two means. The text is the same, character by character,
 * as that of `classification_report(..., labels=range(classes), target_names=names, digits=digits, zero_division=0)`.
 *
 * With all labels listed, scikit-learn prints the accuracy instead of the micro average, which is then equal to it. If no answer
 * is correct, its release 1.9.1 counts rows in floating point and prints them as `5.0`.
 *
 * @param names of the classes, in label order
 * @param options.digits decimals, default 4
 * @throws {TypeError} if there is not one name for each class
 */
export function classificationReport(
  evaluation: Evaluation,
  names: readonly string[],
  { digits = 4 }: { digits?: number } = {},
): string {
  const { n, accuracy, perClass } = evaluation;
  if (names.length !== perClass.length) {
    throw new TypeError(
      `There must be one name for each of ${perClass.length} classes. Received: ${names.length} names`,
    );
  }
  const width = Math.max(...names.map(countCharacters), "weighted avg".length, digits);
  const line = (heading: string, cells: readonly string[]) =>
    " ".repeat(width - countCharacters(heading)) + heading + " " +
    cells.map((cell) => " " + cell.padStart(9)).join("") + "\n";
  const numbers = (values: readonly number[], rows: number) => [
    ...values.map((value) => toFixedHalfEven(value, digits)),
    accuracy === 0 ? rows.toFixed(1) : String(rows),
  ];
  return [
    line("", ["precision", "recall", "f1-score", "support"]),
    "\n",
    ...perClass.map(({ precision, recall, f1, support }, label) =>
      line(names[label], numbers([precision, recall, f1], support))
    ),
    "\n",
    line("accuracy", ["", "", ...numbers([accuracy], n)]),
    line("macro avg", numbers([evaluation.macroPrecision, evaluation.macroRecall, evaluation.macroF1], n)),
    line(
      "weighted avg",
      numbers([evaluation.weightedPrecision, evaluation.weightedRecall, evaluation.weightedF1], n),
    ),
  ].join("");
}

/**
 * Rounds as Python does: a value exactly between two decimals goes to the even one (0.03125 → 0.0312), while `toFixed` rounds up.
 * Exactly the odd multiples of 1 / 2^(digits + 1) lie between two decimals.
 */
function toFixedHalfEven(value: number, digits: number): string {
  const isTie = Math.abs(value * 2 ** (digits + 1)) % 2 === 1;
  if (!isTie) return value.toFixed(digits);
  const below = Math.floor(value * 10 ** digits);
  return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
}

/** Python counts characters, JavaScript UTF-16 units. */
function countCharacters(text: string): number {
  return [...text].length;
}
