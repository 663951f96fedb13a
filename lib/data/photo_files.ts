/** Finds the photo files in folders, at any depth, and lists the other files. */
import { join, resolve } from "node:path";
import { whyNotReached } from "./data_folder.ts";
import {
  conversionsOf,
  countKinds,
  isPhotoName,
  isUnread,
  photoExtensionsText,
} from "../support/photo_kinds.ts";

/** The photos in a list of files and folders. */
export interface PhotoList {
  /** Each photo once, in the order of the list; photos of a folder in the order of their names. */
  readonly photos: string[];
  /** Path and reason: folders that hold no photos, cannot be read, or hold pictures that must be converted. */
  readonly problems: string[];
  /** Numbers of other files in folders, by kind: `photos: left out 1 .txt`. */
  readonly notes: string[];
}

/**
 * Lists files, whatever their names, and the photos in folders, at any depth, by their extensions. Decoding checks later whether
 * files exist and are photos.
 */
export async function listPhotos(paths: readonly string[]): Promise<PhotoList> {
  const photos = new Map<string, string>();
  const problems: string[] = [];
  const notes: string[] = [];
  const add = (path: string) => photos.has(resolve(path)) || photos.set(resolve(path), path);
  for (const path of paths) {
    const isFolder = (await Deno.stat(path).catch(() => null))?.isDirectory ?? false;
    if (!isFolder) {
      add(path);
      continue;
    }
    const found = await searchFolder(path);
    for (const { path, problem } of found.closed) {
      problems.push(`${path}: the folder ${problem}`);
    }
    const others = `${path}: left out ${countKinds(found.others)}`;
    if (found.others.some(isUnread)) problems.push(`${others}. ${conversionsOf(found.others)}`);
    else if (found.others.length > 0) notes.push(others);
    if (found.photos.length === 0) {
      problems.push(
        `${path}: holds no photos (${photoExtensionsText}), also not in subfolders. Give another folder`,
      );
    }
    for (const { path } of found.photos) add(path);
  }
  return { photos: [...photos.values()], problems, notes };
}

export interface FoundPhoto {
  readonly path: string;
  /** Why a link cannot be followed; null for a file or a working link. */
  readonly problem: string | null;
}

export interface FolderFiles {
  readonly photos: FoundPhoto[];
  /** Files without the extension of a photo. */
  readonly others: string[];
  /** Folders that cannot be read. */
  readonly closed: { readonly path: string; readonly problem: string; readonly error: unknown }[];
}

/** Folders of operating systems, which are not searched. Names that begin with a dot (`._photo.jpg`) are skipped too. */
const systemFolders = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

/**
 * All files of a folder at any depth, in the order of their names.
 *
 * @param files results so far; new ones are added to it
 * @param searched real paths of folders already searched: a link may lead back to one
 */
export async function searchFolder(
  folder: string,
  files: FolderFiles = { photos: [], others: [], closed: [] },
  searched = new Set<string>(),
): Promise<FolderFiles> {
  let entries: Deno.DirEntry[] = [];
  try {
    const place = await Deno.realPath(folder);
    if (!searched.has(place)) entries = await Array.fromAsync(Deno.readDir(folder));
    searched.add(place);
  } catch (error) {
    files.closed.push({ path: folder, problem: whyNotReached(error), error });
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const target = entry.isSymlink ? await Deno.stat(path).catch((error) => whyNotReached(error)) : entry;
    if (typeof target !== "string" && target.isDirectory) {
      if (!systemFolders.includes(entry.name)) await searchFolder(path, files, searched);
    } else if (isPhotoName(entry.name)) {
      files.photos.push({ path, problem: typeof target === "string" ? target : null });
    } else files.others.push(path);
  }
  return files;
}
