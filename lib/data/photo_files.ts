/** Photos of a data folder by their names. */
import { join } from "node:path";
import { whyNotReached } from "./table_file.ts";

const extension = /\.(jpe?g|png)$/i;

export interface PhotoFiles {
  /** Path relative to the data folder, with forward slashes, by the file's name without extension. */
  readonly paths: ReadonlyMap<string, string>;
  /** Links that lead nowhere, with the reason, by the same names. */
  readonly broken: ReadonlyMap<string, string>;
}

/**
 * Looks for .jpg, .jpeg and .png in the folder itself and one folder deep. Of several photos of one name the first in the order
 * of their paths counts.
 *
 * @throws {Error} when a folder cannot be read
 */
export async function findPhotos(folder: string): Promise<PhotoFiles> {
  const paths = new Map<string, string>();
  const broken = new Map<string, string>();
  const found = [...await listFolder(folder, ""), ...await listSubfolders(folder)];
  for (const { path, isSymlink } of found.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = photoName(path.slice(path.indexOf("/") + 1));
    const problem = isSymlink ? await whyBroken(join(folder, path)) : null;
    if (problem !== null) broken.set(name, problem);
    else if (!paths.has(name)) paths.set(name, path);
  }
  return { paths, broken };
}

/** An image id without the extension that some tables add to it. */
export function photoName(id: string): string {
  return id.replace(extension, "");
}

interface FoundFile {
  path: string;
  isSymlink: boolean;
}

async function listSubfolders(folder: string): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const entry of await readFolder(folder)) {
    if (!extension.test(entry.name) && await isFolder(join(folder, entry.name), entry)) {
      found.push(...await listFolder(folder, `${entry.name}/`));
    }
  }
  return found;
}

async function listFolder(folder: string, prefix: string): Promise<FoundFile[]> {
  return (await readFolder(join(folder, prefix)))
    .filter(({ name }) => extension.test(name))
    .map(({ name, isSymlink }) => ({ path: `${prefix}${name}`, isSymlink }));
}

async function readFolder(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    throw new Error(
      `The folder of photos ${folder} ${
        whyNotReached(error)
      }. Make it readable for you, or move it elsewhere.`,
      { cause: error },
    );
  }
}

async function isFolder(path: string, entry: Deno.DirEntry): Promise<boolean> {
  if (!entry.isSymlink) return entry.isDirectory;
  return (await Deno.stat(path).catch(() => null))?.isDirectory ?? false;
}

async function whyBroken(path: string): Promise<string | null> {
  return await Deno.stat(path).then(() => null, whyNotReached);
}
