/** The classes of a table that is not HAM10000's. */
import { mostClasses } from "../columns.ts";
import { classesOf, type DiagnosisClass } from "./diagnosis.ts";

export interface ClassOptions {
  /** The table's name, for messages. */
  readonly table: string;
  /** What the table calls the column of the diagnoses. */
  readonly column: string;
  /** The classes in label order; null: those that the table has, in the order of their codes. */
  readonly wanted: readonly string[] | null;
}

/**
 * @param values the diagnosis of each row
 * @throws {SyntaxError} when rows have no class: their values and rows; or when there are not 2 to 255 classes
 */
export function tableClasses(values: readonly string[], options: ClassOptions): DiagnosisClass[] {
  const { table, column, wanted } = options;
  const codes = wanted ?? [...new Set(values)].filter((code) => code !== "").sort(compareCodes);
  const rowsByStray = new Map<string, number[]>();
  values.forEach((value, index) => {
    if (codes.includes(value)) return;
    rowsByStray.set(value, [...rowsByStray.get(value) ?? [], index + 2]); // the header is row 1
  });
  if (rowsByStray.size > 0) {
    const strays = [...rowsByStray].map(([value, rows]) => `${JSON.stringify(value)} in ${rowList(rows)}`);
    throw new SyntaxError(
      `${table}: ${column} must be ${wanted ? `one of ${wanted.join(", ")}` : "given in every row"}. ` +
        `Correct these rows${
          wanted ? ", leave them out or name their classes in --classes" : " or leave them out"
        }. ` +
        `Received: ${shortened(strays).join("; ")}`,
    );
  }
  if (codes.length < 2 || codes.length > mostClasses) {
    throw new SyntaxError(
      `${table}: 2 to ${mostClasses} classes can be told apart. Is ${column} the column of the diagnoses? ` +
        `Received: ${codes.length}, ${shortened(codes).join(", ")}`,
    );
  }
  return classesOf(codes);
}

/** Whole numbers first, by value, then the others by their characters: the order in which JavaScript keeps an object's keys. */
function compareCodes(a: string, b: string): number {
  const [numberA, numberB] = [a, b].map((code) => /^(0|[1-9]\d{0,8})$/.test(code) ? Number(code) : Infinity);
  if (numberA !== numberB) return numberA - numberB;
  return a < b ? -1 : 1;
}

function rowList(rows: readonly number[]): string {
  return `row ${shortened(rows.map(String)).join(", ")}`;
}

function shortened(items: readonly string[]): string[] {
  return items.length <= 10 ? [...items] : [...items.slice(0, 10), `… (${items.length} in all)`];
}
