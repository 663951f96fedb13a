/** A GPU, or the program that stands in for one, computes what the CPU does. What is compared: webgpu_steps.ts. */
import assert from "node:assert/strict";
import { describeAdapter, findAdapter } from "../../lib/support/engine/adapter.ts";
import { engine, engineIdentity, startEngine } from "../../lib/support/engine/engine.ts";
import { fitKey } from "../../lib/training/fit.ts";
import { runDeno } from "../support/run_deno.ts";
import { features, firstGradients, type Printed, trainingStep } from "./webgpu_steps.ts";
import { relativeError } from "../support/close.ts";

await startEngine();

const adapter = await findAdapter();
if (!adapter) {
  console.warn("Without an adapter for WebGPU its tests are left out: apt install mesa-vulkan-drivers");
}
const ignore = adapter === null || engine.name === "wasm";

let printed: Promise<Printed> | undefined;

/** What the program prints on WebGPU; it runs once for all tests. */
function onWebGpu(): Promise<Printed> {
  return printed ??= run();
}

async function run(): Promise<Printed> {
  const program = new URL("webgpu_steps.ts", import.meta.url).pathname;
  const { code, out, err } = await runDeno(["run", "-A", program], { env: { HAM10000_ENGINE: "webgpu" } });
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

Deno.test({
  name: "on WebGPU, features match the CPU's within 1e-3 of the largest",
  ignore,
  async fn() {
    const error = relativeError((await onWebGpu()).features, await features());
    assert.ok(error < 1e-3, `${error}`);
  },
});

Deno.test({
  name: "on WebGPU, a training step's loss, its gradients and the next loss match the CPU's within 1e-3",
  ignore,
  async fn() {
    const [received, expected] = [(await onWebGpu()).step, await trainingStep()];
    assert.equal(received.correct, expected.correct);
    for (const field of ["loss", "later"] as const) {
      const error = Math.abs(received[field] / expected[field] - 1);
      assert.ok(error < 1e-3, `${field}: ${received[field]} instead of ${expected[field]}`);
    }
    assert.ok(Math.abs(expected.later - expected.loss) > 0.1, "the step changes the loss");
    assert.ok(relativeError(received.gradients, expected.gradients) < 1e-3);
    assert.ok(relativeError((await onWebGpu()).firstGradients, await firstGradients()) < 1e-3);
  },
});

Deno.test({
  name: "on WebGPU no tensor is left behind; memory depends only on the batch and is freed at the end",
  ignore,
  async fn() {
    const { left, memory: { passes, after } } = await onWebGpu();
    assert.equal(left, 0);
    const [one, two] = passes;
    assert.ok(two < 2.5 * one, `${passes}`);
    assert.deepEqual(passes, [one, two, one, two, one], "no pass adds to what the GPU holds");
    assert.ok(after < 1e5, `${after} bytes`);
  },
});

Deno.test({
  name:
    "a step that the GPU refuses gives an error when its values are read, never zeros; the next one works",
  ignore,
  async fn() {
    const { refusal: { message, sum }, refused: [atOnce, bfloat16] } = await onWebGpu();
    assert.match(message, /^The GPU refused a step\. Take smaller images or batches.*Received: .*usage/);
    assert.equal(sum, 4000);
    assert.match(atOnce, /^On WebGPU values are awaited: call readValues/);
    assert.match(bfloat16, /bfloat16, needs the native engine\. Received: webgpu$/);
  },
});

Deno.test({
  name: "the GPU's name, maker and driver are parts of every key",
  ignore,
  async fn() {
    const { engine, identity } = await onWebGpu();
    const { isSoftware: _, ...own } = describeAdapter(adapter!.info);
    assert.deepEqual(identity.adapter, { ...own, deno: Deno.version.deno });
    assert.deepEqual([engine.name, engine.tensorflow], ["webgpu", "none"]);
    assert.ok(engine.why.includes(own.name), engine.why);
    const on = { train: "1".repeat(64), seed: 0 };
    const key = (of: typeof identity) => fitKey("0".repeat(64), { depth: "head" }, on, of);
    const others = Object.keys(identity.adapter!).map((field) => ({
      ...identity,
      adapter: { ...identity.adapter!, [field]: "another" },
    }));
    assert.equal(new Set([identity, engineIdentity, ...others].map(key)).size, others.length + 2);
  },
});
