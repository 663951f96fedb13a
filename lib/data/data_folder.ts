/** The files of a data folder: the text of its metadata table, and its photos. */
import { basename, join, resolve } from "node:path";
import { tableExtension } from "../metadata_file.ts";

const extension = /\.(jpe?g|png)$/i;

/** An image id without the extension that some tables add to it. */
export function photoName(id: string): string {
  return id.replace(extension, "");
}

/**
 * The text of a table in UTF-8, or in UTF-16 with a BOM (Excel's "Unicode text"), without the BOM.
 *
 * @param folder the data folder; its files are listed where it lacks the table
 * @throws {Error} when the folder or the file cannot be read, with what to do
 * @throws {SyntaxError} when the file is empty, binary or not UTF-8: with the row, the byte's offset from 0 and what to do
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
    const row = 1 + bytes.subarray(0, at).filter((byte) => byte === 10).length;
    throw new SyntaxError(`${name}, row ${row}, byte ${at}: ${problem}`);
  };
  const wide = (["utf-16le", "utf-16be"] as const)[
    [0xfffe, 0xfeff].indexOf(bytes.length % 2 === 0 ? bytes[0] << 8 | bytes[1] : 0)
  ];
  if (wide) return new TextDecoder(wide).decode(bytes);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes.includes(0)) { // "PK"
    fail(
      0,
      "an archive or an Excel workbook, no text. Unpack it, or save its sheet as CSV, UTF-8. Received: PK",
    );
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) fail(zero, "a NUL byte. This is no text table, or one in UTF-16: save it as CSV, UTF-8.");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes); // puts U+FFFD for what it cannot read
    const at = new TextEncoder().encode(text.slice(0, text.indexOf("\uFFFD"))).length;
    return fail(at, `not UTF-8. Save the table as CSV, UTF-8. Received: byte 0x${bytes[at].toString(16)}`);
  }
}

async function checkFolder(folder: string, table: string): Promise<void> {
  const problem = await Deno.stat(folder).then(
    ({ isDirectory }) => isDirectory ? null : "is not a folder",
    whyNotReached,
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
    } names another one. Received: ${shown.slice(0, 8).join(", ") || "an empty folder"}${
      shown.length > 8 ? ", …" : ""
    }`,
  );
}

/** In words that follow a path. */
function whyNotReached(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "does not exist";
  if (error instanceof Deno.errors.PermissionDenied) return "may not be read (permission denied)";
  if (error instanceof Deno.errors.FilesystemLoop) return "is a link that leads back to itself";
  return `cannot be read: ${error instanceof Error ? error.message : error}`;
}

/** Photos of a data folder, by their names without extension. */
export interface DataPhotos {
  /** Paths relative to the folder, with forward slashes. */
  readonly paths: ReadonlyMap<string, string>;
  /** Links that lead nowhere, each with the reason. */
  readonly broken: ReadonlyMap<string, string>;
}

/**
 * Looks for .jpg, .jpeg and .png in a data folder and one folder deep. Of several photos of one name the first in the order of
 * their paths counts.
 *
 * @throws {Error} when a folder cannot be read
 */
export async function findPhotos(folder: string): Promise<DataPhotos> {
  const found = await photosIn(folder, {
    depth: 1,
    onProblem(place, error) {
      throw new Error(
        `The folder of photos ${place} ${
          whyNotReached(error)
        }. Make it readable for you, or move it elsewhere.`,
        { cause: error },
      );
    },
  });
  const paths = new Map<string, string>();
  const broken = new Map<string, string>();
  for (const { path, problem } of found) {
    const name = photoName(basename(path));
    if (problem !== null) broken.set(name, problem);
    else if (!paths.has(name)) paths.set(name, path.slice(join(folder, "/").length).replaceAll("\\", "/"));
  }
  return { paths, broken };
}

/** What a list of files and folders stands for. */
export interface PhotoList {
  /** Each once, as the list gives them; a folder's in the order of their names. */
  readonly photos: string[];
  /** Folders that hold no photos or cannot be read: path and reason. */
  readonly problems: string[];
}

/**
 * A file stands for itself, whatever its name; a folder for its .jpg, .jpeg and .png at any depth. Whether files exist and are
 * photos shows when they are decoded.
 */
export async function listPhotos(paths: readonly string[]): Promise<PhotoList> {
  const photos = new Map<string, string>();
  const problems: string[] = [];
  const add = (path: string) => photos.has(resolve(path)) || photos.set(resolve(path), path);
  for (const path of paths) {
    const isFolder = (await Deno.stat(path).catch(() => null))?.isDirectory ?? false;
    if (!isFolder) {
      add(path);
      continue;
    }
    const found = await photosIn(path, {
      depth: Infinity,
      onProblem: (place, error) =>
        problems.push(`${place}: the folder cannot be read. Received: ${(error as Error).message}`),
    });
    if (found.length === 0) {
      problems.push(`${path}: holds no photo (.jpg, .jpeg or .png), at no depth. Give another folder`);
    }
    for (const { path } of found) add(path);
  }
  return { photos: [...photos.values()], problems };
}

interface FoundPhoto {
  readonly path: string;
  /** Why a link leads nowhere; null for all else. */
  readonly problem: string | null;
}

interface SearchOptions {
  /** Folders to go down. */
  readonly depth: number;
  /** Told of folders that cannot be read. */
  readonly onProblem: (folder: string, error: unknown) => void;
  /** Folders that were searched already, by their real paths: a link may lead back. */
  readonly searched?: Set<string>;
}

/** In the order of their names. Names that begin with a dot are left out: macOS leaves such files beside photos. */
async function photosIn(folder: string, options: SearchOptions): Promise<FoundPhoto[]> {
  const { depth, onProblem, searched = new Set() } = options;
  const found: FoundPhoto[] = [];
  let entries: Deno.DirEntry[] = [];
  try {
    const place = await Deno.realPath(folder);
    if (!searched.has(place)) entries = await Array.fromAsync(Deno.readDir(folder));
    searched.add(place);
  } catch (error) {
    onProblem(folder, error);
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const target = entry.isSymlink ? await Deno.stat(path).catch(whyNotReached) : entry;
    if (typeof target !== "string" && target.isDirectory) {
      if (depth > 0) found.push(...await photosIn(path, { depth: depth - 1, onProblem, searched }));
    } else if (extension.test(entry.name)) {
      found.push({ path, problem: typeof target === "string" ? target : null });
    }
  }
  return found;
}
