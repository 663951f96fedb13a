/**
 * Stores many rows of equal length by their keys, in shards of some seconds of work each (shard.ts).
 *
 * Opening reads the tables of all shards: 34,120 rows in 300 shards take 0.1 s, a million rows in 8,000 shards 4 s. An index
 * beside the shards (SQLite) would save little and could disagree with them. A killed process loses the rows that it had not
 * flushed. A damaged row affects no other row.
 */
import { listShards, openShard, readRow, readShard, readWholeRows, type Shard, writeShard } from "./shard.ts";
import { unlessGone } from "./storage_error.ts";

/** Keys are SHA-256 digests: 64 hexadecimal digits. */
export interface RowStore extends Disposable {
  /** Number of rows, including those not yet written. */
  readonly count: number;
  /** Whether there is a row with this key. Only `get` checks whether it is intact. */
  has(key: string): boolean;
  /** A copy of the row; undefined if there is none or it is damaged (then this is reported and the row dropped). */
  get(key: string): Uint8Array<ArrayBuffer> | undefined;
  /** Path of the shard that holds the row; undefined if it is not on the disk. */
  fileOf(key: string): string | undefined;
  /** Adds a copy of a row; an existing row with this key stays as it is. The row is on disk after `flush`. */
  append(key: string, bytes: Uint8Array): void;
  /** Writes the rows appended since the last flush, as one shard. @throws {StorageError} */
  flush(): void;
  /** Finds rows that other processes have written since. */
  refresh(): void;
  /** Flushes, and closes the files that were read. */
  [Symbol.dispose](): void;
}

export interface RowStoreOptions {
  /** Bytes of every row, at least 1. */
  rowBytes: number;
  /** Receives one sentence about damage that was found and its consequence. */
  onNotice: (message: string) => void;
}

/** `append` flushes by itself after this many bytes. */
const pendingLimit = 32 * 2 ** 20;
/** Maximum number of shards kept open for reading. */
const openLimit = 200;

/** @throws {Error} if a shard in the folder holds rows of another length */
export function openRowStore(folder: string, { rowBytes, onNotice }: RowStoreOptions): RowStore {
  if (!Number.isInteger(rowBytes) || rowBytes < 1) {
    throw new RangeError(`rowBytes is a whole number of at least 1. Received: ${rowBytes}`);
  }
  const shards = new Map<string, Shard>(); // path → shard
  const places = new Map<string, { shard: Shard; row: number }>(); // key → where its row is
  const pending = new Map<string, Uint8Array<ArrayBuffer>>(); // key → row, not yet written
  const files = new Map<Shard, Deno.FsFile>(); // open for reading, the least recently used first

  refresh();
  return {
    get count() {
      return places.size + pending.size;
    },
    has: (key) => places.has(key) || pending.has(key),
    get,
    fileOf: (key) => places.get(key)?.shard.path,
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
      const file = fileOf(place.shard);
      const row = file && readRow(file, place.shard, place.row, rowBytes);
      if (row) return row;
      salvage(place.shard.path);
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
    pending.clear(); // before the write: if it fails, disposing does not try again and hide the first error
    addShard(writeShard(folder, rows, rowBytes));
  }

  function refresh(): void {
    for (const path of listShards(folder)) {
      if (!shards.has(path)) addShard(path);
    }
  }

  function addShard(path: string): void {
    const shard = readShard(path, rowBytes);
    if (shard === "damaged") return salvage(path);
    if (shard === null) return;
    shards.set(path, shard);
    shard.keys.forEach((key, row) => {
      places.set(key, { shard, row });
      pending.delete(key); // another process has written it as well
    });
  }

  /** Writes the intact rows of a damaged shard to a new one and removes the old one. So damage is reported once. */
  function salvage(path: string): void {
    forget(path);
    const left = readWholeRows(path, rowBytes);
    if (left === null) return refresh(); // another process was faster
    const { rows, count } = left;
    onNotice(`${path}: damaged. ${rows.size} of its ${count} rows are intact; the others are computed again`);
    const repaired = rows.size === 0 ? null : writeShard(folder, rows, rowBytes);
    // the same path: no row was damaged, only the header or a checksum
    if (repaired !== path) unlessGone(() => Deno.removeSync(path));
    if (repaired) addShard(repaired);
  }

  function forget(path: string): void {
    const shard = shards.get(path);
    if (!shard) return;
    shards.delete(path);
    for (const key of shard.keys) {
      if (places.get(key)?.shard === shard) places.delete(key);
    }
    files.get(shard)?.close();
    files.delete(shard);
  }

  /** The shard's file, opened if necessary; null if it is gone. */
  function fileOf(shard: Shard): Deno.FsFile | null {
    const file = files.get(shard) ?? openShard(shard.path);
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
