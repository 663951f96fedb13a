/** Who calls a task: the flags that they give, and where they stand, from which paths start and lead. */
import { realpathSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { projectRoot } from "../support/project.ts";

/**
 * Goes to the folder where the task was called; to be done before anything else.
 *
 * Deno starts a task in the project's folder, wherever it is called, and leaves the caller's in INIT_CWD. A program that is not
 * started there was not started as a task, and stands where it should.
 */
export function standWithCaller(): void {
  const folder = Deno.env.get("INIT_CWD");
  if (folder && realpathSync(".") === realpathSync(projectRoot)) Deno.chdir(folder);
}

/** A path as the caller may type it: from where they stand, or whole where that is shorter. */
export function pathForCaller(path: string): string {
  const fromHere = relative(Deno.cwd(), path) || ".";
  return fromHere.length < path.length ? fromHere : path;
}

/** The flags of a call, as `parseArgs` gives them. @throws {RangeError} for one that cannot be, with the help page */
export function parseFlags<T extends ParseArgsConfig>(config: T, usage: string) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}
