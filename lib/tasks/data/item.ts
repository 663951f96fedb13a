/** One item of a set of photos, its table or an archive: downloaded, checked, made ready to be put in place. */
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

/** What a download into a data folder needs. */
export interface FetchOptions extends NetworkOptions {
  /** A mirror's address, without slash at its end, in the place of the official one. */
  base?: string;
  /** Where files are while they come: a folder on the same disk as the data folder. */
  work: string;
  /** Says what would be done and does nothing. */
  dryRun?: boolean;
  /** Tells the free bytes of a folder. */
  free?: typeof freeSpace;
  onNotice: (message: string) => void;
}

/** The table, or a folder of photos that comes as a ZIP archive. */
export interface Item {
  /** In the data folder. */
  readonly name: string;
  /** Reads its file and gives it as it is kept; null for photos. */
  readonly table: ((text: string, name: string) => ReadTable) | null;
  /** What its file is called in the dataset, for whoever downloads by hand. */
  readonly remote: string;
  /** Names that its file may have in the dataset, and after a download by hand. */
  readonly from: RegExp;
}

interface ReadTable {
  readonly csv: string;
  readonly rows: number;
  /** What was changed, as `tabs turned to commas`; null where it is as it came, byte for byte. */
  readonly changed: string | null;
}

/** An item that is not there yet, and where to take it from. */
export interface MissingItem extends Item {
  /** The file that a person put there, which goes before the dataset's; null where there is none. */
  readonly byHand: string | null;
  /** Null where the dataset could not be asked. */
  readonly file: RemoteFile | null;
}

/** What is recorded of an item. */
export interface SourceItem {
  /** The file that it came from, by its name in the dataset. */
  readonly from: string;
  /** That file's checksum as `md5 0123…`; null where it could not be checked. */
  readonly checked: string | null;
  /** Photos in a folder; absent for the table. */
  readonly photos?: number;
  /** Of the table or of all photos together. */
  readonly bytes: number;
  /** Of the table. */
  readonly sha256?: string;
}

/**
 * Makes an item ready in the folder for work: downloads its file unless a person did, checks it, converts or unpacks it.
 *
 * @returns what to record of it
 */
export async function prepare(item: MissingItem, options: FetchOptions): Promise<SourceItem> {
  const { name, table, byHand, file } = item;
  const { work, onNotice } = options;
  const path = byHand ?? downloaded(item, work);
  if (!byHand) await downloadFile(file!, path, options);
  const checksum = file?.checksum ?? null;
  const agrees = byHand ? await hasChecksum(path, checksum) : checksum !== null;
  if (checksum && !agrees && !table) { // of a table a person may have the form with tabs
    throw new Error(
      `${path}: expected the dataset's file, ${checksum.algorithm} ${checksum.value}. Received: another one. Its download ` +
        "was not whole, or it is another file; remove it and run this again.",
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

/** Where an item's file is once it was downloaded. */
export function downloaded({ name, table }: Item, work: string): string {
  return join(work, table ? name.replace(/\.csv$/, "") : `${name}.zip`);
}

/**
 * HAM10000's table with commas. One that has them already comes back as it is, byte for byte.
 *
 * @param name what messages call it
 * @throws {SyntaxError} where it is no table with HAM10000's columns
 */
export function tableWithCommas(text: string, name: string): ReadTable {
  const { rows, columns, changed } = readRows(text, name);
  if (!metadataColumns.every((column) => columns.includes(column))) {
    throw wrongColumns(name, metadataColumns.join(", "), columns);
  }
  return { csv: changed ? stringify(rows, { columns }) : text, rows: rows.length, changed };
}

/** The classes' columns of ISIC 2018, in its order. */
const isicClasses = ["MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"];

/**
 * The ground truth of ISIC 2018 Task 3 with a column of 0.0 and 1.0 a class, as the challenge gave it. HAM10000's form, which has a
 * diagnosis in words (`image_id`, `dx`), becomes it.
 *
 * @param name what messages call it
 * @throws {SyntaxError} where it has neither form, or a row has not just one of the seven classes
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

/** The rows of a table with commas or, as a Dataverse keeps it, with tabs. */
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

/** A Dataverse's form: strings in double quotes, backslashes before quotes and backslashes, nothing for a missing value. */
function parseTabs(text: string): Record<string, string>[] {
  return parseCsv(text, { columns: true, bom: true, delimiter: "\t", escape: "\\", skip_empty_lines: true });
}
