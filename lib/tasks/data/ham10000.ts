/**
 * Downloads the photo sets of HAM10000's dataset on Harvard Dataverse into a data folder: finds what is missing, states its size
 * and puts it in place.
 */
import { join } from "node:path";
import { openTable, readMetadata } from "../../data/metadata.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { sha256 } from "../../support/digest.ts";
import { megabytes, requireRoom } from "../../support/download.ts";
import { thousands } from "../../support/format.ts";
import { type Dataset, type Guest, readDataset } from "./dataverse.ts";
import {
  downloaded,
  type FetchOptions,
  type Item,
  type MissingItem,
  oneHotTable,
  prepare,
  type SourceItem,
  tableWithCommas,
} from "./item.ts";
import { jsonText } from "../../support/json.ts";

const ham10000Doi = "doi:10.7910/DVN/DBW86T";
export const ham10000Base = "https://dataverse.harvard.edu";

/** A table and its photos. */
export interface PhotoSet {
  /** Its name in messages and in the record's file name. */
  readonly name: string;
  readonly items: readonly Item[];
  /** Number of the table's photos in a folder. @throws {Error} if the table or one of the photos is missing */
  readonly count: (folder: string) => Promise<number>;
}

export const ham10000: PhotoSet = {
  name: "HAM10000",
  items: [
    {
      name: "HAM10000_metadata.csv",
      table: tableWithCommas,
      remote: "HAM10000_metadata",
      from: /^HAM10000_metadata(\.(csv|tab|tsv|txt))?$/i,
    },
    ...["1", "2"].map((n) => ({
      name: `HAM10000_images_part_${n}`,
      table: null,
      remote: `HAM10000_images_part_${n}.zip`,
      from: new RegExp(`^HAM10000_images_part_?${n}\\.zip$`, "i"),
    })),
  ],
  count: async (folder) => (await readMetadata(folder)).length,
};

const truth = "ISIC2018_Task3_Test_GroundTruth.csv";

/** The official test set of ISIC 2018, Task 3. */
export const isic2018Test: PhotoSet = {
  name: "ISIC2018_Task3_Test",
  items: [
    {
      name: truth,
      table: oneHotTable,
      remote: truth,
      from: /^ISIC2018_Task3_Test.*GroundTruth[^.]*(\.(csv|tab|tsv|txt))?$/i,
    },
    {
      name: "images",
      table: null,
      remote: "ISIC2018_Task3_Test_Images.zip",
      from: /^ISIC2018_Task3_Test(?!.*GroundTruth).*\.zip$/i,
    },
  ],
  async count(folder) {
    return (await openTable(folder, { metadata: join(folder, truth) })).samples.length;
  },
};

/** `<name>_source.json` beside the photos: where they came from, and what must be in the folder. */
interface SourceRecord {
  readonly doi: string;
  /** The dataset's; null if the server did not say. */
  readonly version: string | null;
  readonly licence: string | null;
  /** By name in the data folder. */
  readonly items: Readonly<Record<string, SourceItem>>;
}

/**
 * Downloads what is missing. Existing items are only checked: against the record of an earlier call or, if a person put them there,
 * by whether each photo of the table exists.
 *
 * @param options.guest the person who downloads, sent only if the depositor asks; null: not given
 */
export async function fetchPhotos(
  set: PhotoSet,
  folder: string,
  options: FetchOptions & { guest?: Guest | null },
): Promise<void> {
  const { base = ham10000Base, guest = null, work, free, onNotice } = options;
  const { name: what, items } = set;
  const before = await readRecord(set, folder);
  const recorded = before?.items ?? {};
  const isThere = await Promise.all(
    items.map(({ name }) => isAsRecorded(join(folder, name), recorded[name])),
  );
  const absent = items.filter((_, index) => !isThere[index]);
  if (absent.length === 0) return onNotice(`${what} is in ${folder} as it was downloaded; nothing to do.`);
  if (before === null) {
    const photos = await set.count(folder).catch(() => null);
    if (photos) {
      return onNotice(`${what} is in ${folder}: a table and its ${thousands(photos)} photos; nothing to do.`);
    }
  }
  for (const { name, table } of absent) {
    if (!table) await checkFree(join(folder, name), recorded[name]);
  }
  const { dataset, missing } = await findSources(set, absent, folder, { ...options, base, guest });
  const { version = null, licence = null } = dataset ?? {};
  const toLoad = totalBytes(missing.filter(({ byHand }) => byHand === null));
  const room = roomFor(missing);
  onNotice([
    `${what} (${ham10000Doi}${version ? `, version ${version}` : ""}): ${
      absent.map(({ name }) => name).join(", ")
    } into ${folder}`,
    `  ${megabytes(toLoad)} to download from ${base}, up to ${megabytes(room)} on the disk meanwhile`,
    `  licence: CC BY-NC 4.0, for non-commercial use${licence ? `; the server says: ${licence}` : ""}`,
  ].join("\n"));
  if (options.dryRun) return;
  await requireRoom(folder, room - await bytesIn(work), { what, free });
  const record = { doi: ham10000Doi, version, licence, items: { ...recorded } };
  for (const item of missing) {
    record.items[item.name] = await prepare(item, options);
    // The record comes first: if this ends before the item is in place, the next call knows that a folder of that name is its own.
    await writeAtomic(join(folder, recordFile(set)), jsonText(record));
    if (!item.table) await Deno.remove(join(folder, item.name), { recursive: true }).catch(() => {});
    await Deno.rename(join(work, item.name), join(folder, item.name));
    await Deno.remove(downloaded(item, work)).catch(() => {}); // does not exist if a person downloaded the file
  }
  onNotice(`${what} is complete: ${thousands(await set.count(folder))} photos in ${folder}.`);
}

