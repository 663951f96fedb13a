import assert from "node:assert/strict";
import { oneDnnHelps, readEngineChoice } from "../../../lib/support/engine/engine_choice.ts";

Deno.test("without wishes the engine is chosen by itself, on the cores this process may use", () => {
  assert.deepEqual(readEngineChoice({}), {
    engine: "auto",
    oneDnn: null,
    threads: navigator.hardwareConcurrency,
    logLevel: 2,
  });
});

Deno.test("every wish is read, and an empty variable counts as absent", () => {
  const environment = {
    HAM10000_ENGINE: "Native",
    TF_ENABLE_ONEDNN_OPTS: "0",
    TF_NUM_INTRAOP_THREADS: "3",
    TF_CPP_MIN_LOG_LEVEL: "0",
  };
  const expected = { engine: "native", oneDnn: false, threads: 3, logLevel: 0 };
  assert.deepEqual(readEngineChoice(environment), expected);
  const empty = Object.fromEntries(Object.keys(environment).map((name) => [name, ""]));
  assert.deepEqual(readEngineChoice(empty), readEngineChoice({}));
  assert.equal(readEngineChoice({ TF_ENABLE_ONEDNN_OPTS: "TRUE" }).oneDnn, true);
});

Deno.test("a wrong value is refused by the variable's name", () => {
  const wrong: [string, string][] = [
    ["HAM10000_ENGINE", "gpu"],
    ["TF_ENABLE_ONEDNN_OPTS", "maybe"],
    ["TF_NUM_INTRAOP_THREADS", "0"],
    ["TF_NUM_INTRAOP_THREADS", "1.5"],
    ["TF_NUM_INTRAOP_THREADS", "many"],
    ["TF_CPP_MIN_LOG_LEVEL", "4"],
  ];
  for (const [name, value] of wrong) {
    assert.throws(
      () => readEngineChoice({ [name]: value }),
      (error: Error) =>
        error instanceof RangeError && error.message.includes(name) && error.message.endsWith(value),
    );
  }
});

Deno.test("oneDNN is taken where it helps: x64 with AVX2, Linux or Windows", () => {
  assert.equal(oneDnnHelps("linux-x64", "fma sse4_2 avx avx2 bmi2"), true);
  assert.equal(oneDnnHelps("linux-x64", "fma sse4_2 avx"), false);
  assert.equal(oneDnnHelps("win32-x64", null), true);
  for (const platform of ["linux-arm64", "darwin-arm64", "darwin-x64"]) {
    assert.equal(oneDnnHelps(platform, "avx2"), false, platform);
  }
});
