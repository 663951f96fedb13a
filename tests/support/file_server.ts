/** A server on this machine that serves bytes as real ones do, and fails as real ones do. */
import { createHash } from "node:crypto";

export interface Served {
  bytes: Uint8Array<ArrayBuffer>;
  /** Default: one that follows from the bytes; null: none. */
  etag?: string | null;
  /** False: every request gets all bytes. */
  ranges?: boolean;
  /** Answers before the file is served, each once. A number: the file, cut after so many bytes. */
  first?: (number | Response | (() => Response))[];
  /** Milliseconds between blocks of 16 KiB; may change meanwhile. */
  slow?: number;
}

export interface Asked {
  method: string;
  /** Path and query. */
  path: string;
  range: string | null;
  body: string;
}

export interface TestServer extends AsyncDisposable {
  base: string;
  /** What was asked, in order. */
  asked: Asked[];
  files: Record<string, Served | ((asked: Asked) => Response)>;
}

/** Serves `files` by path and query. */
export function serve(files: TestServer["files"] = {}): TestServer {
  const asked: Asked[] = [];
  const quiet = { onListen: () => {}, onError: () => new Response() };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, ...quiet }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const one = { method, path: pathname + search, range: headers.get("range"), body: await request.text() };
    asked.push(one);
    const file = files[one.path];
    if (!file) return new Response("no such file", { status: 404 });
    return typeof file === "function" ? file(one) : answer(file, headers);
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  return { base, asked, files, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Bytes that no compression shortens, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function answer(file: Served, headers: Headers): Response {
  const turn = file.first?.shift();
  if (typeof turn === "function") return turn();
  if (turn instanceof Response) return turn;
  const etag = file.etag === undefined ? `"${md5(file.bytes)}"` : file.etag;
  const range = /^bytes=(\d+)-$/.exec(headers.get("range") ?? "");
  const condition = headers.get("if-range");
  const isPart = file.ranges !== false && range !== null && (condition === null || condition === etag);
  const [start, total] = [isPart ? Number(range[1]) : 0, file.bytes.length];
  if (start > 0 && start >= total) {
    return new Response(null, { status: 416, headers: { "content-range": `bytes */${total}` } });
  }
  const body = file.bytes.subarray(start);
  return new Response(stream(body, turn ?? body.length, () => file.slow ?? 0), {
    status: start > 0 ? 206 : 200,
    headers: {
      "content-length": String(body.length),
      ...(etag ? { etag } : {}),
      ...(start > 0 ? { "content-range": `bytes ${start}-${total - 1}/${total}` } : {}),
    },
  });
}

/** The bytes in blocks; after `cut` of them the connection breaks. */
function stream(bytes: Uint8Array<ArrayBuffer>, cut: number, slow: () => number): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    async pull(controller) {
      if (slow() > 0) await new Promise((resolve) => setTimeout(resolve, slow()));
      const end = Math.min(offset + 16384, bytes.length, cut);
      if (end > offset) controller.enqueue(bytes.slice(offset, end));
      offset = end;
      if (offset >= bytes.length) controller.close();
      else if (offset >= cut) {
        await new Promise((resolve) => setTimeout(resolve, 200)); // lets the last block out
        controller.error(new Error("cut"));
      }
    },
  });
}
