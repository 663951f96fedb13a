/** Downloads, checks and prepares one item of a photo set: its table or an archive. */
import { basename, join } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import { metadataColumns } from "../../columns.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { parse, stringify } from "../../support/csv.ts";
import { sha256 } from "../../support/digest.ts";
import {
  downloadFile,
  type freeSpace,
  megabytes,
  type NetworkOptions,
  type RemoteFile,
} from "../../support/download.ts";
import { thousands } from "../../support/format.ts";
import { hasChecksum } from "../../support/part_file.ts";
import { unpackPhotos } from "./unpack_photos.ts";

/** Options of a download into a data folder. */
export interface FetchOptions extends NetworkOptions {
  /** A mirror's address instead of the official one, without a slash at its end. */
  base?: string;
  /** A folder for unfinished files, on the same disk as the data folder. */
  work: string;
  /** Only says what would be done. */
  dryRun?: boolean;
  /** Returns the free bytes of a folder. */
  free?: typeof freeSpace;
  onNotice: (message: string) => void;
}

/** The table, or a folder of photos that comes as a ZIP archive. */
export interface Item {
  /** Its name in the data folder. */
  readonly name: string;
  /** Converts a table's text to the form that is kept; null for photos. */
  readonly table: ((text: string, name: string) => ReadTable) | null;
  /** Its file's name in the dataset, for a download by hand. */
  readonly remote: string;
  /** Matches its file's name in the dataset, and after a download by hand. */
  readonly from: RegExp;
}

interface ReadTable {
  readonly csv: string;
  readonly rows: number;
  /** What was changed, such as `tabs turned to commas`; null if nothing was, byte for byte. */
  readonly changed: string | null;
}

/** An item that is still missing, and its source. */
export interface MissingItem extends Item {
  /** The path of a file that a person put there, which is preferred to the dataset's; null if there is none. */
  readonly byHand: string | null;
  /** The dataset's file; null if the server did not answer. */
  readonly file: RemoteFile | null;
}

/** The record of an item. */
export interface SourceItem {
  /** Its file's name in the dataset or, if the server did not answer, on the disk. */
  readonly from: string;
  /** That file's checksum, such as `md5 0123…`; null if it was not confirmed. */
  readonly checked: string | null;
  /** Number of photos in the folder; absent for a table. */
  readonly photos?: number;
  /** Size of the table or of all photos together. */
  readonly bytes: number;
  /** Only for a table. */
  readonly sha256?: string;
}

/**
 * Prepares an item in the folder `work`: downloads its file unless a person did, checks it, and converts or unpacks it.
 *
 * @returns the item's record
 * @throws {Error} if the file cannot be downloaded or is damaged
 */
export async function prepare(item: MissingItem, options: FetchOptions): Promise<SourceItem> {
  const { name, table, byHand, file } = item;
  const { work, onNotice } = options;
  const path = byHand ?? downloaded(item, work);
  if (!byHand) await downloadFile(file!, path, options);
  const checksum = file?.checksum ?? null;
  const agrees = byHand ? await hasChecksum(path, checksum) : checksum !== null;
  if (checksum && !agrees && !table) { // a person may have a table in the tab-separated form
    throw new Error(
      `${path}: expected the dataset's file, ${checksum.algorithm} ${checksum.value}. Received: a file with another checksum. ` +
        "Its download is incomplete, or it is a different file; remove it and run this again.",
    );
  }
  const source = {
    from: file?.name ?? basename(path),
    checked: agrees ? `${checksum!.algorithm} ${checksum!.value}` : null,
  };
  const proof = agrees ? `${checksum!.algorithm.toUpperCase()} agrees` : null;
  if (!table) {
    const { photos, bytes } = await unpackPhotos(path, join(work, name), options);
    onNotice(
      `${name}: ${thousands(photos)} photos, ${megabytes(bytes)}, ${proof ?? "CRC-32 of each agrees"}`,
    );
    return { ...source, photos, bytes };
  }
  const { csv, rows, changed } = table(await Deno.readTextFile(path), basename(path));
  await writeAtomic(join(work, name), csv);
  onNotice(
    `${name}: ${thousands(rows)} rows${changed ? `, ${changed}` : ""}, ${
      proof ?? "checked against the photos only"
    }`,
  );
  return { ...source, bytes: new TextEncoder().encode(csv).length, sha256: sha256(csv) };
}

