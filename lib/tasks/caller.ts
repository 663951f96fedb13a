/** Between a task and who calls it: the flags that they give, where they stand, what they read at the end, and the exit code. */
import { realpathSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { projectRoot } from "../support/project.ts";

/**
 * Runs a task with the flags of its call and ends this process: with the exit code that `run` returns, or 0; for an error with its
 * message and 1, or 2 where it is a RangeError, which is one of the call. `--help` prints `usage` and runs nothing.
 */
export async function runTask(
  usage: string,
  run: (args: string[]) => Promise<number | void>,
): Promise<never> {
  let code = 0;
  try {
    standWithCaller();
    if (Deno.args.includes("--help")) console.log(usage);
    else code = await run(Deno.args) ?? 0;
  } catch (error) {
    console.error((error as Error).message);
    code = error instanceof RangeError ? 2 : 1;
  }
  Deno.exit(code);
}

/**
 * From now on a request to end says what `describe` gives, and ends this process at once, and what it has started with it. Nothing
 * has to be saved first: work is stored step by step, so a power cut would lose no more.
 */
export function endOnRequest(describe: () => string): void {
  const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const; // 128 + the signal's number, as shells have it
  const signals = Deno.build.os === "windows"
    ? ["SIGINT"] as const
    : ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      try {
        console.error(describe());
      } finally { // after SIGHUP there may be no terminal left to write to
        Deno.exit(exitCodes[signal]);
      }
    });
  }
}

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

/** @throws {RangeError} where one of these flags was given an empty path, as from a variable that is not set */
export function checkPaths(given: Readonly<Record<string, unknown>>, ...flags: string[]): void {
  const empty = flags.find((flag) => [given[flag]].flat().includes(""));
  if (empty !== undefined) throw new RangeError(`--${empty} needs a path. Received: an empty text`);
}

/** A number in digits, such as 40 or 2.5; NaN of all else, 0x10, 1e2 and an empty text among it. */
export function numberOf(text: string): number {
  return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : NaN;
}

/** The flags of a call, as `parseArgs` gives them. @throws {RangeError} for one that cannot be, with the help page */
export function parseFlags<T extends ParseArgsConfig>(config: T, usage: string) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}
