/** The text of a data folder's metadata table. */
import { basename, join } from "node:path";
import { tableExtension } from "../metadata_file.ts";
import { firstOf } from "../support/format.ts";

/**
 * The text of a table in UTF-8, or in UTF-16 with a BOM (Excel's "Unicode text"), without the BOM.
 *
 * @param folder the data folder; if the table is not in it, the error lists its files
 * @throws {Error} if the folder or the file cannot be read; the message says what to do
 * @throws {SyntaxError} if the file is empty, binary or not UTF-8: with the row, the byte's offset from 0 and what to do
 */
export async function readTableText(folder: string, path: string): Promise<string> {
  const name = basename(path);
  await checkFolder(folder, name);
  const { isFile, isDirectory } = await Deno.stat(path).catch((error) => cannotOpen(folder, path, error));
  if (!isFile) {
    throw new Error(
      `${path} is ${isDirectory ? "a folder" : "no regular file"}, not a CSV table. Give the table's file.`,
    );
  }
  const bytes = await Deno.readFile(path).catch((error) => cannotOpen(folder, path, error));
  if (bytes.length === 0) throw new SyntaxError(`${name} is empty (0 bytes). Received: ${path}`);
  const fail = (at: number, problem: string): never => {
    const ends = bytes.subarray(0, at).filter((byte, i) => byte === 10 || byte === 13 && bytes[i + 1] !== 10);
    const row = 1 + ends.length;
    throw new SyntaxError(`${name}, row ${row}, byte ${at}: ${problem}`);
  };
  const wide = (["utf-16le", "utf-16be"] as const)[
    [0xfffe, 0xfeff].indexOf(bytes.length % 2 === 0 ? bytes[0] << 8 | bytes[1] : 0)
  ];
  if (wide) return new TextDecoder(wide).decode(bytes);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes.includes(0)) { // "PK"
    fail(
      0,
      "an archive or an Excel workbook, not text. Unpack it, or save its sheet as CSV, UTF-8. Received: PK",
    );
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    fail(zero, "a NUL byte. The file is not text, or is UTF-16 without a BOM: save it as CSV, UTF-8.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes); // bytes that it cannot decode become U+FFFD
    let at = 0;
    for (const part of text.split("\uFFFD")) {
      at += new TextEncoder().encode(part).length;
      if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) break;
      at += 3; // a U+FFFD that the table itself has
    }
    return fail(at, `not UTF-8. Save the table as CSV, UTF-8. Received: byte 0x${bytes[at].toString(16)}`);
  }
}

async function checkFolder(folder: string, table: string): Promise<void> {
  const problem = await Deno.stat(folder).then(
    ({ isDirectory }) => isDirectory ? null : "is not a folder",
    (error) => whyNotReached(error),
  );
  if (problem === null) return;
  throw new Error(
    `The data folder ${folder} ${problem}. Give the folder that holds ${table} and the image folders, or run with ` +
      `--preset smoke, which draws its own images.`,
  );
}

async function cannotOpen(folder: string, path: string, error: unknown): Promise<never> {
  if (!(error instanceof Deno.errors.NotFound) || path !== join(folder, basename(path))) {
    throw new Error(`${path} ${whyNotReached(error)}. Expected: the table of the photos, a CSV file.`);
  }
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
  const tables = names.filter((name) => tableExtension.test(name));
  const shown = [...tables, ...names.filter((name) => !tables.includes(name))];
  throw new Error(
    `The data folder ${folder} has no ${
      basename(path)
    }. data/README.md says where HAM10000's table comes from; --metadata ${
      tables.length > 0 ? join(folder, tables[0]) : "FILE"
    } names another one. Received: ${firstOf(shown, 8) || "an empty folder"}`,
  );
}

/** Why a file or folder cannot be reached, in words that follow its path. `opening` precedes the text of an unknown error. */
export function whyNotReached(error: unknown, opening = "cannot be read: "): string {
  if (error instanceof Deno.errors.NotFound) return "does not exist";
  if (error instanceof Deno.errors.PermissionDenied) return "may not be read (permission denied)";
  if (error instanceof Deno.errors.FilesystemLoop) return "is a link that leads back to itself";
  return opening + (error instanceof Error ? error.message : String(error));
}
