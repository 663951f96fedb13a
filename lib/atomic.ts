/** Files that are either whole or not there: temporary file, sync, rename. */
import { dirname } from "node:path";
import { storageError } from "./storage_error.ts";

/**
 * Writes a file in one step, as seen by any reader: after a crash the old file or the new one is there, never half of one.
 * Missing folders are made.
 *
 * @throws {StorageError} when the file cannot be written, with path, reason and what to do; the old file is as it was
 */
export async function writeAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await writeAtomicParts(path, [typeof content === "string" ? new TextEncoder().encode(content) : content]);
}

/** The same for a large file whose parts, one after the other, are not to be copied together first. */
export async function writeAtomicParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = temporaryName(path);
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

/** What a file or folder is called until it is whole: `<path>.<process>.<8 random digits>.tmp`, of this process. */
function temporaryName(path: string): string {
  return `${path}.${Deno.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/** The process that an unfinished file or folder belongs to, by its name; null for any other name. */
export function writerOf(name: string): number | null {
  const match = /\.(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name);
  return match && Number(match[1]);
}
