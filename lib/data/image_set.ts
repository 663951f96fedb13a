/** A list of photos as one array of small images, each decoded once and stored by its content. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { sha256 } from "../support/digest.ts";
import { type ImageSize, pixelsIn, sizeName } from "../image_size.ts";
import { inParallel } from "../support/parallel.ts";
import { openRecordStore, type RecordStore } from "../support/record_store.ts";
import { checkDecodedSize, decodeBytes, decoder, decodeVersion, readPhoto } from "./decode.ts";

/** Small images in the order of the paths they were loaded from. */
export interface ImageSet {
  /** Of each image. */
  size: ImageSize;
  /** (n, height, width, 3), RGB, 0–255. */
  pixels: Uint8Array<ArrayBuffer>;
  /** SHA-256 of each image's height · width · 3 bytes, hexadecimal. */
  pixelDigests: string[];
  /** SHA-256 of each photo's file, hexadecimal. */
  fileDigests: string[];
  /** How many were decoded by this call; the others came from the store. */
  decoded: number;
  /** Photos that cannot be decoded, in the order of the paths: black, without digests. Empty unless `keepGoing` is set. */
  damaged: DamagedPhoto[];
}

export interface DamagedPhoto {
  /** Place in the list of paths. */
  index: number;
  /** Path and reason. */
  problem: string;
}

export interface ImageSetOptions {
  /** Of the images. */
  size: ImageSize;
  /** Folder of stored results; the images go to `images/` in it. */
  store: string;
  /** Photos read and decoded at the same time. Default: 4. */
  concurrency?: number;
  /** Called with the number of images at hand, at the start and after each decoded one. */
  onProgress?: (done: number, total: number) => void;
  /** Name photos that cannot be decoded in `damaged` instead of throwing. Default: false. */
  keepGoing?: boolean;
  /** Told in one sentence of damage found in the store. Default: console.warn. */
  onNotice?: (message: string) => void;
}

/** Images between two writes to the store: what a killed process loses at most, but for those in flight. */
const imagesPerFlush = 100;

/**
 * Loads photos as `decodeImage` does, several at once.
 *
 * Stored are, under `<store>/images/`: the pixels, keyed by the digest of the photo's file, the size and the decoder; and for each
 * path with its length and times of change that digest, so that unchanged photos are not read again. What is stored is checked
 * whenever it is read; damaged records are named through `onNotice` and decoded again. Several processes may share a store.
 *
 * @throws {Error} if photos cannot be decoded and `keepGoing` is not set: one error for all of them, with their number, the first
 * ten names and reasons. The others are stored nevertheless.
 */
