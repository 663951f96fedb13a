import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { engine, startEngine, tf } from "../../../lib/support/engine/engine.ts";
import { installEngine } from "../../../lib/support/engine/install.ts";
import {
  addonPath,
  readInstallation,
  recordInstallation,
  tfjsNodeFolder,
} from "../../../lib/support/engine/installation.ts";
import { copyPackage, startCopy, withoutGreeting } from "./package_copy.ts";

await startEngine();

const root = fileURLToPath(new URL("../../../", import.meta.url));
const ignore = (await readInstallation(tfjsNodeFolder())).state !== "ready";

Deno.test("the engine computes and reports name, versions and threads", async () => {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[1, 2], [3, 4]])));
  assert.deepEqual([...await product.data()], [7, 10, 15, 22]);
  product.dispose();
  assert.equal(tf.getBackend(), engine.name === "wasm" ? "wasm" : "tensorflow");
  assert.match(engine.tfjs, /^\d+\.\d+\.\d+$/);
  assert.match(engine.tensorflow, engine.name === "wasm" ? /^none$/ : /^\d+\.\d+\.\d+$/);
  assert.ok(engine.threads >= 1 && engine.why.length > 10);
});

Deno.test({
  name: "native and WebAssembly compute the same convolution; stderr has nothing but TensorFlow's greeting",
  ignore,
  async fn() {
    const [native, wasm] = await Promise.all(
      ["native", "wasm"].map((choice) => startCopy(root, { HAM10000_ENGINE: choice })),
    );
    assert.equal(withoutGreeting(native.stderr), "");
    assert.equal(wasm.stderr, "");
    assert.equal(native.result?.backend, "tensorflow");
    assert.equal(wasm.result?.backend, "wasm");
    assert.equal(wasm.result?.engine.threads, 1);
    const [a, b] = [native.result.values, wasm.result.values];
    assert.equal(a.length, 2 * 12 * 12 * 16);
    const largest = Math.max(...a.map(Math.abs));
    const difference = Math.max(...a.map((value, i) => Math.abs(value - b[i])));
    assert.ok(largest > 1 && difference / largest < 1e-5, `${difference} of ${largest}`);
  },
});

Deno.test({
  name: "the user's settings reach TensorFlow and are reported",
  ignore: ignore || Deno.build.os !== "linux",
  async fn() {
    const settings = { TF_ENABLE_ONEDNN_OPTS: "0", TF_NUM_INTRAOP_THREADS: "1", TF_CPP_MIN_LOG_LEVEL: "0" };
    const off = await startCopy(root, settings);
    assert.deepEqual([off.result?.engine.oneDnn, off.result?.engine.threads], [false, 1]);
    assert.doesNotMatch(off.stderr, /oneDNN custom operations are on/);
    const on = await startCopy(root, { ...settings, TF_ENABLE_ONEDNN_OPTS: "1" });
    assert.equal(on.result?.engine.oneDnn, true);
    assert.match(on.stderr, /oneDNN custom operations are on/); // level 0 keeps every line
  },
});

Deno.test("without a way to the native engine, WebAssembly takes over with a warning that names the cost", async () => {
  await using copy = await copyPackage();
  const alone = {
    PATH: "",
    npm_config_TFJS_NODE_BASE_URI: "http://127.0.0.1:9/",
    npm_config_tfjs_binding_binary_host_mirror: "http://127.0.0.1:9/",
  };
  const automatic = await startCopy(copy.project, alone);
  assert.equal(automatic.result?.backend, "wasm", automatic.stderr);
  assert.match(automatic.stderr, /tfjs-node's ready-made build: .*127\.0\.0\.1:9/);
  assert.match(automatic.stderr, /wheel \(pip and a C\+\+ compiler\): /);
  assert.match(automatic.stderr, /WebAssembly computes, about 6 times slower/);
  const native = await startCopy(copy.project, { ...alone, HAM10000_ENGINE: "native" });
  assert.equal(native.result, null);
  assert.match(native.stderr, /The native TensorFlow engine is not installed[^]*doctor --repair/);
  assert.equal(await Deno.stat(join(copy.folder, "deps")).then(() => true, () => false), false);
});

Deno.test("a complete engine that does not load is reported; a repair tries to reinstall it", async () => {
  await using copy = await copyPackage();
  await Deno.mkdir(join(copy.folder, "deps", "lib"), { recursive: true });
  await Deno.mkdir(join(copy.folder, addonPath, ".."), { recursive: true });
  await Deno.writeTextFile(join(copy.folder, addonPath), "built for another machine");
  await recordInstallation(copy.folder, { way: "wheel", tensorflow: "2.21.0" });
  const start = await startCopy(copy.project);
  assert.equal(start.result?.backend, "wasm", start.stderr);
  assert.match(start.stderr, /is installed but does not load: [^]*doctor --repair[^]*about 6 times slower/);
  const lines: string[] = [];
  const onProgress = (line: string) => lines.push(line);
  await assert.rejects(installEngine({ packageFolder: copy.folder, ways: [], onProgress, thorough: true }));
  assert.match(
    lines.join(),
    /the installed engine is damaged: trying the native engine.*installing it again/,
  );
});
