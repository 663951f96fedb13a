/** What killed runs leave half-written: temporary files and folders beside what they were to become. */
import { join } from "node:path";
import process from "node:process";
import { writerOf } from "../support/atomic.ts";

/**
 * Removes unfinished files and folders, at any depth, whose process is gone. Those of a living one (a notebook open in an
 * editor may be writing) stay, for an hour at most: by then the process only happens to have the number.
 */
export async function removeLeftOvers(folder: string): Promise<void> {
  for (const entry of await Array.fromAsync(Deno.readDir(folder)).catch(() => [])) {
    const path = join(folder, entry.name);
    const writer = writerOf(entry.name);
    if (writer === null) {
      if (entry.isDirectory) await removeLeftOvers(path);
    } else if (!isRunning(writer) || await isOld(path)) {
      await Deno.remove(path, { recursive: true }).catch(() => {}); // finished or removed in the meantime
    }
  }
}

function isRunning(pid: number): boolean {
  if (pid === Deno.pid) return true;
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH"; // EPERM: somebody else's
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
  return mtime !== null && Date.now() - mtime.getTime() > 3_600_000;
}
