/** Finds the photos that a table's ids mean. */
import { basename, join } from "node:path";
import { firstOf } from "../support/format.ts";
import { type FolderFiles, type FoundPhoto, searchFolder } from "./photo_files.ts";
import {
  conversionsOf,
  countKinds,
  idParts,
  isUnread,
  photoExtensionsText,
  photoName,
} from "../support/photo_kinds.ts";
import { firstOfSame } from "./same_files.ts";

/** The photos that the ids of a table mean. */
export interface MatchedPhotos {
  /** Path of each id's photo, relative to the folder, with forward slashes. */
  readonly paths: readonly string[];
  /** Notes for readers on choices between files. */
  readonly notes: readonly string[];
}

/**
 * Finds the photo of each id in a folder, at any depth.
 *
 * An id is a photo's name, with or without extension, or a path that ends with one: `images/P1.jpg`. A path that exists in the
 * folder means that file only. Else the longest end of the path that matches a file decides, because tables may have paths from
 * other machines. Of several matches with the same bytes, the first in the order of their paths is used.
 *
 * @param options `table`: its name in errors; `inParts`: whether it is HAM10000's table, whose photos come in two parts
 * @throws {Error} if photos are missing, an id matches different files, or two ids match one file: with their number, the first
 * ids and what to do
 */
export async function matchPhotos(
  folder: string,
  ids: readonly string[],
  { table, inParts }: { table: string; inParts: boolean },
): Promise<MatchedPhotos> {
  const files = await searchFolder(folder);
  const start = join(folder, "x").length - 1;
  const relative = (path: string) => path.slice(start).replaceAll("\\", "/");
  const named = Map.groupBy(files.photos, ({ path }) => photoName(basename(path)).normalize("NFC"));
  const endings = new Map<string, ReadonlyMap<string, readonly string[]>>(); // by name: a folder per patient may have its own 1.jpg
  const endingsOf = (name: string) => {
    const known = endings.get(name);
    if (known) return known;
    const photos = (named.get(name) ?? []).filter(({ problem }) => problem === null);
    const own = endingsOfPaths(photos.map(({ path }) => relative(path)));
    endings.set(name, own);
    return own;
  };
  const found = ids.map((id) => ({ id, ...filesOf(id, endingsOf(nameOf(id))) }));
  const lost = found.filter(({ paths }) => paths.length === 0).map(({ id }) => id);
  checkFound(lost, { folder, table, inParts, count: ids.length, files, named });

  const several = found.filter(({ paths }) => paths.length > 1);
  await checkSame(folder, several, table);
  const paths = found.map(({ paths }) => paths[0]);
  checkOneId(ids, paths, table);
  const place = basename(folder);
  const notes: string[] = [];
  if (several.length > 0) {
    const [lie, are] = several.length === 1 ? ["photo lies", "is"] : ["photos lie", "are"];
    notes.push(
      `${several.length} ${lie} in ${place} several times, with the same bytes, and ${are} read once: ` +
        firstOf(several.map(severalText), 3),
    );
  }
  const elsewhere = found.filter(({ isWhole }) => !isWhole);
  if (elsewhere.length > 0) {
    notes.push(
      (elsewhere.length === 1
        ? `1 of the paths in ${table} is not in ${place}; its photo was found by the end of the path: `
        : `${elsewhere.length} of the paths in ${table} are not in ${place}; these photos were found by the end of the path: `) +
        firstOf(elsewhere.map(({ id, paths }) => `${id} is ${paths[0]}`), 3),
    );
  }
  return { paths, notes };
}

function nameOf(id: string): string {
  return photoName(idParts(id).at(-1) ?? "");
}

/** Paths by their ends, without extension: `b/1.jpg` is found under `b/1` and under `1`. */
function endingsOfPaths(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const endings = new Map<string, string[]>();
  for (const path of paths) {
    const parts = photoName(path).normalize("NFC").split("/");
    for (let start = 0; start < parts.length; start++) {
      const ending = parts.slice(start).join("/");
      const own = endings.get(ending);
      if (own) own.push(path);
      else endings.set(ending, [path]);
    }
  }
  return endings;
}

/**
 * The files that an id may mean. `isWhole`: whether their paths end with the whole id.
 *
 * @param endings result of `endingsOfPaths` for the files with the id's name
 */
