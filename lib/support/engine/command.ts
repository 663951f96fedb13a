/** Running programs that take long: their progress is shown, and one that stands still is ended. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Receives one line of progress, without a line break. */
export type OnProgress = (line: string) => void;

/** Options under which a program in an npm package runs in Deno: resolved by its node_modules folder, by no other config. */
export const packageRun = ["run", "--allow-all", "--no-config", "--no-lock", "--node-modules-dir=manual"];

/** How a program is run. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** What is being done, for progress lines and errors, e.g. `downloading the TensorFlow wheel`. */
  step: string;
  onProgress?: OnProgress;
  /** Folder whose growth is the progress. */
  grows?: string;
  /** Stop when `grows` has not changed for this many seconds; without `grows`, after so many. Default 300. */
  patience?: number;
}

/**
 * Runs a program to its end and returns its standard output. Every two seconds `onProgress` hears how many MB the folder
 * `grows` has gained.
 *
 * @throws Error with the last lines the program wrote, when it fails, cannot be started or stands still.
 */
export async function runCommand(program: string, args: string[], options: CommandOptions): Promise<string> {
  const { cwd, env, step, grows, patience = 300, onProgress = () => {} } = options;
  const child = start(program, { args, cwd, env: { NO_COLOR: "1", ...env } }, step);
  const size = () => grows ? folderSize(grows) : 0;
  const [started, sizeBefore] = [performance.now(), size()];
  let [largest, latest, changedAt, standsStill] = [sizeBefore, sizeBefore, started, false];
  const timer = setInterval(() => {
    const [now, sizeNow] = [performance.now(), size()];
    if (sizeNow !== latest) changedAt = now;
    latest = sizeNow;
    if (latest > largest) { // it shrinks when an archive is unpacked and removed
      largest = latest;
      const megabytes = Math.round((largest - sizeBefore) / 1e6);
      onProgress(`${step}: ${megabytes} MB, ${Math.round((now - started) / 1000)} s`);
    }
    if (now - changedAt > patience * 1000 && !standsStill) {
      standsStill = true;
      child.kill();
    }
  }, 2000);
  const output = await child.output().finally(() => clearInterval(timer));
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (output.success && !standsStill) return stdout;
  const end = standsStill
    ? `stood still for ${patience} s`
    : `ended with ${output.signal ?? `code ${output.code}`}`;
  throw new Error(`${step}: ${basename(program)} ${end}: ${lastWords(`${stdout}\n${stderr}`)}`);
}

function start(program: string, options: Deno.CommandOptions, step: string): Deno.ChildProcess {
  try {
    return new Deno.Command(program, { ...options, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  } catch (error) {
    throw new Error(`${step}: ${program} cannot be started (${(error as Error).message})`);
  }
}

/** The last lines that are not blank and not a call stack's. */
function lastWords(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith("at ")).slice(-5).join(" | ");
}

/** Bytes in a folder; files that vanish while they are counted may be left out. */
function folderSize(folder: string): number {
  let total = 0;
  try {
    for (const name of readdirSync(folder, { recursive: true })) {
      total += Deno.lstatSync(join(folder, String(name))).size;
    }
  } catch { /* removed while being counted */ }
  return total;
}

/** The first of these programs that can be started, or null. A stub that only says how to install the program is none. */
export function findProgram(names: string[]): string | null {
  return names.find((name) => {
    try {
      return new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
        .success;
    } catch {
      return false;
    }
  }) ?? null;
}
