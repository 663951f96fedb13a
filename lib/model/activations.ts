/** Activations of VGG16's frozen layers: computed once for each image, stored as half floats, and then read from the store. */
import { join } from "node:path";
import type { Precision, Scaling } from "../config.ts";
import { type ImageSize, pixelsIn, shapeText, sidesOf } from "../image_size.ts";
import type { Depth } from "../recipe.ts";
import { writeAtomic } from "../support/atomic.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import { engine, engineIdentity, tf, valuesOf } from "../support/engine/engine.ts";
import { progress } from "../support/progress.ts";
import type { RowStore, Store } from "../support/store.ts";
import { makeBase } from "./forward.ts";
import { makePass } from "./frozen_pass.ts";
import { inputLength } from "./vgg16.ts";
import type { Vgg16Weights } from "./weights.ts";
import { jsonText } from "../support/json.ts";

export interface KeyedImage {
  /** SHA-256, 64 hexadecimal digits, of everything that decides the pixels. Equal keys are computed once. */
  readonly key: string;
  /** RGB 0–255, (height, width, 3). Called only if the activation is not stored yet. */
  readonly pixels: () => Uint8Array;
}

/** What decides the bits of an activation, besides the image and the engine. */
export interface ActivationOptions {
  readonly weights: Vgg16Weights;
  readonly scaling: Scaling;
  readonly size: ImageSize;
  /** The first part that is not frozen. Default: `head`, so all convolutions are frozen. */
  readonly depth?: Depth;
  /** Number format of the convolutions. Default: `float32`. */
  readonly precision?: Precision;
  /**
   * Images per forward pass and per write to disk. The last batch is padded to this size, because the engine may round differently for
   * another batch size. Default: `forwardBatchSize`.
   */
  readonly batchSize?: number;
}

/** The activations of some images. Must be disposed of, to close the files that they are read from. */
export interface Activations extends Disposable {
  /** Number of values per image: 2,048 at `head` and 64×64. */
  readonly length: number;
  /** Number of images. */
  readonly count: number;
  /** SHA-256 of what decides the activations, and of the images' keys in their order. */
  readonly digest: string;
  /** Different images that were computed now; the others were stored. */
  readonly computed: number;
  /** Writes the activation of the image at `row` into `target`, (length), as read from the stored half floats. */
  read(row: number, target: Float32Array): void;
}

/**
 * Raise this by hand when forward.ts or winograd.ts begin to round differently. It is part of the key of everything that is made from
 * activations. (Augmented copies have their own version, in augmentation.ts.)
 */
export const activationStage = 3;

/** Activations up to this size, as float32, are held in memory; larger ones are read from disk row by row. */
const memoryBytes = 512 * 2 ** 20;

/**
 * Images per forward pass. At 64×64 on two cores, 128 are as fast as more, and 7 % faster than 64. Larger images come in smaller
 * batches, so a pass needs about 2 GB at every size.
 */
export function forwardBatchSize(size: ImageSize): number {
  const room = 128 * 64 ** 2 / pixelsIn(size);
  return Math.min(128, Math.max(8, 8 * Math.floor(room / 8)));
}

/** SHA-256 of what decides activations besides the images: these options and the engine. It names their folder in the store. */
export function activationsDigest(options: ActivationOptions): string {
  return digestOf(specOf(options));
}

/**
 * Opens the activations of some images, and computes those that are not stored.
 *
 * If it is stopped or killed, at most the current batch is lost. Another call continues from there, with the same result to the bit.
 * Two processes at once share the work: each reads what the other has stored.
 *
 * @throws {TypeError} for a key that is not a digest, or pixels of another shape
 * @throws {Error} if an activation is not finite or too large for a half float (65,504)
 */