function filesOf(
  id: string,
  endings: ReadonlyMap<string, readonly string[]>,
): { paths: readonly string[]; isWhole: boolean } {
  const parts = idParts(id);
  const whole = photoName(parts.join("/")).normalize("NFC");
  for (let start = 0; start < parts.length; start++) {
    const ending = endings.get(photoName(parts.slice(start).join("/")).normalize("NFC")) ?? [];
    if (ending.length === 0) continue;
    const same = ending.filter((path) => basename(path).normalize("NFC") === parts.at(-1)); // with the id's own extension
    const paths = same.length > 0 ? same : ending;
    const there = start === 0 && /[\\/]/.test(id)
      ? paths.filter((path) => photoName(path).normalize("NFC") === whole)
      : [];
    return { paths: there.length > 0 ? there : paths, isWhole: start === 0 };
  }
  return { paths: [], isWhole: true };
}

interface Missing {
  readonly folder: string;
  readonly table: string;
  readonly inParts: boolean;
  /** Ids of the table. */
  readonly count: number;
  readonly files: FolderFiles;
  readonly named: ReadonlyMap<string, readonly FoundPhoto[]>;
}

function checkFound(lost: readonly string[], { folder, table, inParts, count, files, named }: Missing): void {
  if (lost.length === 0) return;
  const [closed] = files.closed;
  if (closed) { // the lost photos may be in there
    throw new Error(
      `The folder of photos ${closed.path} ${closed.problem}. Make it readable for you, or move it elsewhere.`,
      { cause: closed.error },
    );
  }
  const unread = Map.groupBy(
    files.others.filter(isUnread),
    (path) => photoName(basename(path)).normalize("NFC"),
  );
  const reasons = lost.map((id) => {
    const other = unread.get(nameOf(id))?.[0];
    return {
      id,
      reason: named.get(nameOf(id))?.[0]?.problem ?? (other && `there is ${basename(other)}`),
      other,
    };
  });
  const shown = reasons.map(({ id, reason }) => reason ? `${id} (${reason})` : id);
  const others = reasons.flatMap(({ other }) => other ?? []);
  throw new Error(
    `${lost.length} of ${count} images that ${table} names are not in ${folder} or its folders: ` +
      `${firstOf(shown, 5)}. ` +
      (others.length > 0 ? `${countKinds(others)} cannot be read. ${conversionsOf(others)}. ` : "") +
      (inParts
        ? "HAM10000 comes in two parts; unpack both there."
        : `They are looked for as ${photoExtensionsText}, at any depth.`),
  );
}

interface SeveralFiles {
  readonly id: string;
  readonly paths: readonly string[];
}

/** @throws {Error} if files that match one id differ */
async function checkSame(folder: string, several: readonly SeveralFiles[], table: string): Promise<void> {
  const first = await firstOfSame(several.flatMap(({ paths }) => paths.map((path) => join(folder, path))));
  let end = 0;
  const unlike = several.filter(({ paths }) => {
    const start = end;
    end += paths.length;
    return first.slice(start, end).some((place) => place !== first[start]);
  });
  if (unlike.length === 0) return;
  const [{ id, paths }] = unlike;
  const path = paths.at(-1)!;
  throw new Error(
    `${table}: ${unlike.length} of its image ids may mean several different files in ${folder}. Name the folder that ` +
      `has only the photos with --data FOLDER (and the table with --metadata), move the other files elsewhere, or write paths ` +
      `into the table, as ${path.includes("/") ? path : `./${path}`} in place of ${id}. Received: ${
        firstOf(unlike.map(severalText), 3)
      }`,
  );
}

/** @throws {Error} if two ids match one file */
function checkOneId(ids: readonly string[], paths: readonly string[], table: string): void {
  const rows = new Map<string, number>();
  for (const [row, path] of paths.entries()) {
    const other = rows.get(path);
    if (other !== undefined) {
      throw new Error(
        `${table}: each image needs a photo of its own. Received: ${ids[other]} and ${
          ids[row]
        } are both ${path}`,
      );
    }
    rows.set(path, row);
  }
}

function severalText({ id, paths }: SeveralFiles): string {
  return `${id} (${paths.join(", ")})`;
}
