/**
 * CSV text to records and back, with the `parse` and `stringify` of jsr:@std/csv, over npm's csv-parse and csv-stringify.
 * Where JSR can be reached, the swap is one line: `export { parse, stringify } from "jsr:@std/csv@1"`.
 */
import { parse as parseCsv } from "csv-parse/sync";
import { stringify as stringifyCsv } from "csv-stringify/sync";

/**
 * Reads CSV whose first line names the columns (RFC 4180: quoted commas and line breaks, LF or CRLF, a leading BOM).
 *
 * @throws {SyntaxError} when a quote is left open, a row has another number of fields than the header, which names the line, or
 * two columns have one name
 */
export function parse(text: string, _options: { skipFirstRow: true }): Record<string, string>[] {
  try {
    return parseCsv(text, { columns: checkNames, bom: true, skip_empty_lines: true });
  } catch (error) {
    throw new SyntaxError(`Not a readable CSV table: ${(error as Error).message}`, { cause: error });
  }
}

function checkNames(names: string[]): string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two columns are called ${JSON.stringify(twice)} on line 1`);
  return names;
}

/** Writes records as CSV with a header line, LF line ends and quotes where they are needed. */
export function stringify(rows: readonly object[], options: { columns: readonly string[] }): string {
  return stringifyCsv(rows as object[], { columns: [...options.columns], header: true });
}
