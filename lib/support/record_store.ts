/**
 * An append-only file of equally long records, each found by the digest of what it was computed from.
 *
 * The file begins with 16 bytes: "HAMRECS1", the payload's length (uint32) and the CRC-32 of these twelve bytes. Then record
 * follows record: key (32 bytes), CRC-32 of the payload, CRC-32 of the 36 bytes before it, payload. Numbers are little-endian.
 *
 * A process killed at any moment loses what it had not flushed, about `flushBytes`; the torn tail it may leave is cut off by
 * the next write. Damage is found by the checksums, reported, and costs only the records it hit. Several processes may use one
 * file at once: each write holds an exclusive lock and takes over what the others have written.
 */
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { storageError } from "./storage_error.ts";

const magic = new TextEncoder().encode("HAMRECS1");
const fileHeaderBytes = 16;
const recordHeaderBytes = 40;

export interface RecordStoreOptions {
  /** Length of every payload in bytes, at least 1. Another length is another file. */
  payloadBytes: number;
  /** Told in one sentence of damage found and what becomes of it. Default: console.warn. */
  onNotice?: (message: string) => void;
  /** Records kept in memory before they are written, in bytes. Default: 1 MiB. */
  flushBytes?: number;
}

export interface RecordStore extends Disposable {
  /** Number of records, those not yet written among them. */
  readonly count: number;
  /** Whether a record has this key. Only `get` knows whether its payload is whole. */
  has(key: string): boolean;
  /** A copy of the payload, checked; undefined where there is none or it is damaged (reported, then dropped). */
  get(key: string): Uint8Array<ArrayBuffer> | undefined;
  /** Adds a record; one that has the key already stays as it is. The payload is copied. */
  append(key: string, payload: Uint8Array): void;
  /** Writes what was appended since the last flush. */
  flush(): void;
  /** Flushes, syncs to disk and closes the file. Calling it again does nothing. */
  close(): void;
}

/**
 * Opens a store, or makes an empty one together with missing folders. Opening reads the records' headers, not their payloads.
 *
 * Keys are SHA-256 digests: 64 hexadecimal digits.
 *
 * @throws {Error} if the file holds payloads of another length
 * @throws {StorageError} if the file cannot be made or opened for writing, and from every later write that fails
 */
