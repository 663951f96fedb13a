/** Reads a metadata table as text: finds its separator, its header and its rows. */
import { foldName } from "../../columns.ts";
import { parse } from "../../support/csv.ts";
import { firstOf, listed } from "../../support/format.ts";
import { cleanCell, stripCell } from "./cells.ts";

export interface TextTable {
  /** Its file's name, for messages. */
  readonly name: string;
  /** Names of the columns; empty for a column without a name. */
  readonly header: readonly string[];
  /** Cells as written, one for each column of the header. Those of nameless last columns may be missing; blank ones may follow. */
  readonly rows: readonly (readonly string[])[];
  /** Number of each row in the file, from 1 for the first. The header and blank rows count. */
  readonly numbers: readonly number[];
}

const separators = [",", ";", "\t", "|"];

/**
 * Parses a table. Its header shows whether commas, semicolons, tabs or bars separate the cells. Blank rows are left out.
 *
 * @param options `name` of the file; `known`: folded names of columns that may be in it, see `foldName`
 * @throws {SyntaxError} if it has no header, no rows, a row of another length or an open quote, or holds pixels
 */
export function parseTable(
  text: string,
  { name, known }: { name: string; known: ReadonlySet<string> },
): TextTable {
  const fail = (problem: string): never => {
    throw new SyntaxError(`${name}${problem}`);
  };
  const hint = /^\uFEFF*"?sep=([^\r\n])"?(?:\r\n|\r|\n)/i.exec(text); // Excel's own line above the header
  const body = hint ? text.slice(hint[0].length) : text.replace(/^\uFEFF+/, "");
  const separator = hint?.[1] ?? separatorOf(body, known);
  checkHeader(headerOf(body, separator), fail, known);
  const records = recordsOf(body, separator, fail);
  const isBlank = (fields: string[]) =>
    stripCell(fields[0]) === "" && fields.every((field) => !stripCell(field));
  const first = records.findIndex((fields) => !isBlank(fields));
  const header = (records[first] ?? []).map(cleanCell);
  const width = header.findLastIndex((column) => column !== "") + 1;
  const rows: string[][] = [];
  const numbers: number[] = [];
  for (let index = first + 1; index < records.length; index++) {
    const fields = records[index];
    const fits = fields.length === header.length ||
      fields.length >= width && fields.slice(header.length).every((field) => !stripCell(field));
    if (isBlank(fields)) continue;
    if (!fits) {
      fail(
        `, row ${index + (hint ? 2 : 1)}: expected ${header.length} fields, as the header has. A field with ${
          JSON.stringify(separator)
        } in it must be in double quotes. Received: ${fields.length}, ${listed(fields.map(shortened))}`,
      );
    }
    rows.push(fields);
    numbers.push(index + (hint ? 2 : 1));
  }
  if (rows.length === 0) {
    fail(` has no rows below its header. Received: ${listed(header.map(shortened)) || "blank lines"}`);
  }
  return { name, header, rows, numbers };
}

/** Cells of the first line with a value, split by a separator; empty if a quote in the line is left open. */
function headerOf(text: string, separator: string): string[] {
  try {
    const [fields = []] = parse(text, { separator, onlyHeader: true });
    return fields.map(cleanCell);
  } catch {
    return [];
  }
}

/** The separator that gives the header the most known names, then the most names; among equals, the first in `separators`. */
function separatorOf(text: string, known: ReadonlySet<string>): string {
  const ranked = separators.map((separator) => {
    const fields = headerOf(text, separator);
    return {
      separator,
      found: fields.filter((field) => known.has(foldName(field))).length,
      all: fields.length,
    };
  });
  return ranked.sort((a, b) => b.found - a.found || b.all - a.all)[0].separator;
}

/** @throws {SyntaxError} if the first line holds pixels or names no columns */
function checkHeader(
  header: readonly string[],
  fail: (problem: string) => never,
  known: ReadonlySet<string>,
): void {
  const numbered = header.filter((field) => /^([a-z]+[\s_-]?)?\d+(\.\d+)?$/i.test(field));
  if (header.length > 100 && numbered.length > 0.9 * header.length) {
    fail(
      ` holds pixels, not the names of photos. Expected: a table with a row for each photo, and the photos as .jpg, .jpeg or .png ` +
        `files. Received: ${header.length} columns, ${firstOf(header.map(shortened), 3)}`,
    );
  }
  const isPhoto = header.some((field) => /\.(jpe?g|png)$|^ISIC_\d{5,}$/i.test(field));
  const numbers = header.filter((field) => /^-?\d+([.,]\d+)?$/.test(field));
  const isKnown = header.some((field) => known.has(foldName(field)));
  if (!isKnown && (isPhoto || numbers.length > 0 && 2 * numbers.length >= header.length)) {
    fail(
      ` has no header: its first line is a row already. Put a line with the names of the columns above it, one of them image_id ` +
        `and one dx. Received: ${listed(header.map(shortened))}`,
    );
  }
}

function recordsOf(text: string, separator: string, fail: (problem: string) => never): string[][] {
  try {
    return parse(text, { separator });
  } catch (error) {
    return fail(
      `: a field that begins with a double quote must end with one, and a double quote in it is written twice. ` +
        `Received: ${(error as Error).message}`,
    );
  }
}

/** A name cut to 40 characters, for messages. */
export function shortened(name: string): string {
  return name.length > 40 ? `${name.slice(0, 39)}…` : name;
}
