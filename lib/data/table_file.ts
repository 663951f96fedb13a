/** The metadata table's file: found, read, and known to be text. */
import { basename, join } from "node:path";

/** @throws {Error} when the data folder is not there, is no folder or cannot be reached, with what to do */
export async function checkDataFolder(folder: string, table: string): Promise<void> {
  const problem = await Deno.stat(folder).then(
    ({ isDirectory }) => isDirectory ? null : "is not a folder",
    whyNotReached,
  );
  if (problem === null) return;
  throw new Error(
    `The data folder ${folder} ${problem}. Give the folder that holds ${table} ` +
      `and the image folders, or run with --preset smoke, which draws its own images.`,
  );
}

/**
 * The text of a table, without a leading BOM.
 *
 * @param folder the data folder, listed where the table is not in it
 * @throws {Error} when the file cannot be read
 * @throws {SyntaxError} when it is empty, binary or not UTF-8: with the row, the byte's offset from 0 and what to do
 */
export async function readTableText(path: string, folder: string): Promise<string> {
  const name = basename(path);
  const file = await Deno.stat(path).catch((error) => cannotOpen(path, folder, error));
  if (!file.isFile) {
    throw new Error(`${path} is ${file.isDirectory ? "a folder" : "no regular file"}, not a CSV table.`);
  }
  const bytes = await Deno.readFile(path).catch((error) => cannotOpen(path, folder, error));
  if (bytes.length === 0) throw new SyntaxError(`${name} is empty (0 bytes). Received: ${path}`);
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    throw new SyntaxError(
      `${name}, ${
        placeOf(bytes, zero)
      }: a NUL byte. This is no text table, or one in UTF-16: save it as CSV, UTF-8.`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const at = firstInvalidByte(bytes);
    throw new SyntaxError(
      `${name}, ${placeOf(bytes, at)}: not UTF-8. Save the table as CSV, UTF-8. Received: byte 0x${
        bytes[at].toString(16)
      }`,
    );
  }
}

async function cannotOpen(path: string, folder: string, error: unknown): Promise<never> {
  if (!(error instanceof Deno.errors.NotFound) || path !== join(folder, basename(path))) {
    throw new Error(`${path} ${whyNotReached(error)}. Expected: the table of the photos, a CSV file.`);
  }
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
  throw new Error(
    `The data folder ${folder} has no ${basename(path)}. Received: ${
      names.length === 0 ? "an empty folder" : names.slice(0, 8).join(", ")
    }. data/README.md says where HAM10000's table comes from; --metadata FILE names another one.`,
  );
}

/** In words that follow a path. */
export function whyNotReached(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "does not exist";
  if (error instanceof Deno.errors.PermissionDenied) return "may not be read (permission denied)";
  if (error instanceof Deno.errors.FilesystemLoop) return "is a link that leads back to itself";
  return `cannot be read: ${error instanceof Error ? error.message : error}`;
}

function placeOf(bytes: Uint8Array, offset: number): string {
  let row = 1;
  for (let i = 0; i < offset; i++) if (bytes[i] === 10) row++;
  return `row ${row}, byte ${offset}`;
}

/** Where the longest readable beginning ends: found by halving, for a beginning of a readable one is readable. */
function firstInvalidByte(bytes: Uint8Array): number {
  const readable = (length: number) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (readable(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