/** The path of an item's downloaded file. */
export function downloaded({ name, table }: Item, work: string): string {
  return join(work, table ? name.replace(/\.csv$/, "") : `${name}.zip`);
}

/**
 * Converts HAM10000's table to commas. A table with commas is returned unchanged, byte for byte.
 *
 * @param name the table's name in messages
 * @throws {SyntaxError} if it is no table with HAM10000's columns
 */
export function tableWithCommas(text: string, name: string): ReadTable {
  const { rows, columns, changed } = readRows(text, name);
  if (!metadataColumns.every((column) => columns.includes(column))) {
    throw wrongColumns(name, metadataColumns.join(", "), columns);
  }
  return { csv: changed ? stringify(rows, { columns }) : text, rows: rows.length, changed };
}

/** ISIC 2018's columns of classes, in its order. */
const isicClasses = ["MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"];

/**
 * Converts the ground truth of ISIC 2018 Task 3 to the challenge's form: a column of 0.0 and 1.0 for each class. It may have that
 * form already, or HAM10000's (`image_id`, `dx`).
 *
 * @param name the table's name in messages
 * @throws {SyntaxError} if it has neither form, or a row does not have exactly one of the seven classes
 */
export function oneHotTable(text: string, name: string): ReadTable {
  const { rows, columns, changed } = readRows(text, name);
  const isOneHot = ["image", ...isicClasses].every((column) => columns.includes(column));
  if (!isOneHot && !["image_id", "dx"].every((column) => columns.includes(column))) {
    throw wrongColumns(name, `image, ${isicClasses.join(", ")}, or image_id, dx`, columns);
  }
  const truths = rows.map((row, index) => {
    const marks = isicClasses.map((code) => Number(isOneHot ? row[code] : row.dx.toUpperCase() === code));
    const isOne = marks.every((mark) => mark === 0 || mark === 1) && marks.filter(Boolean).length === 1;
    if (!isOne) {
      throw new SyntaxError(
        `${name}, row ${index + 2}: expected one of ${isicClasses.join(", ")}. Received: ${
          isOneHot ? marks.join(", ") : row.dx
        }`,
      );
    }
    const values = marks.map((mark, label) => [isicClasses[label], mark.toFixed(1)]);
    return { image: isOneHot ? row.image : row.image_id, ...Object.fromEntries(values) };
  });
  if (isOneHot && changed === null) return { csv: text, rows: rows.length, changed };
  const csv = stringify(truths, { columns: ["image", ...isicClasses] });
  return { csv, rows: rows.length, changed: isOneHot ? changed : "diagnoses turned to a column each" };
}

/** The rows of a table with commas, or with tabs as a Dataverse keeps it. */
function readRows(text: string, name: string) {
  const hasTabs = text.slice(0, text.indexOf("\n") + 1).includes("\t");
  try {
    const rows = hasTabs ? parseTabs(text) : parse(text, { skipFirstRow: true });
    return { rows, columns: Object.keys(rows[0] ?? {}), changed: hasTabs ? "tabs turned to commas" : null };
  } catch (error) {
    throw new SyntaxError(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

function wrongColumns(name: string, expected: string, columns: string[]): SyntaxError {
  const received = columns.join(", ").slice(0, 200) || "none";
  return new SyntaxError(`${name}: expected rows with the columns ${expected}. Received: ${received}`);
}

/** Parses a Dataverse's tab-separated form: strings in double quotes, escaped by backslashes; missing values are empty. */
function parseTabs(text: string): Record<string, string>[] {
  return parseCsv(text, { columns: true, bom: true, delimiter: "\t", escape: "\\", skip_empty_lines: true });
}