/** @throws {Error} if `path`, which would be overwritten, was not made by this program or somebody has added files to it */
async function checkFree(path: string, item: SourceItem | undefined): Promise<void> {
  if (await Deno.lstat(path).then(() => false, () => true)) return;
  if (!item) {
    throw new Error(
      `${path} exists but lacks photos, and this task did not download it. It was not changed: move it away ` +
        `or add what is missing (data/README.md), or give another folder with --out.`,
    );
  }
  const files = await namesIn(path);
  if (item.photos === undefined || files.length <= item.photos) return;
  throw new Error(
    `${path} holds other files than the ${
      thousands(item.photos)
    } photos that were downloaded into it. Received: ` +
      `${
        thousands(files.length)
      }. It is left as it is: move what you have added to a folder of its own, and run this again.`,
  );
}

/** The names in a folder, without hidden ones, such as those that macOS adds on other systems' disks. */
async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).filter((name) =>
    !name.startsWith(".")
  );
}

/**
 * Finds the source of each item. If a person put all files into the folder, the server need not answer.
 *
 * @throws {Error} if a needed server does not answer, or the dataset lacks an item
 */
async function findSources(
  { items }: PhotoSet,
  absent: readonly Item[],
  folder: string,
  options: FetchOptions & { base: string; guest: Guest | null },
): Promise<{ dataset: Dataset | null; missing: MissingItem[] }> {
  const { base, guest, onNotice } = options;
  const byHand =
    `By hand: download ${
      items.map(({ remote }) => remote).join(", ").replace(/, ([^,]*)$/, " and $1")
    } from ` +
    `https://doi.org/${
      ham10000Doi.slice(4)
    } in a browser into ${folder} and run this again, which checks and unpacks them.`;
  const names = await filesIn(folder);
  const given = absent.map(({ from }) => names.find((name) => from.test(name)));
  const dataset = await readDataset({ base, doi: ham10000Doi, guest, byHand }, options).catch((error) => {
    if (given.includes(undefined)) throw error;
    onNotice(`${error.message.split(". ")[0]}. The files in ${folder} are taken as they are.`);
    return null;
  });
  const missing = absent.map((item, index) => {
    const file = dataset?.files.find(({ name }) => item.from.test(name)) ?? null;
    if (dataset && !file) {
      const received = dataset.files.map(({ name }) => name).sort().join(", ") || "no file";
      throw new Error(`${base}: expected a file for ${item.name}. Received: ${received}. ${byHand}`);
    }
    return { ...item, byHand: given[index] === undefined ? null : join(folder, given[index]), file };
  });
  return { dataset, missing };
}

/** The most bytes that the items take at any moment. Photos hardly shrink in an archive, so the largest archive counts twice. */
function roomFor(missing: readonly MissingItem[]): number {
  const archives = missing.filter(({ table, byHand }) => !table && !byHand);
  return totalBytes(missing) + Math.max(0, ...archives.map((item) => totalBytes([item])));
}

/** The bytes of the items' files, as far as the server says. */
function totalBytes(missing: readonly MissingItem[]): number {
  return missing.reduce((sum, { file }) => sum + (file?.bytes ?? 0), 0);
}

/** Bytes that are downloaded already and need no more room. */
async function bytesIn(folder: string): Promise<number> {
  return (await filesIn(folder)).reduce((sum, name) => sum + Deno.statSync(join(folder, name)).size, 0);
}

async function filesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).filter(({ isFile }) => isFile).map(({ name }) => name);
}

const recordFile = ({ name }: PhotoSet) => `${name}_source.json`;

/** The record; null if it is missing or cannot be read. */
async function readRecord(set: PhotoSet, folder: string): Promise<SourceRecord | null> {
  const record = await Deno.readTextFile(join(folder, recordFile(set))).then(JSON.parse).catch(() => null);
  return record?.items ? record : null;
}

/** Whether the table or the photos at `path` match their record: the table by digest, photos by number and bytes. */
async function isAsRecorded(path: string, item: SourceItem | undefined): Promise<boolean> {
  if (!item || await Deno.stat(path).then(() => false, () => true)) return false;
  if (item.photos === undefined) return sha256(await Deno.readFile(path)) === item.sha256;
  const photos = (await namesIn(path)).filter((name) => /\.jpe?g$/i.test(name));
  const sizes = photos.map((name) => Deno.statSync(join(path, name)).size);
  return sizes.length === item.photos && sizes.reduce((sum, size) => sum + size, 0) === item.bytes;
}
