import assert from "node:assert/strict";
import { oneDnnHelps, readEngineChoice } from "../../../lib/support/engine/engine_choice.ts";

Deno.test("every setting is read; an empty variable counts as absent and leaves the choice to the engine", () => {
  const automatic = { engine: "auto", oneDnn: null, threads: navigator.hardwareConcurrency };
  assert.deepEqual(readEngineChoice({}), automatic);
  const environment = { HAM10000_ENGINE: "Native", TF_ENABLE_ONEDNN_OPTS: "0", TF_NUM_INTRAOP_THREADS: "3" };
  assert.deepEqual(readEngineChoice(environment), { engine: "native", oneDnn: false, threads: 3 });
  const empty = Object.fromEntries(Object.keys(environment).map((name) => [name, ""]));
  assert.deepEqual(readEngineChoice(empty), automatic);
  assert.equal(readEngineChoice({ HAM10000_ENGINE: "webgpu" }).engine, "webgpu");
  assert.equal(readEngineChoice({ TF_ENABLE_ONEDNN_OPTS: "TRUE" }).oneDnn, true);
});

Deno.test("an invalid value is refused, with the variable's name", () => {
  const wrong: [string, string][] = [
    ["HAM10000_ENGINE", "gpu"],
    ["TF_ENABLE_ONEDNN_OPTS", "maybe"],
    ["TF_NUM_INTRAOP_THREADS", "0"],
    ["TF_NUM_INTRAOP_THREADS", "1.5"],
    ["TF_NUM_INTRAOP_THREADS", "1025"],
    ["TF_NUM_INTRAOP_THREADS", "many"],
  ];
  for (const [name, value] of wrong) {
    const message = new RegExp(`^The environment variable ${name} must be .* Received: ${value}$`);
    assert.throws(() => readEngineChoice({ [name]: value }), { name: "RangeError", message });
  }
});

Deno.test("oneDNN is used if it helps: on x64 with AVX2, under Linux or Windows", () => {
  assert.equal(oneDnnHelps("linux-x64", "fma sse4_2 avx avx2 bmi2"), true);
  assert.equal(oneDnnHelps("linux-x64", "fma sse4_2 avx"), false);
  assert.equal(oneDnnHelps("win32-x64", null), true);
  for (const platform of ["linux-arm64", "darwin-arm64", "darwin-x64"]) {
    assert.equal(oneDnnHelps(platform, "avx2"), false, platform);
  }
});
