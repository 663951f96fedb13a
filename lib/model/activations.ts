/** What the frozen part of VGG16 makes of each image: computed once, stored, and read back from there ever after. */
import type { Scaling } from "../config.ts";
import { type ImageSize, pixelsIn, shapeText, sidesOf } from "../image_size.ts";
import { engineIdentity, tf, valuesOf } from "../support/engine/engine.ts";
import {
  type ActivationSpec,
  type ActivationStore,
  openActivationStore,
  openStoredActivations,
  storedKeys,
} from "./activation_store.ts";
import { type Cut, cutLength } from "./architecture.ts";
import { makeBase } from "./forward.ts";
import type { Vgg16Weights } from "./weights.ts";

export interface ActivationInput {
  /** SHA-256, 64 hexadecimal digits, of whatever determines the pixels. Equal keys are computed once. */
  readonly key: string;
  /** RGB 0–255, (height, width, 3). Called only if the activation is not stored yet. */
  readonly pixels: () => Uint8Array;
}

export interface ActivationOptions {
  readonly weights: Vgg16Weights;
  readonly scaling: Scaling;
  /** Of the images. */
  readonly size: ImageSize;
  /** Folder of stored work; `activations/` is made in it. */
  readonly store: string;
  /** Where the frozen part ends. Default: `flatten`. */
  readonly cut?: Cut;
  /** Also keep and return what the half floats were rounded from. Default: false. */
  readonly float32?: boolean;
  /**
   * Images per forward pass and per write to disk. The last batch is filled up to it, so that every image goes through the same
   * computation; what another batch size gave is stored apart. Default: `forwardBatchSize`.
   */
  readonly batchSize?: number;
  /** Told once how many were stored already, then after every batch. `total` counts the inputs. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told in one sentence of damage found and of waiting for another process. Default: console.warn. */
  readonly onNotice?: (message: string) => void;
}

export interface Activations {
  /** Values per image: 2,048 for `flatten` at 64×64. */
  readonly length: number;
  /** Images. */
  readonly count: number;
  /** (count, length) in the order of the inputs, read back from the stored half floats. */
  readonly values: Float32Array;
  /** (count, length) before rounding to half floats, where asked for. */
  readonly float32?: Float32Array;
  /** Forward passes done, in images. */
  readonly computed: number;
  /** Inputs found in the store, or equal to one just computed. */
  readonly reused: number;
}

/** Raised by hand when forward.ts or winograd.ts begin to round differently: part of the key of whatever is made of activations. */
export const activationStage = 2;

/**
 * Images per forward pass: 128 of 64×64 are as fast as more on two cores, and 7 % faster than 64. Of larger images fewer, so that
 * a pass needs about 2 GB at every size.
 */
export function forwardBatchSize(size: ImageSize): number {
  const room = 128 * 64 ** 2 / pixelsIn(size);
  return Math.min(128, Math.max(8, 8 * Math.floor(room / 8)));
}

/**
 * Activations of the inputs, computing only what is not stored.
 *
 * Stopped at any moment, killed too, it loses at most the batch at hand; called again it goes on from there, and the result is
 * the same to the bit. Two processes at once: the second waits for the first.
 *
 * Pixels are prepared between forward passes, not beside them: those keep all cores busy as it is.
 *
 * @throws {TypeError} for a key that is no digest or pixels of another shape
 * @throws {Error} if an activation is not finite or too large for a half float (65,504)
 */
export async function computeActivations(
  inputs: readonly ActivationInput[],
  options: ActivationOptions,
): Promise<Activations> {
  const length = lengthOf(options);
  const values = new Float32Array(inputs.length * length);
  const wide = options.float32 ? new Float32Array(inputs.length * length) : undefined;
  const readRows = (store: ActivationStore, target: Float32Array, [first, ...others]: number[]): boolean => {
    const row = target.subarray(first * length, (first + 1) * length);
    if (!store.read(inputs[first].key, row)) return false;
    for (const other of others) target.set(row, other * length);
    return true;
  };
  const computed = await storeRows(
    inputs,
    options,
    (rows, { halves, floats }) =>
      readRows(halves, values, rows) && (!floats || readRows(floats, wide!, rows)),
  );
  return {
    length,
    count: inputs.length,
    values,
    ...(wide && { float32: wide }),
    computed,
    reused: inputs.length - computed,
  };
}

/** Stored activations, read from disk one at a time. */
export interface ActivationReader extends Disposable {
  /** Values per image. */
  readonly length: number;
  /** Forward passes done to have them all, in images. */
  readonly computed: number;
  /**
   * Puts the activation of the input at `row` into `target`, (length), as read back from the stored half floats.
   *
   * @throws {Error} when it was damaged since it was stored
   */
  read(row: number, target: Float32Array): void;
}

/** As `computeActivations`, for more of them than fit into memory: stores what is missing and leaves the rest on disk. */
export async function openActivations(
  inputs: readonly ActivationInput[],
  options: Omit<ActivationOptions, "float32">,
): Promise<ActivationReader> {
  const length = lengthOf(options);
  const scratch = new Float32Array(length);
  const computed = await storeRows(
    inputs,
    options,
    ([first], { halves }) => halves.read(inputs[first].key, scratch),
  );
  const { store, onNotice } = options;
  const stored = openStoredActivations(store, specOf(options, "float16"), { length, onNotice });
  return {
    length,
    computed,
    read(row, target) {
      if (stored.read(inputs[row].key, target)) return;
      throw new Error(
        `${store}: the activation of image ${
          inputs[row].key.slice(0, 8)
        }… was damaged after it was stored. ` +
          "Check the disk, and run again: it is computed anew",
      );
    },
    [Symbol.dispose]: () => stored[Symbol.dispose](),
  };
}

