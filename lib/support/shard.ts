/**
 * A shard: many rows of equal length with their keys in one immutable file,
 * `<folder>/<first 2 digits>/<SHA-256 of its bytes>.shard`.
 *
 *     header   "HAMSHARD", bytes a row, number of rows, CRC-32 of the table, CRC-32 of these 20 bytes
 *     table    for each row: key (32 bytes), CRC-32 of key and row
 *     rows
 *
 * Numbers are little-endian uint32. Shards are not synced to the disk: checksums reveal damage by a power failure.
 */
import { Buffer } from "node:buffer";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { writeAtomicSync } from "./atomic.ts";
import { sha256 } from "./digest.ts";
import { unlessGone } from "./storage_error.ts";

export interface Shard {
  readonly path: string;
  /** The rows' keys in order, 64 hexadecimal digits each. */
  readonly keys: readonly string[];
  /** CRC-32 of each key with its row. */
  readonly checksums: readonly number[];
}

const magic = "HAMSHARD";
const headerBytes = 24;
const entryBytes = 36;

/** Paths of all shards below a folder. */
export function listShards(folder: string): string[] {
  const names = (path: string) =>
    unlessGone(() => Array.from(Deno.readDirSync(path), ({ name }) => name)) ?? [];
  const parts = names(folder).filter((name) => /^[0-9a-f]{2}$/.test(name)).map((name) => join(folder, name));
  return parts.flatMap((part) =>
    names(part).filter((name) => name.endsWith(".shard")).map((name) => join(part, name))
  );
}

/** Writes a shard in one step and returns its path. */
export function writeShard(folder: string, rows: ReadonlyMap<string, Uint8Array>, rowBytes: number): string {
  const start = headerBytes + rows.size * entryBytes;
  const bytes = Buffer.alloc(start + rows.size * rowBytes);
  Array.from(rows, ([key, row], i) => {
    const entry = headerBytes + i * entryBytes;
    bytes.write(key, entry, "hex");
    bytes.writeUInt32LE(checksumOf(key, row), entry + 32);
    bytes.set(row, start + i * rowBytes);
  });
  bytes.write(magic);
  bytes.writeUInt32LE(rowBytes, 8);
  bytes.writeUInt32LE(rows.size, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(headerBytes, start)), 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 20)), 20);
  const digest = sha256(bytes);
  const path = join(folder, digest.slice(0, 2), `${digest}.shard`);
  writeAtomicSync(path, bytes);
  return path;
}

/**
 * Reads a shard's header and table, not its rows; null if the file is gone.
 *
 * @throws {Error} if it holds rows of another length
 */
export function readShard(path: string, rowBytes: number): Shard | "damaged" | null {
  using file = openShard(path);
  if (file === null) return null;
  const head = Buffer.alloc(headerBytes);
  const header = readAt(file, 0, head) ? readHeader(head) : null;
  if (header === null) return "damaged";
  if (header.rowBytes !== rowBytes) {
    throw new Error(
      `${path}: expected rows of ${rowBytes} bytes. Received: ${header.rowBytes} bytes. ` +
        "Use another kind, or delete its folder: what it holds can be computed again",
    );
  }
  const { count } = header;
  if (file.statSync().size !== headerBytes + count * (entryBytes + rowBytes)) return "damaged";
  const table = Buffer.alloc(count * entryBytes);
  if (!readAt(file, headerBytes, table) || crc32(table) !== header.tableChecksum) return "damaged";
  const entries = Array.from({ length: count }, (_, row) => readEntry(table, row * entryBytes));
  return { path, keys: entries.map(({ key }) => key), checksums: entries.map(({ checksum }) => checksum) };
}

/** Whether a file is a shard with exactly the bytes that were written: its name is their SHA-256. */
export function isWholeShard(path: string): boolean {
  const bytes = unlessGone(() => Deno.readFileSync(path));
  return bytes !== null && basename(path) === `${sha256(bytes)}.shard`;
}

/** One row of a shard that `openShard` opened; null if it is damaged. */
export function readRow(
  file: Deno.FsFile,
  { keys, checksums }: Shard,
  row: number,
  rowBytes: number,
): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(rowBytes);
  const whole = readAt(file, headerBytes + keys.length * entryBytes + row * rowBytes, bytes);
  return whole && checksumOf(keys[row], bytes) === checksums[row] ? bytes : null;
}

/** The intact rows of a damaged shard, and how many rows it had; null if the file is gone. */
export function readWholeRows(
  path: string,
  rowBytes: number,
): { rows: Map<string, Uint8Array>; count: number } | null {
  const content = unlessGone(() => Deno.readFileSync(path));
  if (content === null) return null;
  const bytes = Buffer.from(content.buffer);
  const promised = (bytes.length - headerBytes) / (entryBytes + rowBytes);
  const count = readHeader(bytes)?.count ?? Math.max(0, Math.floor(promised));
  const rows = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const at = headerBytes + i * entryBytes;
    const start = headerBytes + count * entryBytes + i * rowBytes;
    if (start + rowBytes > bytes.length) break;
    const { key, checksum } = readEntry(bytes, at);
    const row = content.subarray(start, start + rowBytes);
    if (checksumOf(key, row) === checksum) rows.set(key, row);
  }
  return { rows, count };
}

/** Opens a shard for reading; null if the file is gone. */
export function openShard(path: string): Deno.FsFile | null {
  return unlessGone(() => Deno.openSync(path));
}

function readHeader(bytes: Buffer): { rowBytes: number; count: number; tableChecksum: number } | null {
  if (bytes.length < headerBytes || bytes.toString("latin1", 0, 8) !== magic) return null;
  if (bytes.readUInt32LE(20) !== crc32(bytes.subarray(0, 20))) return null;
  const [rowBytes, count, tableChecksum] = [8, 12, 16].map((at) => bytes.readUInt32LE(at));
  return { rowBytes, count, tableChecksum };
}

function readEntry(bytes: Buffer, at: number): { key: string; checksum: number } {
  return { key: bytes.toString("hex", at, at + 32), checksum: bytes.readUInt32LE(at + 32) };
}

function checksumOf(key: string, row: Uint8Array): number {
  return crc32(row, crc32(Buffer.from(key, "hex")));
}

/** Fills `bytes` from `offset` on; false if the file ends before that. */
function readAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): boolean {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) return false;
    done += count;
  }
  return true;
}
