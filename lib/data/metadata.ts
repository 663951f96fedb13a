/** The metadata table, HAM10000's or another: read, checked row by row, each row joined with its photo. */
import { basename, join } from "node:path";
import { type ColumnNames, type MetadataColumn, metadataColumns } from "../columns.ts";
import { parse } from "../support/csv.ts";
import { type DiagnosisClass, ham10000Classes } from "./diagnosis.ts";
import { findPhotos, type PhotoFiles, photoName } from "./photo_files.ts";
import { tableClasses } from "./table_classes.ts";
import { findColumns, type FoundColumns } from "./table_columns.ts";
import { checkDataFolder, readTableText } from "./table_file.ts";

export { metadataColumns };

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
 * @throws {Error} when the folder, the table or photos are missing or cannot be reached: with their number and the first names
 * @throws {SyntaxError} when the table cannot be read: with its row, column, what was expected and what came
 */
export async function openTable(folder: string, options: TableOptions = {}): Promise<MetadataTable> {
  const path = options.metadata ?? join(folder, metadataFile);
  const table = basename(path);
  await checkDataFolder(folder, table);
  const rows = parseRows(await readTableText(path, folder), table);
  const own = isOwnTable(options);
  const found = findColumns(Object.keys(rows[0]), { table, names: own ? options.columns ?? {} : null });
  const values = rows.map((row) => own ? row[found.dx!].trim() : row[found.dx!]);
  const classes = own
    ? tableClasses(values, { table, column: found.dx!, wanted: options.classes ?? null })
    : ham10000Classes;
  const labels = new Map(classes.map(({ code }, label) => [code, label]));
  const photos = await findPhotos(folder);
  const reader = { table, own, found, labels, photos };
  const samples = rows.map((row, index) =>
    readRow({ ...row, [found.dx!]: values[index] }, index + 2, reader)
  );
  checkUnique(samples, table, found);
  checkPhotos(samples, { folder, table, photos });
  return { samples, classes, path, knowsLesions: found.lesion_id !== undefined };
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

function parseRows(text: string, table: string): Record<string, string>[] {
  let rows;
  try {
    rows = parse(text, { skipFirstRow: true });
  } catch (error) {
    throw new SyntaxError(`${table}: ${(error as Error).message}`, { cause: error });
  }
  if (rows.length === 0) throw new SyntaxError(`${table} has no rows below its header.`);
  return rows;
}

interface RowReader {
  readonly table: string;
  readonly own: boolean;
  readonly found: FoundColumns;
  readonly labels: ReadonlyMap<string, number>;
  readonly photos: PhotoFiles;
}

function readRow(row: Record<string, string>, line: number, reader: RowReader): Sample {
  const { table, own, found, labels, photos } = reader;
  const value = (column: MetadataColumn) => found[column] === undefined ? undefined : row[found[column]];
  const fail = (column: MetadataColumn, expected: string) =>
    failAt(table, { line, column: found[column]!, received: value(column)!, expected });
  const dx = value("dx")!;
  const label = labels.get(dx) ?? fail("dx", `one of ${[...labels.keys()].join(", ")}`);
  for (const column of own ? ["image_id"] as const : ["lesion_id", "image_id"] as const) {
    if (value(column)!.trim() === "") fail(column, "not empty");
  }
  const imageId = photoName(value("image_id")!);
  const years = value("age") ?? "";
  const age = years === "" ? null : Number(years);
  if (age !== null && !(years.trim() !== "" && age >= 0 && age <= 120)) {
    fail("age", "empty or years from 0 to 120");
  }
  return {
    imageId,
    lesionId: value("lesion_id")?.trim() ? value("lesion_id")! : imageId,
    dx,
    label,
    dxType: value("dx_type") ?? "",
    age,
    sex: value("sex") || "unknown",
    localization: value("localization") || "unknown",
    imagePath: photos.paths.get(imageId) ?? "",
  };
}

function failAt(
  table: string,
  at: { line: number; column: string; received: string; expected: string },
): never {
  throw new SyntaxError(
    `${table}, row ${at.line}: ${at.column} ${JSON.stringify(at.received)} is not ${at.expected}.`,
  );
}

function checkUnique(samples: readonly Sample[], table: string, found: FoundColumns): void {
  const firstRow = new Map<string, number>();
  samples.forEach(({ imageId }, index) => {
    const earlier = firstRow.get(imageId);
    const expected = `unique, but row ${earlier} has it too`;
    if (earlier) failAt(table, { line: index + 2, column: found.image_id!, received: imageId, expected });
    firstRow.set(imageId, index + 2);
  });
}

function checkPhotos(
  samples: readonly Sample[],
  { folder, table, photos }: { folder: string; table: string; photos: PhotoFiles },
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
