/** Joins tables into one. The table with the diagnoses has a row for each photo; the others add columns by image id. */
import { type ColumnNames, type MetadataColumn, metadataColumns } from "../../columns.ts";
import { cleanCell, idCell, isMissing, stripCell } from "./cells.ts";
import { diagnoses } from "../diagnosis.ts";
import { listed, thousands } from "../../support/format.ts";
import { idParts, photoName } from "../../support/photo_kinds.ts";
import { oneHotColumns, oneHotDiagnoses } from "./one_hot.ts";
import { checkColumnsThere, findColumns, type FoundColumns } from "./table_columns.ts";
import { shortened, type TextTable } from "./table_text.ts";

/** One column, with a cell for each photo. */
export interface PhotoColumn {
  /** The column's name in its table. */
  readonly name: string;
  /** Cleaned by `cleanCell`; empty if the table has no row for the photo. */
  readonly cells: readonly string[];
  /** Table and row of a photo's cell, for messages. */
  where(photo: number): string;
}

export interface JoinedTable {
  /** The table with the diagnoses. */
  readonly main: TextTable;
  /** Each photo's image id without extension, and without folders if the name alone is unique. */
  readonly imageIds: readonly string[];
  /** The image ids as written in the table; they may be paths. */
  readonly imageCells: readonly string[];
  readonly dx: PhotoColumn;
  /** The other known columns. */
  readonly columns: ReadonlyMap<MetadataColumn, PhotoColumn>;
  /** Whether it has the form of HAM10000's table: a single table with its seven columns under their own names. */
  readonly asHam10000: boolean;
  /** Notes for readers on how the tables were read. */
  readonly notes: readonly string[];
}

export interface JoinOptions {
  readonly names: ColumnNames | null;
  readonly classes: readonly string[] | null;
}

/**
 * Joins tables by image id. If several tables have a column, the first of them provides it.
 *
 * @throws {SyntaxError} if a table has no image ids or one twice, not exactly one has diagnoses, a named column is in none, or a
 * table shares no image with that of the diagnoses
 */
export function joinTables(tables: readonly TextTable[], { names, classes }: JoinOptions): JoinedTable {
  const found = tables.map((table) => findColumns(table, names));
  const hots = found.map((columns) => names?.dx ? [] : hotColumnsOf(columns, classes));
  const isAlone = tables.length === 1;
  const given = metadataColumns.filter((column) => names?.[column]);
  const lost = given.filter((column) => !found.some(({ named }) => named.has(column)));
  for (const [index, columns] of found.entries()) {
    const isNeeded = (column: MetadataColumn) =>
      column === "image_id" || lost.includes(column) ||
      isAlone && (given.includes(column) || column === "dx" && hots[index].length === 0);
    checkColumnsThere(columns, { needed: metadataColumns.filter(isNeeded), lost, names });
  }
  const diagnosing = found.filter(({ places }, index) => places.has("dx") || hots[index].length > 0);
  if (diagnosing.length !== 1) {
    throw new SyntaxError(
      `One of the tables must have the diagnoses, the others add columns by image id. If several have them, say which column counts, ` +
        `as in --columns dx=diagnosis, or take it out of the others; for one table in two files, put their rows into one. Received: ${
          diagnosing.length === 0
            ? `none in ${listed(tables.map(({ name }) => name))}`
            : listed(diagnosing.map(({ table }) => table.name))
        }`,
    );
  }
  const [first] = diagnosing;
  const hot = hots[found.indexOf(first)];
  checkNotHot(first, names, classes);
  const main = first.table;
  const shared = new Set(found.flatMap(sharedNames));
  const imageIds = idsOf(first, shared);
  const notes = found.flatMap(describeColumns);
  const columns = new Map<MetadataColumn, PhotoColumn>();
  const read = ({ table, places }: FoundColumns, rowOf: (photo: number) => number | undefined) => {
    for (const [column, place] of places) {
      if (columns.has(column) || column === "image_id" || column === "dx") continue;
      columns.set(column, columnOf(table, place, imageIds.map((_, photo) => rowOf(photo))));
    }
  };
  for (const one of found) {
    if (one === first) {
      read(one, (photo) => photo);
      continue;
    }
    const rows = new Map(idsOf(one, shared).map((id, row) => [id, row]));
    notes.push(...describePartners(one.table, rows, main, imageIds));
    read(one, (photo) => rows.get(imageIds[photo]));
  }
  return {
    ...{ main, imageIds, columns },
    imageCells: main.rows.map((row) => idCell(row[first.places.get("image_id")!])),
    dx: hot.length > 0 ? hotColumn(main, hot, notes) : columnOf(main, first.places.get("dx")!),
    asHam10000: isAlone && hot.length === 0 && first.usual.length === 0 && !names &&
      first.places.size === metadataColumns.length,
    notes,
  };
}

