import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { installEngine } from "../../../lib/support/engine/install.ts";
import {
  addonPath,
  platform,
  readInstallation,
  tfjsNodeFolder,
} from "../../../lib/support/engine/installation.ts";
import { officialAddresses, officialWay } from "../../../lib/support/engine/official.ts";
import { copyPackage, startCopy } from "./package_copy.ts";

const source = tfjsNodeFolder();
const ignore = platform !== "linux-x64" || (await readInstallation(source)).state !== "ready";

Deno.test({
  name: "the addresses match tfjs-node's own script and follow its settings",
  ignore: platform !== "linux-x64",
  fn() {
    const { binary } = JSON.parse(Deno.readTextFileSync(join(source, "package.json")));
    const library = "tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz";
    const addon = "napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz";
    assert.deepEqual(officialAddresses(source, {}), {
      library: new URL(library, new URL("/", binary.host)).href,
      addon: `${binary.host}/${addon}`,
    });
    for (const name of ["TFJS_NODE_CDN_STORAGE", "npm_config_TFJS_NODE_CDN_STORAGE", "CDN_STORAGE"]) {
      const addresses = officialAddresses(source, { [name]: "https://mirror.example/" });
      assert.equal(addresses.library, `https://mirror.example/${library}`);
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

/** What the official host sends, packed as it packs it: the engine that is installed here. */
interface Archives {
  library: Uint8Array<ArrayBuffer>;
  addon: Uint8Array<ArrayBuffer>;
}

/** The library above 100 MB goes in as a link to the installed file; the other, 65 MB, goes the whole way. */
async function packArchives(folder: string): Promise<Archives> {
  const lib = join(folder, "lib");
  await Deno.mkdir(lib, { recursive: true });
  await Deno.mkdir(join(folder, "napi-v8"));
  for (const { name } of Deno.readDirSync(join(source, "deps", "lib"))) {
    const path = Deno.realPathSync(join(source, "deps", "lib", name));
    if (Deno.statSync(path).size < 1e8) await Deno.copyFile(path, join(lib, name));
    else await Deno.symlink(path, join(lib, name));
  }
  await Deno.copyFile(join(source, addonPath), join(folder, "napi-v8", basename(addonPath)));
  const tar = createRequire(join(source, "package.json"))("tar");
  const pack = async (name: string) => {
    const file = join(folder, `${name}.tar.gz`);
    await tar.create({ cwd: folder, file, gzip: { level: 1 } }, [name]);
    return await Deno.readFile(file);
  };
  return { library: await pack("lib"), addon: await pack("napi-v8") };
}

/** A local server in the place of the official host, until the scope ends. */
function serve(archives: Archives): AsyncDisposable {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ url }) => {
    const body = {
      "/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz": archives.library,
      "/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz": archives.addon,
    }[new URL(url).pathname];
    return body ? new Response(body) : new Response("not found", { status: 404 });
  });
  const base = `http://127.0.0.1:${server.addr.port}/`;
  Deno.env.set("npm_config_TFJS_NODE_BASE_URI", `${base}libtensorflow-`);
  Deno.env.set("npm_config_tfjs_binding_binary_host_mirror", base);
  return {
    async [Symbol.asyncDispose]() {
      Deno.env.delete("npm_config_TFJS_NODE_BASE_URI");
      Deno.env.delete("npm_config_tfjs_binding_binary_host_mirror");
      await server.shutdown();
    },
  };
}

Deno.test({
  name:
    "the official archives give a working engine; damaged ones cause an error and leave no partial engine",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    const whole = await packArchives(join(copy.project, "archives"));
    const served = { ...whole };
    await using _server = serve(served);
    const install = () => installEngine({ packageFolder: copy.folder, ways: [officialWay], onProgress() {} });

    const faults: Record<string, [Partial<Archives>, RegExp]> = {
      "a page in the place of the addon": [{ addon: new TextEncoder().encode("<html>") }, /TAR_BAD_ARCHIVE/],
      "a library cut off on the way": [{ library: whole.library.slice(0, 1e6) }, /ready-made build: /],
      "an addon archive without an addon": [{ addon: whole.addon.slice(0, 2000) }, /ready-made build: /],
    };
    for (const [what, [archives, says]] of Object.entries(faults)) {
      Object.assign(served, whole, archives);
      await assert.rejects(install(), says, what);
      const names = Array.from(Deno.readDirSync(copy.folder), ({ name }) => name);
      assert.deepEqual(names.filter((name) => /^(deps|lib|\.native-engine-.*)$/.test(name)), [], what);
    }
    Object.assign(served, whole);
    assert.equal((await install()).way, "official");
    const start = await startCopy(copy.project);
    assert.equal(start.result?.engine.install, "official", start.stderr);
    assert.equal(start.result?.backend, "tensorflow");
  },
});
