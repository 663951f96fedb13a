/** A competitor: a process that lives through all rounds, so that starting and loading are never timed. */
import { fileURLToPath } from "node:url";

/** What a process says of itself once it is ready. */
export interface Introduction {
  /** Product and version. */
  readonly version: string;
  /** Settings that matter, for the reader. */
  readonly note: string;
}

export interface Peer extends AsyncDisposable {
  readonly name: string;
  readonly introduction: Introduction;
  /** One pass over all images; how many seconds the process measured. */
  go(): Promise<number>;
  /** Writes what the first pass over the images gives to a file, float32, row-major. */
  write(path: string): Promise<void>;
}

export interface PeerProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/** A program beside this file, as a path. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** One of this project's programs. @param program a file beside this one, and its arguments @param name the "…" of "… and stored" */
export function ourPeer([file, ...args]: readonly string[], name = "this project"): PeerProgram {
  return { name, command: Deno.execPath(), args: ["run", "-A", programPath(file), ...args] };
}

const marker = "BENCH "; // libraries print to standard output too

/**
 * Starts a program that speaks the benchmark's lines: it prints `BENCH {introduction}` when ready, then answers each line it
 * reads: `go` with `BENCH {"seconds": …}`, `write PATH` with `BENCH {}`.
 *
 * @throws {Error} with the end of what the program wrote, if it ends or says something else
 */
export async function startPeer({ name, command, args, env }: PeerProgram): Promise<Peer> {
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  let complaints = "";
  const listening = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      complaints = (complaints + text).slice(-2000);
    }
  })();
  const answers = answersIn(child.stdout);

  async function answer(): Promise<Record<string, unknown>> {
    const { value, done } = await answers.next();
    if (!done) return value;
    await listening;
    const { code } = await child.status;
    throw new Error(`${name}: the process ended with exit code ${code}. It wrote last:\n${complaints}`);
  }
  async function ask(line: string): Promise<Record<string, unknown>> {
    await writer.write(new TextEncoder().encode(line + "\n"));
    return await answer();
  }

  const introduction = await answer() as unknown as Introduction;
  return {
    name,
    introduction,
    go: async () => Number((await ask("go")).seconds),
    write: async (path) => {
      await ask(`write ${path}`);
    },
    [Symbol.asyncDispose]: async () => {
      await writer.close().catch(() => {}); // end of input: the program ends
      await child.status;
      await listening;
    },
  };
}

async function* answersIn(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith(marker)) yield JSON.parse(line.slice(marker.length)) as Record<string, unknown>;
    }
  }
}
