/** What is known of the engine in use. */
import type * as TF from "@tensorflow/tfjs";
import type { InstallWay } from "./install_way.ts";

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

/** TensorFlow.js on a started engine. */
export interface StartedEngine {
  tf: typeof TF;
  engine: Engine;
}
