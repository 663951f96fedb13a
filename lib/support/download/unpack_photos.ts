/** The photos of a ZIP archive, unpacked into a folder that is whole or not there. */
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { type FreeSpace, requireRoom } from "./free_space.ts";
import { writeError } from "./part_file.ts";

export interface UnpackOptions {
  onProgress?: (photos: number, of: number) => void;
  signal?: AbortSignal;
  free?: FreeSpace;
}

/** No photo is larger: one is held in memory at a time. */
const largestPhoto = 64 << 20;

/**
 * Writes every JPEG of an archive to `folder`, which must not exist, without the archive's own folders; whatever else is
 * in it is left out. Every photo's length and CRC-32 are checked.
 *
 * @returns number of photos and their bytes
 * @throws {Error} where the archive is cut short, damaged, without photos, or has a path that leads out of the folder, a
 *   link or two photos of one name; where there is no room; where the signal is aborted. `folder` is then removed.
 */
export async function unpackPhotos(
  archive: string,
  folder: string,
  options: UnpackOptions = {},
): Promise<{ photos: number; bytes: number }> {
  const { onProgress = () => {}, signal, free } = options;
  const zip = await openPromise(archive, { autoClose: false }).catch((error) => fail(archive, error));
  try {
    const entries = await photosOf(zip, archive);
    const bytes = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    await Deno.mkdir(folder);
    try {
      await requireRoom(folder, bytes, { what: `Unpacking ${basename(archive)}`, free });
      for (const [done, entry] of entries.entries()) {
        signal?.throwIfAborted();
        const photo = await read(zip, entry).catch((error) => fail(archive, error));
        const path = join(folder, basename(entry.fileName));
        await Deno.writeFile(path, photo, { createNew: true }).catch((error) => {
          throw writeError(error, path, bytes);
        });
        onProgress(done + 1, entries.length);
      }
      return { photos: entries.length, bytes };
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  } finally {
    zip.close();
  }
}

/** The archive's photos, once all its names are known to be harmless. */
async function photosOf(zip: ZipFile, archive: string): Promise<Entry[]> {
  const photos = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) { // refuses paths that are absolute or climb out
      const name = entry.fileName;
      const kind = (entry.externalFileAttributes >>> 16) & 0o170000; // Unix' file type; 0 where another system packed it
      if (kind === 0o120000) throw new Error(`${name} is a link`);
      if (name.endsWith("/") || !/\.jpe?g$/i.test(name) || /(^|\/)[._]/.test(name)) continue;
      if (entry.uncompressedSize > largestPhoto) throw new Error(`${name} is too large for a photo`);
      if (photos.has(basename(name))) throw new Error(`${name} is there twice`);
      photos.set(basename(name), entry);
    }
  } catch (error) {
    fail(archive, error);
  }
  if (photos.size === 0) fail(archive, new Error("it holds no JPEG"));
  return [...photos.values()];
}

async function read(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  const photo = new Uint8Array(entry.uncompressedSize);
  let length = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) { // never more than the size that it declares
    photo.set(chunk, length);
    length += chunk.length;
  }
  if (length !== photo.length || crc32(photo) !== entry.crc32) {
    throw new Error(`${entry.fileName} is damaged`);
  }
  return photo;
}

function fail(archive: string, error: unknown): never {
  const reason = (error as Error).message.replace(/\.$/, "");
  throw new Error(`${archive}: cannot be unpacked: ${reason}. No photo of it was kept.`, { cause: error });
}
