/** Starts the WebAssembly engine in this process. */
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { StartedEngine } from "./engine_facts.ts";

/** How much slower than the native engine on two cores: VGG16 at 64×64 makes 9 images a second instead of 54. */
export const wasmSlowdown = 6;

/**
 * Loads TensorFlow.js on its WebAssembly backend: it runs wherever Deno runs, on one thread, from the files of its npm
 * package. It has no kernel for the gradient of a convolution, so the base cannot be trained with it.
 *
 * @param why The reason why this engine is used, as one sentence.
 */
export async function startWasm(why: string): Promise<StartedEngine> {
  const { default: tf } = await import("@tensorflow/tfjs") as unknown as { default: StartedEngine["tf"] };
  const { setWasmPaths, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm"))) + sep);
  if (!await tf.setBackend("wasm")) throw new Error("The WebAssembly engine does not start on this machine.");
  await tf.ready();
  return {
    tf,
    engine: {
      name: "wasm",
      tensorflow: "none",
      tfjs: version_wasm,
      oneDnn: false,
      threads: 1,
      install: "package",
      why,
    },
  };
}
