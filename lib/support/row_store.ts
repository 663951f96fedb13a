/**
 * Many equally long rows by their keys, in immutable files of some seconds of work each: the shards of store.ts.
 *
 * A shard is `<folder>/<first 2 digits>/<SHA-256 of its bytes>.shard`. Numbers are little-endian uint32.
 *
 *     header   "HAMSHARD", bytes a row, number of rows, CRC-32 of the table, CRC-32 of these 20 bytes
 *     table    for each row: key (32 bytes), CRC-32 of key and row
 *     rows
 *
 * Opening reads headers and tables alone: 34,120 rows in 300 shards take 0.2 s, a million rows in 8,000 shards 5 s. An index beside
 * the shards (SQLite) would save little and could disagree with them. A killed process loses what it had not flushed; a row that
 * is damaged costs itself alone. Shards are not synced to the disk: what a power failure tears is found by the checksums.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { writeAtomicSync } from "./atomic.ts";

/** Keys are SHA-256 digests: 64 hexadecimal digits. */
export interface RowStore extends Disposable {
  /** Number of rows, those not yet written among them. */
  readonly count: number;
  /** Whether there is a row of this key. Only `get` knows whether it is whole. */
  has(key: string): boolean;
  /** A copy of the row; undefined where there is none or it is damaged (then it is told and dropped). */
  get(key: string): Uint8Array<ArrayBuffer> | undefined;
  /** Adds a row; one that has the key already stays as it is. The bytes are copied. They are on disk after `flush`. */
  append(key: string, bytes: Uint8Array): void;
  /** Writes what was appended since the last flush, as one shard. @throws {StorageError} */
  flush(): void;
  /** Finds the rows that other processes have written since. */
  refresh(): void;
  /** Flushes, and closes the files that were read. */
  [Symbol.dispose](): void;
}

export interface RowStoreOptions {
  /** Bytes of every row, at least 1. */
  rowBytes: number;
  /** Told in one sentence of damage found and what becomes of it. */
  onNotice: (message: string) => void;
}

const magic = new TextEncoder().encode("HAMSHARD");
const headerBytes = 24;
const entryBytes = 36;

/** Appended bytes beyond which `append` flushes by itself. */
const pendingLimit = 32 * 2 ** 20;
/** Shards kept open for reading. */
const openLimit = 200;

interface Shard {
  readonly path: string;
  /** (rows, 36): keys and checksums. */
  readonly table: Uint8Array;
}

/** @throws {Error} if a shard in the folder holds rows of another length */
export function openRowStore(folder: string, { rowBytes, onNotice }: RowStoreOptions): RowStore {
  if (!Number.isInteger(rowBytes) || rowBytes < 1) {
    throw new RangeError(`rowBytes is a whole number of at least 1. Received: ${rowBytes}`);
  }
  const shards = new Map<string, Shard>(); // path → shard
  const places = new Map<string, { shard: Shard; row: number }>(); // key → where its row is
  const pending = new Map<string, Uint8Array<ArrayBuffer>>(); // key → row, not yet written
  const files = new Map<Shard, Deno.FsFile>(); // open for reading, the longest unused one first

  refresh();
  return {
    get count() {
      return places.size + pending.size;
    },
    has: (key) => places.has(key) || pending.has(key),
    get,
    append,
    flush,
    refresh,
    [Symbol.dispose]() {
      flush();
      for (const file of files.values()) file.close();
      files.clear();
    },
  };

  function get(key: string): Uint8Array<ArrayBuffer> | undefined {
    for (let place; (place = places.get(key));) {
      const { shard, row } = place;
      const entry = shard.table.subarray(row * entryBytes, (row + 1) * entryBytes);
      const bytes = new Uint8Array(rowBytes);
      const file = fileOf(shard);
      const start = headerBytes + shard.table.length + row * rowBytes;
      if (file && readAt(file, start, bytes) && isWhole(entry, bytes)) return bytes;
      salvage(shard.path);
    }
    return pending.get(key)?.slice();
  }

  function append(key: string, bytes: Uint8Array): void {
    if (!/^[0-9a-f]{64}$/.test(key)) {
      throw new TypeError(`A row's key is 64 hexadecimal digits. Received: ${key}`);
    }
    if (bytes.length !== rowBytes) {
      throw new TypeError(`${folder}: a row has ${rowBytes} bytes. Received: ${bytes.length} bytes`);
    }
    if (places.has(key) || pending.has(key)) return;
    pending.set(key, new Uint8Array(bytes));
    if (pending.size * rowBytes >= pendingLimit) flush();
  }

  function flush(): void {
    if (pending.size === 0) return;
    const rows = new Map(pending);
    pending.clear(); // before the write: where it fails, disposing does not try again, which would hide the first error
    addShard(writeShard(folder, rows, rowBytes));
  }

  function refresh(): void {
    for (const path of listShards(folder)) {
      if (!shards.has(path)) addShard(path);
    }
  }

  function addShard(path: string): void {
    const table = readTable(path, rowBytes);
    if (table === "damaged") return salvage(path);
    if (table === null) return;
    const shard = { path, table };
    shards.set(path, shard);
    for (let row = 0; row < table.length / entryBytes; row++) {
      const key = keyAt(table, row);
      places.set(key, { shard, row });
      pending.delete(key); // another process has it as well
    }
  }

  /** Writes the whole rows of a damaged shard anew, without the others, and removes it. So damage is told once. */
  function salvage(path: string): void {
    const shard = shards.get(path);
    if (shard) forget(shard);
    const bytes = readWhole(path);
    if (bytes === null) return refresh(); // another process was faster
    const header = readHeader(bytes);
    const count = header?.count ??
      Math.max(0, Math.floor((bytes.length - headerBytes) / (entryBytes + rowBytes)));
    const rows = new Map<string, Uint8Array<ArrayBuffer>>();
    for (let i = 0; i < count; i++) {
      const entry = bytes.subarray(headerBytes + i * entryBytes, headerBytes + (i + 1) * entryBytes);
      const start = headerBytes + count * entryBytes + i * rowBytes;
      const row = bytes.subarray(start, start + rowBytes);
      if (entry.length === entryBytes && row.length === rowBytes && isWhole(entry, row)) {
        rows.set(keyAt(entry, 0), row);
      }
    }
    onNotice(`${path}: damaged. ${rows.size} of its ${count} rows are whole; what is lost is computed again`);
    const repaired = rows.size === 0 ? null : writeShard(folder, rows, rowBytes);
    // the same path: no row was damaged, only the header or a checksum
    if (repaired !== path) unlessGone(() => Deno.removeSync(path));
    if (repaired) addShard(repaired);
  }

  function forget(shard: Shard): void {
    shards.delete(shard.path);
    for (let row = 0; row < shard.table.length / entryBytes; row++) {
      const key = keyAt(shard.table, row);
      if (places.get(key)?.shard === shard) places.delete(key);
    }
    files.get(shard)?.close();
    files.delete(shard);
  }

  /** The shard's file, opened if it is not; null where it is gone. */
  function fileOf(shard: Shard): Deno.FsFile | null {
    const file = files.get(shard) ?? openFile(shard.path);
    if (file === null) return null;
    files.delete(shard);
    files.set(shard, file);
    if (files.size > openLimit) {
      const [oldest, unused] = files.entries().next().value!;
      unused.close();
      files.delete(oldest);
    }
    return file;
  }
}

