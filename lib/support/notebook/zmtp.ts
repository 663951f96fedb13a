/**
 * The small part of ZMTP 3.0, ZeroMQ's wire protocol (rfc.zeromq.org/spec/23), that a Jupyter client needs: DEALER and SUB
 * sockets without security, over TCP on this machine.
 *
 * npm's zeromq 6.8.0 was tried. In Deno 2.9.6 its `receive()` hangs if it has to wait, and frames of 20 MB arrive damaged.
 */
import { Buffer } from "node:buffer";

/** One end of a ZeroMQ connection. */
export interface ZmtpSocket {
  /** Sends one message. Await it before sending the next. */
  send(frames: (string | Uint8Array)[]): Promise<void>;
  /** Every message, as its frames, until the other side closes. Only one reader may use it. */
  messages(): AsyncGenerator<Uint8Array[]>;
  close(): void;
}

const flags = { more: 1, long: 2, command: 4 };
const encoder = new TextEncoder();

/**
 * Connects to a ZeroMQ socket on 127.0.0.1.
 *
 * @param type `SUB` receives everything that is published
 * @throws {Deno.errors.ConnectionRefused} if nobody listens there (yet)
 * @throws {Error} if something other than ZMTP 3 answers
 */
export async function connectZmtp(port: number, type: "DEALER" | "SUB"): Promise<ZmtpSocket> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  const read = byteReader(connection);
  const write = async (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
  };
  try {
    // Signature, version 3.0, mechanism NULL, not a server: 64 bytes. Then a READY command with the socket's type.
    await write(Uint8Array.from([0xff, ...Array(8), 0x7f, 3, 0, ...encoder.encode("NULL"), ...Array(48)]));
    const ready = `\x05READY\x0bSocket-Type\0\0\0${String.fromCharCode(type.length)}${type}`;
    await write(encodeFrame(encoder.encode(ready), flags.command));
    const greeting = await read(64);
    const answer = greeting?.[0] === 0xff && greeting[10] >= 3 ? await readFrame(read) : null;
    if (!answer || !(answer.flag & flags.command)) {
      throw new Error(
        `Port ${port}: expected a ZMTP 3 greeting and READY. Received: ${greeting ?? "nothing"}`,
      );
    }
    if (type === "SUB") await write(encodeFrame(Uint8Array.of(1), 0)); // 1 (subscribe) and an empty prefix: everything
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    async send(frames) {
      for (const [index, frame] of frames.entries()) {
        const body = typeof frame === "string" ? encoder.encode(frame) : frame;
        await write(encodeFrame(body, index < frames.length - 1 ? flags.more : 0));
      }
    },
    async *messages() {
      const inserted: Uint8Array[][] = [];
      for (let message; (message = await readMessage(read, inserted));) {
        yield message;
        yield* inserted.splice(0);
      }
    },
    close() {
      try {
        connection.close();
      } catch { /* closed by the other side already */ }
    },
  };
}

function encodeFrame(body: Uint8Array, flag: number): Uint8Array {
  const isLong = body.length > 255;
  const frame = new Uint8Array((isLong ? 9 : 2) + body.length);
  const head = new DataView(frame.buffer);
  head.setUint8(0, isLong ? flag | flags.long : flag);
  if (isLong) head.setBigUint64(1, BigInt(body.length));
  else head.setUint8(1, body.length);
  frame.set(body, frame.length - body.length);
  return frame;
}

type ReadBytes = (count: number) => Promise<Uint8Array | null>;

/** The next message; null at the end. Messages found in the middle of its frames are added to `inserted`. */
async function readMessage(read: ReadBytes, inserted: Uint8Array[][]): Promise<Uint8Array[] | null> {
  const frames: Uint8Array[] = [];
  for (let frame; (frame = await readFrame(read));) {
    if (frame.flag & flags.command) continue;
    const body = await withoutInserted(frame.body, read, inserted);
    if (!body) return null;
    frames.push(body);
    if (!(frame.flag & flags.more)) return frames;
  }
  return null;
}

/** How a Jupyter kernel's messages begin. The byte 1 occurs nowhere else in them, since all frames are text or JSON. */
const messageStart = encoder.encode("\x01\x09<IDS|MSG>");

/**
 * Removes messages inside a frame. While Deno 2.9.6's kernel waits for a slow reader in the middle of a long frame, it sends
 * other complete messages right there. They are taken out, and as many bytes are read to the frame's true end. A message that
 * begins in a frame's last 10 bytes is not found.
 */
async function withoutInserted(
  body: Uint8Array,
  read: ReadBytes,
  inserted: Uint8Array[][],
): Promise<Uint8Array | null> {
  let whole = Buffer.from(body.buffer, body.byteOffset, body.length);
  for (let at; (at = whole.indexOf(messageStart)) >= 0;) {
    let rest = whole.subarray(at);
    const message = await readMessage(async (count) => {
      const [own, missing] = [rest.subarray(0, count), Math.max(0, count - rest.length)];
      rest = rest.subarray(count);
      const others = missing > 0 ? await read(missing) : new Uint8Array();
      return others && Buffer.concat([own, others]);
    }, inserted);
    const end = message && await read(whole.length - at - rest.length);
    if (!end) return null;
    inserted.push(message);
    whole = Buffer.concat([whole.subarray(0, at), rest, end]);
  }
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

async function readFrame(read: ReadBytes): Promise<{ flag: number; body: Uint8Array } | null> {
  const [flag] = await read(1) ?? [];
  const size = flag === undefined ? null : await read(flag & flags.long ? 8 : 1);
  const body = size && await read(size.reduce((sum, byte) => sum * 256 + byte, 0));
  return body && { flag, body };
}

/** Reads exactly `count` bytes; null if the connection ends before that. */
function byteReader(connection: Deno.Conn): ReadBytes {
  const buffer = new Uint8Array(65_536);
  let rest = buffer.subarray(0, 0);
  return async (count) => {
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count;) {
      if (rest.length === 0) {
        // A connection that was closed on this side, or reset by a killed kernel, has ended too.
        rest = buffer.subarray(0, await connection.read(buffer).catch(() => null) ?? 0);
        if (rest.length === 0) return null;
      }
      const part = rest.subarray(0, count - done);
      bytes.set(part, done);
      rest = rest.subarray(part.length);
      done += part.length;
    }
    return bytes;
  };
}
