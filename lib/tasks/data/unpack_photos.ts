/** The photos of a ZIP archive, unpacked into a folder that is whole or not there. */
import { Buffer } from "node:buffer";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { type freeSpace, requireRoom } from "../../support/download.ts";
import { progress } from "../../support/progress.ts";
import { storageError } from "../../support/storage_error.ts";

/** No photo is larger: one is held in memory at a time. */
const largestPhoto = 64 << 20;

/**
 * Writes each JPEG of an archive to `folder`, anew and without the archive's own folders; whatever else is in it is left out. Each
 * photo's length and CRC-32 are checked.
 *
 * @returns number of photos and their bytes
 * @throws {Error} where the archive is cut short, damaged, without photos, or has a path that leads out of the folder, a link or
 *   two photos of one name; where there is no room. `folder` is then removed
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
    await remove(); // what a killed call left
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

/** The archive's photos, once all its names are known to be harmless. */
async function photosOf(zip: ZipFile): Promise<Entry[]> {
  const photos = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) { // refuses paths that are absolute or climb out
    const name = entry.fileName;
    const kind = (entry.externalFileAttributes >>> 16) & 0o170000; // Unix' file type; 0 where another system packed it
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
  const blocks = await Array.fromAsync(await zip.openReadStreamPromise(entry)); // never more than it declares
  const photo = Buffer.concat(blocks);
  if (crc32(photo) !== entry.crc32) throw new Error(`${entry.fileName} is damaged`);
  return photo;
}
