/** One item of HAM10000, the table or a part of the photos: downloaded, checked, put in place, recorded. */
import { basename, join } from "node:path";
import { writeAtomic } from "../atomic.ts";
import { sha256 } from "../digest.ts";
import type { TerminalLine } from "../notebook/terminal_line.ts";
import { byteText, transferText } from "./byte_text.ts";
import { hashFile } from "./checksum.ts";
import { datafileAddress, type Guest, openDatafile } from "./dataverse.ts";
import { downloadFile, type DownloadOptions, type RemoteFile } from "./download_file.ts";
import type { FreeSpace } from "./free_space.ts";
import type { MissingItem } from "./ham10000_items.ts";
import { tableWithCommas } from "./metadata_table.ts";
import { statusOf } from "./request.ts";
import { type SourceItem, type SourceRecord, writeRecord } from "./source_record.ts";
import { unpackPhotos } from "./unpack_photos.ts";

export interface FetchOptions extends Pick<DownloadOptions, "waits" | "longestWait" | "patience" | "signal"> {
  line: Pick<TerminalLine, "show" | "print" | "clear">;
  /** Where files are while they come, on the same disk as the data folder. */
  work: string;
  /** Says what would be done and does nothing. */
  dryRun?: boolean;
  free?: FreeSpace;
}

/** All that an item's coming needs. */
export interface Job extends FetchOptions {
  folder: string;
  /** The Dataverse. */
  base: string;
  guest: Guest | null;
  /** Of what is there so far. */
  record: SourceRecord;
  /** What to do by hand, for errors. */
  byHand: string;
}

/** Brings an item and gives the record with it. */
export function fetchItem(item: MissingItem, job: Job): Promise<SourceRecord> {
  return item.kind === "table" ? fetchTable(item, job) : fetchPhotos(item, job);
}

async function fetchTable(item: MissingItem, job: Job): Promise<SourceRecord> {
  const { folder, work, line } = job;
  const source = item.byHand ?? join(work, "HAM10000_metadata");
  const verified = item.byHand ? await isFile(item, item.byHand) : await downloadTable(item, source, job);
  const target = join(folder, item.name);
  let table: ReturnType<typeof tableWithCommas>;
  try {
    table = tableWithCommas(await Deno.readTextFile(source), basename(source));
  } finally {
    if (!item.byHand) await Deno.remove(source);
  }
  if (source !== target || table.converted) await writeAtomic(target, table.csv);
  const checked = verified ? checkedBy(item) : null;
  const doubt = item.file?.ingested
    ? "the server's checksum is of another form of it"
    : "nothing tells its checksum";
  line.print(
    `${item.name}: ${table.rows.toLocaleString("en-US")} rows${
      table.converted ? ", tabs turned to commas" : ""
    }, ` + (checked
      ? `${checked.split(" ")[0].toUpperCase()} agrees`
      : `checked against the photos only: ${doubt}`),
  );
  const bytes = new TextEncoder().encode(table.csv);
  return await record(item, { checked, bytes: bytes.length, sha256: sha256(bytes) }, job);
}

/** As it was uploaded; where the server has only the form with tabs, that. */
async function downloadTable(item: MissingItem, path: string, job: Job): Promise<boolean> {
  if (!item.file?.ingested) return await download(item, path, job, {});
  try {
    return await download(item, path, job, { original: true });
  } catch (error) {
    if (![400, 404].includes(statusOf(error) ?? 0)) throw error;
    job.line.print(`${item.file.name}: the server has no original; taking its tab-separated form`);
    return await download(item, path, job, { bytes: null });
  }
}

async function fetchPhotos(item: MissingItem, job: Job): Promise<SourceRecord> {
  const { folder, work, line, signal, free } = job;
  const archive = item.byHand ?? join(work, `${item.name}.zip`);
  const verified = item.byHand ? await isFile(item, item.byHand) : await download(item, archive, job, {});
  const stage = join(work, item.name);
  const onProgress = (done: number, of: number) =>
    line.show(`${item.name}  unpacking  ${done} of ${of} photos`);
  const unpacked = await unpackPhotos(archive, stage, { onProgress, signal, free }).finally(() =>
    line.clear()
  );
  const checked = verified ? checkedBy(item) : null;
  // The record first: if this ends between the two, the next call finds the folder missing and not somebody else's.
  const after = await record(item, { checked, ...unpacked }, job);
  const old = join(work, `${item.name}.old`);
  await Deno.rename(join(folder, item.name), old).catch(ignoreMissing);
  await Deno.rename(stage, join(folder, item.name));
  await Deno.remove(old, { recursive: true }).catch(ignoreMissing);
  if (!item.byHand) await Deno.remove(archive);
  const proof = checked ? `${checked.split(" ")[0].toUpperCase()} agrees` : "CRC-32 of each agrees";
  line.print(
    `${item.name}: ${unpacked.photos.toLocaleString("en-US")} photos, ${byteText(unpacked.bytes)}, ${proof}`,
  );
  return after;
}

/** Downloads an item's file unless an earlier call has; says whether its checksum agrees. */
async function download(
  item: MissingItem,
  path: string,
  job: Job,
  options: { original?: boolean; bytes?: null },
): Promise<boolean> {
  const { base, guest, line, byHand } = job;
  if (await isFile(item, path, { quiet: true })) return true;
  const file = item.file!;
  const address = datafileAddress(base, file.id, options);
  const remote: RemoteFile = {
    name: file.name,
    address,
    bytes: options.bytes === null ? null : file.bytes,
    checksum: file.checksum,
    byHand,
    open: (headers, signal) => openDatafile(address, guest, { headers, signal }),
  };
  let text = transferText(file.name);
  try {
    const { verified } = await downloadFile(remote, path, {
      ...job,
      onNotice: line.print,
      onStart: (start) => {
        text = transferText(file.name, { start });
        if (start > 0) {
          line.print(`${file.name}: ${byteText(start)} are there from before; going on from there`);
        }
      },
      onProgress: (done, total) => line.show(text(done, total)),
    });
    return verified;
  } finally {
    line.clear();
  }
}

/**
 * Whether a file is the dataset's, by its checksum; false also where there is no checksum.
 *
 * @throws {Error} where it is another one, unless `quiet`
 */
async function isFile(item: MissingItem, path: string, options: { quiet?: boolean } = {}): Promise<boolean> {
  const checksum = item.file?.checksum;
  if (!checksum || await Deno.stat(path).then(() => false, () => true)) return false;
  const digest = (await hashFile(path, checksum)).digest("hex");
  if (digest === checksum.value) return true;
  if (options.quiet || !checksum.binding || item.kind === "table") return false;
  throw new Error(
    `${path}: expected the dataset's file, ${checksum.algorithm.toUpperCase()} ${checksum.value}. Received: ${digest}. Its ` +
      "download was not whole, or it is another file; remove it and run this again.",
  );
}

async function record(item: MissingItem, facts: Omit<SourceItem, "from">, job: Job): Promise<SourceRecord> {
  const from = item.file?.name ?? basename(item.byHand ?? item.name);
  const after = { ...job.record, items: { ...job.record.items, [item.name]: { from, ...facts } } };
  await writeRecord(job.folder, after);
  return after;
}

function checkedBy(item: MissingItem): string | null {
  const checksum = item.file?.checksum;
  return checksum ? `${checksum.algorithm} ${checksum.value}` : null;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
