/** Loads photos as one array of small images. Each photo is decoded once and stored by its content. */
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { type ImageSize, pixelsIn, sizeName } from "../image_size.ts";
import { sha256 } from "../support/digest.ts";
import { firstOf } from "../support/format.ts";
import { inParallel } from "../support/parallel.ts";
import { progress } from "../support/progress.ts";
import { StorageError } from "../support/storage_error.ts";
import type { RowStore, Store } from "../support/store.ts";
import { checkDecodedSize, decodeBytes, decoder, decodeVersion, readPhoto } from "./decode.ts";

/** Small images in the order of the paths they were loaded from. */
export interface ImageSet {
  /** Size of each image. */
  readonly size: ImageSize;
  /** (n, height, width, 3), RGB, 0–255. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** SHA-256 of each image's height · width · 3 bytes, hexadecimal. */
  readonly pixelDigests: readonly string[];
  /** SHA-256 of each photo's file, hexadecimal. */
  readonly fileDigests: readonly string[];
  /** Images decoded by this call; the others came from the store. */
  readonly decoded: number;
  /** Photos that cannot be decoded, in the order of the paths: black, without digests. Empty unless `keepGoing` is set. */
  readonly damaged: readonly DamagedPhoto[];
}

export interface DamagedPhoto {
  /** Index into the list of paths. */
  readonly index: number;
  /** Path and reason. */
  readonly problem: string;
}

export interface ImageSetOptions {
  /** Size of the images. */
  size: ImageSize;
  store: Store;
  /** List photos that cannot be decoded in `damaged` instead of throwing. Default: false. */
  keepGoing?: boolean;
}

/** Images between two writes to the store. A killed process loses at most these and those being decoded. */
const imagesPerFlush = 100;

/** Photos read and decoded at the same time. */
const photosAtOnce = 4;

/**
 * Loads photos as `decodeImage` does, several at once.
 *
 * The store holds two kinds of rows for each size. `images-64` maps the digest of a photo's file to its pixels. `photos-64-v2`
 * (2: `decodeVersion`) maps a photo's path, file size and times to that digest, so unchanged photos are not read again. Several
 * processes may share a store.
 *
 * @throws {Error} if photos cannot be decoded and `keepGoing` is not set: one error for all of them, with their number and the
 * first ten names and reasons. The others are stored nevertheless. Photos that a disk or network failed to deliver are an error
 * even with `keepGoing`.
 * @throws {RangeError} for a size outside its limits
 */
export async function loadImageSet(paths: readonly string[], options: ImageSetOptions): Promise<ImageSet> {
  const { size, store, keepGoing = false } = options;
  checkDecodedSize(size);
  const report = progress("Images");
  const length = pixelsIn(size) * 3;
  const pixels = new Uint8Array(paths.length * length);
  const pixelDigests = new Array<string>(paths.length).fill("");
  const fileDigests = new Array<string>(paths.length).fill("");
  const put = (index: number, fileDigest: string, image: Uint8Array) => {
    pixels.set(image, index * length);
    fileDigests[index] = fileDigest;
    pixelDigests[index] = sha256(image);
  };

  using photos = openPhotoRows(store, size);
  using images = store.rows(`images-${sizeName(size)}`, { rowBytes: length });
  const stamps = paths.map((path) => stampOf(path, size));
  const missing: number[] = [];
  const lost: string[] = []; // stored before
  for (const [index, stamp] of stamps.entries()) {
    const fileDigest = stamp && photos.get(stamp)?.toHex();
    const image = fileDigest && images.get(imageKey(fileDigest, size));
    if (image) put(index, fileDigest, image);
    else {
      missing.push(index);
      if (fileDigest) lost.push(basename(paths[index]));
    }
  }
  if (lost.length > 0) {
    store.onNotice(
      `${store.folder}: ${lost.length} of ${paths.length} images were stored, but are damaged or gone. ` +
        `They are decoded again: ${shortened(lost).join(", ")}`,
    );
  }

  let done = paths.length - missing.length;
  let decoded = 0;
  report(done, paths.length);
  const problems = new Map<number, string>();
  const unread = new Set<number>(); // because of a disk or network
  const unsaved = new Map<string, string>(); // stamp → file digest
  const save = () => {
    images.flush(); // first, because the rows of `photos` point to these
    for (const [stamp, fileDigest] of unsaved) photos.append(stamp, Uint8Array.fromHex(fileDigest));
    photos.flush();
    unsaved.clear();
    images.refresh(); // finds images of other processes
  };
  await inParallel(missing, photosAtOnce, async (index) => {
    const photo = await loadPhoto(paths[index], size, images).catch((error: Error) => {
      if (error instanceof StorageError) throw error;
      if (isOfTheDisk(error, paths[index])) unread.add(index);
      problems.set(index, error.message);
    });
    if (photo) {
      const { fileDigest, image } = photo;
      put(index, fileDigest, image);
      images.append(imageKey(fileDigest, size), image);
      const stamp = stamps[index];
      if (stamp) unsaved.set(stamp, fileDigest);
      if (photo.decoded) decoded++;
      if (unsaved.size >= imagesPerFlush) save();
    }
    report(++done, paths.length);
  });
  save();
  const damaged = [...problems].sort(([a], [b]) => a - b).map(([index, problem]) => ({ index, problem }));
  if (damaged.length > 0 && !keepGoing) {
    throw new Error(describeDamaged(damaged.map(({ problem }) => problem), paths.length));
  }
  if (unread.size > 0) {
    const named = damaged.filter(({ index }) => unread.has(index)).map(({ problem }) => problem);
    throw new Error(describeUnread(named, paths.length));
  }
  return { size, pixels, pixelDigests, fileDigests, decoded, damaged };
}

