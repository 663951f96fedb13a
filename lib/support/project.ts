/** Where the project lies. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root folder, known from this file's place and not from the working directory. */
export const projectRoot: string = fileURLToPath(new URL("../../", import.meta.url));

/** A path as it may be shown: relative to the project where it lies in it, else its last part. */
export function shownPath(path: string): string {
  return path.startsWith(projectRoot) ? path.slice(projectRoot.length) : basename(path);
}
