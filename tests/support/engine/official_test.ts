import assert from "node:assert/strict";
import { join } from "node:path";
import { tfjsNodeFolder } from "../../../lib/support/engine/addon.ts";
import { installEngine } from "../../../lib/support/engine/install.ts";
import { platform, readInstallation } from "../../../lib/support/engine/installation.ts";
import { officialAddresses, officialWay, unreachable } from "../../../lib/support/engine/official.ts";
import { packOfficial, serveOfficial } from "./official_server.ts";
import { copyPackage, startEngine } from "./package_copy.ts";

const source = tfjsNodeFolder();
const ignore = platform !== "linux-x64" || (await readInstallation(source)).state !== "ready";

Deno.test({
  name: "the addresses are the script's own, with its overrides",
  ignore: platform !== "linux-x64",
  fn() {
    const host =
      new URL("/", JSON.parse(Deno.readTextFileSync(join(source, "package.json"))).binary.host).href;
    const library = "tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz";
    const addon = "napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz";
    assert.deepEqual(officialAddresses(source, {}), {
      library: host + library,
      addon: `${host}tf-builds/pre-built-binary/${addon}`,
    });
    for (const name of ["TFJS_NODE_CDN_STORAGE", "npm_config_TFJS_NODE_CDN_STORAGE", "CDN_STORAGE"]) {
      const addresses = officialAddresses(source, { [name]: "https://mirror.example/" });
      assert.equal(addresses?.library, `https://mirror.example/${library}`);
    }
    const addresses = officialAddresses(source, {
      npm_config_TFJS_NODE_BASE_URI: "https://mirror.example/tf-",
      npm_config_tfjs_binding_binary_host_mirror: "https://addons.example/tfjs",
      TFJS_NODE_CDN_STORAGE: "https://other.example/",
    });
    assert.deepEqual(addresses, {
      library: "https://mirror.example/tf-cpu-linux-x86_64-2.9.1.tar.gz",
      addon: `https://addons.example/tfjs/${addon}`,
    });
  },
});

Deno.test("an address counts as reachable only if an archive comes from it, in time", async () => {
  const answers: Record<string, () => Response | Promise<Response>> = {
    "/gzip": () => new Response(new Uint8Array([31, 139, 8, 0])),
    "/page": () => new Response("<html>sign in</html>"),
    "/nothing": () => new Response(null, { status: 404 }),
    "/slow": () => new Promise((resolve) => setTimeout(() => resolve(new Response("")), 1500)),
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    return answers[new URL(request.url).pathname]();
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  assert.equal(await unreachable(`${base}/gzip`), null);
  assert.match(await unreachable(`${base}/page`) ?? "", /sends something else than an archive/);
  assert.match(await unreachable(`${base}/nothing`) ?? "", /answers 404/);
  assert.match(await unreachable(`${base}/slow`, { seconds: 0.2 }) ?? "", /does not answer within 0.2 s/);
  await server.shutdown();
  assert.match(await unreachable(`${base}/gzip`) ?? "", /cannot be reached/);
});

Deno.test({
  name: "tfjs-node's own script, run by Deno against a local host, leads to an engine that computes",
  ignore,
  async fn(t) {
    await using copy = await copyPackage();
    await using server = serveOfficial(await packOfficial(join(copy.project, "archives")));
    const own = await Deno.readTextFile(join(copy.folder, "package.json"));
    const install = () => installEngine({ packageFolder: copy.folder, ways: [officialWay], onProgress() {} });
    const { library, addon } = server.archives;

    const faults: Record<string, [Partial<typeof server.archives>, RegExp]> = {
      "a page in the place of the addon": [
        { addon: new TextEncoder().encode("<html>") },
        /sends something else than an archive for .*CPU-linux/,
      ],
      "a library cut off on the way": [{ library: library.slice(0, 1e6) }, /own installation: /],
      "an addon archive without an addon": [{ addon: addon.slice(0, 2000) }, /own installation: /],
    };
    for (const [what, [archives, says]] of Object.entries(faults)) {
      await t.step(`${what} is an error that leaves no trace`, async () => {
        Object.assign(server.archives, { library, addon }, archives);
        await assert.rejects(install(), says);
        const names = Array.from(Deno.readDirSync(copy.folder), ({ name }) => name);
        assert.deepEqual(names.filter((name) => /^(deps|lib|\.native-engine-.*)$/.test(name)), []);
        assert.equal(await Deno.readTextFile(join(copy.folder, "package.json")), own);
      });
    }

    await t.step("the whole archives are installed", async () => {
      Object.assign(server.archives, { library, addon });
      assert.equal((await install()).way, "official");
      assert.equal(
        server.requests.filter((path) => path.endsWith("libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz"))
          .length > 0,
        true,
      );
      assert.equal(await Deno.readTextFile(join(copy.folder, "package.json")), own);
      const start = await startEngine(copy.project);
      assert.equal(start.result?.engine.install, "official", start.stderr);
      assert.equal(start.result?.backend, "tensorflow");
    });
  },
});
