/** Unpacks the photos of a ZIP archive into a folder; an incomplete folder is removed. */
import { Buffer } from "node:buffer";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { type freeSpace, requireRoom } from "../../support/download.ts";
import { progress } from "../../support/progress.ts";
import { storageError } from "../../support/storage_error.ts";

/** Largest photo in bytes: one at a time is held in memory. */
const largestPhoto = 64 << 20;

/**
 * Writes each JPEG of an archive to `folder`, which is replaced. The archive's own folders and other files are left out. Each
 * photo's length and CRC-32 are checked.
 *
 * @returns number of photos and their bytes
 * @throws {Error} if the archive is cut short, damaged or without photos; if it has a path that leads out of the folder, a link, too
 *   large a photo, or two photos of one name; if there is no room
 */
export async function unpackPhotos(
  archive: string,
  folder: string,
  options: { free?: typeof freeSpace } = {},
): Promise<{ photos: number; bytes: number }> {
  const fail = (error: Error): never => {
    const reason = error.message.replace(/\.$/, "");
    throw new Error(`${archive}: cannot be unpacked: ${reason}. No photo of it was kept.`, { cause: error });
  };
  const remove = () => Deno.remove(folder, { recursive: true }).catch(() => {});
  const report = progress(`${basename(archive)}, photos unpacked`);
  const zip = await openPromise(archive, { autoClose: false }).catch(fail);
  try {
    const entries = await photosOf(zip).catch(fail);
    const bytes = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    await remove(); // what a killed call may have left
    await Deno.mkdir(folder);
    await requireRoom(folder, bytes, { what: `Unpacking ${basename(archive)}`, free: options.free });
    for (const [done, entry] of entries.entries()) {
      const photo = await read(zip, entry).catch(fail);
      const path = join(folder, basename(entry.fileName));
      await Deno.writeFile(path, photo).catch((error) => Promise.reject(storageError(path, error)));
      report(done + 1, entries.length);
    }
    return { photos: entries.length, bytes };
  } catch (error) {
    await remove();
    throw error;
  } finally {
    zip.close();
  }
}

/** The archive's photos, after a check that all its paths are safe. */
async function photosOf(zip: ZipFile): Promise<Entry[]> {
  const photos = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) { // refuses paths that are absolute or lead out
    const name = entry.fileName;
    const kind = (entry.externalFileAttributes >>> 16) & 0o170000; // Unix file type; 0 if another system packed it
    if (kind === 0o120000) throw new Error(`${name} is a link`);
    if (!/\.jpe?g$/i.test(name) || /(^|\/)[._]/.test(name)) continue;
    if (entry.uncompressedSize > largestPhoto) throw new Error(`${name} is too large for a photo`);
    if (photos.has(basename(name))) throw new Error(`${name} is there twice`);
    photos.set(basename(name), entry);
  }
  if (photos.size === 0) throw new Error("it holds no JPEG");
  return [...photos.values()];
}

async function read(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  const blocks = await Array.fromAsync(await zip.openReadStreamPromise(entry)); // never more bytes than the entry declares
  const photo = Buffer.concat(blocks);
  if (crc32(photo) !== entry.crc32) throw new Error(`${entry.fileName} is damaged`);
  return photo;
}
