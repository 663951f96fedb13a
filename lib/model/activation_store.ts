/**
 * Activations on disk: one folder for each specification, one record for each image, found by what its pixels came from.
 *
 * `<store>/activations/<digest of the specification>/` holds `spec.json`, for readers, `records.bin` (see record_store.ts) and
 * `lock`, which belongs to the process that is computing.
 */
import { join } from "node:path";
import { writeAtomic } from "../support/atomic.ts";
import type { Scaling } from "../config.ts";
import { digestOf } from "../support/digest.ts";
import type { ImageSize } from "../image_size.ts";
import { openRecordStore } from "../support/record_store.ts";
import type { EngineIdentity } from "../support/engine/engine.ts";
import type { Cut } from "./architecture.ts";

/** Whatever decides the bits of a stored activation, besides the image. Another value is another folder. */
export interface ActivationSpec {
  /** Raised by hand when the same inputs begin to give other bits. */
  readonly stage: number;
  readonly weights: string;
  readonly cut: Cut;
  readonly scaling: Scaling;
  readonly size: ImageSize;
  /** Images per forward pass: the engine may round another number of them differently. */
  readonly batchSize: number;
  readonly dtype: "float16" | "float32";
  readonly engine: EngineIdentity;
}

export interface ActivationStore extends Disposable {
  has(key: string): boolean;
  /** Puts a stored activation into `target`, (length), widened to float32. False: there is none, or it is damaged. */
  read(key: string, target: Float32Array): boolean;
  /** Adds one activation, (length), rounded to the store's dtype. It is on disk after `flush`. */
  append(key: string, values: Float32Array): void;
  flush(): void;
}

export interface ActivationStoreOptions {
  /** Values in one activation. */
  length: number;
  /** Told in one sentence of damage found, and of waiting. Default: console.warn. */
  onNotice?: (message: string) => void;
}

/** Folder of the activations that one specification describes. */
export function activationFolder(store: string, spec: ActivationSpec): string {
  return join(store, "activations", digestOf(spec));
}

/**
 * Opens the folder's records and keeps other processes from computing the same: until this one is disposed of (or its process
 * ends, however it ends), they wait here, and then find what it has stored.
 */
export async function openActivationStore(
  store: string,
  spec: ActivationSpec,
  { length, onNotice = console.warn }: ActivationStoreOptions,
): Promise<ActivationStore> {
  const folder = activationFolder(store, spec);
  await writeAtomic(join(folder, "spec.json"), JSON.stringify(spec, null, 2) + "\n");
  const lock = await Deno.open(join(folder, "lock"), { write: true, create: true });
  try {
    if (!await lock.tryLock(true)) {
      onNotice(`${folder}: another process is computing these activations. Waiting for it`);
      await lock.lock(true);
    }
    const stored = openStoredActivations(store, spec, { length, onNotice });
    return {
      ...stored,
      [Symbol.dispose]() {
        stored[Symbol.dispose]();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** The folder's records without waiting for a process that is computing: for readers of what is there. */
export function openStoredActivations(
  store: string,
  spec: ActivationSpec,
  { length, onNotice = console.warn }: ActivationStoreOptions,
): ActivationStore {
  const records = openRecordStore(join(activationFolder(store, spec), "records.bin"), {
    payloadBytes: payloadBytes(spec, length),
    onNotice,
  });
  const View = spec.dtype === "float16" ? Float16Array : Float32Array;
  return {
    has: (key) => records.has(key),
    read(key, target) {
      const payload = records.get(key);
      if (payload) target.set(new View(payload.buffer, payload.byteOffset, length));
      return payload !== undefined;
    },
    append(key, values) {
      records.append(key, new Uint8Array(new View(values).buffer));
    },
    flush: () => records.flush(),
    [Symbol.dispose]: () => records.close(),
  };
}

/** Those of the keys that have a record, without waiting for a process that is computing. Payloads are not looked into. */
export function storedKeys(
  store: string,
  spec: ActivationSpec,
  keys: Iterable<string>,
  { length, onNotice = console.warn }: ActivationStoreOptions,
): Set<string> {
  const path = join(activationFolder(store, spec), "records.bin");
  try {
    Deno.statSync(path);
  } catch {
    return new Set();
  }
  using stored = openStoredActivations(store, spec, { length, onNotice });
  return new Set([...keys].filter((key) => stored.has(key)));
}

function payloadBytes(spec: ActivationSpec, length: number): number {
  return length * (spec.dtype === "float16" ? 2 : 4);
}
