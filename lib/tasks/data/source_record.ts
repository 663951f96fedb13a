/** `HAM10000_source.json` beside the photos: where they came from, and what must still be there. */
import { join } from "node:path";
import { writeAtomic } from "../../support/atomic.ts";
import { sha256 } from "../../support/digest.ts";

export interface SourceRecord {
  readonly doi: string;
  /** Of the dataset; null where no one told. */
  readonly version: string | null;
  readonly licence: string | null;
  /** By the name in the data folder. */
  readonly items: Readonly<Record<string, SourceItem>>;
}

/** The table or a folder of photos. */
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

const recordFile = "HAM10000_source.json";

/** The record, or null where none can be read. */
export async function readRecord(folder: string): Promise<SourceRecord | null> {
  const record = await Deno.readTextFile(join(folder, recordFile)).then(JSON.parse).catch(() => null);
  return record?.items ? record : null;
}

export async function writeRecord(folder: string, record: SourceRecord): Promise<void> {
  await writeAtomic(join(folder, recordFile), JSON.stringify(record, null, 2) + "\n");
}

/** Whether the table or the photos at `path` are as they were recorded: by digest, or by number and bytes. */
export async function isAsRecorded(path: string, item: SourceItem | undefined): Promise<boolean> {
  if (!item || await Deno.stat(path).then(() => false, () => true)) return false;
  if (item.photos === undefined) return sha256(await Deno.readFile(path)) === item.sha256;
  const files = (await Array.fromAsync(Deno.readDir(path))).filter(({ name }) => /\.jpe?g$/i.test(name));
  const sizes = files.map(({ name }) => Deno.statSync(join(path, name)).size);
  return sizes.length === item.photos && sizes.reduce((sum, size) => sum + size, 0) === item.bytes;
}
