/**
 * A Dataverse's API as far as a public dataset's files need it (guides.dataverse.org, Native API and Data Access API):
 *
 * - `GET /api/datasets/:persistentId/?persistentId=DOI` lists the files of the latest published version;
 * - `GET /api/access/datafile/ID` gives a file, through a redirect (303) to a storage address that is signed for a short
 *   time, so that every attempt starts at the API;
 * - a table that was ingested is kept as tab-separated text; `?format=original` gives the file as it was uploaded;
 * - where the depositor asks who downloads (a guestbook), GET is refused with 400, and a POST of the answers to the same
 *   address gives a signed one (Dataverse 6.11).
 */
import { type Checksum, checksumOf } from "./checksum.ts";
import { type Address, request } from "./request.ts";
import { persist, type RetryOptions } from "./retry.ts";

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
  /** Not binding for an ingested table: some are of the upload, some of the tab-separated form without its header line. */
  readonly checksum: Checksum | null;
  /** True for a table that was ingested. */
  readonly ingested: boolean;
  readonly restricted: boolean;
}

/** Who downloads, told to a depositor that asks. */
export interface Guest {
  readonly name: string;
  readonly email: string;
  readonly institution: string;
  readonly position: string;
}

/** Where a Dataverse lists a dataset's files. */
export function datasetAddress(base: string, doi: string): string {
  return `${base}/api/datasets/:persistentId/?persistentId=${doi}`;
}

/** Where a Dataverse has a file's bytes; `original`: of a table as it was uploaded. */
export function datafileAddress(base: string, id: number, options: { original?: boolean } = {}): string {
  return `${base}/api/access/datafile/${id}${options.original ? "?format=original" : ""}`;
}

/**
 * Asks for a dataset.
 *
 * @throws {Error} where the server cannot be reached or refuses
 * @throws {SyntaxError} where the answer is no list of files
 */
export async function readDataset(where: Address, options: RetryOptions = {}): Promise<Dataset> {
  const { signal } = options;
  const giveUp = (reason: string) => new Error(`${reason}. ${where.byHand}`);
  return await persist(async () => {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new DOMException("nothing came for 60 s", "TimeoutError")),
      60_000,
    );
    const ended = AbortSignal.any([late.signal, ...(signal ? [signal] : [])]);
    try {
      const answer = await request(where, () => fetch(where.address, { signal: ended }), { signal });
      if (!("value" in answer)) return answer;
      const text = await answer.value.text().catch(() => null);
      if (text === null) return { passing: `${where.address}: the answer was cut off` };
      return { value: parseDataset(text, where) };
    } finally {
      clearTimeout(timer);
    }
  }, { ...options, giveUp });
}

/**
 * Opens a file's bytes. Who downloads is told only to a depositor that asks.
 *
 * @throws {Error} where a depositor asks and `guest` is null
 */
export async function openDatafile(
  address: string,
  guest: Guest | null,
  init: { headers: Headers; signal: AbortSignal },
): Promise<Response> {
  const response = await fetch(address, init);
  if (!isJson(response)) return response;
  // No file here is JSON: it is a refusal, whatever the status says.
  const refusal = await response.text();
  const status = response.status < 400 ? 400 : response.status;
  if (!/guestbook/i.test(refusal)) return new Response(refusal, { status, headers: response.headers });
  if (guest === null) {
    throw new Error(
      `${address}: the depositor asks who downloads. Give --name, --email, --institution and --position, which are then ` +
        `sent there, or download in a browser. Received: ${refusal.slice(0, 200)}`,
    );
  }
  const answers = JSON.stringify({ guestbookResponse: { ...guest, answers: [] } });
  const headers = { "content-type": "application/json" };
  const posted = await fetch(address, { method: "POST", headers, body: answers, signal: init.signal });
  const text = await posted.text();
  const signed = posted.ok ? signedAddress(text) : null;
  if (signed === null) {
    return new Response(text, { status: posted.ok ? 400 : posted.status, headers: posted.headers });
  }
  return await fetch(signed, init);
}

/** @throws {SyntaxError} where the text is no answer to {@link datasetAddress} */
export function parseDataset(text: string, where: Address): Dataset {
  const fail = (what: string): never => {
    throw new SyntaxError(`${where.address}: expected a Dataverse's list of files; ${what}. ${where.byHand}`);
  };
  const answer = fields(readJson(text) ?? fail(`received no JSON: ${text.slice(0, 80)}`));
  const version = fields(fields(answer.data).latestVersion);
  if (!Array.isArray(version.files)) fail(`data.latestVersion.files is missing: ${text.slice(0, 80)}`);
  const number = [version.versionNumber, version.versionMinorNumber];
  return {
    version: number.every((part) => part !== undefined) ? number.join(".") : null,
    licence: licenceOf(version),
    files: (version.files as unknown[]).map((entry) => {
      const { label, restricted, dataFile } = fields(entry);
      const file = fields(dataFile);
      const name = label ?? file.filename;
      if (typeof file.id !== "number" || typeof name !== "string") fail("a file has no id or no name");
      const ingested = Boolean(file.originalFileFormat ?? file.originalFileName ?? file.tabularData);
      const bytes = ingested ? file.originalFileSize : file.filesize;
      return {
        id: file.id as number,
        name: name as string,
        bytes: typeof bytes === "number" ? bytes : null,
        checksum: checksumIn(file, { binding: !ingested }),
        ingested,
        restricted: restricted === true,
      };
    }),
  };
}

function checksumIn(file: Fields, options: { binding: boolean }): Checksum | null {
  const { type, value } = fields(file.checksum);
  if (typeof type === "string" && typeof value === "string") return checksumOf(type, value, options);
  return typeof file.md5 === "string" ? checksumOf("MD5", file.md5, options) : null;
}

/** Since Dataverse 5.10 an object or none; before, a word that may be NONE, with terms in HTML. */
function licenceOf(version: Fields): string | null {
  const { name, uri } = fields(version.license);
  if (typeof name === "string") return typeof uri === "string" ? `${name} (${uri})` : name;
  const terms = String(version.termsOfUse ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  if (terms) return terms.length > 300 ? `${terms.slice(0, 300)}…` : terms;
  return typeof version.license === "string" && version.license !== "NONE" ? version.license : null;
}

function signedAddress(text: string): string | null {
  const { signedUrl } = fields(fields(readJson(text)).data);
  return typeof signedUrl === "string" ? signedUrl : null;
}

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isJson(response: Response): boolean {
  return (response.headers.get("content-type") ?? "").includes("json");
}
