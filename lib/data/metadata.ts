/** Reads the metadata table, HAM10000's or another, checks it row by row, and finds the photo of each row. */
import { basename, join } from "node:path";
import { type ColumnNames, type MetadataColumn, metadataColumns } from "../columns.ts";
import { metadataFile, tablesIn } from "../metadata_file.ts";
import { cleanCell, describeJoined, isMissing, joinCase, type JoinedCase } from "./table/cells.ts";
import { readTableText } from "./data_folder.ts";
import type { DiagnosisClass } from "./diagnosis.ts";
import { matchPhotos } from "./matched_photos.ts";
import { type JoinedTable, joinTables, type PhotoColumn } from "./table/joined_table.ts";
import { thousands } from "../support/format.ts";
import { readClasses } from "./table/table_classes.ts";
import { knownNames } from "./table/table_columns.ts";
import { parseTable, type TextTable } from "./table/table_text.ts";

/** One photo and its metadata. */
export interface Sample {
  readonly imageId: string;
  /** Shared by all photos of a lesion. Made from the image's id if the table has none. */
  readonly lesionId: string;
  /** Code of the photo's class. */
  readonly dx: string;
  /** Index of `dx` in the table's classes; for HAM10000, in `diagnoses`, 0…6. */
  readonly label: number;
  /** How the diagnosis was confirmed: histo, follow_up, consensus, confocal; empty if the table does not say. */
  readonly dxType: string;
  /** In years, 0–120; null if unknown. */
  readonly age: number | null;
  /** male, female, another value of the table, or unknown. */
  readonly sex: string;
  readonly localization: string;
  /** Path of the photo, relative to the data folder, with forward slashes. */
  readonly imagePath: string;
}

/**
 * How to read a table. Any classes and missing columns are allowed unless the table has the form of HAM10000's and no names or
 * classes are given.
 */
export interface TableOptions {
  /** Path of the table, or of several tables to join by image id. Null: HAM10000's table in the data folder. */
  readonly metadata?: string | readonly string[] | null;
  /** Names of its columns. Null: as in HAM10000 or another well-known table. */
  readonly columns?: ColumnNames | null;
  /** Codes of its classes in label order. Null: the diagnoses in the table. */
  readonly classes?: readonly string[] | null;
  /** Treat diagnoses that differ only in case as one. Default: they are an error. */
  readonly joinCase?: boolean;
}

export interface MetadataTable {
  /** In the table's order. */
  readonly samples: readonly Sample[];
  /** In label order. */
  readonly classes: readonly DiagnosisClass[];
  /** The tables' paths. */
  readonly paths: readonly string[];
  /** Whether it is a table other than HAM10000's, judged by the options, its columns and its form. */
  readonly own: boolean;
  /** False if no photo has a lesion_id. Then each image counts as a lesion of its own. */
  readonly knowsLesions: boolean;
  /** Notes for readers on how it was read: columns with other names, missing values, joined spellings, equal file names. */
  readonly notes: readonly string[];
}

/**
 * Reads the table of a data folder, in the table's order. {@linkcode matchPhotos} finds the photos, at any depth of the folder.
 *
 * @throws {Error} if the folder, the table or photos are missing or cannot be read: with their number and the first names
 * @throws {SyntaxError} if the table is wrong: with row, column, what was expected and what was received
 */
export async function openTable(folder: string, options: TableOptions = {}): Promise<MetadataTable> {
  const paths = pathsOf(folder, options);
  const known = knownNames(options.columns ?? null);
  const tables: TextTable[] = [];
  for (const path of paths) {
    const isAlone = paths.filter((other) => basename(other) === basename(path)).length === 1;
    const text = await readTableText(folder, path);
    tables.push(parseTable(text, { name: isAlone ? basename(path) : path, known }));
  }
  const read = readTables(tables, options);
  const ids = read.samples.map(({ imagePath }) => imagePath);
  const table = tables.map(({ name }) => name).join(" and ");
  const photos = await matchPhotos(folder, ids, { table, inParts: !read.own });
  const samples = read.samples.map((sample, row) => ({ ...sample, imagePath: photos.paths[row] }));
  return { ...read, samples, paths, notes: [...read.notes, ...photos.notes] };
}

function pathsOf(folder: string, { metadata }: TableOptions): readonly string[] {
  if (metadata) return [metadata].flat();
  const found = tablesIn(folder);
  if (found.length > 1) {
    throw new Error(
      `Several folders in ${folder} hold a table of HAM10000. Name one with --metadata, or its folder with --data. ` +
        `Received: ${found.join(", ")}`,
    );
  }
  return found.length === 0 ? [join(folder, metadataFile)] : found;
}

