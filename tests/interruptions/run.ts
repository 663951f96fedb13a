/** `reproduce` as a terminal runs it: started, stopped at some moment, looked at afterwards. For the tests here. */
import { join } from "node:path";
import { projectRoot } from "../../lib/support/project.ts";
import { sha256 } from "../../lib/support/digest.ts";

/** A smoke run of 70 drawn images and 3 epochs: about 15 s on two free cores. */
export const smallConfig = { preset: "smoke", standInImages: 70, epochs: 3 };

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
  signal(signal: "SIGINT" | "SIGKILL"): void;
  /** Resolves when the text so far matches; rejects when the run ends without. */
  says(pattern: RegExp): Promise<void>;
}

/** Starts `deno task reproduce` with results in `<place>/<out>`. */
export function startRun(
  place: Place,
  out: string,
  options: { flags?: string[]; env?: Record<string, string>; before?: string[] } = {},
): Run {
  const started = performance.now();
  const task = [Deno.execPath(), "task", "--quiet", "--config", join(projectRoot, "deno.json"), "reproduce"];
  const [program, ...args] = [
    ...options.before ?? [],
    ...task,
    ...["--config", place.config, "--out", join(place.folder, out), ...options.flags ?? []],
  ];
  const child = new Deno.Command(program, {
    args,
    cwd: projectRoot,
    env: { NO_COLOR: "1", TMPDIR: place.temporary, TEMP: place.temporary, ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true, // a process group of its own, to be signalled as a whole
  }).spawn();
  let text = "";
  const listeners = new Set<() => void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      listeners.forEach((listener) => listener());
    }
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const ended = (async () => {
    const { code, signal } = await child.status;
    const seconds = (performance.now() - started) / 1000;
    await reading;
    return { code, signal, text, seconds };
  })();
  return {
    ended,
    signal(signal) {
      try {
        Deno.kill(-child.pid, signal);
      } catch { /* it has ended */ }
    },
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => pattern.test(text) && resolve();
        listeners.add(look);
        look();
        ended.then(() => reject(new Error(`The run ended without ${pattern}:\n${text}`)));
      }),
  };
}

/** What two runs must share: SHA-256 of results.json, tables and weights, and the results themselves, so that a difference has a name. */
export async function resultsOf(place: Place, out: string): Promise<Record<string, unknown>> {
  const shared: Record<string, unknown> = {};
  for (const folder of ["", "optimizers"]) {
    for (const { name } of await Array.fromAsync(Deno.readDir(join(place.folder, out, folder)))) {
      if (name !== "results.json" && !/\.(csv|head)$/.test(name)) continue;
      const bytes = await Deno.readFile(join(place.folder, out, folder, name));
      shared[join(folder, name)] = sha256(bytes);
      if (name === "results.json") shared.results = JSON.parse(new TextDecoder().decode(bytes));
    }
  }
  return Object.fromEntries(Object.entries(shared).sort());
}

/** What is left in the run's folder that no finished run leaves. */
export async function unfinished(place: Place, out: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (name.endsWith(".tmp")) found.push(name);
      else if (isDirectory) await look(join(folder, name));
    }
  };
  await look(join(place.folder, out));
  return found;
}

/** Waits up to 2 s for the kernels of a place to end; what is left then: processes and connection files. */
export async function survivors(place: Place): Promise<string[]> {
  const until = Date.now() + 2000;
  while (true) {
    const processes = (await commandLines()).filter((line) =>
      line.includes(join(place.temporary, "deno-kernel-"))
    );
    const files = (await Array.fromAsync(Deno.readDir(place.temporary))).map(({ name }) => name)
      .filter((name) => name.startsWith("deno-kernel-"));
    if (processes.length + files.length === 0 || Date.now() > until) return [...processes, ...files];
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
