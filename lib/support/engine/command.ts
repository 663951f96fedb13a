/** Runs programs that take long, shows their progress, and ends one that stands still. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Receives one line of progress, without a line break. */
export type OnProgress = (line: string) => void;

/** Options for a program of an npm package in Deno: imports come from its node_modules folder, and no config applies. */
export const packageRun = ["run", "--allow-all", "--no-config", "--no-lock", "--node-modules-dir=manual"];

/** Options of {@link runCommand}. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** What is being done, for progress lines and errors, e.g. `downloading the TensorFlow wheel`. */
  step: string;
  onProgress?: OnProgress;
  /** A folder whose growth is shown as progress. */
  grows?: string;
  /** Stop when `grows` has not changed for this many seconds; without `grows`, after this many seconds. Default 300. */
  patience?: number;
}

/**
 * Runs a program to its end and returns its standard output. `onProgress` hears, every two seconds at most, how many MB the
 * folder `grows` has gained.
 *
 * @throws Error with the last lines that the program wrote, if it fails, cannot be started or stands still
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

/** The last five lines, without blank lines and call stacks. */
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

/** The first of these programs that can be started, or null. A stub that only says how to install it does not count. */
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
