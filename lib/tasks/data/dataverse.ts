/**
 * A Dataverse's API as far as a public dataset's files need it (guides.dataverse.org, Native API and Data Access API):
 *
 * - `GET /api/datasets/:persistentId/?persistentId=DOI` lists the files of the latest published version;
 * - `GET /api/access/datafile/ID` gives a file, through a redirect to a storage address that is signed for a short time, so that
 *   each attempt starts at the API;
 * - a table that was ingested is kept as tab-separated text; `?format=original` gives the file as it was uploaded;
 * - where the depositor asks who downloads (a guestbook), GET is refused, and a POST of the answers to the same address gives a
 *   signed one (Dataverse 6.11).
 */
import { join } from "node:path";
import { downloadFile, type NetworkOptions, type RemoteFile } from "../../support/download.ts";
import type { Checksum } from "../../support/part_file.ts";

/** A dataset on a Dataverse, and who asks for it. */
export interface DatasetAddress {
  /** The Dataverse's address, without slash at its end. */
  readonly base: string;
  /** As `doi:10.7910/DVN/DBW86T`. */
  readonly doi: string;
  /** Who downloads, told only where the depositor asks; null: nobody. */
  readonly guest: Guest | null;
  /** What to do by hand: whole sentences, the end of each error. */
  readonly byHand: string;
}

export interface Guest {
  readonly name: string;
  readonly email: string;
  readonly institution: string;
  readonly position: string;
}

export interface Dataset {
  /** As `4.0`; null where the answer has none. */
  readonly version: string | null;
  /** The licence's name or the terms of use, in the server's words; null where it has none. */
  readonly licence: string | null;
  /** Of an ingested table neither size nor checksum is known: the server's may be of the upload or of the form with tabs. */
  readonly files: readonly RemoteFile[];
}

/**
 * Asks for a dataset's files.
 *
 * @param options.work a folder for the answer while it comes
 * @throws {Error} where the server cannot be reached or refuses
 * @throws {SyntaxError} where the answer is no list of files
 */
export async function readDataset(
  dataset: DatasetAddress,
  options: NetworkOptions & { work: string },
): Promise<Dataset> {
  const { base, doi, byHand } = dataset;
  const address = `${base}/api/datasets/:persistentId/?persistentId=${doi}`;
  const path = join(options.work, "dataset.json");
  await downloadFile({ name: "list of files", address, bytes: null, checksum: null, byHand }, path, options);
  const text = await Deno.readTextFile(path);
  await Deno.remove(path);
  try {
    const version: ApiVersion = JSON.parse(text).data.latestVersion;
    const { versionNumber, versionMinorNumber, files } = version;
    return {
      version: versionNumber === undefined ? null : `${versionNumber}.${versionMinorNumber}`,
      licence: licenceOf(version),
      files: files.map(({ label, dataFile }) => remoteFile(label, dataFile, dataset)),
    };
  } catch (error) {
    throw new SyntaxError(
      `${address}: expected a Dataverse's list of files. Received: ${text.slice(0, 80)} (${
        (error as Error).message
      }). ${byHand}`,
    );
  }
}

/** What is used here of a dataset's version, as the API gives it. */
interface ApiVersion {
  versionNumber?: number;
  versionMinorNumber?: number;
  /** Since Dataverse 5.10 an object; before, a word that may be NONE. */
  license?: { name: string } | string | null;
  /** HTML. */
  termsOfUse?: string;
  files: { label: string; dataFile: ApiFile }[];
}

interface ApiFile {
  id: number;
  filesize?: number;
  checksum?: { type: string; value: string };
  /** Of a table that was ingested. */
  originalFileFormat?: string;
}

function licenceOf({ license, termsOfUse = "" }: ApiVersion): string | null {
  const terms = termsOfUse.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  const word = typeof license === "string" ? terms || license : license?.name ?? terms;
  return word && word !== "NONE" ? word.slice(0, 300) : null;
}

function remoteFile(name: string, file: ApiFile, { base, guest, byHand }: DatasetAddress): RemoteFile {
  if (typeof file.id !== "number" || typeof name !== "string") {
    throw new Error("a file has no id or no label");
  }
  const address = `${base}/api/access/datafile/${file.id}`;
  const common = { name, address, byHand };
  if (file.originalFileFormat === undefined) {
    const open: RemoteFile["open"] = (init) => openDatafile(address, guest, init);
    return { ...common, bytes: file.filesize ?? null, checksum: checksumOf(file), open };
  }
  const open: RemoteFile["open"] = async (init) => {
    const original = await openDatafile(`${address}?format=original`, guest, init);
    if (![400, 404].includes(original.status)) return original;
    return await openDatafile(address, guest, init); // the server has it with tabs only
  };
  return { ...common, bytes: null, checksum: null, open };
}

/** Null for a kind that cannot be computed here. */
function checksumOf({ checksum }: ApiFile): Checksum | null {
  const algorithm = checksum?.type.toLowerCase().replace("-", "");
  const known = (["md5", "sha1", "sha256", "sha512"] as const).find((name) => name === algorithm);
  return known && checksum ? { algorithm: known, value: checksum.value.toLowerCase() } : null;
}

/** A file's answer; a refusal has a status of 400 or more. */
async function openDatafile(
  address: string,
  guest: Guest | null,
  init: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  const response = await fetch(address, init);
  if (!response.headers.get("content-type")?.includes("json")) return response;
  // No file here is JSON: it is a refusal, whatever the status says.
  const refusal = await response.text();
  const status = Math.max(response.status, 400);
  if (!/guestbook/i.test(refusal)) return new Response(refusal, { status, headers: response.headers });
  if (guest === null) {
    throw new Error(
      `${address}: the depositor asks who downloads. Give --name, --email, --institution and --position, which are then ` +
        `sent there, or download in a browser. Received: ${refusal.slice(0, 200)}`,
    );
  }
  const posted = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ guestbookResponse: { ...guest, answers: [] } }),
    signal: init.signal,
  });
  const answer = await posted.text();
  const signed = /"signedUrl"\s*:\s*("[^"]+")/.exec(answer)?.[1];
  return posted.ok && signed
    ? await fetch(JSON.parse(signed), init)
    : new Response(answer, { status: Math.max(posted.status, 400), headers: posted.headers });
}