/** Reads tables without looking for photos: `imagePath` of the samples is still the image id as written in the table. */
export function readTables(
  tables: readonly TextTable[],
  options: TableOptions = {},
): Omit<MetadataTable, "paths"> {
  const classes = options.classes?.map(cleanCell) ?? null;
  const table = joinTables(tables, { names: options.columns ?? null, classes });
  const own = Boolean(options.columns || classes) || !table.asHam10000;
  const read = readClasses(table.dx, {
    ...{ table: table.main, own, classes, preferHam10000: !options.columns },
    joinCase: options.joinCase ?? false,
  });
  const labels = new Map(read.classes.map(({ code }, label) => [code, label]));
  const lesions = lesionsOf(table);
  const ages = agesOf(table);
  const sex = textOf(table, "sex", ["male", "female"]);
  const localization = textOf(table, "localization");
  const dxType = textOf(table, "dx_type");
  const taken = new Set(lesions.values.map((lesion) => lesion.toLowerCase()));
  const samples = table.imageIds.map((imageId, photo): Sample => ({
    imageId,
    lesionId: lesions.values[photo] || (taken.has(imageId.toLowerCase()) ? ownLesion(imageId) : imageId),
    dx: read.codes[photo],
    label: labels.get(read.codes[photo])!,
    dxType: dxType.values[photo],
    age: ages[photo],
    sex: sex.values[photo] || "unknown",
    localization: localization.values[photo] || "unknown",
    imagePath: table.imageCells[photo],
  }));
  const alone = lesions.values.filter((lesion) => lesion === "").length;
  const knowsLesions = alone < samples.length;
  const lacking = metadataColumns.filter((column) =>
    !["image_id", "dx", "lesion_id"].includes(column) && !table.columns.has(column)
  );
  const notes = [
    ...table.notes,
    ...read.notes,
    ...knowsLesions && alone > 0 ? [describeAlone(alone)] : [],
    ...Object.entries({ lesion_id: lesions, sex, localization, dx_type: dxType })
      .flatMap(([column, joined]) => describeJoined(column, joined)),
    ...lacking.length > 0 ? [`No column for ${lacking.join(", ")}: unknown`] : [],
  ];
  return { samples, classes: read.classes, own, knowsLesions, notes };
}

function describeAlone(photos: number): string {
  return photos === 1
    ? "1 photo has no lesion_id; it counts as a lesion of its own"
    : `${thousands(photos)} photos have no lesion_id; each counts as a lesion of its own`;
}

/** The lesion_id of each photo; empty if unknown. */
function lesionsOf({ columns, imageIds }: JoinedTable): JoinedCase {
  return joinCase(columns.get("lesion_id")?.cells.map(known) ?? imageIds.map(() => ""));
}

/** The text of a column for each photo; empty if missing. @param names preferred spellings */
function textOf(
  { columns, imageIds }: JoinedTable,
  column: MetadataColumn,
  names: string[] = [],
): JoinedCase {
  const cells = columns.get(column)?.cells.map((cell) => isMissing(cell) ? "" : cell);
  return joinCase(cells ?? imageIds.map(() => ""), [...names, "unknown"]);
}

function known(cell: string): string {
  return isMissing(cell) || cell.toLowerCase() === "unknown" ? "" : cell;
}

/** Ages in years; null if unknown. @throws {SyntaxError} for the first invalid age, with its row */
function agesOf({ columns, imageIds }: JoinedTable): (number | null)[] {
  const column = columns.get("age");
  return column ? column.cells.map((cell, photo) => ageOf(cell, column, photo)) : imageIds.map(() => null);
}

function ageOf(cell: string, { name, where }: PhotoColumn, photo: number): number | null {
  const text = known(cell);
  if (text === "") return null;
  const age = /^\d+,\d+$/.test(text) ? Number(text.replace(",", ".")) : Number(text);
  if (age >= 0 && age <= 120) return age;
  throw new SyntaxError(
    `${where(photo)}: ${name} ${JSON.stringify(cell)} must be empty or an age from 0 to 120 years.`,
  );
}

/** The samples of a folder that holds HAM10000. @throws as {@linkcode openTable} */
export async function readMetadata(folder: string): Promise<readonly Sample[]> {
  return (await openTable(folder)).samples;
}

/** A sample as a row of the table, with `image_path` added, as notebook 1 saves it. */
export function metadataRow(sample: Sample): Record<string, string | number> {
  return {
    lesion_id: sample.lesionId,
    image_id: sample.imageId,
    dx: sample.dx,
    dx_type: sample.dxType,
    age: sample.age === null ? "" : Number.isInteger(sample.age) ? sample.age.toFixed(1) : `${sample.age}`,
    sex: sample.sex,
    localization: sample.localization,
    image_path: sample.imagePath,
  };
}

/** A lesion's name if the table has none and another lesion is named like the photo. */
const ownLesion = (imageId: string): string => `photo ${imageId}`;

/** Whether the table names a photo's lesion. Otherwise the lesion is named after the photo. */
export function namesLesion({ imageId, lesionId }: Pick<Sample, "imageId" | "lesionId">): boolean {
  return lesionId !== imageId && lesionId !== ownLesion(imageId);
}
