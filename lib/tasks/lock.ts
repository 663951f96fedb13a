/** One run at a time in one folder. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { storageError } from "../support/storage_error.ts";

/**
 * Takes the run folder's lock; while another process has it, waits and says so. The system frees it when a process dies.
 *
 * @throws {StorageError} when the folder cannot be made or written to
 */
export async function lockRun(config: Config): Promise<Disposable> {
  const path = join(config.out, ".lock");
  const file = await openOrMake(path, config.out).catch((error) => {
    throw storageError(path, error);
  });
  if (!await file.tryLock(true)) {
    console.log(`Another run works in ${config.out}; waiting for it to end.`);
    await file.lock(true);
  }
  return file; // closing the file frees the lock
}

async function openOrMake(path: string, folder: string): Promise<Deno.FsFile> {
  await Deno.mkdir(folder, { recursive: true });
  return await Deno.open(path, { create: true, write: true });
}
