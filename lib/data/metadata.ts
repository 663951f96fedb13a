/** The metadata table, HAM10000's or another: read, checked row by row, each row joined with its photo. */
import { basename, join } from "node:path";
import { type ColumnNames, type MetadataColumn, metadataColumns, mostClasses } from "../columns.ts";
import { parse } from "../support/csv.ts";
import { type DataPhotos, findPhotos, photoName, readTableText } from "./data_folder.ts";
import { classesOf, type DiagnosisClass, ham10000Classes } from "./diagnosis.ts";

/** One photo with what is known of it. */
export interface Sample {
  readonly imageId: string;
  /** Photos of one lesion share it. The image's own id where another table than HAM10000's has none. */
  readonly lesionId: string;
  /** Code of its class. */
  readonly dx: string;
  /** Index of `dx` in the table's classes; HAM10000: in `diagnoses`, 0…6. */
  readonly label: number;
  /** How the diagnosis was confirmed: histo, follow_up, consensus, confocal; empty where the table has no such column. */
  readonly dxType: string;
  /** In years; null where the table has none. */
  readonly age: number | null;
  /** male, female or unknown. */
  readonly sex: string;
  readonly localization: string;
  /** The photo, relative to the data folder, with forward slashes. */
  readonly imagePath: string;
}

export const metadataFile = "HAM10000_metadata.csv";

/** How to read a table that is not HAM10000's. With names or classes the table may have any classes and lack columns. */
export interface TableOptions {
  /** Its path; null: HAM10000_metadata.csv in the data folder. */
  readonly metadata?: string | null;
  /** What it calls its columns; null: as HAM10000 does. */
  readonly columns?: ColumnNames | null;
  /** Its diagnoses in label order; null: those that it has. */
  readonly classes?: readonly string[] | null;
}

export interface MetadataTable {
  /** In the table's order. */
  readonly samples: readonly Sample[];
  /** In label order. */
  readonly classes: readonly DiagnosisClass[];
  /** The table's path. */
  readonly path: string;
  /** False where each image counts as a lesion of its own. */
  readonly knowsLesions: boolean;
}

/** Whether these options speak of another table than HAM10000's, with classes of its own. */
export function isOwnTable({ columns, classes }: TableOptions): boolean {
  return Boolean(columns || classes);
}

/**
 * Reads a data folder's table, in its own order. Photos are looked for in the folder itself and one folder deep, as .jpg, .jpeg
 * or .png named by the image id.
 *
 * @throws {Error} when the folder, the table or photos are missing or cannot be read: with their number and the first names
 * @throws {SyntaxError} when the table is wrong: with its row, column, what was expected and what came
 */
export async function openTable(folder: string, options: TableOptions = {}): Promise<MetadataTable> {
  const path = options.metadata ?? join(folder, metadataFile);
  const table = basename(path);
  const rows = parseRows(await readTableText(folder, path), table);
  const own = isOwnTable(options);
  const columns = findColumns(Object.keys(rows[0]), { table, names: own ? options.columns ?? {} : null });
  const classes = own
    ? findClasses(rows.map((row) => row[columns.dx!].trim()), {
      table,
      column: columns.dx!,
      wanted: options.classes ?? null,
    })
    : ham10000Classes;
  const photos = await findPhotos(folder);
  const samples = readRows(rows, { table, own, columns, classes, photos });
  checkPhotos(samples, { folder, table, photos });
  return { samples, classes, path, knowsLesions: columns.lesion_id !== undefined };
}

/** The samples of a folder that holds HAM10000. Errors are those of {@linkcode openTable}. */
export async function readMetadata(folder: string): Promise<readonly Sample[]> {
  return (await openTable(folder)).samples;
}

/** A sample as a row of the table, with `image_path` added: what 01 saves. */
export function metadataRow(sample: Sample): Record<string, string | number> {
  return {
    lesion_id: sample.lesionId,
    image_id: sample.imageId,
    dx: sample.dx,
    dx_type: sample.dxType,
    age: sample.age === null ? "" : sample.age.toFixed(1),
    sex: sample.sex,
    localization: sample.localization,
    image_path: sample.imagePath,
  };
}

type Row = Record<string, string>;

function parseRows(text: string, table: string): Row[] {
  let rows;
  try {
    rows = parse(text, { skipFirstRow: true });
  } catch (error) {
    throw new SyntaxError(`${table}: ${(error as Error).message}`, { cause: error });
  }
  if (rows.length === 0) throw new SyntaxError(`${table} has no rows below its header.`);
  return rows;
}