export async function loadImageSet(paths: string[], options: ImageSetOptions): Promise<ImageSet> {
  const { size, store, concurrency = 4, onProgress = () => {}, onNotice = console.warn } = options;
  checkDecodedSize(size);
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency is a whole number of at least 1. Received: ${concurrency}`);
  }
  const length = pixelsIn(size) * 3;
  const set: ImageSet = {
    size,
    pixels: new Uint8Array(paths.length * length),
    pixelDigests: new Array(paths.length).fill(""),
    fileDigests: new Array(paths.length).fill(""),
    decoded: 0,
    damaged: [],
  };
  const put = (index: number, fileDigest: string, image: Uint8Array) => {
    set.pixels.set(image, index * length);
    set.fileDigests[index] = fileDigest;
    set.pixelDigests[index] = sha256(image);
  };

  const folder = join(store, "images");
  const notices: string[] = [];
  const open = (name: string, payloadBytes: number) =>
    openRecordStore(join(folder, name), {
      payloadBytes,
      flushBytes: Infinity, // `save` below flushes both
      onNotice: (message) => notices.push(message),
    });
  using files = open(`files_${sizeName(size)}.records`, 32);
  using pixels = open(`pixels_${sizeName(size)}.records`, length);

  const stamps = paths.map((path) => stampOf(path, size));
  const missing: number[] = [];
  const lost: string[] = [];
  for (const [index, stamp] of stamps.entries()) {
    const fileDigest = stamp && files.get(stamp)?.toHex();
    const image = fileDigest && pixels.get(pixelKey(fileDigest, size));
    if (image) put(index, fileDigest, image);
    else {
      missing.push(index);
      if (fileDigest) lost.push(paths[index]);
    }
  }
  const tell = () => {
    for (const notice of shortened(notices.splice(0), 3)) onNotice(notice);
  };
  tell();
  if (lost.length > 0) {
    onNotice(
      `${folder}: ${lost.length} of ${paths.length} images were stored, but are damaged or gone. They are decoded again: ` +
        shortened(lost.map((path) => basename(path)), 10).join(", "),
    );
  }

  let done = paths.length - missing.length;
  onProgress(done, paths.length);
  const problems = new Map<number, string>();
  const unsaved = new Map<string, string>(); // stamp → file digest
  const save = () => {
    pixels.flush(); // first, for `files` points into it
    for (const [stamp, fileDigest] of unsaved) files.append(stamp, Uint8Array.fromHex(fileDigest));
    files.flush();
    unsaved.clear();
  };
  await inParallel(missing, concurrency, async (index) => {
    const photo = await loadPhoto(paths[index], size, pixels).catch((error) => {
      problems.set(index, error.message);
    });
    if (photo) {
      put(index, photo.fileDigest, photo.image);
      pixels.append(pixelKey(photo.fileDigest, size), photo.image);
      const stamp = stamps[index];
      if (stamp) unsaved.set(stamp, photo.fileDigest);
      if (photo.decoded) set.decoded++;
      if (unsaved.size === imagesPerFlush) save();
    }
    onProgress(++done, paths.length);
  });
  save();
  tell(); // of damage that only came to light now
  set.damaged = [...problems].sort(([a], [b]) => a - b).map(([index, problem]) => ({ index, problem }));
  if (set.damaged.length > 0 && !options.keepGoing) throw new Error(describe(set.damaged, paths.length));
  return set;
}

async function loadPhoto(
  path: string,
  size: ImageSize,
  pixels: RecordStore,
): Promise<{ fileDigest: string; image: Uint8Array; decoded: boolean }> {
  const bytes = await readPhoto(path);
  const fileDigest = sha256(bytes);
  const stored = pixels.get(pixelKey(fileDigest, size)); // the photo was moved or touched, or is there twice
  if (stored) return { fileDigest, image: stored, decoded: false };
  return { fileDigest, image: await decodeBytes(bytes, { size, name: path }), decoded: true };
}

/** What changes when the file at a path changes; undefined where there is none. */
function stampOf(path: string, size: ImageSize): string | undefined {
  try {
    const { size: bytes, mtime, ctime, ino } = Deno.statSync(path);
    const times = [mtime?.getTime() ?? null, ctime?.getTime() ?? null];
    return sha256(JSON.stringify([resolve(path), bytes, ino, ...times, size, decodeVersion, decoder]));
  } catch {
    return undefined; // reading it will say why
  }
}

function pixelKey(fileDigest: string, size: ImageSize): string {
  return sha256(JSON.stringify([fileDigest, size, decodeVersion, decoder]));
}

function describe(damaged: readonly DamagedPhoto[], total: number): string {
  return [
    `${damaged.length} of ${total} photos cannot be used:`,
    ...shortened(damaged.map(({ problem }) => problem), 10),
    "Put these files back as they were released (unpack the archives again) and run again; what was decoded is kept. " +
    "To go on without them: --skip-damaged.",
  ].join("\n  ");
}

function shortened(lines: string[], most: number): string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `… and ${lines.length - most} more`];
}

/** How many photos a store holds, decoded to `size`: for an estimate, without reading them. */
export function countStoredImages(store: string, size: ImageSize): number {
  const path = join(store, "images", `files_${sizeName(size)}.records`);
  if (!existsSync(path)) return 0;
  using files = openRecordStore(path, { payloadBytes: 32, onNotice: () => {} });
  return files.count;
}
