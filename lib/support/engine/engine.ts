/**
 * TensorFlow.js on the best engine there is. The first start on a machine sets the native engine up (see install.ts), every later
 * one takes a second. It works alike in a program, a test and a notebook's cell:
 *
 *     import { startEngine, tf } from "../lib/support/engine/engine.ts";
 *     await startEngine();
 *
 * `HAM10000_ENGINE` chooses: `auto` (default) takes the native engine, else WebAssembly with a warning; `native` makes
 * the lack of it an error; `wasm` takes WebAssembly.
 */
import type * as TF from "@tensorflow/tfjs";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import util from "node:util";
import { type EngineChoice, oneDnnHelps, readEngineChoice } from "./engine_choice.ts";
import { installEngine, withoutNative } from "./install.ts";
import { type InstallWay, platform, wayTexts } from "./installation.ts";

/** What computes. Each of the first five fields can change the last bits of a result. */
export interface Engine {
  name: "tfjs-node" | "wasm";
  /** Version of the native TensorFlow library; `none` under WebAssembly. */
  tensorflow: string;
  /** Version of TensorFlow.js. */
  tfjs: string;
  /** Whether TensorFlow computes with oneDNN's kernels. */
  oneDnn: boolean;
  /** Threads inside one operation. */
  threads: number;
  /** How the native engine was installed; `package` under WebAssembly, which comes with its npm package. */
  install: InstallWay | "package";
  /** Why this engine and no other, as one sentence. */
  why: string;
}

/** What of the engine decides the bits that it computes. */
export type EngineIdentity = Pick<Engine, "name" | "tensorflow" | "tfjs" | "oneDnn" | "threads">;

interface StartedEngine {
  tf: typeof TF;
  engine: Engine;
}

/** TensorFlow.js, ready to compute. Undefined until {@linkcode startEngine} has been awaited, as the two below. */
export let tf: typeof TF;

/** What computes, and why. */
export let engine: Engine;

/** What of the engine decides the bits: part of every stored result's key. */
export let engineIdentity: EngineIdentity;

let starting: Promise<void> | undefined;

/** Starts the engine, once. What needs it awaits this first; what does not need it need not wait. */
export function startEngine(choice: EngineChoice = readEngineChoice()): Promise<void> {
  return starting ??= start(choice).then((started) => {
    ({ tf, engine } = started);
    const { name, tensorflow, tfjs, oneDnn, threads } = engine;
    engineIdentity = { name, tensorflow, tfjs, oneDnn, threads };
  });
}

/**
 * The values of what `compute` returns; none of its tensors stay on the engine. The values are read outside of `tf.tidy`, which
 * looks for tensors in every element of an array that it returns. That can cost more than the computation.
 */
export function valuesOf(compute: () => TF.Tensor): Float32Array {
  const result = tf.tidy(compute);
  try {
    return result.dataSync<"float32">();
  } finally {
    result.dispose();
  }
}

async function start(choice: EngineChoice): Promise<StartedEngine> {
  if (choice.engine === "wasm") return await startWasm("HAM10000_ENGINE=wasm asks for it");
  try {
    return await startNative(choice);
  } catch (error) {
    if (choice.engine === "native") throw error;
    console.warn(withoutNative(error as Error));
    return await startWasm("the native engine cannot be had; `deno task doctor` says why");
  }
}

/** Loads the native engine, its settings in place first: the library reads them once, while it loads. */
async function startNative(choice: EngineChoice): Promise<StartedEngine> {
  const { tensorflow, tfjs, way } = await installEngine({ retry: choice.engine === "native" });
  const oneDnn = choice.oneDnn ?? oneDnnHelps(platform);
  Deno.env.set("TF_ENABLE_ONEDNN_OPTS", oneDnn ? "1" : "0");
  Deno.env.set("TF_NUM_INTRAOP_THREADS", String(choice.threads));
  if (!Deno.env.get("TF_CPP_MIN_LOG_LEVEL")) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "2"); // errors only
  // tfjs-node 4.22.0 calls this function, which Node 23 and Deno no longer have.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
  const tf = await import("@tensorflow/tfjs-node").catch((error: Error) => {
    throw new Error(
      `The native TensorFlow engine is installed but does not load: ${error.message}\n` +
        "`deno task doctor --repair` installs it again.",
      { cause: error },
    );
  });
  const asked = choice.engine === "native" ? "HAM10000_ENGINE=native asks for it" : "the fastest there is";
  return {
    tf: tf.default as unknown as typeof TF,
    engine: {
      name: "tfjs-node",
      tensorflow,
      tfjs,
      oneDnn,
      threads: choice.threads,
      install: way,
      why: `${asked}; ${wayTexts[way]}`,
    },
  };
}

/**
 * Loads TensorFlow.js on its WebAssembly backend: it runs wherever Deno runs, on one thread, from the files of its npm
 * package. It has no kernel for the gradient of a convolution, so the base cannot be trained with it.
 */
async function startWasm(why: string): Promise<StartedEngine> {
  const { default: tf } = await import("@tensorflow/tfjs") as unknown as { default: typeof TF };
  const { setWasmPaths, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm"))) + sep);
  if (!await tf.setBackend("wasm")) throw new Error("The WebAssembly engine does not start on this machine.");
  await tf.ready();
  const facts = { tensorflow: "none", tfjs: version_wasm, oneDnn: false, threads: 1 };
  return { tf, engine: { name: "wasm", ...facts, install: "package", why } };
}