/**
 * Places of the one-hot columns in a table without a column of diagnoses; empty if there are none.
 *
 * @throws {SyntaxError} if the columns of 0 and 1 may be flags (male and female; train, val and test), because another column
 * could have the classes
 */
function hotColumnsOf({ table, places, unclear }: FoundColumns, classes: readonly string[] | null): number[] {
  if (places.has("dx") || unclear.has("dx") || !places.has("image_id")) return [];
  const hot = oneHotColumns(table, { taken: places.values(), classes });
  const names = hot.map((place) => table.header[place]);
  if (hot.length === 0 || classes || names.every(isKnownCode)) return hot;
  const rivals = rivalColumns(table, [...places.values(), ...hot]);
  if (rivals.length === 0) return hot;
  const rival = shortened(table.header[rivals[0]]);
  throw new SyntaxError(
    `${table.name}: ${
      listed(names.map(shortened))
    } contain only 0 and 1, like a one-hot table, but ${rival} could also hold the classes. ` +
      `Choose one: --columns dx=${rival}, or --classes ${names.map(shortened).join()}`,
  );
}

/** Whether a name is a class of HAM10000 or of ISIC's challenges. */
function isKnownCode(name: string): boolean {
  return [...diagnoses, "ak", "scc", "unk"].includes(name.toLowerCase());
}

/**
 * Places of other columns that may have the classes: 2 to 255 different texts in twice as many rows or more. Numbers count only
 * under a name for classes.
 *
 * @param taken places of columns that are known to be something else
 */
function rivalColumns({ header, rows }: TextTable, taken: readonly number[]): number[] {
  return [...header.keys()].filter((place) => {
    if (header[place] === "" || taken.includes(place)) return false;
    const cells = rows.map((row) => stripCell(row[place])).filter((cell) => !isMissing(cell));
    const { size } = new Set(cells);
    return size >= 2 && size <= 255 && size <= cells.length / 2 &&
      (/^(class|label|target|category|y)$/i.test(header[place].trim()) ||
        cells.every((cell) => !/^[-+\d.,\s]+$/.test(cell)));
  });
}

/** @throws {SyntaxError} if the column named as dx is one of the columns of a one-hot table */
function checkNotHot(
  { table, places }: FoundColumns,
  names: ColumnNames | null,
  classes: readonly string[] | null,
) {
  const dx = places.get("dx");
  if (!names?.dx || dx === undefined) return;
  const taken = [...places.values()].filter((place) => place !== dx);
  const hot = oneHotColumns(table, { taken, classes, share: 0.99 });
  if (!hot.includes(dx)) return;
  const others = Object.entries(names).filter(([column]) => column !== "dx").map((pair) => pair.join("="));
  throw new SyntaxError(
    `${table.name} is a one-hot table: ${table.header[dx]} is one of its ${hot.length} columns of 0 and 1, ` +
      `${listed(hot.map((place) => shortened(table.header[place])))}. Leave dx out of --columns${
        others.length > 0 ? `, as in --columns ${others.join(",")}` : ""
      }: the class of a photo is then the name of the column with its 1. Received: dx=${names.dx}`,
  );
}

