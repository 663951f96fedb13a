/** Predicts which engine will compute, without loading it: so keys can be made before anything is computed. */
import { digestOf } from "../digest.ts";
import { packageVersions } from "../versions.ts";
import type { EngineIdentity } from "./engine.ts";
import { type EngineChoice, oneDnnHelps, readEngineChoice } from "./engine_choice.ts";
import { ensureEngine } from "./install.ts";
import { type Installation, platform } from "./installation.ts";

/**
 * The engine that `startEngine` will start on this machine with the user's choices. If the native engine is not set up yet, this
 * is done first, as on any start.
 *
 * @throws {RangeError} for a GPU, which is only known once it computes
 */
export async function expectedEngine(choice: EngineChoice = readEngineChoice()): Promise<EngineIdentity> {
  if (choice.engine === "webgpu") {
    throw new RangeError(
      "Units of work can be planned only for the native engine or WebAssembly: a GPU is known only once it computes. " +
        "Received: HAM10000_ENGINE=webgpu. deno task reproduce --engine webgpu runs in one process",
    );
  }
  return engineOf(await ensureEngine(), choice);
}

/** The engine of an installation; WebAssembly if there is none. */
export function engineOf(
  installed: Pick<Installation, "tensorflow" | "tfjs"> | null,
  { oneDnn, threads }: Pick<EngineChoice, "oneDnn" | "threads">,
): EngineIdentity {
  if (installed === null) {
    const tfjs = packageVersions()["@tensorflow/tfjs-backend-wasm"];
    return { name: "wasm", tensorflow: "none", tfjs, oneDnn: false, threads: 1 };
  }
  const { tensorflow, tfjs } = installed;
  return { name: "tfjs-node", tensorflow, tfjs, oneDnn: oneDnn ?? oneDnnHelps(platform), threads };
}

/** Digest (12 digits) of an engine and a processor's instruction sets: machines with the same one compute the same bits. */
export function bitsDigest(
  { engine, instructions }: { engine: EngineIdentity; instructions: string },
): string {
  return digestOf({ engine, instructions }).slice(0, 12);
}

/** An engine as one line for readers: `TensorFlow 2.21.0 (tfjs-node 4.22.0), oneDNN on, 2 threads`. */
export function engineLine({ name, tensorflow, tfjs, oneDnn, threads }: EngineIdentity): string {
  const library = name === "wasm" ? `WebAssembly (${tfjs})` : `TensorFlow ${tensorflow} (tfjs-node ${tfjs})`;
  return `${library}, oneDNN ${oneDnn ? "on" : "off"}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}
