/**
 * TensorFlow.js on the best engine that is available. The first start on a machine sets up the native engine (see install.ts);
 * later starts take a second. It works the same in a program, a test and a notebook's cell:
 *
 *     import { startEngine, tf } from "../lib/support/engine/engine.ts";
 *     await startEngine();
 *
 * `HAM10000_ENGINE` chooses the engine. `auto` (default): the native engine, else WebAssembly with a warning. `native`: the
 * native engine or an error. `wasm`: WebAssembly. `webgpu`: a GPU or an error.
 */
import type * as TF from "@tensorflow/tfjs";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import util from "node:util";
import { type Adapter, adapterText } from "./adapter.ts";
import { type EngineChoice, oneDnnHelps, readEngineChoice } from "./engine_choice.ts";
import { installEngine, withoutNative } from "./install.ts";
import { type InstallWay, platform, wayTexts } from "./installation.ts";
import { startWebGpu, type WebGpu } from "./webgpu.ts";

/** The engine that computes. Each of the first five fields can change the last bits of a result, and so can the adapter. */
export interface Engine {
  name: "tfjs-node" | "wasm" | "webgpu";
  /** Version of the native TensorFlow library; `none` for the other engines. */
  tensorflow: string;
  /** Version of TensorFlow.js. */
  tfjs: string;
  /** Whether TensorFlow uses oneDNN's kernels. */
  oneDnn: boolean;
  /** CPU threads inside one operation. */
  threads: number;
  /** The GPU, for WebGPU only. */
  adapter?: Adapter;
  /** How the native engine was installed; `package` for the others, which come with their npm packages. */
  install: InstallWay | "package";
  /** Why this engine was chosen, as one sentence. */
  why: string;
}

/** The properties of an engine that decide the bits of its results. */
export interface EngineIdentity extends Pick<Engine, "name" | "tensorflow" | "tfjs" | "oneDnn" | "threads"> {
  /** For WebGPU: the GPU, and Deno's version, whose compiler makes the GPU's programs. */
  adapter?: Omit<Adapter, "isSoftware"> & { deno: string };
}

interface StartedEngine {
  tf: typeof TF;
  engine: Engine;
  webGpu?: WebGpu;
}

/** TensorFlow.js, ready to compute. Like the two below, it is undefined until {@linkcode startEngine} has been awaited. */
export let tf: typeof TF;

export let engine: Engine;

/** Its properties that decide the bits: part of every stored result's key. */
export let engineIdentity: EngineIdentity;

let webGpu: WebGpu | undefined;

let starting: Promise<void> | undefined;

/** Starts the engine, once. Code that computes with it must await this first. */
export function startEngine(choice: EngineChoice = readEngineChoice()): Promise<void> {
  return starting ??= start(choice).then((started) => {
    ({ tf, engine, webGpu } = started);
    engineIdentity = identityOf(engine);
  });
}

/** The identity of an engine. */
export function identityOf({ name, tensorflow, tfjs, oneDnn, threads, adapter }: Engine): EngineIdentity {
  const identity = { name, tensorflow, tfjs, oneDnn, threads };
  if (!adapter) return identity;
  const { isSoftware: _, ...gpu } = adapter;
  return { ...identity, adapter: { ...gpu, deno: Deno.version.deno } };
}

/**
 * The values of the tensor that `compute` returns, on any engine. All tensors are freed. The values are read outside of
 * `tf.tidy`, which would look for tensors in every element of a returned array. That can cost more than the computation.
 *
 * @throws {Error} if a GPU has refused a step
 */
export async function readValues(compute: () => TF.Tensor): Promise<Float32Array> {
  const result = tf.tidy(compute);
  try {
    return (await readTensors([result]))[0];
  } finally {
    result.dispose();
  }
}

/** The values of some tensors, on any engine. @throws {Error} if a GPU has refused a step */
export async function readTensors(tensors: readonly TF.Tensor[]): Promise<Float32Array[]> {
  return await webGpu?.read(tensors) ?? tensors.map((tensor) => tensor.dataSync<"float32">());
}

/** Call this before tensors of other shapes are made: a GPU then frees the memory that it holds for those of before. */
export function freeUnused(): void {
  webGpu?.freeUnused();
}

/** Like {@linkcode readValues}, but synchronous. @throws {TypeError} on WebGPU, whose values can only be awaited */
export function valuesOf(compute: () => TF.Tensor): Float32Array {
  if (webGpu) throw new TypeError("On WebGPU values are awaited: call readValues. Received: valuesOf");
  const result = tf.tidy(compute);
  try {
    return result.dataSync<"float32">();
  } finally {
    result.dispose();
  }
}

async function start(choice: EngineChoice): Promise<StartedEngine> {
  if (choice.engine === "wasm") return await startWasm("HAM10000_ENGINE=wasm asks for it");
  if (choice.engine === "webgpu") return await startGpu("HAM10000_ENGINE=webgpu asks for it");
  try {
    return await startNative(choice);
  } catch (error) {
    if (choice.engine === "native") throw error;
    console.warn(withoutNative(error as Error));
    return await startWasm("the native engine is not available; `deno task doctor` says why");
  }
}

/** Loads the native engine. Its settings are made first, because the library reads them only once, while it loads. */
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
 * Loads TensorFlow.js with its WebAssembly backend. It runs wherever Deno runs, on one thread, from the files of its npm package.
 * It has no kernel for the gradient of a convolution, so it cannot train the convolutional base.
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

/** TensorFlow.js on a GPU. It is used only on request: whether it is faster here has to be measured. */
async function startGpu(why: string): Promise<StartedEngine> {
  const webGpu = await startWebGpu();
  const { tf, adapter } = webGpu;
  const facts = { tensorflow: "none", tfjs: tf.version.tfjs, oneDnn: false, threads: 1, adapter };
  return {
    tf,
    webGpu,
    engine: { name: "webgpu", ...facts, install: "package", why: `${why}; ${adapterText(adapter)}` },
  };
}
