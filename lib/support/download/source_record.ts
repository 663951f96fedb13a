/** `HAM10000_source.json` beside the photos: where they came from, and what must still be there. */
import { join } from "node:path";
import { writeAtomic } from "../atomic.ts";
import { sha256 } from "../digest.ts";

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
  /** The file it came from, by its name in the dataset. */
  readonly from: string;
  /** That file's checksum as `md5 0123…`, null where it could not be checked. */
  readonly checked: string | null;
  /** Photos in a folder; absent for the table. */
  readonly photos?: number;
  /** Of the table or of all photos together. */
  readonly bytes: number;
  /** Of the table. */
  readonly sha256?: string;
}

export const recordFile = "HAM10000_source.json";

/** The record, or null where none can be read. */
export async function readRecord(folder: string): Promise<SourceRecord | null> {
  try {
    const record = JSON.parse(await Deno.readTextFile(join(folder, recordFile)));
    return typeof record?.items === "object" && record.items !== null ? record : null;
  } catch {
    return null;
  }
}

export async function writeRecord(folder: string, record: SourceRecord): Promise<void> {
  await writeAtomic(join(folder, recordFile), JSON.stringify(record, null, 2) + "\n");
}

/** Whether an item is as it was recorded: the table by its digest, photos by their number and bytes. */
export async function isThere(folder: string, name: string, item: SourceItem | undefined): Promise<boolean> {
  if (!item) return false;
  const path = join(folder, name);
  if (item.photos === undefined) {
    const bytes = await Deno.readFile(path).catch(() => null);
    return bytes !== null && sha256(bytes) === item.sha256;
  }
  const found = countPhotos(path);
  return found !== null && found.photos === item.photos && found.bytes === item.bytes;
}

/** JPEGs of a folder; null where there is no such folder. */
export function countPhotos(folder: string): { photos: number; bytes: number } | null {
  try {
    let [photos, bytes] = [0, 0];
    for (const { name } of Deno.readDirSync(folder)) {
      if (!/\.jpe?g$/i.test(name)) continue;
      photos++;
      bytes += Deno.statSync(join(folder, name)).size;
    }
    return { photos, bytes };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
