/**
 * Downloads one file over HTTP, complete and checked, or not at all. Received bytes stay in `NAME.part`: an interrupted download
 * continues from there, in this call or in the next one.
 *
 * This is own code because no library that was tried both resumes in another process and never joins two versions of a file.
 * undici's RetryAgent resumes in one process only, and joins anything if the server sends no ETag. node-downloader-helper and
 * ipull do not check whether the file has changed (If-Range). ky retries from the start.
 */
import { statfs } from "node:fs/promises";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { hasChecksum, type Identity, PartFile } from "./part_file.ts";
import { progress } from "./progress.ts";

export interface RemoteFile extends Identity {
  /** The file's name in messages. */
  readonly name: string;
  /** The URL, as messages show it; the server may redirect it. */
  readonly address: string;
  /** What the user can do if the download fails, in full sentences. Errors end with it. */
  readonly byHand: string;
  /** Sends the request. Default: GET of `address`. */
  readonly open?: (init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>;
}

export interface NetworkOptions {
  /** Seconds to wait before the 2nd, 3rd, … attempt; there is one attempt more than waits. Default 1, 2, 5, 10. */
  waits?: readonly number[];
  /** Seconds without data after which the connection counts as cut. Default 60. */
  patience?: number;
  /** Receives a sentence for each temporary fault, and similar notices. */
  onNotice?: (message: string) => void;
}

/** A failed attempt; the next one may succeed, unless `next.byPerson` is set. */
class Fault extends Error {
  /**
   * @param next `wait`: seconds that the server asks to wait; `gotOn`: the attempt brought enough to start the waits anew;
   * `byPerson`: what the user should do, because no further attempt helps
   */
  constructor(message: string, readonly next: { wait?: number; gotOn?: boolean; byPerson?: string } = {}) {
    super(message);
  }
}

/** HTTP statuses that are worth another attempt. */
const passing = [408, 425, 429, 500, 502, 503, 504];

/** If the server asks for a longer wait, in seconds, the user has to try again later. */
const longestWait = 300;

/** An attempt that brings this many bytes is progress: then repeated cuts are no reason to give up. */
const muchBytes = 1 << 20;

/**
 * Downloads to `path`, unless a file with the right checksum is there.
 *
 * @throws {Error} if the server refuses, with its own words; if faults persist or the disk is full (the bytes so far are kept);
 * if the final size or checksum is wrong (the bytes are removed)
 */
export async function downloadFile(
  file: RemoteFile,
  path: string,
  options: NetworkOptions = {},
): Promise<void> {
  const { bytes, checksum } = file;
  if (await hasChecksum(path, checksum)) return;
  using part = await PartFile.open(`${path}.part`, { bytes, checksum });
  if (part.bytes > 0) {
    options.onNotice?.(
      `${file.name}: ${megabytes(part.bytes)} are already downloaded; continuing from there`,
    );
  }
  try {
    if (part.bytes !== bytes) await persist(() => transfer(file, part, options), options);
  } catch (error) {
    if (part.bytes === 0) await part.remove();
    if (!(error instanceof Fault)) throw error;
    const { byPerson } = error.next;
    const kept = part.bytes > 0
      ? [`${megabytes(part.bytes)} are kept in ${part.path}; running this again continues from there.`]
      : byPerson
      ? []
      : ["Run this again when the connection is back."];
    const advice = [...byPerson ? [byPerson] : [], ...kept, file.byHand];
    throw new Error(`${error.message}. ${advice.join(" ")}`, { cause: error });
  }
  const digest = await part.finish();
  if (bytes !== null && part.bytes !== bytes) {
    await part.remove();
    throw otherFile(file, `${bytes} bytes`, `${part.bytes} bytes`);
  }
  if (checksum !== null && digest !== checksum.value) {
    await part.remove();
    throw otherFile(file, `${checksum.algorithm.toUpperCase()} ${checksum.value}`, digest);
  }
  await Deno.rename(part.path, path);
  await part.remove();
}

/** Such as `1,430 MB` or `0.045 MB`; 1 MB is 10⁶ bytes, as in file managers and archives. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString("en", { maximumSignificantDigits: 3 })} MB`;
}

/** Bytes that this user may still write in a folder; Infinity if the system does not tell. */
export async function freeSpace(folder: string): Promise<number> {
  return await statfs(folder).then(({ bavail, bsize }) => bavail * bsize, () => Infinity);
}

/** @throws {Error} if `folder` has less free space than `bytes`, with both numbers; `what` begins the message */
export async function requireRoom(
  folder: string,
  bytes: number,
  { what, free = freeSpace }: { what: string; free?: typeof freeSpace },
): Promise<void> {
  const there = await free(folder);
  if (there >= bytes) return;
  throw new Error(
    `${what} needs ${megabytes(bytes)} in ${folder}. Received: ${megabytes(there)} free. ` +
      `Free ${megabytes(bytes - there)}, or give a folder on another disk with --out.`,
  );
}

/** Repeats an attempt until it succeeds, fails for good, or has failed once more than there are waits. */
async function persist(attempt: () => Promise<void>, options: NetworkOptions): Promise<void> {
  const { waits = [1, 2, 5, 10], onNotice = () => {} } = options;
  for (let failures = 0;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Fault) || error.next.byPerson) throw error;
      failures = error.next.gotOn ? 1 : failures + 1;
      if (failures > waits.length) throw error;
      const wait = error.next.wait ?? waits[failures - 1];
      if (wait > longestWait) {
        throw new Fault(`${error.message}, and the server asks to wait ${Math.ceil(wait / 60)} minutes`);
      }
      onNotice(`${error.message}; trying again in ${Math.ceil(wait)} s`);
      await sleep(wait * 1000);
    }
  }
}

