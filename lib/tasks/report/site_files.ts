/** The files of a site, collected in memory and then written as a whole. */
import { dirname, join } from "node:path";
import { writeFolderAtomic } from "../../support/atomic.ts";

/** File contents by path within the site. */
export type SiteFiles = Map<string, string | Uint8Array>;

/** Where pictures are kept in the site. */
export interface Pictures {
  /** Keeps a picture; returns its address in the site, the same for the same place in the same notebook. */
  add(bytes: Uint8Array, extension: string): string;
}

/** Pictures of one page, numbered: `pictures/05_final_evaluation-3.png`. */
export function picturesOf(files: SiteFiles, page: string): Pictures {
  let count = 0;
  return {
    add(bytes, extension) {
      const path = `pictures/${page}-${++count}.${extension}`;
      files.set(path, bytes);
      return path;
    },
  };
}

/**
 * Writes the site beside its place and then puts it there, so that a stop half way leaves the old one whole, and no page of an
 * old one stays. What was in the folder is gone.
 */
export async function writeSiteFiles(files: SiteFiles, folder: string): Promise<void> {
  await writeFolderAtomic(folder, async (fresh) => {
    for (const [path, content] of files) {
      const file = join(fresh, path);
      await Deno.mkdir(dirname(file), { recursive: true });
      await (typeof content === "string" ? Deno.writeTextFile(file, content) : Deno.writeFile(file, content));
    }
  });
}
