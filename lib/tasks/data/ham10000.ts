/** HAM10000 from Harvard Dataverse into a data folder: what is missing, what it costs, and how it comes. */
import { basename, join } from "node:path";
import { readMetadata } from "../../data/metadata.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { sha256 } from "../../support/digest.ts";
import {
  downloadFile,
  type freeSpace,
  megabytes,
  type NetworkOptions,
  Refusal,
  requireRoom,
} from "../../support/download.ts";
import { thousands } from "../../support/format.ts";
import { hasChecksum } from "../../support/part_file.ts";
import {
  type Datafile,
  type Dataset,
  type Dataverse,
  type Guest,
  readDataset,
  remoteFile,
} from "./dataverse.ts";
import { tableWithCommas } from "./metadata_table.ts";
import { isAsRecorded, readRecord, type SourceItem, writeRecord } from "./source_record.ts";
import { unpackPhotos } from "./unpack_photos.ts";

export const ham10000Doi = "doi:10.7910/DVN/DBW86T";
export const ham10000Base = "https://dataverse.harvard.edu";

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
interface Item {
  /** In the data folder. */
  readonly name: string;
  readonly isTable: boolean;
  /** Names that its file may have in the dataset, and after a download by hand. */
  readonly from: RegExp;
}

const items: readonly Item[] = [
  { name: "HAM10000_metadata.csv", isTable: true, from: /^HAM10000_metadata(\.(csv|tab|tsv|txt))?$/i },
  { name: "HAM10000_images_part_1", isTable: false, from: /^HAM10000_images_part_?1\.zip$/i },
  { name: "HAM10000_images_part_2", isTable: false, from: /^HAM10000_images_part_?2\.zip$/i },
];

/** An item that is not there yet, and where to take it from. */
interface MissingItem extends Item {
  /** The file that a person put there, which goes before the dataset's; null where there is none. */
  readonly byHand: string | null;
  /** Null where the dataset could not be asked. */
  readonly file: Datafile | null;
}

/** What an item's coming needs. */
interface Job extends FetchOptions {
  readonly folder: string;
  readonly dataverse: Dataverse;
  readonly guest: Guest | null;
}

/**
 * Brings what is missing. What is there already is looked at, not fetched: by the record of an earlier call, or, where a person
 * put it there, by whether each photo of the table is there.
 *
 * @param options.guest who downloads, told only where the depositor asks; null: nobody
 */
export async function fetchHam10000(
  folder: string,
  options: FetchOptions & { guest?: Guest | null },
): Promise<void> {
  const { base = ham10000Base, guest = null, work, onNotice } = options;
  const before = await readRecord(folder);
  const recorded = before?.items ?? {};
  const isThere = await Promise.all(
    items.map(({ name }) => isAsRecorded(join(folder, name), recorded[name])),
  );
  const absent = items.filter((_, index) => !isThere[index]);
  if (absent.length === 0) return onNotice(`HAM10000 is in ${folder} as it was downloaded; nothing to do.`);
  if (before === null) {
    const samples = await readMetadata(folder).catch(() => null);
    if (samples) {
      return onNotice(
        `HAM10000 is in ${folder}: a table and its ${thousands(samples.length)} photos; nothing to do.`,
      );
    }
  }
  for (const { name, isTable } of absent) {
    if (!isTable && !recorded[name]) await checkFree(join(folder, name));
  }
  const job = { ...options, folder, dataverse: { base, byHand: adviceByHand(folder) }, guest };
  const { dataset, missing } = await findSources(absent, job);
  announce(missing, dataset, job);
  if (options.dryRun) return;
  await requireRoom(folder, roomFor(missing) - await bytesIn(work), { what: "HAM10000", free: options.free });
  const { version = null, licence = null } = dataset ?? {};
  const record = { doi: ham10000Doi, version, licence, items: { ...recorded } };
  for (const item of missing) {
    const { path, checked } = await obtain(item, job);
    const facts = await (item.isTable ? readyTable : readyPhotos)({ ...item, path, checked }, job);
    record.items[item.name] = { from: item.file?.name ?? basename(path), checked, ...facts };
    // The record first: if this ends before the item is in place, the next call knows that a folder of that name is its own.
    await writeRecord(folder, record);
    if (!item.isTable) await Deno.remove(join(folder, item.name), { recursive: true }).catch(() => {});
    await Deno.rename(join(work, item.name), join(folder, item.name));
    if (item.byHand === null) await Deno.remove(path);
  }
  onNotice(`HAM10000 is complete: ${thousands((await readMetadata(folder)).length)} photos in ${folder}.`);
}

function adviceByHand(folder: string): string {
  return "By hand: download HAM10000_metadata, HAM10000_images_part_1.zip and HAM10000_images_part_2.zip from " +
    `https://doi.org/${
      ham10000Doi.slice(4)
    } in a browser into ${folder} and run this again, which checks and unpacks them.`;
}

/** @throws {Error} where a folder of photos would be overwritten that this did not make */
async function checkFree(path: string): Promise<void> {
  if (await Deno.lstat(path).then(() => false, () => true)) return;
  throw new Error(
    `${path} is there already, photos are missing, and it was not downloaded by this. It is left as it is: move it away ` +
      `or add what is missing (data/README.md), or give another folder with --out.`,
  );
}

