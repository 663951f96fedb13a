/** The file of the metadata table: its names, and its place in a data folder. */
import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { firstOf } from "./support/format.ts";
import { isPhotoName } from "./support/photo_kinds.ts";
import { projectRoot } from "./support/project.ts";

export const metadataFile = "HAM10000_metadata.csv";

/** Its other names: the Dataverse's original has no extension, its tabular form is .tab, browsers number a second download. */
const otherNames = /^HAM10000_metadata( ?\(\d+\))?(\.csv|\.tab|\.tsv|\.txt)?$/i;
/** Names in order of preference. */
const rank = ["HAM10000_metadata.csv", "HAM10000_metadata", "HAM10000_metadata.tab"];

/** Folder of the official test set in `data/`. Its photos must not be trained on. */
export const officialTestFolder = "isic2018_test";

/** Extensions of files that may be tables. */
export const tableExtension = /\.(csv|tab|tsv|txt)$/i;

/** Whether a table's file has one of HAM10000's own names. */
export function isHam10000Name(path: string): boolean {
  return otherNames.test(basename(path));
}

/** HAM10000's table in a folder, under any of its names; if there is none, one of each folder in it. Sorted paths. */
export function tablesIn(folder: string): string[] {
  const here = tableIn(folder);
  if (here !== null) return [here];
  return entriesOf(folder).filter((entry) => isFolder(folder, entry))
    .flatMap(({ name }) => tableIn(join(folder, name)) ?? []);
}

function tableIn(folder: string): string | null {
  if (isFile(join(folder, metadataFile))) return join(folder, metadataFile); // without listing thousands of photos
  const place = (name: string) => rank.includes(name) ? rank.indexOf(name) : rank.length;
  const names = entriesOf(folder).filter((entry) => otherNames.test(entry.name) && !isFolder(folder, entry))
    .map(({ name }) => name).sort((a, b) => place(a) - place(b));
  return names.length === 0 ? null : join(folder, names[0]);
}

/**
 * The data folder with HAM10000's table: `data/` or a folder in it; null if there is none. If the table's folder has no photos,
 * it is `data/`, so that they are found in its other folders.
 *
 * @throws {RangeError} if several folders of `data/` hold such a table
 */
export function findData(): string | null {
  const root = `${projectRoot}data`;
  const usual = `${root}/ham10000`;
  const found = tablesIn(root);
  if (found.some((path) => dirname(path) === root)) return root;
  if (found.some((path) => dirname(path) === usual)) return usual;
  if (found.length > 1) {
    throw new RangeError(
      `Configuration: several folders of data/ hold a table of HAM10000. Name one of them with --data. ` +
        `Received: ${found.map((path) => dirname(path)).join(", ")}`,
    );
  }
  if (found.length === 0) return null;
  return firstPhotoIn(dirname(found[0])) === null ? root : dirname(found[0]);
}

/** Refuses to draw images if `data/` holds photos: their owner wants to use them. @throws {RangeError} if there are photos */
export function checkNoPhotos(): void {
  const photo = firstPhotoIn(`${projectRoot}data`);
  if (photo === null) return;
  const folders = [`${projectRoot}data`, dirname(photo)];
  const tables = new Set(
    folders.flatMap((folder) =>
      readdirSync(folder).filter((name) => tableExtension.test(name)).map((name) => `${folder}/${name}`)
    ),
  );
  const example = [...tables][0] ?? "FILE";
  throw new RangeError(
    `Configuration: data/ holds photos, but no ${metadataFile}. \`deno task data\` brings HAM10000's. Name another table with ` +
      `--metadata ${example} (with --data FOLDER if the photos are not beside it). To draw images instead: --preset smoke. ` +
      `Received: ${firstOf([photo, ...tables], 6)}`,
  );
}

/** The first photo in a folder, up to two folders deep and outside the official test set; null if there is none. */
function firstPhotoIn(folder: string, depth = 2): string | null {
  const entries = entriesOf(folder);
  const photo = entries.find(({ name }) => isPhotoName(name));
  if (photo) return join(folder, photo.name);
  if (depth === 0) return null;
  for (const entry of entries) {
    if (entry.name === officialTestFolder || !isFolder(folder, entry)) continue;
    const found = firstPhotoIn(join(folder, entry.name), depth - 1);
    if (found !== null) return found;
  }
  return null;
}

/** Entries sorted by name, without those that begin with a dot; empty if the folder cannot be read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function isFolder(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const path = join(folder, entry.name);
  return existsSync(path) && statSync(path).isDirectory();
}

function isFile(path: string): boolean {
  return existsSync(path) && !statSync(path).isDirectory();
}
