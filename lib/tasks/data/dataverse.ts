/**
 * A Dataverse's API for the files of a public dataset (guides.dataverse.org, Native API and Data Access API):
 *
 * - `GET /api/datasets/:persistentId/?persistentId=DOI` lists the files of the latest published version.
 * - `GET /api/access/datafile/ID` returns a file. It redirects to a signed address that expires soon, so each attempt starts here.
 * - A table that was ingested is kept as tab-separated text. `?format=original` returns the file as it was uploaded.
 * - If the depositor asks who downloads (a guestbook), GET is refused. A POST of the answers to the same address returns a signed
 *   address (Dataverse 6.11).
 */
import { join } from "node:path";
import { downloadFile, type NetworkOptions, type RemoteFile } from "../../support/download.ts";
import type { Checksum } from "../../support/part_file.ts";

/** A dataset on a Dataverse, and the person who downloads it. */
export interface DatasetAddress {
  /** The Dataverse's address, without a slash at its end. */
  readonly base: string;
  /** Such as `doi:10.7910/DVN/DBW86T`. */
  readonly doi: string;
  /** The person who downloads, sent only if the depositor asks. Null: not given. */
  readonly guest: Guest | null;
  /** How to download by hand, in whole sentences. Errors end with it. */
  readonly byHand: string;
}

export interface Guest {
  readonly name: string;
  readonly email: string;
  readonly institution: string;
  readonly position: string;
}

export interface Dataset {
  /** Such as `4.0`; null if the answer has none. */
  readonly version: string | null;
  /** The licence's name or the terms of use, in the server's words; null if it has none. */
  readonly licence: string | null;
  /** An ingested table has no known size or checksum: the server's may be of the upload or of the tab-separated form. */
  readonly files: readonly RemoteFile[];
}

/**
 * Asks for a dataset's version, licence and files.
 *
 * @param options.work a folder for the answer while it is downloaded
 * @throws {Error} if the server cannot be reached or refuses
 * @throws {SyntaxError} if the answer is no list of files
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

/** The fields used here of a dataset's version, as the API returns it. */
interface ApiVersion {
  versionNumber?: number;
  versionMinorNumber?: number;
  /** An object since Dataverse 5.10; before that, a word that may be NONE. */
  license?: { name: string } | string | null;
  /** HTML. */
  termsOfUse?: string;
  files: { label: string; dataFile: ApiFile }[];
}

interface ApiFile {
  id: number;
  filesize?: number;
  checksum?: { type: string; value: string };
  /** Only an ingested table has it. */
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
    return await openDatafile(address, guest, init); // the server has only the tab-separated form
  };
  return { ...common, bytes: null, checksum: null, open };
}

/** Null for an algorithm that cannot be computed here. */
function checksumOf({ checksum }: ApiFile): Checksum | null {
  const algorithm = checksum?.type.toLowerCase().replace("-", "");
  const known = (["md5", "sha1", "sha256", "sha512"] as const).find((name) => name === algorithm);
  return known && checksum ? { algorithm: known, value: checksum.value.toLowerCase() } : null;
}

/** Requests a file. A refusal has a status of 400 or more. @throws {Error} if a guest is needed but null */
async function openDatafile(
  address: string,
  guest: Guest | null,
  init: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  const response = await fetch(address, init);
  if (!response.headers.get("content-type")?.includes("json")) return response;
  // No file here is JSON, so this is a refusal, whatever the status says.
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
