/** Helpers for a task's command line: flags, the caller's folder, the last message and the exit code. */
import { realpathSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { projectRoot } from "../support/project.ts";

/**
 * Runs a task with the call's flags, then ends this process. The exit code is what `run` returns, or 0. For an error it
 * prints the message, and the code is 1, or 2 for a RangeError, which means a wrong call. `--help` prints `usage` and runs nothing.
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
 * From now on Ctrl-C, or another request to end, prints what `describe` returns and ends this process and those that it started.
 * Nothing has to be saved first: work is stored step by step, so a power cut would lose no more.
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
 * Changes to the folder from which the task was called. Call this before anything else.
 *
 * Deno starts a task in the project's folder and keeps the caller's in INIT_CWD. A program that starts in another folder was not
 * started as a task, and is in the right folder already.
 */
export function standWithCaller(): void {
  const folder = Deno.env.get("INIT_CWD");
  if (folder && realpathSync(".") === realpathSync(projectRoot)) Deno.chdir(folder);
}

/** A path as the caller may type it: relative to their folder, or as given if that is shorter. */
export function pathForCaller(path: string): string {
  const fromHere = relative(Deno.cwd(), path) || ".";
  return fromHere.length < path.length ? fromHere : path;
}

/** @throws {RangeError} if one of these flags was given an empty path, for example from an unset variable */
export function checkPaths(given: Readonly<Record<string, unknown>>, ...flags: string[]): void {
  const empty = flags.find((flag) => [given[flag]].flat().includes(""));
  if (empty !== undefined) throw new RangeError(`--${empty} needs a path. Received: an empty text`);
}

/** A number in digits, such as 40 or 2.5. NaN for any other text, such as 0x10, 1e2 or an empty one. */
export function numberOf(text: string): number {
  return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : NaN;
}

/** The flags of a call, parsed by `parseArgs`. @throws {RangeError} for an invalid flag, with the help page */
export function parseFlags<T extends ParseArgsConfig>(config: T, usage: string) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}
