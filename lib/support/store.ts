/**
 * The one store: whatever this project computes, found again by the digest of what it was computed from.
 *
 * Two forms, both immutable, written beside and renamed, so that each is whole or not there:
 * - an entry is one file, `<folder>/<kind>/<first 2 digits of the key>/<key>.tensors`: a JSON value and named float32 arrays;
 * - rows, small and equally long, stand many together in shards under `<folder>/<kind>/` (row_store.ts).
 *
 * Damage is found by checksums when something is read, told once, and counts as missing: whoever asked computes it again. There
 * is no lock. Any number of processes may fill one store, at worst each computes the same thing; the same key is the same content.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "./atomic.ts";
import { bytesOf } from "./digest.ts";
import { openRowStore, type RowStore } from "./row_store.ts";
import { nullIfGone } from "./storage_error.ts";

export type { RowStore } from "./row_store.ts";

/** What one entry holds. */
export interface Stored<T> {
  /** Any JSON. */
  readonly value: T;
  /** By name. Read again bit for bit, NaN and −0 too. */
  readonly tensors: Readonly<Record<string, Float32Array>>;
}

/**
 * `kind` is a folder: words of letters, digits, "-" and "_", joined by "/". `key` is a SHA-256 digest: 64 hexadecimal digits.
 * What writes throws a `StorageError` when it cannot, with path, reason and what to do; an older entry is then as it was.
 */
export interface Store {
  readonly folder: string;
  /** Tells the user, in one sentence, of damage found and what becomes of it. */
  readonly onNotice: (message: string) => void;
  /** The entry; null where there is none or it is damaged (then it is told and removed). */
  read<T>(kind: string, key: string): Promise<Stored<T> | null>;
  /** Writes an entry in one step, in place of an older one of this key. */
  write<T>(kind: string, key: string, stored: Stored<T>): Promise<void>;
  /** The entry, computed and written first if it is missing. The value has gone through JSON in either case. */
  keep<T>(
    kind: string,
    key: string,
    compute: () => Promise<Stored<T>>,
  ): Promise<Stored<T> & { computed: boolean }>;
  /** Whether there is an entry. Only `read` knows whether it is whole. */
  has(kind: string, key: string): boolean;
  /** Removes an entry; does nothing where there is none. */
  remove(kind: string, key: string): Promise<void>;
  /** Many rows of `rowBytes` bytes each. Opening reads the shards' tables, not the rows. */
  rows(kind: string, options: { rowBytes: number }): RowStore;
}

export interface StoreOptions {
  /** Default: console.warn. */
  onNotice?: (message: string) => void;
}

/** A store in `folder`, which need not exist: it is made when something is written. */
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
        onNotice(`${path}: cut short or changed, its SHA-256 does not fit. It counts as missing`);
        await store.remove(kind, key).catch(() => {}); // where nothing may be written it stays, and is told again
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
 * An entry's file: "HAMTENS2", length of the index (uint32, little-endian), index (JSON: `value`, and name and length of every
 * tensor; spaces fill it up to a multiple of four bytes), the tensors (float32), SHA-256 of all before it.
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
  return [...parts, sha256Of(parts)];
}

/** What `encode` was given; null for any bytes that it did not make. */
function decode<T>(bytes: Uint8Array<ArrayBuffer>): Stored<T> | null {
  const start = magic.length + 4;
  const end = bytes.length - digestBytes;
  if (end < start || magic.some((byte, i) => byte !== bytes[i])) return null;
  const digest = sha256Of([bytes.subarray(0, end)]);
  if (digest.some((byte, i) => byte !== bytes[end + i])) return null;
  let at = start + new DataView(bytes.buffer).getUint32(magic.length, true);
  const index = JSON.parse(new TextDecoder().decode(bytes.subarray(start, at)));
  const tensors: Record<string, Float32Array> = {};
  for (const { name, length } of index.tensors as { name: string; length: number }[]) {
    tensors[name] = new Float32Array(bytes.buffer, at, length);
    at += 4 * length;
  }
  return { value: index.value, tensors };
}

function sha256Of(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
