/** `deno task reproduce` as a terminal runs it: started, stopped at some moment, looked at afterwards. For tests. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/support/project.ts";
import { digestsIn, filesIn } from "../support/folder_files.ts";

/** A smoke run of 70 drawn images of 32 × 32 pixels and 3 epochs: about 15 s on two free cores. */
export const smallConfig = { preset: "smoke", standInImages: 70, size: 32, epochs: 3 };

/** A folder for runs, with a place for temporary files of their own, so that what they leave there is seen. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly temporary: string;
  /** File for `--config`. */
  readonly config: string;
}

export async function makePlace(config: Record<string, unknown> = smallConfig): Promise<Place> {
  const folder = await Deno.makeTempDir();
  const place = { folder, temporary: join(folder, "tmp"), config: join(folder, "small.json") };
  await Deno.mkdir(place.temporary);
  await Deno.writeTextFile(place.config, JSON.stringify(config));
  return { ...place, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

export interface Outcome {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly text: string;
  readonly seconds: number;
}

export interface Run {
  readonly ended: Promise<Outcome>;
  /** As a terminal's Ctrl+C does: to the whole process group. */
  signal(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Resolves when the text so far matches; rejects when the run ends without. */
  says(pattern: RegExp): Promise<void>;
  /** Resolves when the run has written a file whose path in its folder matches; rejects when it ends without. */
  writes(pattern: RegExp): Promise<void>;
}

export interface RunOptions {
  flags?: string[];
  env?: Record<string, string>;
  /** A program and its arguments that start the run. */
  before?: string[];
  /** A program that the run's process executes first. */
  preload?: string;
  /** Default: reproduce. */
  task?: keyof typeof programs;
}

const programs = { reproduce: "reproduce.ts", plan: "units/plan.ts", unit: "units/unit.ts" };

/** Starts the program of `deno task reproduce`, or of another task, with results in `<place>/<out>`. */
export function startRun(
  place: Place,
  out: string,
  { flags = [], env, before = [], preload, task = "reproduce" }: RunOptions = {},
): Run {
  const began = Date.now();
  const folder = join(place.folder, out);
  const [program, ...args] = [
    ...before,
    ...[Deno.execPath(), "run", "--no-prompt", `-P=${task}`, ...preload ? ["--preload", preload] : []],
    `lib/tasks/${programs[task]}`,
    ...["--config", place.config, "--out", folder, ...flags],
  ];
  const child = new Deno.Command(program, {
    args,
    cwd: projectRoot,
    // With HAM10000_CONFIG the run is not noted as the last one, with which a person's notebooks would go on.
    env: {
      NO_COLOR: "1",
      HAM10000_CONFIG: place.config,
      TMPDIR: place.temporary,
      TEMP: place.temporary,
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true, // a process group of its own, to be signalled as a whole
  }).spawn();
  let text = "";
  let hasEnded = false;
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) text += chunk;
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const ended = (async () => {
    const { code, signal } = await child.status;
    const seconds = (Date.now() - began) / 1000;
    await reading;
    hasEnded = true;
    return { code, signal, text, seconds };
  })();
  const when = async (happened: () => boolean, what: string) => {
    while (!happened()) {
      if (hasEnded) throw new Error(`The run ended without ${what}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    ended,
    signal(signal) {
      try {
        Deno.kill(-child.pid, signal);
      } catch { /* it has ended */ }
    },
    says: (pattern) => when(() => pattern.test(text), `saying ${pattern}`),
    writes: (pattern) =>
      when(() => filesIn(folder, began).some((name) => pattern.test(name)), `writing ${pattern}`),
  };
}

/** A run to its end, which must be a good one; its text. */
export async function finishRun(place: Place, out: string, options: RunOptions = {}): Promise<string> {
  const { code, text } = await startRun(place, out, options).ended;
  assert.equal(code, 0, text);
  return text;
}

const isResult =
  /^(results\.json|\w+\.csv|trainings\/[\w-]+\/(history\.jsonl|run\.json)|model\/(weights\.bin|model\.h5))$/;

/** What two runs must share: SHA-256 of results.json, tables, courses of trainings and weights, and the results themselves, so that a difference has a name. */
export async function resultsOf(place: Place, out: string): Promise<Record<string, unknown>> {
  const folder = join(place.folder, out);
  const shared = await digestsIn(folder, filesIn(folder).filter((name) => isResult.test(name)));
  return { ...shared, results: JSON.parse(await Deno.readTextFile(join(folder, "results.json"))) };
}

/** What is left in the run's folder that no finished run leaves. */
export function unfinished(place: Place, out: string): string[] {
  return filesIn(join(place.folder, out)).filter((name) => name.includes(".tmp"));
}

/** Waits up to 20 s for the kernels of a place to end; what is left then: processes and connection files. */
export async function survivors(place: Place): Promise<string[]> {
  const until = Date.now() + 20_000;
  while (true) {
    const isLast = Date.now() > until; // on a loaded machine a look itself takes long
    const processes = (await commandLines()).filter((line) =>
      line.includes(join(place.temporary, "deno-kernel-"))
    );
    const files = filesIn(place.temporary).filter((name) => name.startsWith("deno-kernel-"));
    if (processes.length + files.length === 0 || isLast) return [...processes, ...files];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The command lines of all processes, asked for in a shell: Deno itself reads /proc only with all permissions. */
async function commandLines(): Promise<string[]> {
  const linux = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " < $file; echo; done 2> /dev/null';
  const [command, ...args] = Deno.build.os === "linux" ? ["sh", "-c", linux] : ["ps", "-A", "-o", "args="];
  const { stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout).split("\n");
}
