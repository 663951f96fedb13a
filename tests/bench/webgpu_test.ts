/** The script that measures a GPU, where there is none: on the CPU, and as short as can be. */
import assert from "node:assert/strict";
import { projectRoot } from "../../lib/support/project.ts";
import { runDeno } from "../support/run_deno.ts";
import type { WebGpuRecord } from "./webgpu.ts";

const run = (...flags: string[]) =>
  runDeno(["run", "-A", "tests/bench/webgpu.ts", ...flags], { cwd: projectRoot, env: { NO_COLOR: "1" } });

Deno.test("the GPU script measures features and training for each size, and their difference from Keras", async () => {
  const flags = ["--engine", "auto", "--sizes", "32,40", "--depths", "block5", "--batch", "2"];
  const { code, out, err } = await run(...flags, "--forward", "2", "--seconds", "0.01");
  assert.equal(code, 0, err);
  const { card, check, sizes, problem }: WebGpuRecord = JSON.parse(out);
  assert.deepEqual([card, problem], [null, undefined]);
  assert.ok(check!.features! < 1e-3 && check!.loss! < 1e-3, JSON.stringify(check));
  assert.deepEqual(sizes.map(({ size }) => size), [32, 40]);
  for (const { features, training: [{ depth, batch, imagesPerSecond, stepsPerSecond }] } of sizes) {
    assert.ok(features.batch === 2 && features.imagesPerSecond! > 0);
    assert.ok(depth === "block5" && batch === 2 && imagesPerSecond === 2 * stepsPerSecond!);
  }
});

Deno.test("the GPU script stops at its time limit; values not yet measured are null", async () => {
  const flags = "--engine auto --without-check --limit 1 --sizes 32".split(" ");
  const { code, out, err } = await run(...flags);
  assert.equal(code, 0, err);
  const { sizes: [{ features, training }] }: WebGpuRecord = JSON.parse(out);
  assert.deepEqual([features.imagesPerSecond, ...training.map((each) => each.stepsPerSecond)], [
    ...[null, null, null, null],
  ]);
});
