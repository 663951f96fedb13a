/**
 * TensorFlow.js on the best engine there is. The first start on a machine sets the native engine up (see install.ts), every later
 * one takes a second. It works alike in a program, a test and a notebook's cell:
 *
 *     import { startEngine, tf } from "../lib/support/engine/engine.ts";
 *     await startEngine();
 *
 * `HAM10000_ENGINE` chooses: `auto` (default) takes the native engine, else WebAssembly with a warning; `native` makes
 * the lack of it an error; `wasm` takes WebAssembly; `webgpu` a GPU, or the lack of one is an error.
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

/** What computes. Each of the first five fields can change the last bits of a result, and so can the adapter. */
export interface Engine {
  name: "tfjs-node" | "wasm" | "webgpu";
  /** Version of the native TensorFlow library; `none` of the other engines. */
  tensorflow: string;
  /** Version of TensorFlow.js. */
  tfjs: string;
  /** Whether TensorFlow computes with oneDNN's kernels. */
  oneDnn: boolean;
  /** Threads of the CPU inside one operation. */
  threads: number;
  /** The GPU, of WebGPU alone. */
  adapter?: Adapter;
  /** How the native engine was installed; `package` of the others, which come with their npm packages. */
  install: InstallWay | "package";
  /** Why this engine and no other, as one sentence. */
  why: string;
}

/** What of the engine decides the bits that it computes. */
export interface EngineIdentity extends Pick<Engine, "name" | "tensorflow" | "tfjs" | "oneDnn" | "threads"> {
  /** Of WebGPU: the GPU, and Deno's version, whose compiler makes the GPU's programs. */
  adapter?: Omit<Adapter, "isSoftware"> & { deno: string };
}

interface StartedEngine {
  tf: typeof TF;
  engine: Engine;
  webGpu?: WebGpu;
}

/** TensorFlow.js, ready to compute. Undefined until {@linkcode startEngine} has been awaited, as the two below. */
export let tf: typeof TF;

/** What computes, and why. */
export let engine: Engine;

/** What of the engine decides the bits: part of every stored result's key. */
export let engineIdentity: EngineIdentity;

let webGpu: WebGpu | undefined;

let starting: Promise<void> | undefined;

/** Starts the engine, once. What needs it awaits this first; what does not need it need not wait. */
export function startEngine(choice: EngineChoice = readEngineChoice()): Promise<void> {
  return starting ??= start(choice).then((started) => {
    ({ tf, engine, webGpu } = started);
    engineIdentity = identityOf(engine);
  });
}

/** What of an engine decides the bits. */
export function identityOf({ name, tensorflow, tfjs, oneDnn, threads, adapter }: Engine): EngineIdentity {
  const identity = { name, tensorflow, tfjs, oneDnn, threads };
  if (!adapter) return identity;
  const { isSoftware: _, ...gpu } = adapter;
  return { ...identity, adapter: { ...gpu, deno: Deno.version.deno } };
}

/**
 * The values of what `compute` returns, on any engine; none of its tensors stay there. They are read outside of `tf.tidy`, which
 * looks for tensors in every element of an array that it returns. That can cost more than the computation.
 *
 * @throws {Error} where a GPU has refused a step
 */
export async function readValues(compute: () => TF.Tensor): Promise<Float32Array> {
  const result = tf.tidy(compute);
  try {
    return (await readTensors([result]))[0];
  } finally {
    result.dispose();
  }
}

/** The values of some tensors, on any engine. @throws {Error} where a GPU has refused a step */
export async function readTensors(tensors: readonly TF.Tensor[]): Promise<Float32Array[]> {
  return await webGpu?.read(tensors) ?? tensors.map((tensor) => tensor.dataSync<"float32">());
}

/** To be called before tensors of other shapes come: a GPU gives the memory back that it holds for those of before. */
export function freeUnused(): void {
  webGpu?.freeUnused();
}

/** As {@linkcode readValues}, at once: on all engines but WebGPU, whose values can only be awaited. */
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

/** TensorFlow.js on a GPU. It is never chosen without being asked for: only who measures knows whether it is faster here. */
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
