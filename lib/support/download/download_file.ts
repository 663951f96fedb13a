/** One file from an HTTP server, whole and checked or not there; what an interruption leaves is gone on from. */
import { byteText } from "./byte_text.ts";
import type { Checksum } from "./checksum.ts";
import { openPart, type PartFile } from "./part_file.ts";
import { type Address, reasonOf, request } from "./request.ts";
import { type Passing, persist, type RetryOptions } from "./retry.ts";

export interface RemoteFile extends Address {
  /** As messages call it. */
  readonly name: string;
  /** Its size, null where that is not known before. */
  readonly bytes: number | null;
  readonly checksum: Checksum | null;
  /** Asks for it, from where a redirect leads to; default: GET of `address`. */
  readonly open?: (headers: Headers, signal: AbortSignal) => Promise<Response>;
}

export interface DownloadOptions extends RetryOptions {
  /** Told how many bytes are there; `total` is null where no one said it. */
  onProgress?: (done: number, total: number | null) => void;
  /** Told once how many bytes are there already, before the transfer. */
  onStart?: (done: number) => void;
  /** Seconds without a byte after which a transfer counts as cut. Default 60. */
  patience?: number;
}

/** An attempt that brings this many bytes counts as progress: the number of attempts is not bounded then. */
const progressBytes = 1 << 20;

/**
 * Downloads to `path`. While it lasts the bytes are in `path.part`; a later call with the same file goes on there, where the
 * server serves ranges of a file that has not changed since, and starts over where it does not.
 *
 * @returns whether the checksum agreed; false only where there is none or it is not binding
 * @throws {Error} where the server refuses, faults do not pass, the disk is full, or size or checksum are wrong (what has
 *   come is then removed), or the signal is aborted (what has
 *   come is kept, and the message says where)
 */
export async function downloadFile(
  file: RemoteFile,
  path: string,
  options: DownloadOptions = {},
): Promise<{ bytes: number; verified: boolean }> {
  using part = await openPart(`${path}.part`, file, options);
  options.onStart?.(part.bytes);
  if (file.bytes === null || part.bytes < file.bytes) {
    try {
      const giveUp = (reason: string) => gaveUp(file, part, reason);
      await persist(() => transfer(file, part, options), { ...options, giveUp });
    } catch (error) {
      if (part.bytes === 0) await part.remove();
      throw options.signal?.aborted ? interrupted(file, part) : error;
    }
  }
  const bytes = part.bytes;
  const digest = await part.finish();
  const verified = digest === file.checksum?.value;
  if (file.bytes !== null && bytes !== file.bytes) {
    await part.remove();
    throw wrong(file, `${file.bytes} bytes`, `${bytes} bytes`);
  }
  if (file.checksum?.binding && !verified) {
    await part.remove();
    const { algorithm, value } = file.checksum;
    throw wrong(file, `${algorithm.toUpperCase()} ${value}`, digest);
  }
  await Deno.rename(part.path, path);
  await part.remove();
  return { bytes, verified };
}

/** One request and what comes of it, appended to the part. */
async function transfer(
  file: RemoteFile,
  part: PartFile,
  options: DownloadOptions,
): Promise<{ value: true } | Passing> {
  const { patience = 60, onProgress = () => {}, onNotice = () => {}, signal } = options;
  const stalled = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    const reason = new DOMException(`nothing came for ${patience} s`, "TimeoutError");
    timer = setTimeout(() => stalled.abort(reason), patience * 1000);
  };
  const ended = AbortSignal.any([stalled.signal, ...(signal ? [signal] : [])]);
  const before = part.bytes;
  // Without a validator and without a checksum nobody would notice two halves of two files.
  const asked = before > 0 && (part.validator !== null || (file.checksum?.binding ?? false));
  try {
    wait();
    const headers = rangeHeaders(asked ? before : 0, part.validator);
    const open = () =>
      (file.open ?? ((headers, signal) => fetch(file.address, { headers, signal })))(headers, ended);
    const answer = await request(file, open, { alsoGood: [416], signal });
    if (!("value" in answer)) return answer;
    const response = answer.value;
    if (response.status === 416) return await unsatisfied(response, part);
    const total = totalOf(response, file);
    if (response.status === 206 && startOf(response) !== part.bytes) {
      await response.body?.cancel();
      await part.restart(null);
      return { passing: `${file.address}: the server sent another range than asked` };
    }
    if (response.status !== 206) {
      if (before > 0) {
        onNotice(`${file.name}: the server does not go on from ${byteText(before)}; starting over`);
      }
      await part.restart(validatorOf(response));
    }
    const reader = response.body?.getReader();
    for (;;) {
      const next = await reader?.read().catch((error) => {
        if (signal?.aborted) throw signal.reason;
        return reasonOf(stalled.signal.aborted ? stalled.signal.reason : error);
      });
      if (typeof next === "string") return cut(file, part, { before, reason: next });
      if (!next || next.done) break;
      wait();
      await part.append(next.value);
      onProgress(part.bytes, total);
    }
    if (total !== null && part.bytes < total) {
      return cut(file, part, { before, reason: "the connection was closed" });
    }
    return { value: true };
  } finally {
    clearTimeout(timer);
    stalled.abort(); // ends a connection that was left before its end
  }
}

function rangeHeaders(start: number, validator: string | null): Headers {
  // Compressed on the way, ranges and lengths would count other bytes than the file's.
  const headers = new Headers({ "accept-encoding": "identity" });
  if (start === 0) return headers;
  headers.set("range", `bytes=${start}-`);
  if (validator !== null) headers.set("if-range", validator);
  return headers;
}

/** 416: there is nothing behind what has come, because that is all, or because it is of another file. */
async function unsatisfied(response: Response, part: PartFile): Promise<{ value: true } | Passing> {
  await response.body?.cancel();
  const total = /^bytes \*\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (total !== undefined && Number(total) === part.bytes) return { value: true };
  await part.restart(null);
  return { passing: "the server's file has become shorter", wait: 0 };
}

function totalOf(response: Response, file: RemoteFile): number | null {
  const range = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  const length = response.headers.get("content-length");
  if (response.status === 206) return range === undefined ? file.bytes : Number(range);
  return length === null ? file.bytes : Number(length);
}

function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? NaN);
}

/** A strong ETag, else the date: what If-Range may carry (RFC 9110, 13.1.5). */
function validatorOf(response: Response): string | null {
  const tag = response.headers.get("etag");
  return tag !== null && !tag.startsWith("W/") ? tag : response.headers.get("last-modified");
}

function cut(file: RemoteFile, part: PartFile, how: { before: number; reason: string }): Passing {
  const passing = `${file.name}: cut off at ${byteText(part.bytes)} (${how.reason})`;
  return { passing, progress: part.bytes - how.before >= progressBytes };
}

function gaveUp(file: RemoteFile, part: PartFile, reason: string): Error {
  const kept = part.bytes === 0 ? "Run this again when the connection is back." : keptText(part);
  return new Error(`${reason}. ${kept} ${file.byHand}`);
}

function interrupted(file: RemoteFile, part: PartFile): Error {
  return new Error(
    `${file.name}: interrupted. ${part.bytes === 0 ? "Nothing had come yet." : keptText(part)}`,
  );
}

function keptText(part: PartFile): string {
  return `${byteText(part.bytes)} are kept in ${part.path}; running this again goes on from there.`;
}

function wrong(file: RemoteFile, expected: string, received: string): Error {
  return new Error(
    `${file.address}: expected ${expected}. Received: ${received}. The file was damaged on the way, or the server has ` +
      `another one; it was removed. Run this again to download it anew. ${file.byHand}`,
  );
}
