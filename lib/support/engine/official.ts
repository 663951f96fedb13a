/**
 * The official way: TensorFlow's C library and the ready-made addon, from the addresses that the package's own
 * `scripts/install.js` uses. The script itself needs Node's programs and rewrites package.json, so this module downloads and
 * unpacks the two archives. It obeys the script's settings:
 *
 * - library: `TFJS_NODE_BASE_URI` or `TFJS_NODE_CDN_STORAGE`, both also with the prefix `npm_config_`, and `CDN_STORAGE`;
 * - addon: `npm_config_tfjs_binding_binary_host_mirror`;
 * - both: a file `scripts/custom-binary.json` in the package.
 *
 * As a program it does the download, so that it can be ended if a server is silent. Arguments: package folder and stage.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { packageRun, runCommand } from "./command.ts";
import { addonPath, platform, type Way } from "./installation.ts";

/** The library's archive by platform. The addon's file name does not say the processor; under Linux it is built for x64. */
const archives: Record<string, string> = {
  "linux-x64": "cpu-linux-x86_64",
  "darwin-x64": "cpu-darwin-x86_64",
  "darwin-arm64": "libtensorflow_r2_7_darwin_arm64_cpu",
  "win32-x64": "cpu-windows-x86_64",
};

/**
 * The addresses of the two archives, found like in `scripts/install.js` and node-pre-gyp. The default host is that of the
 * package's own package.json.
 */
export function officialAddresses(
  packageFolder: string,
  environment: Record<string, string> = Deno.env.toObject(),
): { library: string; addon: string } {
  const archive = archives[platform];
  const require = requireFrom(packageFolder);
  const { version, binary } = require("./package.json");
  const constants = require("./scripts/deps-constants.js");
  const setting = (name: string) => environment[name] || environment[`npm_config_${name}`];
  const host = setting("TFJS_NODE_CDN_STORAGE") || environment.CDN_STORAGE || new URL("/", binary.host).href;
  const base = setting("TFJS_NODE_BASE_URI") || `${host}tensorflow/libtensorflow/libtensorflow-`;
  const ending = constants.PLATFORM_EXTENSION;
  const library = platform === "darwin-arm64"
    ? `${host}tf-builds/${archive}.${ending}`
    : constants.customTFLibUri ?? `${base}${archive}-${constants.LIBTENSORFLOW_VERSION}.${ending}`;

  const name = `CPU-${constants.PLATFORM_MAPPING[process.platform]}-${version}.${ending}`;
  const addon = { remote_path: "", package_name: name, ...binary, ...constants.customAddon };
  const folder = addon.remote_path.replace("{napi_build_version}", "8").replace("{version}", version);
  const mirror = environment.npm_config_tfjs_binding_binary_host_mirror || addon.host;
  const withSlash = (path: string) => path === "" || path.endsWith("/") ? path : `${path}/`;
  return { library, addon: new URL(withSlash(folder) + addon.package_name, withSlash(mirror)).href };
}

/** tfjs-node's ready-made build: TensorFlow 2.9.1 (2.7 on Apple processors), about 100 MB to download. */
export const officialWay: Way = {
  name: "official",
  title: "tfjs-node's ready-made build",

  obstacle: () => Promise.resolve(archives[platform] ? null : `there is none for ${platform}`),

  async install(packageFolder, stage, onProgress) {
    const program = fileURLToPath(import.meta.url);
    await runCommand(Deno.execPath(), [...packageRun, program, packageFolder, stage], {
      cwd: packageFolder,
      step: "downloading TensorFlow's C library and the addon",
      grows: stage,
      patience: 120,
      onProgress,
    });
  },
};

/** Downloads both archives and unpacks them in the package's layout, with the libraries that its own script uses. */
async function fetchBoth(packageFolder: string, stage: string): Promise<void> {
  const { library, addon } = officialAddresses(packageFolder);
  const require = requireFrom(packageFolder);
  const deps = join(stage, "deps");
  const addonFolder = join(stage, dirname(addonPath));
  for (const folder of [deps, addonFolder]) await Deno.mkdir(folder, { recursive: true });

  const file = join(stage, "archive");
  await fetchTo(library, file);
  if (library.endsWith(".zip")) new (require("adm-zip"))(file).extractAllTo(deps, true);
  else await require("tar").x({ file, cwd: deps, strict: true });
  await fetchTo(addon, file);
  await require("tar").x({ file, cwd: addonFolder, strip: 1, strict: true }); // a tar archive even if its name ends in zip
  await Deno.remove(file);

  if (Deno.build.os !== "windows") return;
  const dll = join(deps, "lib", "tensorflow.dll"); // Windows finds it only beside the addon
  await Deno.mkdir(dirname(dll), { recursive: true });
  await Deno.rename(join(deps, "tensorflow.dll"), dll).catch(() => {}); // some archives have no folder lib
  const beside = join(addonFolder, "tensorflow.dll");
  await Deno.link(dll, beside).catch(() => Deno.copyFile(dll, beside));
}

/** Downloads an address to a file. The server has 10 seconds to begin; later silence is limited by the caller of this program. */
async function fetchTo(address: string, path: string): Promise<void> {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(new Error("no answer within 10 s")), 10_000);
  const response = await fetch(address, { signal: waiting.signal }).catch((error: Error) => {
    const { message } = (error.cause as Error | undefined) ?? error;
    const why = message.replace(/^error sending request for url \(.*?\): /, "");
    throw new Error(`${address} cannot be reached (${why})`);
  });
  clearTimeout(timer);
  if (!response.ok || !response.body) throw new Error(`${address} answers ${response.status}`);
  await response.body.pipeTo((await Deno.open(path, { create: true, write: true, truncate: true })).writable);
}

function requireFrom(packageFolder: string): NodeJS.Require {
  return createRequire(join(packageFolder, "package.json"));
}

if (import.meta.main) {
  await fetchBoth(Deno.args[0], Deno.args[1]).catch((error) => {
    console.error(error.message);
    Deno.exit(1);
  });
}
