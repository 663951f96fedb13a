/** The photos that a list of files and folders stands for. */
import { join, resolve } from "node:path";

export interface PhotoList {
  /** Each once, as the list gives them; a folder's in the order of their names. */
  readonly photos: string[];
  /** Folders without photos, or that cannot be read: path and reason. */
  readonly problems: string[];
}

const extension = /\.(jpe?g|png)$/i;

/**
 * A file stands for itself, whatever its name; a folder for its .jpg, .jpeg and .png at any depth, but for names that begin with
 * a dot (macOS leaves such beside photos). Whether files exist and are photos shows when they are decoded.
 */
export async function listPhotos(paths: readonly string[]): Promise<PhotoList> {
  const found = new Map<string, string>();
  const problems: string[] = [];
  for (const path of paths) {
    const isFolder = (await Deno.stat(path).catch(() => null))?.isDirectory ?? false;
    if (!isFolder) {
      found.set(resolve(path), path);
      continue;
    }
    const photos = await photosIn(path, { problems, entered: new Set() });
    if (photos.length === 0) {
      problems.push(`${path}: holds no photo (.jpg, .jpeg or .png), at no depth. Give another folder`);
    }
    for (const photo of photos) if (!found.has(resolve(photo))) found.set(resolve(photo), photo);
  }
  return { photos: [...found.values()], problems };
}

async function photosIn(
  folder: string,
  context: { problems: string[]; entered: Set<string> },
): Promise<string[]> {
  const photos: string[] = [];
  try {
    const place = await Deno.realPath(folder);
    if (context.entered.has(place)) return []; // a link that leads back
    context.entered.add(place);
    const entries = await Array.fromAsync(Deno.readDir(folder));
    for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (name.startsWith(".")) continue;
      const path = join(folder, name);
      const isFolder = (await Deno.stat(path).catch(() => null))?.isDirectory ?? false;
      if (isFolder) photos.push(...await photosIn(path, context));
      else if (extension.test(name)) photos.push(path);
    }
  } catch (error) {
    context.problems.push(`${folder}: the folder cannot be read. Received: ${(error as Error).message}`);
  }
  return photos;
}
