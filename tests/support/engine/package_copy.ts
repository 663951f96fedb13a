/** A copy of the npm package @tensorflow/tfjs-node without an engine, in a small project of its own, to install one in. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRun } from "../../../lib/support/engine/command.ts";
import { tfjsNodeFolder } from "../../../lib/support/engine/installation.ts";
import { runDeno } from "../run_deno.ts";

/** A temporary copy; it disappears with the `using` scope. */
export interface PackageCopy extends AsyncDisposable {
  /** The temporary project's folder. */
  project: string;
  /** The copied package in it. */
  folder: string;
}

/** What a start of the engine in another process gave. */
export interface Start {
  /** What start_engine.ts printed, or null. */
  result: { engine: Record<string, unknown>; backend: string; values: number[] } | null;
  stderr: string;
}

/**
 * Copies the package's own files and lib/support, and links the other npm packages, laid out as Deno does: declared ones beside
 * the package, the others, which it uses all the same, one folder up.
 */
export async function copyPackage(): Promise<PackageCopy> {
  const source = tfjsNodeFolder(); // <store>/@tensorflow+tfjs-node@…/node_modules/@tensorflow/tfjs-node
  const store = join(source, "..", "..", "..", "..");
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "native-engine-test-" }));
  const project = join(root, "project");
  const nodeModules = join(project, "node_modules");
  const folder = join(nodeModules, "@tensorflow", "tfjs-node");
  await copyFolder(source, folder, new Set(["deps", "lib", "src"]));
  for (const from of [join(source, "..", ".."), join(store, "..")]) {
    await linkAll(from, nodeModules);
    await linkAll(join(from, "@tensorflow"), join(nodeModules, "@tensorflow"));
  }
  await Deno.symlink(join(store, "node_modules"), join(root, "node_modules"), { type: "dir" });
  await copyFolder(
    fileURLToPath(new URL("../../../lib/support", import.meta.url)),
    join(project, "lib", "support"),
  );
  await Deno.writeTextFile(join(project, "package.json"), "{}");
  return { project, folder, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

/** Starts a project's engine in a process of its own and computes a convolution with it (see start_engine.ts). */
export async function startCopy(project: string, env: Record<string, string> = {}): Promise<Start> {
  const program = fileURLToPath(new URL("./start_engine.ts", import.meta.url));
  const options = { cwd: project, env: { NO_COLOR: "1", ...env } };
  const { code, out, err } = await runDeno([...packageRun, program, project], options);
  return { result: code === 0 ? JSON.parse(out) : null, stderr: err };
}

/** Standard error without what TensorFlow 2.21 says while it loads, whatever the log level is: oneDNN is on, as asked. */
export function withoutGreeting(stderr: string): string {
  return stderr.replace(/^WARNING: All log messages before absl::InitializeLog.*\n/m, "")
    .replace(/^I0000 .* oneDNN custom operations are on\..*\n/m, "");
}

async function copyFolder(from: string, to: string, without = new Set<string>()): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (without.has(name) || name.startsWith(".") || name.startsWith("native-engine")) continue;
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

/** Links every folder of `from` that `to` has not got yet. */
async function linkAll(from: string, to: string): Promise<void> {
  for await (const { name } of Deno.readDir(from)) {
    if (name.startsWith(".")) continue;
    const exists = await Deno.lstat(join(to, name)).then(() => true, () => false);
    if (!exists) await Deno.symlink(await Deno.realPath(join(from, name)), join(to, name), { type: "dir" });
  }
}
