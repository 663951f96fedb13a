/**
 * TensorFlow.js on the best engine there is. Importing this module starts it; the first import on a machine sets the native
 * engine up (see install.ts), every later one takes a second. It works alike in a program, a test and a notebook's cell:
 *
 *     import { engine, tf } from "../lib/tensorflow/engine.ts";
 *
 * `HAM10000_ENGINE` chooses: `auto` (default) takes the native engine, else WebAssembly with a warning; `native` makes
 * the lack of it an error; `wasm` takes WebAssembly.
 */
import { type EngineChoice, readEngineChoice } from "./engine_choice.ts";
import type { Engine, EngineIdentity, StartedEngine } from "./engine_facts.ts";
import { withoutNative } from "./install.ts";
import { startNative } from "./native.ts";
import { startWasm } from "./wasm.ts";

export type { Engine, EngineIdentity } from "./engine_facts.ts";

const started = await start(readEngineChoice());

/** TensorFlow.js, ready to compute. */
export const tf = started.tf;

/** What computes, and why. */
export const engine = started.engine;

/** What of the engine decides the bits: part of every stored result's key. */
export const engineIdentity: EngineIdentity = identityOf(started.engine);

function identityOf({ name, tensorflow, tfjs, oneDnn, threads }: Engine): EngineIdentity {
  return { name, tensorflow, tfjs, oneDnn, threads };
}

async function start(choice: EngineChoice): Promise<StartedEngine> {
  if (choice.engine === "wasm") return await startWasm("HAM10000_ENGINE=wasm asks for it");
  try {
    return await startNative(choice, { retry: choice.engine === "native" });
  } catch (error) {
    if (choice.engine === "native") throw error;
    console.warn(withoutNative(error as Error));
    return await startWasm("the native engine is not to be had; `deno task doctor` says why");
  }
}
