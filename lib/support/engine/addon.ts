/** The native addon of tfjs-node: where it lies, how it is compiled, whether it computes. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, type OnProgress, runCommand } from "./command.ts";

/**
 * The addon's place in the package folder. The package looks below the highest Node-API version that both it and the
 * runtime know: it knows 3 to 8, Deno 2.9 reports 10, so 8.
 */
export const addonPath = "lib/napi-v8/tfjs_binding.node";

/** Options under which a program in the package runs in Deno: resolved by its node_modules folder, by no other config. */
export const packageRun = ["run", "--allow-all", "--no-config", "--no-lock", "--node-modules-dir=manual"];

/** The folder of the installed npm package @tensorflow/tfjs-node, symbolic links resolved. */
export function tfjsNodeFolder(): string {
  const entry = fileURLToPath(import.meta.resolve("@tensorflow/tfjs-node")); // <package>/dist/index.js
  return Deno.realPathSync(dirname(dirname(entry)));
}

/**
 * Loads an addon in a process of its own and multiplies two small matrices.
 *
 * @param addon Path of the `.node` file; its libraries are looked for in `../../deps/lib` from there.
 * @returns The version of the TensorFlow library behind it.
 * @throws Error when it does not load, crashes, or computes wrongly.
 */
export async function probeAddon(packageFolder: string, addon: string): Promise<string> {
  const program = fileURLToPath(new URL("./probe.ts", import.meta.url));
  const stdout = await runCommand(Deno.execPath(), [...packageRun, program, packageFolder, addon], {
    cwd: packageFolder,
    env: { TF_CPP_MIN_LOG_LEVEL: "2" },
    step: "trying the native engine",
    patience: 180,
  });
  const { tensorflow, product } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
  if (String(product) !== "7,10,15,22") {
    throw new Error(`trying the native engine: expected the product 7, 10, 15, 22. Received: ${product}`);
  }
  return tensorflow;
}

/** The C++ compiler on the search path, or null. */
export function findCompiler(): string | null {
  return findProgram(["g++", "c++", "clang++"]);
}

/**
 * Compiles the package's addon against a TensorFlow library, under Linux, in about 10 seconds.
 *
 * @param packageFolder Where the package's `binding/*.cc` lie.
 * @param options.stage Folder that has the libraries in `deps/lib` and receives the addon at {@link addonPath}.
 * @param options.headers TensorFlow's C headers.
 * @param options.libraries File names in `deps/lib` to link with.
 */
export async function compileAddon(
  packageFolder: string,
  options: { stage: string; headers: string; libraries: string[]; onProgress?: OnProgress },
): Promise<void> {
  const compiler = findCompiler();
  if (!compiler) throw new Error("compiling the addon: no C++ compiler (g++, c++, clang++) is on the PATH");
  const { default: nodeApi } = await import("node-api-headers");
  const target = join(options.stage, addonPath);
  await Deno.mkdir(dirname(target), { recursive: true });
  options.onProgress?.(`compiling the addon with ${compiler} (about 10 s)`);
  await runCommand(compiler, [
    ...["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"],
    ...["-I", options.headers, "-I", nodeApi.include_dir],
    ...["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(packageFolder, "binding", name)),
    ...["-L", join(options.stage, "deps", "lib"), ...options.libraries.map((name) => `-l:${name}`)],
    ...["-Wl,-rpath,$ORIGIN/../../deps/lib", "-o", target],
  ], { step: "compiling the addon" });
}
