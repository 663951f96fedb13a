/** HAM10000 from Harvard Dataverse into a data folder: what is missing, what it costs, and in which order it comes. */
import { join } from "node:path";
import { readMetadata } from "../../data/metadata.ts";
import { byteText } from "./byte_text.ts";
import { type Dataset, datasetAddress, type Guest, readDataset } from "./dataverse.ts";
import { fetchItem, type FetchOptions } from "./fetch_item.ts";
import { requireRoom } from "./free_space.ts";
import { datasetFile, handFile, type MissingItem, missingItems, roomFor } from "./ham10000_items.ts";
import { readRecord, type SourceRecord } from "./source_record.ts";

export const ham10000Doi = "doi:10.7910/DVN/DBW86T";
export const ham10000Base = "https://dataverse.harvard.edu";

/**
 * Brings what is missing. What is there already is looked at, not fetched: by the record of an earlier call, or, where a
 * person put it there, by whether every photo of the table is there.
 *
 * @param options.base a Dataverse's address without slash at its end: a mirror's in the place of Harvard's
 * @param options.guest who downloads, told only where the depositor asks; null: nobody
 */
export async function fetchHam10000(
  folder: string,
  options: FetchOptions & { base?: string; guest?: Guest | null },
): Promise<void> {
  const { line, base = ham10000Base, guest = null } = options;
  const before = await readRecord(folder);
  const absent = await missingItems(folder, before);
  if (absent.length === 0) return line.print(`HAM10000 is in ${folder} as it was downloaded; nothing to do.`);
  if (before === null) {
    const samples = await readMetadata(folder).catch(() => null);
    if (samples) {
      const photos = samples.length.toLocaleString("en-US");
      return line.print(`HAM10000 is in ${folder}: a table and its ${photos} photos; nothing to do.`);
    }
  }
  const byHand = adviceByHand(folder);
  const where = { address: datasetAddress(base, ham10000Doi), byHand };
  const hand = await Promise.all(absent.map((item) => handFile(folder, item)));
  const dataset = await readDataset(where, { ...options, onNotice: line.print }).catch((error) => {
    if (options.signal?.aborted || hand.includes(null)) throw error;
    line.print(`${error.message.split(". ")[0]}. The files in ${folder} are taken as they are.`);
    return null;
  });
  const missing = absent.map((item, index) => ({
    ...item,
    byHand: hand[index],
    file: dataset && datasetFile(dataset, item, where),
  }));
  await checkPlaces(folder, missing, before);
  announce(folder, missing, { dataset, base, line });
  if (options.dryRun) return;
  await requireRoom(folder, roomFor(missing) - await bytesThere(options.work), {
    what: "HAM10000",
    free: options.free,
  });
  const record: SourceRecord = {
    doi: ham10000Doi,
    version: dataset?.version ?? null,
    licence: dataset?.licence ?? null,
    items: Object.fromEntries(
      Object.entries(before?.items ?? {}).filter(([name]) => absent.every((item) => item.name !== name)),
    ),
  };
  const job = { ...options, folder, base, guest, record, byHand };
  for (const item of missing) job.record = await fetchItem(item, job);
  const samples = await readMetadata(folder);
  line.print(`HAM10000 is complete: ${samples.length.toLocaleString("en-US")} photos in ${folder}.`);
}

function adviceByHand(folder: string): string {
  return `By hand: download HAM10000_metadata, HAM10000_images_part_1.zip and HAM10000_images_part_2.zip from ` +
    `https://doi.org/${
      ham10000Doi.slice(4)
    } in a browser into ${folder} and run this again, which checks and unpacks them.`;
}

function announce(
  folder: string,
  missing: readonly MissingItem[],
  { dataset, base, line }: { dataset: Dataset | null; base: string; line: FetchOptions["line"] },
): void {
  const load = missing.filter(({ byHand }) => byHand === null)
    .reduce((sum, { file }) => sum + (file?.bytes ?? 0), 0);
  const version = dataset?.version ? `, version ${dataset.version}` : "";
  line.print(
    `HAM10000 (${ham10000Doi}${version}): ${missing.map(({ name }) => name).join(", ")} into ${folder}\n` +
      `  ${byteText(load)} to download from ${base}, up to ${
        byteText(roomFor(missing))
      } on the disk meanwhile\n` +
      `  licence: CC BY-NC 4.0, for non-commercial use${
        dataset?.licence ? `; the server says: ${dataset.licence}` : ""
      }`,
  );
}

/** @throws {Error} where a folder of photos would be overwritten that this did not make */
async function checkPlaces(
  folder: string,
  missing: readonly MissingItem[],
  before: SourceRecord | null,
): Promise<void> {
  for (const { name, kind } of missing) {
    const path = join(folder, name);
    const taken = kind === "photos" && !before?.items[name] &&
      await Deno.lstat(path).then(() => true, () => false);
    if (!taken) continue;
    throw new Error(
      `${path} is there already, photos are missing, and it was not downloaded by this. It is left as it is: move it away ` +
        `or add what is missing (data/README.md), or give another folder with --out.`,
    );
  }
}

/** Bytes that have come already, for which no more room is needed. */
async function bytesThere(work: string): Promise<number> {
  let sum = 0;
  for await (const { name, isFile } of Deno.readDir(work)) {
    if (isFile) sum += (await Deno.stat(join(work, name))).size;
  }
  return sum;
}