/** Sends one request and appends the answer to the part. */
async function transfer(file: RemoteFile, part: PartFile, options: NetworkOptions): Promise<void> {
  const { patience = 60, onNotice = () => {} } = options;
  const silence = new AbortController();
  const end = () => silence.abort(new Fault(`nothing came for ${patience} s`));
  const timer = setTimeout(end, patience * 1000);
  const before = part.bytes;
  const cut = (reason: string) =>
    new Fault(`${file.name}: cut off at ${megabytes(part.bytes)} (${reason})`, {
      gotOn: part.bytes - before >= muchBytes,
    });
  try {
    const response = await ask(file, { headers: rangeHeaders(file, part), signal: silence.signal });
    const total = totalOf(response) ?? file.bytes;
    if (response.status === 416 && total === before) return; // nothing follows: the file is complete
    const reader = response.body?.getReader();
    const next = async () =>
      await reader?.read().catch((error) => Promise.reject(cut(reasonOf(error)))) ??
        { done: true, value: undefined } as const;
    let block = await next(); // checked before it may replace what is stored
    refusePage(file, response, block.value);
    if (response.status === 200) {
      if (file.bytes !== null && total !== file.bytes) {
        throw otherFile(file, `${file.bytes} bytes`, `${total} bytes`);
      }
      if (before > 0) {
        onNotice(`${file.name}: the server cannot continue from ${megabytes(before)}; starting over`);
      }
      await part.restart(validatorOf(response));
    } else if (startOf(response) !== before) {
      await part.restart(null);
      throw new Fault(`${file.name}: the server does not have what follows ${megabytes(before)}`, {
        wait: 0,
      });
    }
    const report = progress(`${file.name}, MB`);
    for (; !block.done; block = await next()) {
      timer.refresh();
      await part.append(block.value);
      if (total !== null) report(Math.floor(part.bytes / 1e6), Math.floor(total / 1e6));
    }
    if (total !== null && part.bytes < total) throw cut("the connection was closed");
  } finally {
    clearTimeout(timer);
    silence.abort(); // closes a connection that is still open
  }
}

/** Sends the request. The answer holds the file, a part of it (206), or says that there is no more (416). */
async function ask(
  file: RemoteFile,
  init: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  const response = await (file.open?.(init) ?? fetch(file.address, init)).catch((error) => {
    if (!(error instanceof TypeError || error instanceof Fault)) throw error; // fetch itself throws TypeErrors
    throw new Fault(`${file.address}: no answer (${reasonOf(error)})`);
  });
  const answer = `${file.address}: the server answered ${response.status} ${response.statusText}`.trim();
  const challenge = challengeHeaders.find((name) => response.headers.has(name));
  if (challenge) {
    throw new Fault(`${answer} (${challenge}: ${response.headers.get(challenge)})`, wantsBrowser);
  }
  if ([200, 206, 416].includes(response.status)) return response;
  const asksToSignIn = response.status === 511; // sent by a network's sign-in page, not by the server
  if (response.ok || asksToSignIn) throw new Fault(`${answer}, without the file`, wantsBrowser);
  const words = wordsOf(await response.text().catch(() => ""));
  // A redirect may lead to an address whose signature expires soon: a new request gets a fresh one.
  if (passing.includes(response.status) || (response.status === 403 && response.redirected)) {
    throw new Fault(answer, { wait: retryAfter(response.headers.get("retry-after")) });
  }
  throw new Error(`${answer}${words && ` ("${words}")`}. ${file.byHand}`);
}