export async function openActivations(
  images: readonly KeyedImage[],
  options: ActivationOptions & { readonly store: Store },
): Promise<Activations> {
  const { size, depth = "head", store } = options;
  const batchSize = options.batchSize ?? forwardBatchSize(size);
  const length = inputLength(depth, size);
  const count = images.length;
  checkImages(images, batchSize);
  using opened = new DisposableStack();
  const rows = opened.use(openRows(store, options));
  const memory = 4 * count * length <= memoryBytes ? new Float32Array(count * length) : null;

  /** Whether the activation of a group of equal images is stored. Loads it if activations are held in memory. */
  const load = ([{ key }, places]: [KeyedImage, number[]]): boolean => {
    if (!memory) return rows.has(key);
    const bytes = rows.get(key);
    if (bytes) { for (const place of places) memory.set(new Float16Array(bytes.buffer), place * length); }
    return bytes !== undefined;
  };
  /** Stores the activations of up to `batchSize` images. Returns whether another process has stored some of them meanwhile. */
  const keep = (batch: readonly KeyedImage[], values: Float32Array): boolean => {
    batch.forEach(({ key }, i) => checkRange(values.subarray(i * length, (i + 1) * length), key));
    rows.refresh();
    const others = batch.some(({ key }) => rows.has(key));
    batch.forEach(({ key }, i) => {
      const halves = new Float16Array(values.subarray(i * length, (i + 1) * length));
      rows.append(key, new Uint8Array(halves.buffer));
    });
    rows.flush();
    return others;
  };

  const report = progress("Activations");
  const missing = groupByKey(images).filter((group) => !load(group));
  let done = count - missing.reduce((sum, [, places]) => sum + places.length, 0);
  let computed = 0;
  report(done, count);
  if (missing.length > 0) {
    await writeSpec(store, options);
    using pass = makePass(options.weights, options);
    let backwards = false; // from the end of the list
    for (let [first, last] = [0, missing.length]; first < last;) {
      const batch: typeof missing = [];
      while (batch.length < batchSize && first < last) {
        const group = missing[backwards ? --last : first++];
        if (load(group)) done += group[1].length; // another process has stored it
        else batch.push(group);
      }
      // If another process does the same work, the two continue from both ends of the list and meet.
      if (batch.length > 0) {
        const images = batch.map(([image]) => image);
        const values = await pass.forward(stackPixels(images, size, batchSize));
        if (keep(images, values)) backwards = !backwards;
      }
      for (const group of batch) {
        if (!load(group)) {
          throw new Error(`${store.folder}: the data just written cannot be read back: check the disk`);
        }
        done += group[1].length;
      }
      computed += batch.length;
      report(done, count);
      await new Promise((resolve) => setTimeout(resolve)); // lets the caller show progress, and be interrupted
    }
  }
  const files = opened.move();
  return {
    length,
    count,
    digest: digestOf([activationsDigest(options), sha256(images.map(({ key }) => key).join(""))]),
    computed,
    read(row, target) {
      if (memory) return target.set(memory.subarray(row * length, (row + 1) * length));
      const image = images[row];
      let bytes = rows.get(image.key);
      if (!bytes) { // damaged since it was stored; the store has reported it
        if (engine.name === "webgpu") throw damagedSince(store, image); // a GPU's values must be awaited, which `read` cannot do
        using base = makeBase(options.weights, options);
        const pixels = stackPixels([image], size, batchSize);
        keep([image], valuesOf(() => base.forward(tf.tensor4d(pixels, [batchSize, ...sidesOf(size), 3]))));
        bytes = rows.get(image.key)!;
      }
      target.set(new Float16Array(bytes.buffer));
    },
    [Symbol.dispose]: () => files.dispose(),
  };
}

function damagedSince({ folder }: Store, { key }: KeyedImage): Error {
  return new Error(
    `${folder}: the activation of image ${key.slice(0, 8)}… was damaged after this run had read it. ` +
      "Run the same command again: it recomputes the activation and continues",
  );
}

/** Paths of the shards that hold the images' activations, and indices of the images that are not stored. Reads no activations. */
export function filesOfActivations(
  images: readonly Pick<KeyedImage, "key">[],
  options: ActivationOptions & { readonly store: Store },
): { files: readonly string[]; missing: readonly number[] } {
  using rows = openRows(options.store, options);
  const files = images.map(({ key }) => rows.fileOf(key));
  return {
    files: [...new Set(files.filter((file) => file !== undefined))],
    missing: files.flatMap((file, place) => file === undefined ? [place] : []),
  };
}

function specOf(
  { weights, scaling, size, depth = "head", precision = "float32", batchSize = forwardBatchSize(size) }:
    ActivationOptions,
) {
  return {
    stage: activationStage,
    weights: weights.digest,
    scaling,
    size,
    depth,
    batchSize,
    engine: engineIdentity,
    ...precision !== "float32" && { precision },
  };
}

function kindOf(options: ActivationOptions): string {
  return `activations/${activationsDigest(options)}`;
}

function openRows(store: Store, options: ActivationOptions): RowStore {
  const length = inputLength(options.depth ?? "head", options.size);
  return store.rows(kindOf(options), { rowBytes: length * Float16Array.BYTES_PER_ELEMENT });
}

/** Writes `spec.json` into the folder of the activations: it tells a reader what they are. */
async function writeSpec(store: Store, options: ActivationOptions): Promise<void> {
  await writeAtomic(
    join(store.folder, kindOf(options), "spec.json"),
    jsonText(specOf(options)),
  );
}

/** The first image of each key, with the indices of all images that have this key. */
function groupByKey(images: readonly KeyedImage[]): [KeyedImage, number[]][] {
  const groups = new Map<string, [KeyedImage, number[]]>();
  images.forEach((image, place) => {
    const group = groups.get(image.key);
    if (group) group[1].push(place);
    else groups.set(image.key, [image, [place]]);
  });
  return [...groups.values()];
}

/** Stacks images: (batchSize, height, width, 3). Black images pad the end. */
function stackPixels(
  images: readonly KeyedImage[],
  size: ImageSize,
  batchSize: number,
): Float32Array<ArrayBuffer> {
  const length = pixelsIn(size) * 3;
  const result = new Float32Array(batchSize * length);
  images.forEach(({ key, pixels }, i) => {
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

function checkImages(images: readonly KeyedImage[], batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batchSize is a whole number of at least 1. Received: ${batchSize}`);
  }
  for (const [row, { key }] of images.entries()) {
    if (/^[0-9a-f]{64}$/.test(key)) continue;
    throw new TypeError(`Image ${row}: expected a SHA-256 key, 64 hexadecimal digits. Received: ${key}`);
  }
}

function checkRange(values: Float32Array, key: string): void {
  const value = values.find((candidate) => !(Math.abs(candidate) < 65520)); // from 65,520 on, a half float is infinite
  if (value === undefined) return;
  throw new Error(
    `Image ${
      key.slice(0, 8)
    }…: an activation should be finite and below 65,520, the range of a half float. ` +
      `Received: ${value}. Check the weights and the scaling`,
  );
}
