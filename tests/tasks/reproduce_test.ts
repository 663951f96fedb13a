/** `deno task reproduce` as it is called, where it computes little. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { findAdapter } from "../../lib/support/engine/adapter.ts";
import { checkBfloat16 } from "../../lib/support/engine/bfloat16.ts";
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { readNotebook } from "../../lib/support/notebook/ipynb.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { finishRun, makePlace, startRun } from "../interruptions/run.ts";
import { runDeno } from "../support/run_deno.ts";

await startEngine();

Deno.test("without the native engine, a recipe that trains convolutions does not start: exit code 2", async () => {
  await using place = await makePlace();
  const env = { HAM10000_ENGINE: "wasm" };
  const quick = ["--preset", "quick", "--data", place.folder]; // drawn images have no deeper networks in notebook 7
  for (
    const flags of [
      ["--depth", "block5"],
      ["--only", "06"],
      [...quick, "--depth", "block5", "--only", "07"],
      ["--depth", "block5", "--dry-run"],
    ]
  ) {
    const { code, text } = await startRun(place, "out", { flags, env }).ended;
    assert.equal(code, 2, text);
    assert.match(
      text,
      /Training convolutions needs the native TensorFlow engine\. .*HAM10000_ENGINE=wasm.*\n.*--depth head/,
    );
    assert.doesNotMatch(text, / {4}at /, "no stack");
    assert.equal(existsSync(join(place.folder, "out")), false);
  }
  const { code, text } = await startRun(place, "out", { flags: ["--depth", "head", "--dry-run"], env }).ended;
  assert.equal(code, 0, text);
});

Deno.test("--tensorboard does not start without the native engine, which writes its logs: exit code 2", async () => {
  await using place = await makePlace();
  const flags = ["--tensorboard", "--only", "01"];
  const { code, text } = await startRun(place, "out", { flags, env: { HAM10000_ENGINE: "wasm" } }).ended;
  assert.equal(code, 2, text);
  assert.match(
    text,
    /--tensorboard needs the native TensorFlow engine.*HAM10000_ENGINE=wasm.*\n.*history\.jsonl/,
  );
  assert.equal(existsSync(join(place.folder, "out")), false);
});

Deno.test("--engine webgpu does not start without an adapter: exit code 2", async () => {
  await using place = await makePlace();
  const flags = ["--engine", "webgpu", "--only", "01"];
  const env = { VK_DRIVER_FILES: "/nowhere", VK_ICD_FILENAMES: "/nowhere" };
  const none = await startRun(place, "out", { flags, env }).ended;
  assert.equal(none.code, 2, none.text);
  assert.match(none.text, /WebGPU finds no adapter on this machine: [^]*Received: webgpu$/m);
  assert.equal(existsSync(join(place.folder, "out")), false);
});

Deno.test({
  name: "--engine webgpu --precision bfloat16 does not start: a GPU computes in float32",
  ignore: await findAdapter() === null,
  async fn() {
    await using place = await makePlace();
    const flags = ["--engine", "webgpu", "--only", "01", "--precision", "bfloat16"];
    const { code, text } = await startRun(place, "out", { flags }).ended;
    assert.equal(code, 2, text);
    assert.match(text, /On a GPU everything is computed in float32/);
  },
});

Deno.test("--precision bfloat16 runs if the CPU supports it; if not, it does not start and says what it would cost", async () => {
  await using place = await makePlace();
  const supported = await checkBfloat16().then(() => true, () => false);
  const { code, text } = await startRun(place, "out", { flags: ["--precision", "bfloat16", "--only", "01"] })
    .ended;
  if (supported) {
    assert.equal(code, 0, text);
    assert.match(
      JSON.stringify(await readNotebook(join(place.folder, "out", "notebooks", "01_eda.ipynb"))),
      /seed 0, bfloat16/,
    );
    return;
  }
  assert.equal(code, 2, text);
  assert.match(text, /Precision bfloat16 needs a CPU .*Leave out --precision.*Received: bfloat16$/m);
  if (engine.name === "tfjs-node") {
    assert.match(text, /A convolution takes [\d.]+ ms here in float32, [\d.]+ ms in bfloat16/);
  }
  assert.deepEqual(existsSync(join(place.folder, "out", "notebooks")), false);
});

Deno.test("a run does not write over the project's own notebooks", async () => {
  await using place = await makePlace();
  const source = join(projectRoot, "notebooks", "01_eda.ipynb");
  const before = await Deno.readTextFile(source);
  const { code, text } = await startRun(place, "out", { flags: ["--only", "01", "--out", projectRoot] })
    .ended;
  assert.equal(code, 2, text);
  assert.match(
    text,
    /--out must not be the project's own folder: .*Expected another one, such as outputs\/mine\. Received: /,
  );
  assert.equal(await Deno.readTextFile(source), before);
});

Deno.test("a dry run says what would run and why, what would be deleted, and what it costs; it changes nothing", async () => {
  await using place = await makePlace();
  const folder = join(place.folder, "out", "trainings", "block5-01");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "run.seconds.json"), '{"seconds": 7200}');
  const flags = ["--dry-run", "--from", "04", "--forget", "trainings"];
  const { code, text } = await startRun(place, "out", { flags }).ended;
  assert.equal(code, 0, text);
  assert.match(text, /^04_optimizer_comparison +runs: not run yet\n05_final_evaluation +runs: not run yet$/m);
  assert.match(text, /^would delete trainings .*2 h 00 min of training$/m);
  assert.match(text, /^to compute +70 photos to decode, \d+ images through VGG16$/m);
  assert.match(text, /^time +about .*\ndisk +about \d+ MB more in the run's folder$/m);
  assert.equal(existsSync(join(folder, "run.seconds.json")), true);
});

Deno.test("--forget deletes only what it names; --timeout limits the cells, and the error message names it", async () => {
  await using place = await makePlace();
  const out = join(place.folder, "out");
  for (const kind of ["studies", "trainings"]) {
    await Deno.mkdir(join(out, kind), { recursive: true });
    await Deno.writeTextFile(join(out, kind, "kept.json"), "{}");
  }
  const flags = ["--only", "01", "--forget", "studies", "--timeout", "0.0001"];
  const { code, text } = await startRun(place, "out", { flags }).ended;
  assert.equal(code, 1, text);
  assert.match(text, /^deleting studies/m);
  assert.match(text, /CellTimeout[^]*^--timeout N gives each cell N minutes\.$/m);
  assert.equal(existsSync(join(out, "studies")), false);
  assert.equal(existsSync(join(out, "trainings", "kept.json")), true);
});

Deno.test("a notebook's results are recorded even if the disk's clock is a minute behind the machine's", async () => {
  await using place = await makePlace();
  const preload = join(place.folder, "clock.ts");
  await Deno.writeTextFile(preload, "const now = Date.now;\nDate.now = () => now() + 60_000;\n");
  await finishRun(place, "out", { flags: ["--only", "01"], preload });
  const { notebooks } = JSON.parse(await Deno.readTextFile(join(place.folder, "out", "run.json")));
  assert.deepEqual(Object.keys(notebooks["01_eda"].files).sort(), ["metadata.csv", "notebooks/01_eda.ipynb"]);
});

Deno.test({
  name: "if the weights cannot be downloaded, random ones are used, with a notice",
  ignore: createConfig().weights !== null, // then nothing is downloaded
  async fn() {
    await using place = await makePlace({ preset: "quick" });
    const data = join(place.folder, "photos");
    await makeStandIn(data, { seed: 0, images: 70 });
    const run = startRun(place, "out", {
      flags: ["--data", data, "--only", "01"],
      env: { HTTPS_PROXY: "http://127.0.0.1:9" }, // a dead end
    });
    const { code, text } = await run.ended;
    assert.equal(code, 0, text);
    assert.match(text, /VGG16 without top, ImageNet weights: [^]* to download [^]*no answer/);
    assert.match(text, /Without ImageNet's weights the network starts from seeded random ones/);
    assert.match(text, /^weights +seeded random/m);
    const asked = ["--preset", "quick", "--data", data, "--out", place.folder];
    const plan = await runDeno(["task", "--quiet", "plan", "--json", ...asked], {
      cwd: projectRoot,
      env: { HTTPS_PROXY: "http://127.0.0.1:9" },
    });
    assert.ok(
      JSON.parse(plan.out).units.length > 0,
      "what is said of the weights is not among the plan's lines",
    );
  },
});
