/** A local server that stands in for the official host: the two archives, made from the engine that is installed here. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { addonPath, tfjsNodeFolder } from "../../../lib/support/engine/addon.ts";

/** What the server answers; the tests break one or the other. */
export interface Archives {
  library: Uint8Array<ArrayBuffer>;
  addon: Uint8Array<ArrayBuffer>;
}

/** A running server; it stops with the `using` scope, and the overrides of the addresses with it. */
export interface OfficialServer extends AsyncDisposable {
  archives: Archives;
  /** Paths asked for, in order. */
  requests: string[];
}

const overrides = ["npm_config_TFJS_NODE_BASE_URI", "npm_config_tfjs_binding_binary_host_mirror"];

/** Points the package's own overrides of its addresses at a base address until the scope ends. */
export function overrideAddresses(base: string): Disposable {
  const before = overrides.map((name) => Deno.env.get(name));
  Deno.env.set(overrides[0], `${base}/tensorflow/libtensorflow-`);
  Deno.env.set(overrides[1], `${base}/addon/`);
  return {
    [Symbol.dispose]() {
      for (const [i, name] of overrides.entries()) {
        if (before[i] === undefined) Deno.env.delete(name);
        else Deno.env.set(name, before[i]);
      }
    },
  };
}

/** Serves the archives under the names that tfjs-node 4.22.0 asks for, on a free local port. */
export function serveOfficial(archives: Archives): OfficialServer {
  const requests: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    const body = {
      "/tensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz": archives.library,
      "/addon/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz": archives.addon,
    }[pathname];
    return body ? new Response(body) : new Response("not found", { status: 404 });
  });
  const restore = overrideAddresses(`http://127.0.0.1:${server.addr.port}`);
  return {
    archives,
    requests,
    async [Symbol.asyncDispose]() {
      restore[Symbol.dispose]();
      await server.shutdown();
    },
  };
}

/**
 * Packs the installed engine as the official archives are packed. Libraries above 100 MB go in as links to the installed
 * file, which keeps gigabytes off the disk; the other, 65 MB, goes through the whole path.
 */
export async function packOfficial(folder: string): Promise<Archives> {
  const source = tfjsNodeFolder();
  const lib = join(folder, "lib");
  await Deno.mkdir(lib, { recursive: true });
  await Deno.mkdir(join(folder, "napi-v8"));
  let largest = "";
  for (const { name } of Deno.readDirSync(join(source, "deps", "lib"))) {
    const path = Deno.realPathSync(join(source, "deps", "lib", name));
    if (Deno.statSync(path).size < 1e8) {
      await Deno.copyFile(path, join(lib, name));
    } else {
      await Deno.symlink(path, join(lib, name));
      largest = name;
    }
  }
  if (!await Deno.lstat(join(lib, "libtensorflow.so.2.9.1")).then(() => true, () => false)) {
    await Deno.symlink(largest, join(lib, "libtensorflow.so.2.9.1"));
  }
  await Deno.copyFile(join(source, addonPath), join(folder, "napi-v8", "tfjs_binding.node"));
  return { library: await pack(folder, "lib"), addon: await pack(folder, "napi-v8") };
}

async function pack(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const tar = createRequire(join(tfjsNodeFolder(), "package.json"))("tar");
  const file = join(folder, `${name}.tar.gz`);
  await tar.create({ cwd: folder, file, gzip: { level: 1 } }, [name]);
  return await Deno.readFile(file);
}
