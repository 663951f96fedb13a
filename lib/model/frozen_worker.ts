/** Worker: one WebAssembly backend with the frozen layers, for `frozen_pass.ts`. */
/// <reference lib="deno.worker" />
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { startEngine } from "../support/engine/engine.ts";
import { type FrozenPass, makePass, type WorkerRequest } from "./frozen_pass.ts";

let pass: FrozenPass | undefined;

self.onmessage = async ({ data }: MessageEvent<WorkerRequest>) => {
  if ("pixels" in data) {
    const values = await pass!.forward(data.pixels);
    return self.postMessage(values, [values.buffer]);
  }
  await startEngine({ ...readEngineChoice(), engine: "wasm" });
  pass = makePass(data.weights, { ...data.options, workers: 1 });
  self.postMessage(new Float32Array());
};
