/** Reads one-hot tables, as in ISIC's challenges: a column for each class, with 1 for the photo's class and 0 for all others. */
import { listed } from "../../support/format.ts";
import { cleanCell, isMissing } from "./cells.ts";
import { shortened, type TextTable } from "./table_text.ts";

/** A cell as 0 or 1, with 0 for a missing value; undefined for anything else. */
function bitOf(cell: string): 0 | 1 | undefined {
  if (/^[01]([.,]0*)?$/.test(cell)) return cell[0] === "1" ? 1 : 0;
  if (/^(true|false)$/i.test(cell)) return cell.length === 4 ? 1 : 0;
  return isMissing(cell) ? 0 : undefined;
}

/**
 * Places of the columns that make a table one-hot: at least two, with only 0 and 1 (or true and false), and exactly one 1 in most
 * rows. Empty for other tables.
 *
 * @param options `taken`: columns known to be something else; `classes`: if at least two of these are columns of 0 and 1, these
 * are returned and the rows are not checked; `share`: more than this share of the rows must have one 1. Default: 0.5, so that a
 * few wrong rows can be named
 */
export function oneHotColumns(
  table: TextTable,
  options: { taken: Iterable<number>; classes: readonly string[] | null; share?: number },
): number[] {
  const { share = 0.5 } = options;
  const columns = binaryColumns(table, options.taken);
  const named = columns.filter((place) => options.classes?.includes(table.header[place]));
  if (named.length >= 2) return named;
  const single = table.rows.reduce((count, row) => count + (onesOf(row, columns).length === 1 ? 1 : 0), 0);
  return columns.length >= 2 && single > share * table.rows.length ? columns : [];
}

/** Places of columns with only 0 and 1. @param taken columns known to be something else */
export function binaryColumns({ header, rows }: TextTable, taken: Iterable<number>): number[] {
  const known = new Set(taken);
  return [...header.keys()].filter((place) =>
    !known.has(place) && header[place] !== "" && !/weight$/i.test(header[place]) && // ISIC's score_weight is not a class
    isBinary(rows, place)
  );
}

function isBinary(rows: TextTable["rows"], place: number): boolean {
  let values = 0;
  for (const row of rows) {
    const cell = row[place].trim();
    if (bitOf(cell) === undefined) return false;
    if (!isMissing(cell)) values++;
  }
  return values > 0;
}

function onesOf(row: readonly string[], columns: readonly number[]): number[] {
  return columns.filter((place) => bitOf(row[place].trim()) === 1);
}

/**
 * The diagnosis of each row: the name of the column that has the 1.
 *
 * @throws {SyntaxError} if rows have no 1 or several; the message lists the rows
 */
export function oneHotDiagnoses(
  { name, header, rows, numbers }: TextTable,
  columns: readonly number[],
): string[] {
  const ones = rows.map((row) => onesOf(row, columns));
  const wrong = Map.groupBy(
    [...ones.keys()].filter((row) => ones[row].length !== 1),
    (row) => ones[row].length,
  );
  if (wrong.size > 0) {
    const received = [...wrong].sort(([a], [b]) => a - b).map(([sum, found]) =>
      `a sum of ${sum} in row ${listed(found.map((row) => numbers[row]))}`
    );
    throw new SyntaxError(
      `${name} is a one-hot table: of ${
        listed(columns.map((place) => shortened(header[place])))
      } each row must have one 1. Correct these ` +
        `rows or leave them out; if a column is not a class, name the classes with --classes. Received: ${
          received.join("; ")
        }`,
    );
  }
  return ones.map(([place]) => cleanCell(header[place]));
}
