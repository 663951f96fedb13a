import assert from "node:assert/strict";
import { join } from "node:path";
import { addonPath, recordName, tfjsNodeFolder } from "../../../lib/support/engine/installation.ts";
import { wheelVersion, wheelWay } from "../../../lib/support/engine/wheel.ts";
import { copyPackage, startCopy, withoutGreeting } from "./package_copy.ts";

const obstacle = await wheelWay.obstacle(tfjsNodeFolder()) ?? await indexUnreachable();

/** The official host switched off, so that the wheel is the way. */
const withoutOfficial = {
  npm_config_TFJS_NODE_BASE_URI: "http://127.0.0.1:9/",
  npm_config_tfjs_binding_binary_host_mirror: "http://127.0.0.1:9/",
  HAM10000_ENGINE: "native",
};

/** No tools, and every connection a dead end. */
const alone = {
  PATH: "",
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
};

if (obstacle !== null) console.log(`The test of TensorFlow's wheel is left out: ${obstacle}`);

Deno.test({
  name: "the first start builds the engine on TensorFlow's wheel, the second needs nothing",
  ignore: obstacle !== null,
  async fn() {
    await using copy = await copyPackage();
    const first = await startCopy(copy.project, withoutOfficial);
    const { install, tensorflow } = first.result?.engine ?? {};
    assert.deepEqual([install, tensorflow], ["wheel", wheelVersion], first.stderr);
    assert.match(
      withoutGreeting(first.stderr),
      /downloading[^]*unpacking[^]*compiling[^]*is ready after \d+ s\n$/,
    );
    const names = Array.from(Deno.readDirSync(copy.folder), ({ name }) => name);
    assert.ok(names.includes(recordName));
    assert.deepEqual(names.filter((name) => name.startsWith(".native-engine-")), []);

    const second = await startCopy(copy.project, { ...withoutOfficial, ...alone });
    assert.equal(second.result?.backend, "tensorflow", second.stderr);
    assert.equal(withoutGreeting(second.stderr), "");

    // Damaged, and without a way to a new one: WebAssembly computes.
    await Deno.writeTextFile(join(copy.folder, addonPath), "damaged", { append: true });
    const third = await startCopy(copy.project, { ...withoutOfficial, ...alone, HAM10000_ENGINE: "auto" });
    assert.equal(third.result?.backend, "wasm", third.stderr);
    assert.match(third.stderr, /the installed engine is damaged: .*tfjs_binding\.node has/);
    assert.match(third.stderr, /about 6 times slower/);
  },
});

/** Asks pip for the versions there are, which downloads no package. */
async function indexUnreachable(): Promise<string | null> {
  const { success } = await new Deno.Command("python3", {
    args: ["-m", "pip", "index", "versions", "tensorflow-cpu", "--timeout", "5", "--retries", "0"],
    stdout: "null",
    stderr: "null",
  }).output();
  return success ? null : "pip cannot reach a package index";
}
