/** The photo files of folders, at any depth, and what else is in them. */
import { join, resolve } from "node:path";
import { whyNotReached } from "./data_folder.ts";
import {
  conversionsOf,
  countKinds,
  isPhotoName,
  isUnread,
  photoExtensionsText,
} from "../support/photo_kinds.ts";

/** What a list of files and folders stands for. */
export interface PhotoList {
  /** Each once, as the list gives them; a folder's in the order of their names. */
  readonly photos: string[];
  /** Folders that hold no photos or cannot be read, or that hold pictures that have to be converted: path and reason. */
  readonly problems: string[];
  /** What else folders hold, by kind: `photos: left out 1 .txt`. */
  readonly notes: string[];
}

/**
 * A file stands for itself, whatever its name; a folder for its photos at any depth, by their extensions. Whether files exist and
 * are photos shows when they are decoded.
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
      problems.push(`${path}: holds no photo (${photoExtensionsText}), at no depth. Give another folder`);
    }
    for (const { path } of found.photos) add(path);
  }
  return { photos: [...photos.values()], problems, notes };
}

export interface FoundPhoto {
  readonly path: string;
  /** Why a link leads nowhere; null for all else. */
  readonly problem: string | null;
}

export interface FolderFiles {
  readonly photos: FoundPhoto[];
  /** Files that are no photos by their extensions. */
  readonly others: string[];
  /** Folders that cannot be read. */
  readonly closed: { readonly path: string; readonly problem: string; readonly error: unknown }[];
}

/** What systems leave beside a user's files: names that begin with a dot (`._photo.jpg`), and these folders. */
const systemFolders = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

/**
 * All files of a folder at any depth, in the order of their names.
 *
 * @param files what was found before. @param searched folders that were searched already, by their real paths: a link may lead back
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
