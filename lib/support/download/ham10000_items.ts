/** The three things that HAM10000 consists of here: where a dataset, and a folder that was filled by hand, has them. */
import { join } from "node:path";
import type { Datafile, Dataset } from "./dataverse.ts";
import { isThere, type SourceRecord } from "./source_record.ts";

/** The table, or a folder of photos that comes as a ZIP archive. */
export interface Item {
  /** In the data folder. */
  readonly name: string;
  readonly kind: "table" | "photos";
  /** Names that the file may have in the dataset, and after a download by hand. */
  readonly from: RegExp;
}

export const items: readonly Item[] = [
  { name: "HAM10000_metadata.csv", kind: "table", from: /^HAM10000_metadata(\.(csv|tab|tsv|txt))?$/i },
  { name: "HAM10000_images_part_1", kind: "photos", from: /^HAM10000_images_part_?1\.zip$/i },
  { name: "HAM10000_images_part_2", kind: "photos", from: /^HAM10000_images_part_?2\.zip$/i },
];

/** An item that is not there yet, and where to take it from: the file that a person put there goes before the dataset's. */
export interface MissingItem extends Item {
  readonly byHand: string | null;
  /** Null where the dataset could not be asked. */
  readonly file: Datafile | null;
}

/** The items that the record does not have, or has otherwise. */
export async function missingItems(folder: string, record: SourceRecord | null): Promise<Item[]> {
  const there = await Promise.all(items.map(({ name }) => isThere(folder, name, record?.items[name])));
  return items.filter((_, index) => !there[index]);
}

/** The file in the folder, put there by hand, that an item can be made of; null where there is none. */
export async function handFile(folder: string, item: Item): Promise<string | null> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).filter((entry) => entry.isFile)
    .map(({ name }) => name).filter((name) => item.from.test(name)).sort();
  return names.length === 0 ? null : join(folder, names[0]);
}

/**
 * The dataset's file for an item.
 *
 * @throws {Error} where it has none or keeps it from the public
 */
export function datasetFile(
  dataset: Dataset,
  item: Item,
  where: { address: string; byHand: string },
): Datafile {
  const file = dataset.files.find(({ name }) => item.from.test(name));
  if (!file) {
    const names = dataset.files.map(({ name }) => name).sort().join(", ");
    throw new Error(
      `${where.address}: expected a file for ${item.name}. Received: ${names || "no file"}. ${where.byHand}`,
    );
  }
  if (file.restricted) {
    throw new Error(
      `${where.address}: ${file.name} is restricted, it is not served to everybody. ${where.byHand}`,
    );
  }
  return file;
}

/**
 * Bytes that the missing items take at the worst moment: photos hardly shrink in a ZIP archive, so each part is counted
 * twice while it is unpacked, once when that is done.
 */
export function roomFor(missing: readonly MissingItem[]): number {
  const sizes = missing.map(({ file }) => file?.bytes ?? 0);
  const archives = missing.map(({ file, byHand, kind }) =>
    kind === "photos" && byHand === null ? file?.bytes ?? 0 : 0
  );
  return sizes.reduce((sum, size) => sum + size, 0) + Math.max(0, ...archives);
}