/** The table's name of each column that it has. @param options `names`: null for HAM10000's table, which has all seven */
function findColumns(
  present: readonly string[],
  options: { table: string; names: ColumnNames | null },
): ColumnNames {
  const { table, names } = options;
  const nameOf = (column: MetadataColumn) => names?.[column] ?? column;
  const needed = metadataColumns.filter((column) =>
    !names || names[column] || column === "image_id" || column === "dx"
  );
  const missing = needed.filter((column) => !present.includes(nameOf(column)));
  if (missing.length > 0) {
    const separator = present.length === 1 && /[;\t|]/.exec(present[0])?.[0];
    throw new SyntaxError(
      `${table}: column ${missing.map(nameOf).join(", ")} is missing; expected ${
        needed.map(nameOf).join(", ")
      }. ` +
        (separator
          ? `The table seems to be divided by ${JSON.stringify(separator)}: save it with commas.`
          : "Columns with other names are named with --columns, as in --columns image_id=image,dx=diagnosis.") +
        ` Received: ${present.join(", ")}`,
    );
  }
  const found = metadataColumns.filter((column) => present.includes(nameOf(column)));
  return Object.fromEntries(found.map((column) => [column, nameOf(column)]));
}

/** @param values the diagnosis of each row. @param options `wanted`: codes in label order; null: those that the table has */
function findClasses(
  values: readonly string[],
  options: { table: string; column: string; wanted: readonly string[] | null },
): DiagnosisClass[] {
  const { table, column, wanted } = options;
  const codes = wanted ?? [...new Set(values)].filter((code) => code !== "").sort(compareCodes);
  const strays = [...values.keys()].filter((index) => !codes.includes(values[index]));
  if (strays.length > 0) {
    const received = [...Map.groupBy(strays, (index) => values[index])].map(([value, indices]) =>
      `${JSON.stringify(value)} in row ${listed(indices.map(lineOf))}`
    );
    throw new SyntaxError(
      `${table}: ${column} must be ${
        wanted
          ? `one of ${
            wanted.join(", ")
          }. Correct these rows, leave them out or name their classes in --classes`
          : "given in every row. Correct these rows or leave them out"
      }. Received: ${listed(received, "; ")}`,
    );
  }
  if (codes.length < 2 || codes.length > mostClasses) {
    throw new SyntaxError(
      `${table}: 2 to ${mostClasses} classes can be told apart. Is ${column} the column of the diagnoses? ` +
        `Received: ${codes.length}, ${listed(codes)}`,
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

/** The table's line of a row: the header is line 1. */
function lineOf(index: number): number {
  return index + 2;
}

function listed(items: readonly (string | number)[], separator = ", "): string {
  const more = items.length > 10 ? [`… (${items.length} in all)`] : [];
  return [...items.slice(0, 10), ...more].join(separator);
}

interface RowReader {
  readonly table: string;
  readonly own: boolean;
  readonly columns: ColumnNames;
  readonly classes: readonly DiagnosisClass[];
  readonly photos: DataPhotos;
}

/** @throws {SyntaxError} for the first wrong value, with its row and column */
function readRows(rows: readonly Row[], { table, own, columns, classes, photos }: RowReader): Sample[] {
  const codes = classes.map(({ code }) => code);
  const lines = new Map<string, number>();
  return rows.map((row, index) => {
    const value = (column: MetadataColumn) => (row[columns[column] ?? ""] ?? "").trim();
    const check = (
      holds: boolean,
      column: MetadataColumn,
      expected: string,
      received = row[columns[column]!],
    ) => {
      if (holds) return;
      throw new SyntaxError(
        `${table}, row ${lineOf(index)}: ${columns[column]} ${JSON.stringify(received)} is not ${expected}.`,
      );
    };
    const label = codes.indexOf(value("dx"));
    check(label >= 0, "dx", `one of ${codes.join(", ")}`);
    check(own || value("lesion_id") !== "", "lesion_id", "not empty");
    check(value("image_id") !== "", "image_id", "not empty");
    const imageId = photoName(value("image_id"));
    check(!lines.has(imageId), "image_id", `unique, but row ${lines.get(imageId)} has it too`, imageId);
    lines.set(imageId, lineOf(index));
    const years = row[columns.age ?? ""] ?? "";
    const age = years === "" ? null : Number(years);
    check(
      age === null || (years.trim() !== "" && age >= 0 && age <= 120),
      "age",
      "empty or years from 0 to 120",
    );
    return {
      imageId,
      lesionId: value("lesion_id") || imageId,
      dx: codes[label],
      label,
      dxType: value("dx_type"),
      age,
      sex: value("sex") || "unknown",
      localization: value("localization") || "unknown",
      imagePath: photos.paths.get(imageId) ?? "",
    };
  });
}

function checkPhotos(
  samples: readonly Sample[],
  { folder, table, photos }: { folder: string; table: string; photos: DataPhotos },
): void {
  const lost = samples.filter((sample) => sample.imagePath === "");
  if (lost.length === 0) return;
  const shown = lost.slice(0, 5).map(({ imageId }) => {
    const reason = photos.broken.get(imageId);
    return reason ? `${imageId} (${reason})` : imageId;
  });
  const advice = table === metadataFile
    ? "HAM10000 comes in two parts; unpack both there."
    : "They are looked for as .jpg, .jpeg or .png in the folder itself and one folder deep.";
  throw new Error(
    `${lost.length} of ${samples.length} images that ${table} names are not in ${folder} or its folders: ` +
      `${shown.join(", ")}${lost.length > 5 ? ", …" : ""}. ${advice}`,
  );
}
