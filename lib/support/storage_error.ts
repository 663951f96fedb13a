/** Disk errors that state the path, the reason and what to do. */

/** Something could not be written. What was stored before is intact, and the same command continues from there. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/**
 * Reasons as worded in Deno's messages, because its error classes for them differ: out of space, over quota, over a size limit;
 * read-only, no permission.
 */
const noRoom = /no space left|not enough space|disk quota exceeded|file too large/i;
const notWritable =
  /read-only file system|permission denied|operation not permitted|access is denied|write.protected/i;

/** A write error that names its path; a StorageError is returned as it is. */
export function storageError(path: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageError(
    `${path} could not be written: ${reason}. ${storageAdvice(reason)}`,
    { cause: error },
  );
}

/** Returns null for the error of a missing file or folder. @throws any other error */
export function nullIfGone(error: unknown): null {
  if (error instanceof Deno.errors.NotFound) return null;
  throw error;
}

/** The result of `work`; null if its file or folder is missing. */
export function unlessGone<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    return nullIfGone(error);
  }
}

/** What to do about a failed write, depending on its reason. */
export function storageAdvice(reason: string): string {
  const remedy = noRoom.test(reason)
    ? "Free some space, or use a folder on another disk (--out, if the task has this flag)"
    : notWritable.test(reason)
    ? "Make its folder writable, or use another one (--out, if the task has this flag)"
    : "Check the disk, or use another folder (--out, if the task has this flag)";
  return `${remedy}. Stored results are kept: the same command continues from there.`;
}

/** Whether an error, given by its name and text, says that something could not be written. */
export function isStorageFault(name: string, message: string): boolean {
  return name === "StorageError" || noRoom.test(message) || /read-only file system/i.test(message);
}
