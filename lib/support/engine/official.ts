/**
 * The official way: the package's own `scripts/install.js`, which downloads TensorFlow's C library and the ready-made
 * addon. It obeys the package's own overrides of the addresses:
 *
 * - library: `TFJS_NODE_BASE_URI` or `TFJS_NODE_CDN_STORAGE`, both also with the prefix `npm_config_`, and `CDN_STORAGE`;
 * - addon: `npm_config_tfjs_binding_binary_host_mirror`;
 * - both: a file `scripts/custom-binary.json` in the package.
 *
 * The script runs in a stage, a copy of the few files that it needs, so that an interrupted run leaves nothing behind in
 * the package (it rewrites package.json for a while, and that file may be a hard link into Deno's cache).
 */
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { packageRun } from "./addon.ts";
import { runCommand } from "./command.ts";
import type { Way } from "./install_way.ts";
import { platform } from "./installation.ts";

/** Where the platform has a library and an addon; the addon's name tells no processor, under Linux it is built for x64. */
const archives: Record<string, string> = {
  "linux-x64": "cpu-linux-x86_64",
  "darwin-x64": "cpu-darwin-x86_64",
  "darwin-arm64": "libtensorflow_r2_7_darwin_arm64_cpu",
  "win32-x64": "cpu-windows-x86_64",
};

/** The two addresses that the package's script is going to fetch. */
export interface OfficialAddresses {
  library: string;
  addon: string;
}

/**
 * The addresses, found as `scripts/install.js` and node-pre-gyp find them, or null where the platform has none.
 * The default host is the one that the package's own package.json names.
 */
export function officialAddresses(
  packageFolder: string,
  environment: Record<string, string> = Deno.env.toObject(),
): OfficialAddresses | null {
  const archive = archives[platform];
  if (!archive) return null;
  const require = createRequire(join(packageFolder, "package.json"));
  const { version, binary } = require("./package.json");
  const constants = require("./scripts/deps-constants.js");
  const ending = constants.PLATFORM_EXTENSION;
  const own = environment.TFJS_NODE_CDN_STORAGE || environment.npm_config_TFJS_NODE_CDN_STORAGE;
  const host = own || environment.CDN_STORAGE || new URL("/", binary.host).href;
  const base = environment.TFJS_NODE_BASE_URI || environment.npm_config_TFJS_NODE_BASE_URI ||
    `${host}tensorflow/libtensorflow/libtensorflow-`;
  const library = platform === "darwin-arm64"
    ? `${host}tf-builds/${archive}.${ending}`
    : constants.customTFLibUri ?? `${base}${archive}-${constants.LIBTENSORFLOW_VERSION}.${ending}`;

  const system = constants.PLATFORM_MAPPING[Deno.build.os === "windows" ? "win32" : Deno.build.os];
  const places = { ...binary, package_name: `CPU-${system}-${version}.${ending}`, ...constants.customAddon };
  const mirror = environment.npm_config_tfjs_binding_binary_host_mirror || places.host;
  const folder = `${places.remote_path ?? ""}/`.replace("{napi_build_version}", "8").replace(
    "{version}",
    version,
  );
  const slashed = mirror.endsWith("/") ? mirror : `${mirror}/`;
  return { library, addon: new URL(folder.replaceAll("//", "/") + places.package_name, slashed).href };
}

/**
 * Asks for the first two bytes of an archive, with a time limit.
 *
 * @returns null when they are those of a gzip or zip file, else what is wrong (such as a sign-in page in its place).
 */
export async function unreachable(address: string, { seconds = 5 } = {}): Promise<string | null> {
  const { host, hostname } = new URL(address);
  const allowed = await Deno.permissions.query({ name: "net", host: hostname });
  if (allowed.state !== "granted") return `this process may not connect to ${host}`;
  try {
    const signal = AbortSignal.timeout(seconds * 1000);
    const response = await fetch(address, { headers: { range: "bytes=0-1" }, signal });
    const reader = response.body?.getReader();
    const start = (await reader?.read())?.value ?? new Uint8Array();
    await reader?.cancel();
    if (!response.ok) return `${host} answers ${response.status} for ${address}`;
    const magic = `${start[0]},${start[1]}`;
    if (magic !== "31,139" && magic !== "80,75") {
      return `${host} sends something else than an archive for ${address}`;
    }
    return null;
  } catch (error) {
    const timeout = (error as Error).name === "TimeoutError";
    return timeout ? `${host} does not answer within ${seconds} s` : `${host} cannot be reached`;
  }
}

/** tfjs-node's own installation: TensorFlow 2.9.1 (2.7 on Apple processors), about 100 MB to download. */
export const officialWay: Way = {
  name: "official",
  title: "tfjs-node's own installation",

  async obstacle({ packageFolder }) {
    const addresses = officialAddresses(packageFolder);
    if (!addresses) return `it has no ready-made addon for ${platform}`;
    const answers = await Promise.all(Object.values(addresses).map((address) => unreachable(address)));
    return answers.find((answer) => answer !== null) ?? null;
  },

  async install({ packageFolder, stage, onProgress }) {
    await Deno.mkdir(join(stage, "scripts"));
    for (const { name, isFile } of Deno.readDirSync(join(packageFolder, "scripts"))) {
      if (isFile) await Deno.copyFile(join(packageFolder, "scripts", name), join(stage, "scripts", name));
    }
    await Deno.copyFile(join(packageFolder, "package.json"), join(stage, "package.json"));
    const programs = await writePrograms(packageFolder, stage);
    onProgress("downloading TensorFlow's C library and the addon with the package's own script");
    await runCommand(Deno.execPath(), [...packageRun, join(stage, "scripts", "install.js")], {
      cwd: stage,
      env: { PATH: programs + delimiter + (Deno.env.get("PATH") ?? "") },
      step: "tfjs-node's own installation",
      grows: stage,
      patience: 120,
      onProgress,
    });
    if (Deno.build.os === "windows") await placeWindowsLibrary(stage);
  },
};

/** The script calls `node` and `node-pre-gyp` by name: two small programs that run them in this Deno. */
async function writePrograms(packageFolder: string, stage: string): Promise<string> {
  const folder = join(stage, "bin");
  await Deno.mkdir(folder);
  const require = createRequire(join(packageFolder, "package.json"));
  const preGyp = join(folder, "node-pre-gyp.cjs");
  await Deno.writeTextFile(
    preGyp,
    `require(${JSON.stringify(require.resolve("@mapbox/node-pre-gyp/lib/main"))});\n`,
  );
  const deno = [Deno.execPath(), ...packageRun].map((word) => `"${word}"`).join(" ");
  for (const [name, script] of [["node", ""], ["node-pre-gyp", ` "${preGyp}"`]]) {
    if (Deno.build.os === "windows") {
      await Deno.writeTextFile(join(folder, `${name}.cmd`), `@${deno}${script} %*\r\n`);
    } else {
      await Deno.writeTextFile(join(folder, name), `#!/bin/sh\nexec ${deno}${script} "$@"\n`, {
        mode: 0o755,
      });
    }
  }
  return folder;
}

/** Windows finds a library only beside the addon; the script puts it below the runtime's Node-API version instead. */
async function placeWindowsLibrary(stage: string): Promise<void> {
  const target = join(stage, "lib", "napi-v8", "tensorflow.dll");
  await Deno.remove(target).catch(() => {});
  const source = join(stage, "deps", "lib", "tensorflow.dll");
  await Deno.link(source, target).catch(() => Deno.copyFile(source, target));
}