/** Headers that ask for a browser, whatever the status: AWS answers 202 or 405, Cloudflare 403 or 503. */
const challengeHeaders = ["x-amzn-waf-action", "cf-mitigated"];

const wantsBrowser = {
  byPerson:
    "The server requires a browser. Open the address in one: if your network asks you to sign in, sign in and run this again; " +
    "otherwise download the file there.",
};

/**
 * Rejects a web page instead of the file: a network's sign-in page, a login, a check for robots.
 *
 * @param first the answer's first bytes
 * @throws {Fault} for a page or an empty answer
 */
function refusePage(file: RemoteFile, response: Response, first: Uint8Array | undefined): void {
  if (response.status === 200 && !first && file.bytes !== 0) {
    throw new Fault(`${file.address}: the server answered 200 with nothing in it`);
  }
  const text = new TextDecoder().decode(first?.subarray(0, 4096));
  const isPage = /^\s*<(!doctype html|html|head|script)\b/i.test(text) ||
    /html/.test(response.headers.get("content-type") ?? "");
  if (!isPage) return;
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1].replace(/\s+/g, " ").trim();
  const from = response.redirected ? ` from ${response.url.replace(/[?#].*/, "")}` : "";
  throw new Fault(
    `${file.address}: expected a file. Received: a web page${title ? ` ("${title}")` : ""}${from}`,
    wantsBrowser,
  );
}

/** Headers that request the rest of the file, uncompressed, so that lengths count the file's own bytes. */
function rangeHeaders(file: RemoteFile, part: PartFile): Record<string, string> {
  const headers = { "accept-encoding": "identity" };
  // Without an ETag, date or checksum, halves of two different files could be joined unnoticed.
  if (part.bytes === 0 || (part.validator === null && file.checksum === null)) return headers;
  const range = { ...headers, range: `bytes=${part.bytes}-` };
  return part.validator === null ? range : { ...range, "if-range": part.validator };
}

/** The strong ETag, else the date, for use in If-Range (RFC 9110, 13.1.5); null if there is neither. */
function validatorOf({ headers }: Response): string | null {
  const tag = headers.get("etag");
  return tag === null || tag.startsWith("W/") ? headers.get("last-modified") : tag;
}

/** Size of the whole file in bytes, as the answer states it; null if it does not. */
function totalOf({ status, headers }: Response): number | null {
  const total = status === 200
    ? headers.get("content-length")
    : /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  return total ? Number(total) : null;
}

function startOf({ headers }: Response): number {
  return Number(/^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1]);
}

/** Seconds in a Retry-After header, given as a number or a date (RFC 9110, 10.2.3); undefined if there is none. */
function retryAfter(header: string | null): number | undefined {
  const seconds = /^\s*\d+\s*$/.test(header ?? "")
    ? Number(header)
    : (Date.parse(header ?? "") - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** A network fault in a few words, such as `dns error: …`: the end of the cause of fetch's error. */
function reasonOf(error: unknown): string {
  const { cause } = error as Error;
  return String((cause instanceof Error ? cause : error as Error).message).split("): ").at(-1)!;
}

/** The server's own words, from JSON's `message` or plain text; empty for an HTML page and other JSON. */
function wordsOf(body: string): string {
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1];
  return (message ?? (/^\s*[<{]/.test(body) ? "" : body)).replace(/\s+/g, " ").trim().slice(0, 300);
}

function otherFile(file: RemoteFile, expected: string, received: string): Error {
  return new Error(
    `${file.address}: expected ${expected}. Received: ${received}. It was damaged in transit, or the server has a different file. ` +
      `It was not kept. Run this again to download it. ${file.byHand}`,
  );
}