/** Whether a disk, a network or permissions kept a photo from being read. A missing file counts as damaged if its folder exists. */
export function isOfTheDisk({ cause }: Error, path: string): boolean {
  if (cause instanceof Deno.errors.NotFound) return !existsSync(dirname(path));
  return cause instanceof Error && /\(os error \d+\)/.test(cause.message);
}

async function loadPhoto(path: string, size: ImageSize, images: RowStore) {
  const bytes = await readPhoto(path);
  const fileDigest = sha256(bytes);
  const stored = images.get(imageKey(fileDigest, size)); // found if the photo was moved or touched, or is in the list twice
  const image = stored ?? await decodeBytes(bytes, { size, name: path });
  return { fileDigest, image, decoded: !stored };
}

/** Files that hold decoded photos. */
export interface StoredFiles {
  /** Paths of the shards that hold them. */
  readonly files: readonly string[];
  /** Indices of photos that are not stored. */
  readonly missing: readonly number[];
}

/** The files of a store that hold these photos, decoded to `size`; opens no photo. */
export function filesOfImages(
  paths: readonly string[],
  { size, store }: Pick<ImageSetOptions, "size" | "store">,
): StoredFiles {
  using photos = openPhotoRows(store, size);
  using images = store.rows(`images-${sizeName(size)}`, { rowBytes: 3 * pixelsIn(size) });
  const files = new Set<string>();
  const missing: number[] = [];
  for (const [index, path] of paths.entries()) {
    const stamp = stampOf(path, size);
    const fileDigest = stamp && photos.get(stamp)?.toHex();
    const image = fileDigest && images.fileOf(imageKey(fileDigest, size));
    if (image) files.add(photos.fileOf(stamp)!).add(image);
    else missing.push(index);
  }
  return { files: [...files], missing };
}

/** Number of photos that a store holds, decoded to `size`; reads none of them. */
export function countStoredImages(store: Store, size: ImageSize): number {
  using photos = openPhotoRows(store, size);
  return photos.count;
}

function openPhotoRows(store: Store, size: ImageSize): RowStore {
  return store.rows(`photos-${sizeName(size)}-v${decodeVersion}`, { rowBytes: 32 });
}

/** Digest of a photo's path, size and times, which change when the file or a link's target changes; undefined without a file. */
function stampOf(path: string, size: ImageSize): string | undefined {
  try {
    const { size: bytes, mtime, ctime, ino } = Deno.statSync(path); // follows links
    const times = [mtime?.getTime() ?? null, ctime?.getTime() ?? null];
    return sha256(JSON.stringify([resolve(path), bytes, ino, ...times, size, decodeVersion, decoder]));
  } catch {
    return undefined; // reading it will say why
  }
}

function imageKey(fileDigest: string, size: ImageSize): string {
  return sha256(JSON.stringify([fileDigest, size, decodeVersion, decoder]));
}

/** Error message for photos that cannot be decoded. @param problems path and reason of each */
export function describeDamaged(problems: string[], total: number): string {
  return [
    `${problems.length} of ${total} photos cannot be used:`,
    ...shortened(problems),
    "Put these files back as they were released (unpack the archives again) and run again; what was decoded is kept.",
    ...problems.length < total ? ["To go on without them: --skip-damaged."] : [],
  ].join("\n  ");
}

/** Error message for photos that a disk or network failed to deliver. They are never left out. */
export function describeUnread(problems: readonly string[], total: number): string {
  return `${problems.length} of ${total} photos could not be read because of the disk or the network. They are not ` +
    `damaged, so the run stops: ${
      firstOf(problems, 3)
    }. Check the disk, the network and the permissions; what was decoded is stored`;
}

/** The first ten lines. */
function shortened(lines: string[]): string[] {
  return lines.length <= 10 ? lines : [...lines.slice(0, 10), `… and ${lines.length - 10} more`];
}
