/** Running programs that take long, with their progress shown and their silence limited. */
import { basename, delimiter, join } from "node:path";

/** Receives one line of progress, without a line break. */
export type OnProgress = (line: string) => void;

/** How a program is run. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** What is being done, for progress lines and errors, e.g. `downloading the TensorFlow wheel`. */
  step: string;
  onProgress?: OnProgress;
  /** Folder whose growth is the progress. */
  grows?: string;
  /** Stop when `grows` has not grown for this many seconds, or without `grows`, after so many. Default 300. */
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
  const started = performance.now();
  const atStart = grows ? folderSize(grows) : 0;
  let [size, moved, stalled] = [atStart, started, false];
  const timer = setInterval(() => {
    const now = performance.now();
    const sizeNow = grows ? folderSize(grows) : 0;
    if (sizeNow !== size) moved = now;
    if (sizeNow > size) {
      size = sizeNow;
      const megabytes = Math.round((size - atStart) / 1e6);
      onProgress(`${step}: ${megabytes} MB, ${Math.round((now - started) / 1000)} s`);
    } else if (now - moved > patience * 1000 && !stalled) {
      stalled = true;
      child.kill();
    }
  }, 2000);
  const output = await child.output().finally(() => clearInterval(timer));
  const stdout = new TextDecoder().decode(output.stdout);
  if (output.success && !stalled) return stdout;
  const end = stalled
    ? `stood still for ${patience} s`
    : `ended with ${output.signal ?? `code ${output.code}`}`;
  const said = lastWords(`${stdout}\n${new TextDecoder().decode(output.stderr)}`);
  throw new Error(`${step}: ${basename(program)} ${end}: ${said}`);
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
  const lines = output.split("\n").map((line) => line.trim()).filter((line) =>
    line && !line.startsWith("at ")
  );
  return lines.slice(-5).join(" | ");
}

/** The first of these programs that is on the search path, as a full path, or null. */
export function findProgram(names: string[], searchPath: string = Deno.env.get("PATH") ?? ""): string | null {
  const endings = Deno.build.os === "windows" ? [".exe", ".cmd", ".bat"] : [""];
  for (const name of names) {
    for (const folder of searchPath.split(delimiter).filter(Boolean)) {
      for (const ending of endings) {
        const path = join(folder, name + ending);
        try {
          if (Deno.statSync(path).isFile) return path;
        } catch { /* not in this folder */ }
      }
    }
  }
  return null;
}

/** Bytes in a folder, links not followed; files that vanish meanwhile count 0. */
function folderSize(folder: string): number {
  let total = 0;
  try {
    for (const entry of Deno.readDirSync(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) total += folderSize(path);
      else if (entry.isFile) total += Deno.lstatSync(path).size;
    }
  } catch { /* removed while being counted */ }
  return total;
}
