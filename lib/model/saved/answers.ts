/** What a model says about photos, for a reader and as a table. */
import { stringify } from "../../support/csv.ts";
import type { DiagnosisClass } from "../../data/diagnosis.ts";
import type { PhotoAnswer } from "./classify.ts";

/** Path, then a line for each class, the most likely first: `  mel    Melanoma    61.3 %`. A problem is one line. */
export function answerText(answer: PhotoAnswer, classes: readonly DiagnosisClass[]): string {
  const { path, probabilities, problem } = answer;
  if (!probabilities) return problem ?? path;
  const codeWidth = Math.max(...classes.map(({ code }) => code.length));
  const nameWidth = Math.max(...classes.map(({ name }) => name.length));
  const lines = byProbability(probabilities).map((label) => {
    const { code, name } = classes[label];
    const percent = (100 * probabilities[label]).toFixed(1).padStart(5);
    return `  ${code.padEnd(codeWidth)}  ${name.padEnd(nameWidth)}  ${percent} %`;
  });
  return [path, ...lines].join("\n");
}

/** CSV: `path`, `predicted` (the most likely class's code), then each class's probability. Photos with problems are left out. */
export function answersCsv(answers: readonly PhotoAnswer[], classes: readonly DiagnosisClass[]): string {
  const columns = ["path", "predicted"];
  // A table's own classes may have any code
  const columnOf = ({ code }: DiagnosisClass) => columns.includes(code) ? `class ${code}` : code;
  const rows = answers.flatMap(({ path, probabilities }) => {
    if (!probabilities) return [];
    const [first] = byProbability(probabilities);
    const values = classes.map((each, label) => [columnOf(each), probabilities[label]]);
    return [{ path, predicted: classes[first].code, ...Object.fromEntries(values) }];
  });
  return stringify(rows, { columns: [...columns, ...classes.map(columnOf)] });
}

/** Labels, the most likely first; of equal ones the lower. */
function byProbability(probabilities: Float32Array): number[] {
  return Array.from(probabilities, (_, label) => label)
    .sort((a, b) => probabilities[b] - probabilities[a] || a - b);
}
