/** The system's lock of a file. It ends with this process, however the process ends, and needs no permission but to write the file. */
import { takeLock, tryLock } from "./lock.ts";

/**
 * Locks a file, which is created if it is missing. If the disk has no such locks, as some network disks, a lock of `lock.ts` beside
 * the file takes its place.
 *
 * @param options.onWait called once before waiting for another process. Without it, nothing waits
 * @returns null if another process has the lock and `onWait` is not given
 * @throws {Error} if the file cannot be written to
 */
export async function lockFile(path: string, options: { onWait: () => void }): Promise<Disposable>;
export async function lockFile(path: string): Promise<Disposable | null>;
export async function lockFile(
  path: string,
  { onWait }: { onWait?: () => void } = {},
): Promise<Disposable | null> {
  const file = await Deno.open(path, { create: true, write: true });
  const taken = await file.tryLock(true).catch(() => null);
  if (taken) return file;
  if (taken === null) {
    file.close();
    if (onWait) return await takeLock(`${path}-owner`, { onWait });
    const lock = tryLock(`${path}-owner`);
    return "owner" in lock ? null : lock;
  }
  if (!onWait) {
    file.close();
    return null;
  }
  onWait();
  await file.lock(true);
  return file;
}