export function openRecordStore(path: string, options: RecordStoreOptions): RecordStore {
  const { payloadBytes, onNotice = console.warn, flushBytes = 1 << 20 } = options;
  if (!Number.isInteger(payloadBytes) || payloadBytes < 1) {
    throw new RangeError(`payloadBytes is a whole number of at least 1. Received: ${payloadBytes}`);
  }
  const recordBytes = recordHeaderBytes + payloadBytes;
  const offsetOf = (slot: number) => fileHeaderBytes + slot * recordBytes;
  const file = openOrMake(path);

  const slots = new Map<string, number>(); // key → place of its record in the file
  const pending = new Map<string, Uint8Array>(); // key → whole record, not yet written
  let pendingBytes = 0;
  let known = 0; // records of the file that `slots` covers
  let open = true;
  let failed = false; // a flush did: closing does not try again, which would hide the first error

  try {
    locked(() => {
      checkFileHeader();
      const size = file.statSync().size;
      readHeaders(size);
      const torn = (size - fileHeaderBytes) % recordBytes;
      if (torn > 0) onNotice(`${path}: ends in the middle of a record, ${torn} bytes are left out`);
    });
  } catch (error) {
    file.close();
    throw error;
  }

  return {
    get count() {
      return slots.size + pending.size;
    },
    has: (key) => slots.has(key) || pending.has(key),
    get,
    append,
    flush,
    close,
    [Symbol.dispose]: close,
  };

  function get(key: string): Uint8Array<ArrayBuffer> | undefined {
    const waiting = pending.get(key);
    if (waiting) return waiting.slice(recordHeaderBytes);
    const slot = slots.get(key);
    if (slot === undefined) return undefined;
    const record = new Uint8Array(recordBytes);
    const whole = readAt(file, offsetOf(slot), record) === recordBytes;
    if (whole && keyOf(record) === key && uint32(record, 32) === crc32(record.subarray(recordHeaderBytes))) {
      return record.subarray(recordHeaderBytes);
    }
    slots.delete(key);
    if (whole && keyOf(record) === key) voidSlot(slot);
    onNotice(`${path}: record ${slot} (${key.slice(0, 8)}…) is damaged and was dropped`);
    return undefined;
  }

  function append(key: string, payload: Uint8Array): void {
    if (!/^[0-9a-f]{64}$/.test(key)) {
      throw new TypeError(`A record's key is 64 hexadecimal digits. Received: ${key}`);
    }
    if (payload.length !== payloadBytes) {
      throw new TypeError(`${path}: a payload has ${payloadBytes} bytes. Received: ${payload.length} bytes`);
    }
    if (slots.has(key) || pending.has(key)) return;
    const record = new Uint8Array(recordBytes);
    for (let i = 0; i < 32; i++) record[i] = parseInt(key.slice(2 * i, 2 * i + 2), 16);
    setUint32(record, 32, crc32(payload));
    setUint32(record, 36, crc32(record.subarray(0, 36)));
    record.set(payload, recordHeaderBytes);
    pending.set(key, record);
    pendingBytes += recordBytes;
    if (pendingBytes >= flushBytes) flush();
  }

  function flush(): void {
    if (pending.size === 0) return;
    locked(() => {
      readHeaders(file.statSync().size); // what other processes have added
      const fresh = [...pending].filter(([key]) => !slots.has(key));
      const start = offsetOf(known);
      file.truncateSync(start); // cuts off what a killed process left half-written
      try {
        const block = new Uint8Array(fresh.length * recordBytes);
        fresh.forEach(([, record], i) => block.set(record, i * recordBytes));
        writeAt(start, block);
      } catch (error) {
        failed = true;
        try {
          file.truncateSync(start); // room for others; the next write does it otherwise
        } catch { /* the first error says more */ }
        throw error;
      }
      fresh.forEach(([key], i) => slots.set(key, known + i));
      known += fresh.length;
      pending.clear();
      pendingBytes = 0;
    });
  }

  function close(): void {
    if (!open) return;
    open = false;
    try {
      if (!failed) flush();
      file.syncDataSync();
    } finally {
      file.close();
    }
  }

  /** Indexes the whole records behind the known ones, in a file of `size` bytes. */
  function readHeaders(size: number): void {
    const end = Math.max(0, Math.floor((size - fileHeaderBytes) / recordBytes));
    // small records are read by the block, of large ones the headers alone
    const perBlock = recordBytes < 2048 ? Math.floor(65536 / recordBytes) : 1;
    const block = new Uint8Array((perBlock - 1) * recordBytes + recordHeaderBytes);
    let damaged = 0;
    for (let first = known; first < end; first += perBlock) {
      readAt(file, offsetOf(first), block);
      for (let slot = first; slot < Math.min(first + perBlock, end); slot++) {
        const start = (slot - first) * recordBytes;
        const header = block.subarray(start, start + recordHeaderBytes);
        if (uint32(header, 36) === crc32(header.subarray(0, 36))) slots.set(keyOf(header), slot);
        else if (header.some((byte) => byte !== 0)) {
          voidSlot(slot);
          damaged++;
        }
      }
    }
    known = end;
    if (damaged > 0) onNotice(`${path}: ${damaged} of ${end} records are damaged and were dropped`);
  }

  /** A header of zeros marks a place that is passed over silently. */
  function voidSlot(slot: number): void {
    writeAt(offsetOf(slot), new Uint8Array(recordHeaderBytes));
  }

  function checkFileHeader(): void {
    const expected = new Uint8Array(fileHeaderBytes);
    expected.set(magic);
    setUint32(expected, 8, payloadBytes);
    setUint32(expected, 12, crc32(expected.subarray(0, 12)));
    const found = new Uint8Array(fileHeaderBytes);
    const length = readAt(file, 0, found);
    if (length === fileHeaderBytes && expected.every((byte, i) => byte === found[i])) return;
    if (length === fileHeaderBytes && uint32(found, 12) === crc32(found.subarray(0, 12))) {
      throw new Error(
        `${path}: expected payloads of ${payloadBytes} bytes. Received: ${uint32(found, 8)} bytes. ` +
          "Use another file, or delete this one: what it holds can be computed again",
      );
    }
    if (length > 0) onNotice(`${path}: the file's first bytes were damaged and are written anew`);
    writeAt(0, expected); // the records carry checksums of their own, so they may stay
  }

  function writeAt(offset: number, bytes: Uint8Array): void {
    try {
      file.seekSync(offset, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    } catch (error) {
      throw storageError(path, error);
    }
  }

  function locked(work: () => void): void {
    file.lockSync(true);
    try {
      work();
    } finally {
      file.unlockSync();
    }
  }
}

function openOrMake(path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw storageError(path, error);
  }
}

/** Reads up to `bytes.length` bytes from `offset`; the number read, less at the end of the file. */
function readAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): number {
  file.seekSync(offset, Deno.SeekMode.Start);
  let done = 0;
  while (done < bytes.length) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) break;
    done += count;
  }
  return done;
}

function keyOf(record: Uint8Array): string {
  return record.subarray(0, 32).toHex();
}

function uint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}

function setUint32(bytes: Uint8Array, offset: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset, value, true);
}
