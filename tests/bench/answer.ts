/** Our programs' side of the benchmark's lines (see peer.ts). */
import { bytesOf } from "../../lib/support/digest.ts";
import { engine } from "../../lib/support/engine/engine.ts";
import type { Introduction } from "./peer.ts";

export interface Answers {
  /** What a pass gives: written where the benchmark asks for it. */
  readonly results: () => Float32Array | Promise<Float32Array>;
  /** One pass, which is timed. */
  readonly go: () => unknown;
}

/** What computes, for the note of a program that has started it. */
export function engineSettings(): string {
  if (engine.name === "wasm") return `WebAssembly ${engine.tfjs}`;
  return `tfjs-node ${engine.tfjs}, TensorFlow ${engine.tensorflow}, oneDNN ${
    engine.oneDnn ? "on" : "off"
  }, ${engine.threads} threads`;
}

/** Says that the program is ready, and answers until its input ends. @param note settings that matter */
export async function answer({ results, go }: Answers, note: string): Promise<void> {
  const introduction: Introduction = { version: `Deno ${Deno.version.deno}`, note };
  say(introduction);
  let text = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("write ")) {
        await Deno.writeFile(line.slice("write ".length), bytesOf(await results()).slice());
        say({});
      } else {
        const started = performance.now();
        await go();
        say({ seconds: (performance.now() - started) / 1000 });
      }
    }
  }
}

function say(answer: unknown): void {
  console.log(`BENCH ${JSON.stringify(answer)}`);
}
