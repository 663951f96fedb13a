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
import { downloadFile, type NetworkOptions, Refusal, type RemoteFile } from "../../support/download.ts";
import type { Checksum } from "../../support/part_file.ts";

export interface Dataset {
  /** As `4.0`; null where the answer has none. */
  readonly version: string | null;
  /** The licence's name or the terms of use, in the server's words; null where it has none. */
  readonly licence: string | null;
  readonly files: readonly Datafile[];
}

export interface Datafile {
  readonly id: number;
  /** Its name in the dataset. */
  readonly name: string;
  /** Of the file as it was uploaded; null where the answer does not tell. */
  readonly bytes: number | null;
  /** Null for an ingested table: a server's checksum may be of the upload or of the tab-separated form. */
  readonly checksum: Checksum | null;
  /** True for a table that was ingested. */
  readonly ingested: boolean;
}

/** Who downloads, told to a depositor that asks. */
export interface Guest {
  readonly name: string;
  readonly email: string;
  readonly institution: string;
  readonly position: string;
}

/** A Dataverse by its address, without slash at its end. `byHand` ends each error: what to do by hand. */
export interface Dataverse {
  readonly base: string;
  readonly byHand: string;
}

/**
 * Asks for a dataset's files.
 *
 * @param work a folder for the answer while it comes
 * @throws {Error} where the server cannot be reached or refuses
 * @throws {SyntaxError} where the answer is no list of files
 */
export async function readDataset(
  { base, byHand }: Dataverse,
  doi: string,
  options: NetworkOptions & { work: string },
): Promise<Dataset> {
  const address = `${base}/api/datasets/:persistentId/?persistentId=${doi}`;
  const path = join(options.work, "dataset.json");
  await downloadFile({ name: "list of files", address, bytes: null, checksum: null, byHand }, path, options);
  const text = await Deno.readTextFile(path);
  await Deno.remove(path);
  try {
    return datasetOf(JSON.parse(text).data.latestVersion);
  } catch (error) {
    throw new SyntaxError(
      `${address}: expected a Dataverse's list of files. Received: ${text.slice(0, 80)} (${
        (error as Error).message
      }). ${byHand}`,
    );
  }
}

/** A dataset's file as it can be downloaded; `original`: of an ingested table as it was uploaded. */
export function remoteFile(
  { base, byHand }: Dataverse,
  file: Datafile,
  options: { guest: Guest | null; original?: boolean },
): RemoteFile {
  const { guest, original = false } = options;
  const address = `${base}/api/access/datafile/${file.id}${original ? "?format=original" : ""}`;
  return {
    name: file.name,
    address,
    bytes: file.ingested && !original ? null : file.bytes,
    checksum: file.checksum,
    byHand,
    open: (init) => openDatafile(address, guest, init),
  };
}

/** Who downloads is told only to a depositor that asks. */
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
    throw new Refusal(
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
    : new Response(answer, { status: Math.max(posted.status, 400) });
}

/** The part of a dataset's version, as the API gives it, that is used here. */
interface ApiVersion {
  versionNumber?: number;
  versionMinorNumber?: number;
  /** Since Dataverse 5.10 an object; before, a word that may be NONE. */
  license?: { name: string } | string;
  /** HTML. */
  termsOfUse?: string;
  files: { label?: string; dataFile: ApiFile }[];
}

interface ApiFile {
  id: number;
  filename: string;
  filesize?: number;
  checksum?: { type: string; value: string };
  originalFileFormat?: string;
  originalFileSize?: number;
}

function datasetOf(version: ApiVersion): Dataset {
  const { versionNumber, versionMinorNumber, license, termsOfUse = "" } = version;
  const terms = termsOfUse.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  const word = typeof license === "object" ? license.name : terms || license;
  return {
    version: versionNumber === undefined ? null : `${versionNumber}.${versionMinorNumber}`,
    licence: word && word !== "NONE" ? word.slice(0, 300) : null,
    files: version.files.map(({ label, dataFile: file }) => {
      const name = label ?? file.filename;
      if (typeof file.id !== "number" || typeof name !== "string") {
        throw new Error("a file has no id or no name");
      }
      const ingested = file.originalFileFormat !== undefined;
      const bytes = (ingested ? file.originalFileSize : file.filesize) ?? null;
      return { id: file.id, name, bytes, checksum: ingested ? null : checksumOf(file), ingested };
    }),
  };
}

/** Null for a kind that cannot be computed here. */
function checksumOf({ checksum }: ApiFile): Checksum | null {
  const algorithm = checksum?.type.toLowerCase().replace("-", "");
  const known = (["md5", "sha1", "sha256", "sha512"] as const).find((name) => name === algorithm);
  return known && checksum ? { algorithm: known, value: checksum.value.toLowerCase() } : null;
}
