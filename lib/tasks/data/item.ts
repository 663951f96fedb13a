/** One item of HAM10000, the table or a part of the photos: downloaded, checked, made ready to be put in place. */
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
  readonly isTable: boolean;
  /** Names that its file may have in the dataset, and after a download by hand. */
  readonly from: RegExp;
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
  const { name, isTable, byHand, file } = item;
  const { work, onNotice } = options;
  const path = byHand ?? downloaded(item, work);
  if (!byHand) await downloadFile(file!, path, options);
  const checksum = file?.checksum ?? null;
  const agrees = byHand ? await hasChecksum(path, checksum) : checksum !== null;
  if (checksum && !agrees && !isTable) { // of a table a person may have the form with tabs
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
  if (!isTable) {
    const { photos, bytes } = await unpackPhotos(path, join(work, name), options);
    onNotice(
      `${name}: ${thousands(photos)} photos, ${megabytes(bytes)}, ${proof ?? "CRC-32 of each agrees"}`,
    );
    return { ...source, photos, bytes };
  }
  const { csv, rows, converted } = tableWithCommas(await Deno.readTextFile(path), basename(path));
  await writeAtomic(join(work, name), csv);
  const tabs = converted ? ", tabs turned to commas" : "";
  onNotice(`${name}: ${thousands(rows)} rows${tabs}, ${proof ?? "checked against the photos only"}`);
  return { ...source, bytes: new TextEncoder().encode(csv).length, sha256: sha256(csv) };
}

/** Where an item's file is once it was downloaded. */
export function downloaded({ name, isTable }: Item, work: string): string {
  return join(work, isTable ? "HAM10000_metadata" : `${name}.zip`);
}

/**
 * The table with commas. One that has them already comes back as it is, byte for byte.
 *
 * @param name what messages call it
 * @throws {SyntaxError} where it is no table with HAM10000's columns
 */
export function tableWithCommas(
  text: string,
  name: string,
): { csv: string; rows: number; converted: boolean } {
  const converted = text.slice(0, text.indexOf("\n") + 1).includes("\t");
  let rows: Record<string, string>[];
  try {
    rows = converted ? parseTabs(text) : parse(text, { skipFirstRow: true });
  } catch (error) {
    throw new SyntaxError(`${name}: ${(error as Error).message}`, { cause: error });
  }
  const columns = Object.keys(rows[0] ?? {});
  if (!metadataColumns.every((column) => columns.includes(column))) {
    throw new SyntaxError(
      `${name}: expected rows with the columns ${metadataColumns.join(", ")}. Received: ${
        columns.join(", ").slice(0, 200) || "none"
      }`,
    );
  }
  return { csv: converted ? stringify(rows, { columns }) : text, rows: rows.length, converted };
}

/** A Dataverse's form: strings in double quotes, backslashes before quotes and backslashes, nothing for a missing value. */
function parseTabs(text: string): Record<string, string>[] {
  return parseCsv(text, { columns: true, bom: true, delimiter: "\t", escape: "\\", skip_empty_lines: true });
}