/**
 * Computes and stores what is missing.
 *
 * @param take called with the rows of each key once it should be stored; false where it is not, or is damaged
 * @returns the number of images computed
 */
async function storeRows(
  inputs: readonly ActivationInput[],
  options: ActivationOptions,
  take: (rows: number[], stores: { halves: ActivationStore; floats?: ActivationStore }) => boolean,
): Promise<number> {
  const { weights, scaling, size, cut = "flatten", onProgress, onNotice } = options;
  const batchSize = options.batchSize ?? forwardBatchSize(size);
  const length = lengthOf(options);
  checkInputs(inputs, batchSize);

  using halves = await openActivationStore(options.store, specOf(options, "float16"), { length, onNotice });
  using floats = options.float32
    ? await openActivationStore(options.store, specOf(options, "float32"), { length, onNotice })
    : undefined;
  const stores = { halves, floats };
  const missing: number[][] = [];
  let done = 0;
  for (const rows of groupByKey(inputs)) {
    if (take(rows, stores)) done += rows.length;
    else missing.push(rows);
  }
  onProgress?.(done, inputs.length);
  if (missing.length === 0) return 0;

  const base = makeBase(weights, { size, scaling, cut });
  try {
    for (let start = 0; start < missing.length; start += batchSize) {
      const batch = missing.slice(start, start + batchSize);
      const pixels = stackPixels(batch.map(([first]) => inputs[first]), size, batchSize);
      const computed = valuesOf(() => base.forward(tf.tensor4d(pixels, [batchSize, ...sidesOf(size), 3])));
      batch.forEach(([first], i) => {
        const row = computed.subarray(i * length, (i + 1) * length);
        checkRange(row, inputs[first].key);
        halves.append(inputs[first].key, row);
        floats?.append(inputs[first].key, row);
      });
      halves.flush();
      floats?.flush();
      for (const rows of batch) {
        if (!take(rows, stores)) {
          throw new Error(`${options.store}: what was just written cannot be read back: check the disk`);
        }
        done += rows.length;
      }
      onProgress?.(done, inputs.length);
      await new Promise((resolve) => setTimeout(resolve)); // lets the caller show progress, and be interrupted
    }
  } finally {
    base.dispose();
  }
  return missing.length;
}

/** How many of the inputs `computeActivations` would find stored (both kinds, if `float32`). Computes and waits for nothing. */
export function storedActivations(
  inputs: readonly ActivationInput[],
  options: ActivationOptions,
): Promise<number> {
  const store = { length: lengthOf(options), onNotice: options.onNotice };
  const dtypes = options.float32 ? ["float16", "float32"] as const : ["float16"] as const;
  let keys = new Set(inputs.map(({ key }) => key));
  for (const dtype of dtypes) keys = storedKeys(options.store, specOf(options, dtype), keys, store);
  return Promise.resolve(inputs.filter(({ key }) => keys.has(key)).length);
}

function specOf(options: ActivationOptions, dtype: "float16" | "float32"): ActivationSpec {
  const { weights, cut = "flatten", scaling, size, batchSize = forwardBatchSize(size) } = options;
  return {
    stage: activationStage,
    weights: weights.digest,
    cut,
    scaling,
    size,
    batchSize,
    dtype,
    engine: engineIdentity,
  };
}

function lengthOf({ cut = "flatten", size }: ActivationOptions): number {
  return cutLength(cut, size);
}

/** Row numbers of inputs with equal keys together, in the order of their first. */
function groupByKey(inputs: readonly ActivationInput[]): number[][] {
  const groups = new Map<string, number[]>();
  inputs.forEach(({ key }, row) => {
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  });
  return [...groups.values()];
}

/** (batchSize, height, width, 3); black images fill up the end. */
function stackPixels(inputs: ActivationInput[], size: ImageSize, batchSize: number): Float32Array {
  const length = pixelsIn(size) * 3;
  const result = new Float32Array(batchSize * length);
  inputs.forEach(({ key, pixels }, i) => {
    const image = pixels();
    if (image.length !== length) {
      throw new TypeError(
        `Image ${key.slice(0, 8)}… should have shape ${
          shapeText(size)
        }, ${length} values. Received: ${image.length}`,
      );
    }
    result.set(image, i * length);
  });
  return result;
}

function checkInputs(inputs: readonly ActivationInput[], batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batchSize is a whole number of at least 1. Received: ${batchSize}`);
  }
  for (const [row, { key }] of inputs.entries()) {
    if (/^[0-9a-f]{64}$/.test(key)) continue;
    throw new TypeError(`Input ${row}: expected a SHA-256 key, 64 hexadecimal digits. Received: ${key}`);
  }
}

function checkRange(row: Float32Array, key: string): void {
  const value = row.find((candidate) => !(Math.abs(candidate) < 65520)); // beyond it a half float is infinite
  if (value === undefined) return;
  throw new Error(
    `Image ${
      key.slice(0, 8)
    }…: an activation should be finite and below 65,520, the range of a half float. ` +
      `Received: ${value}. Check the weights and the scaling`,
  );
}
