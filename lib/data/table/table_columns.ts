/** Finds the columns of a table: by the names that the caller gives, by HAM10000's, or by those of well-known tables. */
import {
  type ColumnNames,
  foldName,
  type MetadataColumn,
  metadataColumns,
  usualNames,
} from "../../columns.ts";
import { firstOf, listed } from "../../support/format.ts";
import { cleanCell } from "./cells.ts";
import { binaryColumns } from "./one_hot.ts";
import { shortened, type TextTable } from "./table_text.ts";

/** The columns that one table has. */
export interface FoundColumns {
  readonly table: TextTable;
  /** Index of each column in the header. */
  readonly places: ReadonlyMap<MetadataColumn, number>;
  /** Columns found by the name that the caller gives. */
  readonly named: ReadonlySet<MetadataColumn>;
  /** Columns found under a usual name that is not HAM10000's. */
  readonly usual: readonly MetadataColumn[];
  /** Columns with several candidates, and the names of these in the table. */
  readonly unclear: ReadonlyMap<MetadataColumn, readonly string[]>;
}

/** Folded names of columns, by which a table's header is recognised. */
export function knownNames(names: ColumnNames | null): ReadonlySet<string> {
  const given = Object.values(names ?? {}).map((name) => foldName(cleanCell(name)));
  return new Set([...metadataColumns, ...metadataColumns.flatMap((column) => usualNames[column]), ...given]);
}

/**
 * Finds each column by its name in `names`. Columns without one are found by HAM10000's name in any case, else by a usual name if
 * only one column has such a name. Image ids are looked for by all of these, because several tables may name them differently.
 *
 * @throws {SyntaxError} if two columns have the name that is looked for
 */
export function findColumns(table: TextTable, names: ColumnNames | null): FoundColumns {
  const { header } = table;
  const folded = header.map(foldName);
  const at = (name: string): number | undefined => {
    const exact = placesOf(header, name);
    const found = exact.length > 0 ? exact : placesOf(folded, foldName(name));
    if (found.length > 1) {
      throw new SyntaxError(
        `${table.name}: two columns are called ${JSON.stringify(header[found[1]])}. Rename one of them. ` +
          `Received: ${listed(header.map(shortened))}`,
      );
    }
    return found[0];
  };
  const places = new Map<MetadataColumn, number>();
  const unclear = new Map<MetadataColumn, string[]>();
  const usual: MetadataColumn[] = [];
  for (const [column, name] of Object.entries(names ?? {}) as [MetadataColumn, string][]) {
    const place = at(cleanCell(name));
    if (place !== undefined) places.set(column, place);
  }
  const [named, given] = [new Set(places.keys()), new Set(places.values())];
  for (const column of metadataColumns) {
    if (named.has(column) || names?.[column] && column !== "image_id") continue;
    const place = at(column);
    if (place !== undefined && !given.has(place)) {
      places.set(column, place);
      continue;
    }
    const candidates = usualNames[column].flatMap((name) => placesOf(folded, name))
      .filter((place) => !given.has(place));
    if (candidates.length > 1) unclear.set(column, candidates.map((place) => header[place]));
    if (candidates.length !== 1) continue;
    places.set(column, candidates[0]);
    usual.push(column);
  }
  return { table, places, named, usual, unclear };
}

function placesOf(names: readonly string[], name: string): number[] {
  return [...names.keys()].filter((place) => names[place] === name);
}

/**
 * @param needed columns that the table must have
 * @param lost columns that the caller names and no table has
 * @throws {SyntaxError} if a needed column is missing: with the table's columns and how to name the right one
 */
export function checkColumnsThere(
  { table, places, unclear }: FoundColumns,
  { needed, lost, names }: {
    needed: readonly MetadataColumn[];
    lost: readonly MetadataColumn[];
    names: ColumnNames | null;
  },
): void {
  const nameOf = (column: MetadataColumn) => names?.[column] ?? column;
  const missing = needed.filter((column) => !places.has(column) || lost.includes(column));
  if (missing.length === 0) return;
  const choices = missing.flatMap((column) => {
    const found = unclear.get(column);
    return found ? [` ${column} could be ${found.join(" or ")}.`] : [];
  });
  const binary = missing.includes("dx") ? binaryColumns(table, places.values()) : [];
  if (binary.length > 1) {
    const shown = binary.map((place) => shortened(table.header[place]));
    choices.push(
      ` If ${firstOf(shown, 4)} are columns of a one-hot table, name its classes with --classes.`,
    );
  }
  throw new SyntaxError(
    `${table.name}: column ${missing.map(nameOf).join(", ")} is missing; expected ${
      needed.map(nameOf).join(", ")
    }.${
      choices.join("")
    } Columns with other names are named with --columns, as in --columns image_id=image,dx=diagnosis. ` +
      `Received: ${listed(table.header.map(shortened))}`,
  );
}
