import assert from "node:assert/strict";
import {
  adapterText,
  describeAdapter,
  findAdapter,
  noAdapterText,
} from "../../../lib/support/engine/adapter.ts";
import { projectRoot } from "../../../lib/support/project.ts";
import { gpuFinding } from "../../../lib/tasks/finding.ts";
import { runDeno } from "../run_deno.ts";

const card = { description: "NVIDIA H100", vendor: "4318", device: "9008", isFallbackAdapter: false };
const program = {
  description: "llvmpipe (LLVM 15.0.6)",
  vendor: "65541",
  device: "0",
  isFallbackAdapter: true,
};

Deno.test("an adapter is named with its vendor, and a software adapter is recognised", () => {
  const { driver, ...found } = describeAdapter(card);
  assert.deepEqual(found, { name: "NVIDIA H100", vendor: "NVIDIA", device: "9008", isSoftware: false });
  assert.ok(driver.length > 0);
  assert.equal(describeAdapter({ ...card, description: "" }).name, "NVIDIA 9008");
  assert.equal(describeAdapter({ ...card, vendor: "1" }).vendor, "1");
  for (const description of ["llvmpipe (LLVM 15)", "SwiftShader Device", "Microsoft Basic Render Driver"]) {
    assert.equal(describeAdapter({ ...card, description }).isSoftware, true, description);
  }
  assert.equal(describeAdapter({ ...card, isFallbackAdapter: true }).isSoftware, true);
  const text = adapterText({ ...describeAdapter(card), driver: "550.54" });
  assert.equal(text, "NVIDIA H100 (NVIDIA, driver 550.54)");
  assert.match(
    adapterText(describeAdapter(program)),
    /^llvmpipe .*a software adapter: it computes on the CPU$/,
  );
});

Deno.test("the doctor names the GPU; if WebGPU is chosen and there is no GPU, the status is broken", () => {
  const [fast, slow] = [card, program].map(describeAdapter);
  const of = (adapter: typeof fast | null, isChosen: boolean) => gpuFinding(adapter, { isChosen });
  assert.deepEqual([of(fast, false), of(fast, true)].map(({ status }) => status), ["ok", "ok"]);
  assert.match(of(fast, false).text, /^NVIDIA H100 .*never chosen by itself\n.*--engine webgpu/);
  assert.equal(of(slow, true).status, "note");
  assert.match(of(slow, false).text, /a software adapter.*slower/);
  assert.deepEqual([of(null, false), of(null, true)].map(({ status }) => status), ["note", "broken"]);
  assert.match(of(null, true).todo!, /finds no adapter/);
});

Deno.test("without an adapter, the error says what to install, by system", () => {
  assert.match(
    noAdapterText("linux"),
    /finds no adapter.*apt install mesa-vulkan-drivers.*leave out --engine/,
  );
  for (const os of ["darwin", "windows"] as const) {
    assert.match(noAdapterText(os), /only the GPU's driver is needed/);
  }
});

Deno.test("without a driver no adapter is found; the engine reports that and does not choose another", async () => {
  const none = { VK_DRIVER_FILES: "/nowhere", VK_ICD_FILENAMES: "/nowhere", HAM10000_ENGINE: "webgpu" };
  const start = `await (await import("./lib/support/engine/engine.ts")).startEngine()`;
  const { code, err } = await runDeno(["eval", start], { cwd: projectRoot, env: { ...none, NO_COLOR: "1" } });
  assert.equal(code, 1);
  assert.match(err, /Error: WebGPU finds no adapter on this machine: /);
});

Deno.test({
  name: "the adapter of this machine has a name",
  ignore: await findAdapter() === null,
  async fn() {
    assert.ok(describeAdapter((await findAdapter())!.info).name.length > 3);
  },
});