function listShards(folder: string): string[] {
  const names = (path: string) =>
    unlessGone(() => Array.from(Deno.readDirSync(path), ({ name }) => name)) ?? [];
  return names(folder).filter((name) => /^[0-9a-f]{2}$/.test(name)).flatMap((name) =>
    names(join(folder, name)).filter((file) => file.endsWith(".shard")).map((file) =>
      join(folder, name, file)
    )
  );
}

/** Writes one shard in one step and returns its path. */
function writeShard(folder: string, rows: ReadonlyMap<string, Uint8Array>, rowBytes: number): string {
  const start = headerBytes + rows.size * entryBytes;
  const bytes = new Uint8Array(start + rows.size * rowBytes);
  let i = 0;
  for (const [key, row] of rows) {
    const entry = bytes.subarray(headerBytes + i * entryBytes, headerBytes + (i + 1) * entryBytes);
    entry.set(Uint8Array.fromHex(key));
    setUint32(entry, 32, checksum(entry, row));
    bytes.set(row, start + i * rowBytes);
    i++;
  }
  bytes.set(magic);
  setUint32(bytes, 8, rowBytes);
  setUint32(bytes, 12, rows.size);
  setUint32(bytes, 16, crc32(bytes.subarray(headerBytes, start)));
  setUint32(bytes, 20, crc32(bytes.subarray(0, 20)));
  const digest = createHash("sha256").update(bytes).digest("hex");
  const path = join(folder, digest.slice(0, 2), `${digest}.shard`);
  writeAtomicSync(path, bytes);
  return path;
}

/** The table of a shard; null where the file is gone. */
function readTable(path: string, rowBytes: number): Uint8Array | "damaged" | null {
  using file = openFile(path);
  if (file === null) return null;
  const head = new Uint8Array(headerBytes);
  const header = readAt(file, 0, head) ? readHeader(head) : null;
  if (header && header.rowBytes !== rowBytes) {
    throw new Error(
      `${path}: expected rows of ${rowBytes} bytes. Received: ${header.rowBytes} bytes. ` +
        "Use another kind, or delete its folder: what it holds can be computed again",
    );
  }
  if (header === null) return "damaged";
  const table = new Uint8Array(header.count * entryBytes);
  const whole = file.statSync().size === headerBytes + table.length + header.count * rowBytes;
  return whole && readAt(file, headerBytes, table) && crc32(table) === header.tableChecksum
    ? table
    : "damaged";
}

function readHeader(bytes: Uint8Array): { rowBytes: number; count: number; tableChecksum: number } | null {
  if (bytes.length < headerBytes || magic.some((byte, i) => byte !== bytes[i])) return null;
  if (uint32(bytes, 20) !== crc32(bytes.subarray(0, 20))) return null;
  return { rowBytes: uint32(bytes, 8), count: uint32(bytes, 12), tableChecksum: uint32(bytes, 16) };
}

function keyAt(table: Uint8Array, row: number): string {
  return table.subarray(row * entryBytes, row * entryBytes + 32).toHex();
}

function checksum(entry: Uint8Array, row: Uint8Array): number {
  return crc32(row, crc32(entry.subarray(0, 32)));
}

function isWhole(entry: Uint8Array, row: Uint8Array): boolean {
  return uint32(entry, 32) === checksum(entry, row);
}

const openFile = (path: string) => unlessGone(() => Deno.openSync(path));
const readWhole = (path: string) => unlessGone(() => Deno.readFileSync(path));

/** What `work` gives; null where its file or folder is not there. */
function unlessGone<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Fills `bytes` from `offset` on; false where the file ends before. */
function readAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): boolean {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) return false;
    done += count;
  }
  return true;
}

function uint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}

function setUint32(bytes: Uint8Array, offset: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset, value, true);
}
