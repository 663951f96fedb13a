/**
 * The project's one store: a computed result is found again by the digest of everything that it was computed from.
 *
 * There are two forms. Both are immutable, written to a temporary file and renamed, so each is complete or absent:
 * - an entry is one file, `<folder>/<kind>/<first 2 digits of the key>/<key>.tensors`: a JSON value and named float32 arrays;
 * - rows are small and equally long; many share a shard under `<folder>/<kind>/` (row_store.ts).
 *
 * Checksums reveal damage on reading. It is reported once and counts as missing, so the caller computes it again. There is no
 * lock: any number of processes may fill one store. At worst they compute the same thing; the same key has the same content.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "./atomic.ts";
import { bytesOf, sha256 } from "./digest.ts";
import { openRowStore, type RowStore } from "./row_store.ts";
import { nullIfGone } from "./storage_error.ts";

export type { RowStore } from "./row_store.ts";

/** The content of one entry. */
export interface Stored<T> {
  /** Any JSON value. */
  readonly value: T;
  /** By name. Read back bit for bit, also NaN and −0. */
  readonly tensors: Readonly<Record<string, Float32Array>>;
}

/**
 * `kind` is a folder: words of letters, digits, "-" and "_", joined by "/". `key` is a SHA-256 digest: 64 hexadecimal digits. A
 * failed write throws a `StorageError` with path, reason and what to do; an older entry is then unchanged.
 */
export interface Store {
  readonly folder: string;
  /** Tells the user, in one sentence, of damage and its consequence. */
  readonly onNotice: (message: string) => void;
  /** The entry; null if there is none or it is damaged (then the damage is reported and the entry removed). */
  read<T>(kind: string, key: string): Promise<Stored<T> | null>;
  /** Writes an entry in one step; replaces an older one with this key. */
  write<T>(kind: string, key: string, stored: Stored<T>): Promise<void>;
  /** The entry, computed and written first if it is missing. In both cases the value has gone through JSON. */
  keep<T>(
    kind: string,
    key: string,
    compute: () => Promise<Stored<T>>,
  ): Promise<Stored<T> & { computed: boolean }>;
  /** Whether there is an entry. Only `read` checks whether it is intact. */
  has(kind: string, key: string): boolean;
  /** Removes an entry; does nothing if there is none. */
  remove(kind: string, key: string): Promise<void>;
  /** Many rows of `rowBytes` bytes each. Opening reads the shards' tables, not the rows. */
  rows(kind: string, options: { rowBytes: number }): RowStore;
}

export interface StoreOptions {
  /** Default: console.warn. */
  onNotice?: (message: string) => void;
}

/** A store in `folder`, which is created when something is written. */
export function openStore(folder: string, { onNotice = console.warn }: StoreOptions = {}): Store {
  const folderOf = (kind: string) => {
    if (/^[\w-]+(\/[\w-]+)*$/.test(kind)) return join(folder, kind);
    throw new TypeError(
      `A store's kind is words of letters, digits, - and _, joined by /. Received: ${kind}`,
    );
  };
  const pathOf = (kind: string, key: string) => {
    if (/^[0-9a-f]{64}$/.test(key)) return join(folderOf(kind), key.slice(0, 2), `${key}.tensors`);
    throw new TypeError(`An entry's key is 64 hexadecimal digits. Received: ${key}`);
  };
  const store: Store = {
    folder,
    onNotice,
    async read<T>(kind: string, key: string) {
      const path = pathOf(kind, key);
      const bytes = await Deno.readFile(path).catch(nullIfGone);
      if (bytes === null) return null;
      const stored = decode<T>(bytes);
      if (stored === null) {
        onNotice(`${path}: cut short or changed: its SHA-256 does not match. It is treated as missing`);
        await store.remove(kind, key).catch(() => {}); // on a read-only disk it stays and is reported again
      }
      return stored;
    },
    async write(kind, key, stored) {
      await writeAtomic(pathOf(kind, key), encode(stored));
    },
    async keep<T>(kind: string, key: string, compute: () => Promise<Stored<T>>) {
      const found = await store.read<T>(kind, key);
      if (found) return { ...found, computed: false };
      const { value, tensors } = await compute();
      await store.write(kind, key, { value, tensors });
      return { value: JSON.parse(JSON.stringify(value)), tensors, computed: true };
    },
    has: (kind, key) => existsSync(pathOf(kind, key)),
    async remove(kind, key) {
      await Deno.remove(pathOf(kind, key)).catch(nullIfGone);
    },
    rows: (kind, { rowBytes }) => openRowStore(folderOf(kind), { rowBytes, onNotice }),
  };
  return store;
}

const magic = new TextEncoder().encode("HAMTENS2");
const digestBytes = 32;

/**
 * The file of an entry: "HAMTENS2", length of the index (uint32, little-endian), index (JSON: `value`, and name and length of
 * every tensor, filled with spaces to a multiple of four bytes), the tensors (float32), SHA-256 of everything before it.
 */
function encode({ value, tensors }: Stored<unknown>): Uint8Array[] {
  const list = Object.entries(tensors).map(([name, { length }]) => ({ name, length }));
  const index = new TextEncoder().encode(JSON.stringify({ value, tensors: list }));
  const start = magic.length + 4;
  const head = new Uint8Array(Math.ceil((start + index.length) / 4) * 4).fill(0x20);
  head.set(magic);
  new DataView(head.buffer).setUint32(magic.length, head.length - start, true);
  head.set(index, start);
  const parts = [head, ...Object.values(tensors).map(bytesOf)];
  return [...parts, Uint8Array.fromHex(sha256(...parts))];
}

/** The content that `encode` was given; null for bytes that it did not make. */
function decode<T>(bytes: Uint8Array<ArrayBuffer>): Stored<T> | null {
  const start = magic.length + 4;
  const end = bytes.length - digestBytes;
  if (end < start || magic.some((byte, i) => byte !== bytes[i])) return null;
  if (sha256(bytes.subarray(0, end)) !== bytes.subarray(end).toHex()) return null;
  let at = start + new DataView(bytes.buffer).getUint32(magic.length, true);
  const index = JSON.parse(new TextDecoder().decode(bytes.subarray(start, at)));
  const tensors: Record<string, Float32Array> = {};
  for (const { name, length } of index.tensors as { name: string; length: number }[]) {
    tensors[name] = new Float32Array(bytes.buffer, at, length);
    at += 4 * length;
  }
  return { value: index.value, tensors };
}
