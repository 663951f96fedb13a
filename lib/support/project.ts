/** Paths in the project. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root folder, found from this file's path, not from the working directory. */
export const projectRoot: string = fileURLToPath(new URL("../../", import.meta.url));

/** A path for messages: relative to the project if it lies inside, else its last part. */
export function shownPath(path: string): string {
  return path.startsWith(projectRoot) ? path.slice(projectRoot.length) : basename(path);
}