/** Where each item comes from. Where a person put all of them there, it does without a server. */
async function findSources(
  absent: readonly Item[],
  job: Job,
): Promise<{ dataset: Dataset | null; missing: MissingItem[] }> {
  const { folder, dataverse, onNotice } = job;
  const names = await filesIn(folder);
  const given = absent.map(({ from }) => names.find((name) => from.test(name)));
  const dataset = await readDataset(dataverse, ham10000Doi, job).catch((error) => {
    if (given.includes(undefined)) throw error;
    onNotice(`${error.message.split(". ")[0]}. The files in ${folder} are taken as they are.`);
    return null;
  });
  const missing = absent.map((item, index) => ({
    ...item,
    byHand: given[index] === undefined ? null : join(folder, given[index]),
    file: dataset && fileOf(dataset, item, dataverse),
  }));
  return { dataset, missing };
}

/** @throws {Error} where the dataset has no file for the item */
function fileOf({ files }: Dataset, { name, from }: Item, { base, byHand }: Dataverse): Datafile {
  const file = files.find((file) => from.test(file.name));
  if (!file) {
    const names = files.map((file) => file.name).sort().join(", ");
    throw new Error(`${base}: expected a file for ${name}. Received: ${names || "no file"}. ${byHand}`);
  }
  return file;
}

function announce(missing: readonly MissingItem[], dataset: Dataset | null, job: Job): void {
  const load = sum(missing.filter(({ byHand }) => byHand === null).map(({ file }) => file?.bytes ?? 0));
  const version = dataset?.version ? `, version ${dataset.version}` : "";
  const licence = dataset?.licence ? `; the server says: ${dataset.licence}` : "";
  job.onNotice(
    `HAM10000 (${ham10000Doi}${version}): ${
      missing.map(({ name }) => name).join(", ")
    } into ${job.folder}\n` +
      `  ${megabytes(load)} to download from ${job.dataverse.base}, up to ${
        megabytes(roomFor(missing))
      } on the disk meanwhile\n` +
      `  licence: CC BY-NC 4.0, for non-commercial use${licence}`,
  );
}

/** Bytes that the items take at the worst moment: photos hardly shrink in an archive, so the largest archive counts twice. */
function roomFor(missing: readonly MissingItem[]): number {
  const archives = missing.map(({ file, byHand, isTable }) => isTable || byHand ? 0 : file?.bytes ?? 0);
  return sum(missing.map(({ file }) => file?.bytes ?? 0)) + Math.max(0, ...archives);
}

/** Bytes that have come already, for which no more room is needed. */
async function bytesIn(folder: string): Promise<number> {
  return sum((await filesIn(folder)).map((name) => Deno.statSync(join(folder, name)).size));
}

/**
 * The item's file: the one that a person put there, else downloaded.
 *
 * @returns its path; its checksum as `md5 0123…` where that agrees, null where nothing is known
 * @throws {Error} where a person put another archive there than the dataset's; where the download fails
 */
async function obtain(item: MissingItem, job: Job): Promise<{ path: string; checked: string | null }> {
  const { byHand, isTable } = item;
  const checksum = item.file?.checksum ?? null;
  const path = byHand ?? join(job.work, isTable ? "HAM10000_metadata" : `${item.name}.zip`);
  if (byHand === null) await download(item.file!, path, job);
  const agrees = byHand === null ? checksum !== null : await hasChecksum(path, checksum);
  if (checksum !== null && !agrees && !isTable) {
    throw new Error(
      `${path}: expected the dataset's file, ${checksum.algorithm} ${checksum.value}. Received: another one. Its download ` +
        "was not whole, or it is another file; remove it and run this again.",
    );
  }
  return { path, checked: agrees ? `${checksum!.algorithm} ${checksum!.value}` : null };
}

/** Of an ingested table the file as it was uploaded; where the server does not have that any more, the form with tabs. */
async function download(file: Datafile, path: string, job: Job): Promise<void> {
  const { dataverse, guest } = job;
  const original = file.ingested;
  await downloadFile(remoteFile(dataverse, file, { guest, original }), path, job).catch(async (error) => {
    if (!original || !(error instanceof Refusal)) throw error;
    job.onNotice(`${file.name}: the server has no original; taking its tab-separated form`);
    await downloadFile(remoteFile(dataverse, file, { guest }), path, job);
  });
}

type Obtained = MissingItem & { readonly path: string; readonly checked: string | null };

/** Writes the table with commas into the folder for work. */
async function readyTable(
  item: Obtained,
  { work, onNotice }: Job,
): Promise<Pick<SourceItem, "bytes" | "sha256">> {
  const { name, path, checked, file } = item;
  const table = tableWithCommas(await Deno.readTextFile(path), basename(path));
  await writeAtomic(join(work, name), table.csv);
  const doubt = file?.checksum || file?.ingested
    ? "the server's checksum is of another form of it"
    : "nothing tells its checksum";
  const proof = checked
    ? `${checked.split(" ")[0].toUpperCase()} agrees`
    : `checked against the photos only: ${doubt}`;
  onNotice(
    `${name}: ${thousands(table.rows)} rows${table.converted ? ", tabs turned to commas" : ""}, ${proof}`,
  );
  return { bytes: new TextEncoder().encode(table.csv).length, sha256: sha256(table.csv) };
}

/** Unpacks the photos into the folder for work. */
async function readyPhotos(item: Obtained, job: Job): Promise<Pick<SourceItem, "bytes" | "photos">> {
  const { name, path, checked } = item;
  const unpacked = await unpackPhotos(path, join(job.work, name), job);
  const proof = checked ? `${checked.split(" ")[0].toUpperCase()} agrees` : "CRC-32 of each agrees";
  job.onNotice(
    `${name}: ${thousands(unpacked.photos)} photos, ${megabytes(unpacked.bytes)}, ${proof}`,
  );
  return unpacked;
}

async function filesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).filter(({ isFile }) => isFile).map(({ name }) => name);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
