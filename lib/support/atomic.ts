/** Writes files so that each is either complete or absent: temporary file, sync, rename. */
import { dirname } from "node:path";
import { hostDigits } from "./host.ts";
import { storageError } from "./storage_error.ts";

/**
 * Writes a file in one step: after a crash the old file or the new one is there, never half of one. Creates missing folders. A
 * large file can be given in parts, which need not be joined first.
 *
 * @throws {StorageError} if the file cannot be written, with path, reason and what to do; the old file is unchanged
 */
export async function writeAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const temporary = temporaryName(path);
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const parts = bytes instanceof Uint8Array ? [bytes] : bytes;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    using file = await Deno.open(temporary, { write: true, createNew: true });
    for (const bytes of parts) {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    }
    await file.sync();
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw storageError(path, error);
  }
}

/** `writeAtomic` without a sync to the disk, for small files with a checksum that reveals damage by a power failure. */
export function writeAtomicSync(path: string, content: Uint8Array): void {
  const temporary = temporaryName(path);
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeFileSync(temporary, content, { createNew: true });
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch { /* the first error says more */ }
    throw storageError(path, error);
  }
}

/**
 * Creates a folder whose files belong together, in one step. `fill` writes them into a temporary folder, which is then renamed
 * and replaces an older folder of the same name. If the process is killed between the two renames, there is no folder.
 *
 * @throws {StorageError} if it cannot be written; an older folder is unchanged
 */
export async function writeFolderAtomic(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  const old = temporaryName(path);
  try {
    await Deno.mkdir(temporary, { recursive: true }).catch((error) => {
      throw storageError(path, error);
    });
    await fill(temporary);
    const replaced = await Deno.rename(path, old).then(() => true, (error) => {
      if (error instanceof Deno.errors.NotFound) return false;
      throw storageError(path, error);
    });
    await Deno.rename(temporary, path).catch(async (error) => {
      if (replaced) await Deno.rename(old, path);
      throw storageError(path, error);
    });
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // already gone if all went well
    await Deno.remove(old, { recursive: true }).catch(() => {});
  }
}

/** The name of a file or folder until it is complete: `<path>.<process>.<4 digits of the host><8 random digits>.tmp`. */
export function temporaryName(path: string): string {
  return `${path}.${Deno.pid}.${hostDigits()}${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/**
 * The process that writes an unfinished file or folder, by its name, and whether it is one of this machine (older versions did
 * not say, then true); null for any other name.
 */
export function writerOf(name: string): { pid: number; isHere: boolean } | null {
  const match = /\.(\d+)\.([0-9a-f]{4})?[0-9a-f]{8}\.tmp$/.exec(name);
  return match && { pid: Number(match[1]), isHere: (match[2] ?? hostDigits()) === hostDigits() };
}
