import assert from "node:assert/strict";
import { join } from "node:path";
import { addonPath, tfjsNodeFolder } from "../../../lib/support/engine/addon.ts";
import { findProgram } from "../../../lib/support/engine/command.ts";
import { recordName } from "../../../lib/support/engine/installation.ts";
import { wheelVersion, wheelWay } from "../../../lib/support/engine/wheel.ts";
import { copyPackage, startEngine } from "./package_copy.ts";

const obstacle = await wheelWay.obstacle({ packageFolder: tfjsNodeFolder() }) ?? await indexUnreachable();

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
  HAM10000_ENGINE: "auto",
};

Deno.test({
  name: `the first start builds the engine on TensorFlow's wheel, the second needs nothing${
    obstacle ? ` (${obstacle})` : ""
  }`,
  ignore: obstacle !== null,
  async fn(t) {
    await using copy = await copyPackage();

    let firstSeconds = 0;
    await t.step("the first start of the engine downloads, unpacks, compiles and computes", async () => {
      const first = await startEngine(copy.project, withoutOfficial);
      assert.deepEqual([first.result?.engine.install, first.result?.engine.tensorflow], [
        "wheel",
        wheelVersion,
      ], first.stderr);
      assert.match(first.stderr, /downloading[^]*unpacking[^]*compiling[^]*is ready after \d+ s\n$/);
      firstSeconds = first.seconds;
      const names = Array.from(Deno.readDirSync(copy.folder), ({ name }) => name);
      assert.ok(names.includes(recordName));
      assert.deepEqual(names.filter((name) => name.startsWith(".native-engine-")), []);
    });

    await t.step("the second goes straight to work, without tools and without a network", async () => {
      const second = await startEngine(copy.project, { ...withoutOfficial, ...alone });
      assert.equal(second.result?.backend, "tensorflow", second.stderr);
      assert.equal(second.stderr, "");
      assert.ok(second.seconds < firstSeconds / 2, `${second.seconds} s after ${firstSeconds} s`);
    });

    await t.step(
      "a damaged addon is said so, and without a way to a new one WebAssembly computes",
      async () => {
        await Deno.writeTextFile(join(copy.folder, addonPath), "damaged", { append: true });
        const third = await startEngine(copy.project, { ...withoutOfficial, ...alone });
        assert.equal(third.result?.backend, "wasm", third.stderr);
        assert.match(third.stderr, /the installed engine is damaged: .*tfjs_binding\.node has/);
        assert.match(third.stderr, /about 6 times slower/);
      },
    );
  },
});

/** Asks pip for the versions there are, which downloads no package. */
async function indexUnreachable(): Promise<string | null> {
  const { success } = await new Deno.Command(findProgram(["python3", "python"])!, {
    args: ["-m", "pip", "index", "versions", "tensorflow-cpu", "--timeout", "5", "--retries", "0"],
    stdout: "null",
    stderr: "null",
  }).output();
  return success ? null : "pip cannot reach a package index";
}
