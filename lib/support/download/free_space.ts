/** Room on the disk, looked at before it is needed. */
import { statfs } from "node:fs/promises";
import { byteText } from "./byte_text.ts";

/** Tells the bytes that this user may still write in a folder. */
export type FreeSpace = (folder: string) => Promise<number>;

/** As the system says; without limit where it does not say. */
export const freeSpace: FreeSpace = async (folder) => {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
};

/**
 * @param what what needs the room, as the subject of a sentence
 * @throws {Error} where less than `bytes` are free, with both numbers
 */
export async function requireRoom(
  folder: string,
  bytes: number,
  options: { what: string; free?: FreeSpace },
): Promise<void> {
  const free = await (options.free ?? freeSpace)(folder);
  if (free >= bytes) return;
  throw new Error(
    `${options.what} needs ${byteText(bytes)} in ${folder}. Received: ${byteText(free)} free. ` +
      `Free ${byteText(bytes - free)}, or give a folder on another disk with --out.`,
  );
}
