/**
 * One file from an HTTP server: whole and checked, or not there. What has come stays in `NAME.part`; a cut transfer goes on
 * there, in this call or in the next one.
 *
 * This is own code: of the libraries that were tried none resumes in the next process and never joins two versions of a file.
 * undici's RetryAgent resumes in one process only, and joins what it gets where a server gives no ETag; node-downloader-helper
 * and ipull do not ask whether the file has changed (If-Range); ky asks again, but from the start.
 */
import { statfs } from "node:fs/promises";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { hasChecksum, type Identity, PartFile } from "./part_file.ts";
import { progress } from "./progress.ts";

export interface RemoteFile extends Identity {
  /** As messages call it. */
  readonly name: string;
  /** As messages show it; the answer may come from where it redirects to. */
  readonly address: string;
  /** What a person can do where it cannot be had: whole sentences, the end of each error. */
  readonly byHand: string;
  /** Asks for it. Default: GET of `address`. */
  readonly open?: (init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>;
}

export interface NetworkOptions {
  /** Seconds before the 2nd, 3rd, … attempt; one attempt more than waits. Default 1, 2, 5, 10. */
  waits?: readonly number[];
  /** A server that sends nothing for so many seconds counts as cut. Default 60. */
  patience?: number;
  /** Told of what goes wrong and passes, a sentence each. */
  onNotice?: (message: string) => void;
}

/** Why an attempt failed although the next one may not. */
class Fault extends Error {
  /**
   * @param next `wait`: the seconds that the server asks for; `gotOn`: the attempt brought enough for the waits to begin anew;
   *   `byPerson`: no attempt of this program's helps, and what a person should do instead
   */
  constructor(message: string, readonly next: { wait?: number; gotOn?: boolean; byPerson?: string } = {}) {
    super(message);
  }
}

/** Statuses that are worth another attempt. */
const passing = [408, 425, 429, 500, 502, 503, 504];

/** A server that asks for a longer wait, in seconds, is left to the user. */
const longestWait = 300;

/** An attempt that brings so many bytes got on: a line that is cut again and again is then no reason to give up. */
const muchBytes = 1 << 20;

/**
 * Downloads to `path`, unless a file with the right checksum is there.
 *
 * @throws {Error} where the server refuses, with its own words; where faults do not pass, or the disk is full: what has come is
 *   kept; where size or checksum are wrong in the end: what has come is removed
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
    options.onNotice?.(`${file.name}: ${megabytes(part.bytes)} are there from before; going on from there`);
  }
  try {
    if (part.bytes !== bytes) await persist(() => transfer(file, part, options), options);
  } catch (error) {
    if (part.bytes === 0) await part.remove();
    if (!(error instanceof Fault)) throw error;
    const { byPerson } = error.next;
    const kept = part.bytes > 0
      ? [`${megabytes(part.bytes)} are kept in ${part.path}; running this again goes on from there.`]
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

/** As `1,430 MB` or `0.045 MB`; 10⁶ bytes each, as file managers and archives count. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString("en", { maximumSignificantDigits: 3 })} MB`;
}

/** Bytes that this user may still write in a folder; no limit where the system does not tell. */
export async function freeSpace(folder: string): Promise<number> {
  return await statfs(folder).then(({ bavail, bsize }) => bavail * bsize, () => Infinity);
}

/** @throws {Error} where `folder` has no room for so many bytes, with both numbers; `what` begins the message */
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

/** Tries until an attempt succeeds, fails for good, or has failed once more than there are waits. */
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

/** One request and what comes of it, appended to the part. */
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
    if (response.status === 416 && total === before) return; // nothing follows: all had come
    const reader = response.body?.getReader();
    const next = async () =>
      await reader?.read().catch((error) => Promise.reject(cut(reasonOf(error)))) ??
        { done: true, value: undefined } as const;
    let block = await next(); // looked at before anything that had come is given up for it
    refusePage(file, response, block.value);
    if (response.status === 200) {
      if (file.bytes !== null && total !== file.bytes) {
        throw otherFile(file, `${file.bytes} bytes`, `${total} bytes`);
      }
      if (before > 0) {
        onNotice(`${file.name}: the server does not go on from ${megabytes(before)}; starting over`);
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
    silence.abort(); // ends a connection that was left before its end
  }
}

/** An answer that gives the file, a part of it (206), or says that there is no more of it (416). */
async function ask(
  file: RemoteFile,
  init: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  const response = await (file.open?.(init) ?? fetch(file.address, init)).catch((error) => {
    if (!(error instanceof TypeError || error instanceof Fault)) throw error; // fetch's own are TypeErrors
    throw new Fault(`${file.address}: no answer (${reasonOf(error)})`);
  });
  const answer = `${file.address}: the server answered ${response.status} ${response.statusText}`.trim();
  const challenge = challengeHeaders.find((name) => response.headers.has(name));
  if (challenge) {
    throw new Fault(`${answer} (${challenge}: ${response.headers.get(challenge)})`, wantsBrowser);
  }
  if ([200, 206, 416].includes(response.status)) return response;
  const asksToSignIn = response.status === 511; // of a network, not of the server
  if (response.ok || asksToSignIn) throw new Fault(`${answer}, without the file`, wantsBrowser);
  const words = wordsOf(await response.text().catch(() => ""));
  // A redirect may lead to an address that is signed for a short time: asking again gives a fresh one.
  if (passing.includes(response.status) || (response.status === 403 && response.redirected)) {
    throw new Fault(answer, { wait: retryAfter(response.headers.get("retry-after")) });
  }
  throw new Error(`${answer}${words && ` ("${words}")`}. ${file.byHand}`);
}

/** What says that only a browser gets on, whatever the status: AWS answers 202 or 405, Cloudflare 403 or 503. */
const challengeHeaders = ["x-amzn-waf-action", "cf-mitigated"];

const wantsBrowser = {
  byPerson:
    "It wants a browser. Open the address in one: if your network asks you to sign in, sign in and run this again; " +
    "else download the file there.",
};

/**
 * Where a page comes in the place of a file: of a network that asks to sign in, of a login, of a check for robots.
 *
 * @param first the answer's first bytes
 * @throws {Fault} for a page, or nothing at all
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

/** Headers that ask for what follows; compressed on the way, lengths would count other bytes than the file's. */
function rangeHeaders(file: RemoteFile, part: PartFile): Record<string, string> {
  const headers = { "accept-encoding": "identity" };
  // Without ETag, date and checksum nobody would notice two halves of two files.
  if (part.bytes === 0 || (part.validator === null && file.checksum === null)) return headers;
  const range = { ...headers, range: `bytes=${part.bytes}-` };
  return part.validator === null ? range : { ...range, "if-range": part.validator };
}

/** A strong ETag, else the date: what If-Range may carry (RFC 9110, 13.1.5). */
function validatorOf({ headers }: Response): string | null {
  const tag = headers.get("etag");
  return tag === null || tag.startsWith("W/") ? headers.get("last-modified") : tag;
}

/** Size of the whole file, as an answer tells it. */
function totalOf({ status, headers }: Response): number | null {
  const total = status === 200
    ? headers.get("content-length")
    : /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  return total ? Number(total) : null;
}

function startOf({ headers }: Response): number {
  return Number(/^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1]);
}

/** Seconds that a Retry-After header asks for, a number or a date (RFC 9110, 10.2.3); undefined where there is none. */
function retryAfter(header: string | null): number | undefined {
  const seconds = /^\s*\d+\s*$/.test(header ?? "")
    ? Number(header)
    : (Date.parse(header ?? "") - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** A network fault in a few words, as `dns error: …`; fetch names it at the end of its cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as Error;
  return String((cause instanceof Error ? cause : error as Error).message).split("): ").at(-1)!;
}

/** What a server says in JSON's `message` or in plain text; a page of HTML says nothing here. */
function wordsOf(body: string): string {
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1];
  return (message ?? (/^\s*[<{]/.test(body) ? "" : body)).replace(/\s+/g, " ").trim().slice(0, 300);
}

function otherFile(file: RemoteFile, expected: string, received: string): Error {
  return new Error(
    `${file.address}: expected ${expected}. Received: ${received}. It was damaged on the way, or the server has another file; ` +
      `it is not kept. Run this again to download it anew. ${file.byHand}`,
  );
}
