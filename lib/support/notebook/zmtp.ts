/**
 * The few pages of ZMTP 3.0, ZeroMQ's wire protocol (rfc.zeromq.org/spec/23), that a Jupyter client needs: DEALER and SUB
 * sockets without security over TCP on this machine.
 *
 * Deno reads sockets without polling, notices a closed one at once, and lets a slow reader slow the writer down. The npm
 * package zeromq works in Deno 2.9.6 only with a poll every few milliseconds, as its `receive()` hangs.
 */

/** One message: its frames, and how many bytes of them were read over because a frame was longer than allowed. */
export interface Multipart {
  frames: Uint8Array[];
  skippedBytes: number;
}

/** One end of a ZeroMQ connection. */
export interface ZmtpSocket {
  send(frames: Uint8Array[]): Promise<void>;
  /** Every message until the other side closes. To be read by one reader only. */
  messages(): AsyncGenerator<Multipart>;
  close(): void;
}

const flags = { more: 1, long: 2, command: 4 };

/**
 * Connects to a ZeroMQ socket on 127.0.0.1.
 *
 * @param options.type `SUB` receives everything that is published
 * @param options.maxFrameBytes a longer frame is read over and arrives empty; default 256 MiB
 * @throws {Deno.errors.ConnectionRefused} when nobody listens there (yet)
 * @throws {Error} when something else than ZMTP 3 answers
 */
export async function connectZmtp(
  port: number,
  options: { type: "DEALER" | "SUB"; maxFrameBytes?: number },
): Promise<ZmtpSocket> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port, transport: "tcp" });
  connection.setNoDelay(true);
  const reader = byteReader(connection);
  const maxFrameBytes = options.maxFrameBytes ?? 256 * 2 ** 20;
  let sending = Promise.resolve();
  const write = (bytes: Uint8Array) => {
    sending = sending.catch(() => {}).then(() => writeAll(connection, bytes));
    return sending;
  };
  try {
    await write(greeting());
    const answer = await reader.read(64);
    if (answer === null || answer[0] !== 0xff || answer[9] !== 0x7f || answer[10] < 3) {
      throw new Error(`Port ${port}: expected a ZMTP 3 greeting. Received: ${answer ?? "nothing"}`);
    }
    await write(encodeFrame(readyCommand(options.type), flags.command));
    const ready = await readFrame(reader, maxFrameBytes);
    if (ready === null || !(ready.flag & flags.command)) {
      throw new Error(`Port ${port}: expected ZMTP's READY. Received: ${ready ? "a message" : "nothing"}`);
    }
    if (options.type === "SUB") await write(encodeFrame(new Uint8Array([1]), 0)); // 1 + empty prefix: everything
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    send(frames) {
      const last = frames.length - 1;
      return write(concat(frames.map((frame, i) => encodeFrame(frame, i < last ? flags.more : 0))));
    },
    async *messages() {
      let frames: Uint8Array[] = [], skippedBytes = 0;
      for (;;) {
        const frame = await readFrame(reader, maxFrameBytes);
        if (frame === null) return;
        if (frame.flag & flags.command) continue;
        frames.push(frame.body);
        skippedBytes += frame.skippedBytes;
        if (frame.flag & flags.more) continue;
        yield { frames, skippedBytes };
        [frames, skippedBytes] = [[], 0];
      }
    },
    close() {
      try {
        connection.close();
      } catch { /* closed by the other side already */ }
    },
  };
}

/** Signature, version 3.0, mechanism NULL, not a server: 64 bytes. */
function greeting(): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.set(new TextEncoder().encode("NULL"), 12);
  return bytes;
}

function readyCommand(type: string): Uint8Array {
  const encoder = new TextEncoder();
  const named = (text: string) => [text.length, ...encoder.encode(text)];
  const property = (name: string, value: string) => [...named(name), 0, 0, 0, ...named(value)];
  return new Uint8Array([...named("READY"), ...property("Socket-Type", type), ...property("Identity", "")]);
}

function encodeFrame(body: Uint8Array, flag: number): Uint8Array {
  if (body.length < 256) return concat([new Uint8Array([flag, body.length]), body]);
  const head = new DataView(new ArrayBuffer(9));
  head.setUint8(0, flag | flags.long);
  head.setBigUint64(1, BigInt(body.length));
  return concat([new Uint8Array(head.buffer), body]);
}

async function readFrame(
  reader: ByteReader,
  maxBytes: number,
): Promise<{ flag: number; body: Uint8Array; skippedBytes: number } | null> {
  const flag = (await reader.read(1))?.[0];
  if (flag === undefined) return null;
  const size = await reader.read(flag & flags.long ? 8 : 1);
  if (size === null) return null;
  const length = size.reduce((sum, byte) => sum * 256 + byte, 0);
  if (length > maxBytes) {
    return (await reader.skip(length)) ? { flag, body: new Uint8Array(), skippedBytes: length } : null;
  }
  const body = await reader.read(length);
  return body && { flag, body, skippedBytes: 0 };
}

interface ByteReader {
  /** Exactly `count` bytes, or null where the connection ends before. */
  read(count: number): Promise<Uint8Array | null>;
  /** Reads over bytes; false where the connection ends before. */
  skip(count: number): Promise<boolean>;
}

function byteReader(connection: Deno.Conn): ByteReader {
  const buffer = new Uint8Array(65536);
  let start = 0, end = 0;
  const fill = async () => {
    [start, end] = [0, 0];
    try {
      end = (await connection.read(buffer)) ?? 0;
    } catch { /* closed on this side, or reset by a killed kernel: the end, too */ }
    return end > 0;
  };
  const take = async (count: number, use: (part: Uint8Array, done: number) => void) => {
    for (let done = 0; done < count;) {
      if (start === end && !(await fill())) return false;
      const part = buffer.subarray(start, Math.min(end, start + count - done));
      use(part, done);
      start += part.length;
      done += part.length;
    }
    return true;
  };
  return {
    async read(count) {
      const bytes = new Uint8Array(count);
      return (await take(count, (part, done) => bytes.set(part, done))) ? bytes : null;
    },
    skip: (count) => take(count, () => {}),
  };
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

function concat(parts: Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let done = 0;
  for (const part of parts) {
    result.set(part, done);
    done += part.length;
  }
  return result;
}
