/**
 * CSV text to records and back, with the `parse` and `stringify` of jsr:@std/csv, over npm's csv-parse and csv-stringify.
 * Where JSR can be reached, the swap is one line: `export { parse, stringify } from "jsr:@std/csv@1"`.
 */
import { parse as parseCsv } from "csv-parse/sync";
import { stringify as stringifyCsv } from "csv-stringify/sync";

/**
 * Reads CSV (RFC 4180: quoted separators and line breaks; LF, CRLF or CR; a leading BOM is skipped). With `skipFirstRow` the
 * first line names the columns and each row is a record. Without it, rows are lists of fields, which may differ in length: blanks
 * around a field are removed, and a blank line is a row with one empty field.
 *
 * @param options.separator one character. Default: a comma
 * @param options.onlyHeader reads only the first line that has a value. Default: false
 * @throws {SyntaxError} if a quote is left open; with `skipFirstRow` also for a misplaced quote, a row whose number of fields
 * differs from the header's (names the line), or two columns with the same name
 */
export function parse(
  text: string,
  options: { skipFirstRow: true; separator?: string },
): Record<string, string>[];
export function parse(
  text: string,
  options?: { skipFirstRow?: false; separator?: string; onlyHeader?: boolean },
): string[][];
export function parse(
  text: string,
  { skipFirstRow = false, separator = ",", onlyHeader = false }: {
    skipFirstRow?: boolean;
    separator?: string;
    onlyHeader?: boolean;
  } = {},
): Record<string, string>[] | string[][] {
  const form = skipFirstRow
    ? { columns: checkNames, skip_empty_lines: true } as const
    : { relax_column_count: true, relax_quotes: true, trim: true, record_delimiter: ["\r\n", "\n", "\r"] };
  const first = onlyHeader && { to: 1, skip_records_with_empty_values: true };
  try {
    return parseCsv(text, { ...form, ...first, bom: true, delimiter: separator });
  } catch (error) {
    throw new SyntaxError(`Not a readable CSV table: ${(error as Error).message}`, { cause: error });
  }
}

function checkNames(names: string[]): string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two columns are called ${JSON.stringify(twice)} on line 1`);
  return names;
}

/** Writes records as CSV with a header line, LF line ends and quotes if needed. */
export function stringify(rows: readonly object[], options: { columns: readonly string[] }): string {
  return stringifyCsv(rows as object[], { columns: [...options.columns], header: true });
}