function hotColumn(table: TextTable, hot: readonly number[], notes: string[]): PhotoColumn {
  const cells = oneHotDiagnoses(table, hot);
  const used = new Set(cells);
  const names = hot.map((place) => table.header[place]);
  notes.push(`${table.name} is a one-hot table: the class of a photo is the name of the column with its 1`);
  const empty = names.filter((name) => !used.has(name));
  if (empty.length > 0) notes.push(`${listed(empty)}: no photo, so no class`);
  return {
    name: "dx",
    cells,
    where: (photo) => `${table.name}, row ${table.numbers[photo]}`,
  };
}

/** @param rows the table's row of each photo. Default: the table's order */
function columnOf(
  table: TextTable,
  place: number,
  rows: readonly (number | undefined)[] = [...table.rows.keys()],
): PhotoColumn {
  return {
    name: table.header[place],
    cells: rows.map((row) => row === undefined ? "" : cleanCell(table.rows[row][place])),
    where: (photo) => `${table.name}, row ${table.numbers[rows[photo] ?? -1]}`,
  };
}

/** The folders of an image id and its name without extension. */
function partsOf(id: string): string[] {
  if (!/[\\/]/.test(id)) return [photoName(id)]; // most ids are only a name
  const parts = idParts(id);
  return [...parts.slice(0, -1), photoName(parts.at(-1) ?? "")];
}

/** Names of photos that a table has in several folders, such as `mel/1.jpg` and `nv/1.jpg`. */
function sharedNames({ table, places }: FoundColumns): string[] {
  const seen = new Set<string>();
  const place = places.get("image_id")!;
  return table.rows.flatMap((row) => {
    const name = partsOf(idCell(row[place])).at(-1)!;
    return seen.size === seen.add(name).size ? [name] : [];
  });
}

/**
 * The image id of each row, with its folders only if its name is in `shared`.
 *
 * @param shared names that occur in several folders
 * @throws {SyntaxError} if a row has no image id, or the same as another row
 */
function idsOf({ table, places }: FoundColumns, shared: ReadonlySet<string>): string[] {
  const place = places.get("image_id")!;
  const seen = new Map<string, number>();
  return table.rows.map((row, index) => {
    const fail = (expected: string, received: string) => {
      throw new SyntaxError(
        `${table.name}, row ${table.numbers[index]}: ${table.header[place]} ${
          JSON.stringify(received)
        } is not ${expected}.`,
      );
    };
    const cell = idCell(row[place]);
    if (isMissing(cell) || /[\\/]$/.test(cell)) fail("the name of a photo", row[place]);
    const parts = partsOf(cell);
    const id = shared.has(parts.at(-1)!) ? parts.join("/") : parts.at(-1)!;
    const before = seen.get(id);
    if (before !== undefined) fail(`unique, but row ${table.numbers[before]} has it too`, id);
    seen.set(id, index);
    return id;
  });
}

function describeColumns({ table, usual, unclear, places }: FoundColumns): string[] {
  const read = usual.map((column) => `${table.header[places.get(column)!]} as ${column}`);
  return [
    ...read.length > 0 ? [`${table.name}: read by their usual names: ${read.join(", ")}`] : [],
    ...[...unclear].map(([column, names]) =>
      `${table.name}: ${column} is not read, for it could be ${names.join(" or ")}; --columns says which`
    ),
  ];
}

/** Notes on rows without a partner. @throws {SyntaxError} if no photo has a row in the other table */
function describePartners(
  other: TextTable,
  rows: ReadonlyMap<string, number>,
  main: TextTable,
  imageIds: readonly string[],
): string[] {
  const known = imageIds.filter((id) => rows.has(id)).length;
  if (known === 0) {
    throw new SyntaxError(
      `${other.name} has no row for any image of ${main.name}, so they cannot be joined. Are their image ids of one kind? ` +
        `Received: ${imageIds.slice(0, 3).join(", ")}, … and ${[...rows.keys()].slice(0, 3).join(", ")}, …`,
    );
  }
  return [
    ...known < imageIds.length
      ? [
        `${other.name} has no row for ${thousands(imageIds.length - known)} of ${
          thousands(imageIds.length)
        } photos`,
      ]
      : [],
    ...known < rows.size
      ? [
        `${other.name}: ${thousands(rows.size - known)} of ${
          thousands(rows.size)
        } rows left out, of images that ${main.name} does not name`,
      ]
      : [],
  ];
}
