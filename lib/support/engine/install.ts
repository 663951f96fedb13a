/** Sets up the native engine once, by the first way that works: assembles it aside, tests it and moves it into place. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../atomic.ts";
import { nullIfGone } from "../storage_error.ts";
import { lockFile } from "../system_lock.ts";
import { type OnProgress, packageRun, runCommand } from "./command.ts";
import { readEngineChoice, wasmSlowdown } from "./engine_choice.ts";
import {
  addonPath,
  type Installation,
  type InstallState,
  readInstallation,
  recordInstallation,
  recordName,
  tfjsNodeFolder,
  type Way,
  wayTexts,
} from "./installation.ts";
import { officialWay } from "./official.ts";
import { wheelWay } from "./wheel.ts";

/** The ways, in the order in which they are tried. */
const installWays: Way[] = [officialWay, wheelWay];

/** How {@link installEngine} works; everything has a default. */
export interface InstallOptions {
  /** The npm package @tensorflow/tfjs-node; default: the one this project uses. */
  packageFolder?: string;
  /** Receives one line per step; default: standard error. */
  onProgress?: OnProgress;
  /** Default: the official one, then the wheel's. */
  ways?: Way[];
  /** Compare every byte with what was installed, not only sizes, and test the engine. Takes seconds. Default false. */
  thorough?: boolean;
  /** Try again even if it failed within the last hour. Default true. */
  retry?: boolean;
}

const stagePrefix = ".native-engine-";
const failureName = "native-engine-failure.json";

/**
 * Makes sure, before the notebooks start, that the engine of the user's choice is there.
 *
 * @returns The native engine's record; null if another engine was chosen, or if the native engine is not available (then a
 * warning has said why).
 * @throws Error if `HAM10000_ENGINE=native` and the native engine is not available.
 */
export async function ensureEngine(options: InstallOptions = {}): Promise<Installation | null> {
  const { engine } = readEngineChoice();
  if (engine === "wasm" || engine === "webgpu") return null;
  try {
    return await installEngine({ ...options, retry: options.retry ?? engine === "native" });
  } catch (error) {
    if (engine === "native") throw error;
    console.warn(withoutNative(error as Error));
    return null;
  }
}

/** The warning that WebAssembly computes instead of the native engine: why, what it costs, what to do. */
export function withoutNative(error: Error): string {
  return `${error.message}\nUntil then WebAssembly computes, about ${wasmSlowdown} times slower.`;
}

/**
 * Makes sure that the native engine is installed and returns its record. If it is there already, this takes milliseconds and no
 * network. Otherwise it is set up; an engine that somebody else put there is tested and taken over. Of two processes one installs
 * and the other waits. After an interruption the next call starts afresh.
 *
 * @throws Error that says, for every way, why it did not work and what to do.
 */
export async function installEngine(options: InstallOptions = {}): Promise<Installation> {
  const { packageFolder = tfjsNodeFolder(), ways = installWays, thorough = false, retry = true } = options;
  const onProgress = options.onProgress ?? ((line) => console.error(`native engine: ${line}`));
  const before = await look(packageFolder, thorough);
  if (before.state === "ready") return before.installation;
  const failure = retry ? null : await rememberedFailure(packageFolder);
  if (failure) throw notInstalled(failure, " (tried within the last hour)");

  using _lock = await lock(packageFolder, onProgress);
  const now = await look(packageFolder, thorough); // another process may have finished it meanwhile
  if (now.state === "ready") return now.installation;
  for (const { name } of Deno.readDirSync(packageFolder)) { // left by a killed process
    if (name.startsWith(stagePrefix)) await removeFolder(join(packageFolder, name));
  }
  if (now.state === "broken") onProgress(`the installed engine is damaged: ${now.why}; installing it again`);
  const found = now.state === "none" ? await takeOver(packageFolder, onProgress) : null;
  return found ?? await installBy(ways, packageFolder, onProgress);
}

async function look(packageFolder: string, thorough: boolean): Promise<InstallState> {
  const state = await readInstallation(packageFolder, { thorough });
  if (state.state !== "ready" || !thorough) return state;
  return await probeAddon(packageFolder, packageFolder).then(
    () => state,
    (error: Error) => ({ state: "broken", why: error.message }),
  );
}

/**
 * An addon without a record was put there by the package's own script or by hand. It is used if it computes. If there is a record
 * that does not match the files, nothing is trusted. To keep a build of your own, remove the record.
 */
async function takeOver(packageFolder: string, onProgress: OnProgress): Promise<Installation | null> {
  if (!await hasAddon(packageFolder)) return null;
  try {
    const tensorflow = await probeAddon(packageFolder, packageFolder);
    return await recordInstallation(packageFolder, { way: "found", tensorflow });
  } catch (error) {
    onProgress(`the engine found there does not work (${(error as Error).message}); installing it again`);
    return null;
  }
}

async function installBy(ways: Way[], packageFolder: string, onProgress: OnProgress): Promise<Installation> {
  if ((await Deno.permissions.query({ name: "run" })).state !== "granted") { // not a failure to remember
    throw notInstalled([
      "this task has no permission to start the programs that install it; other tasks have",
    ]);
  }
  const reasons: string[] = [];
  for (const way of ways) {
    const obstacle = await way.obstacle(packageFolder);
    if (obstacle) {
      reasons.push(`${way.title}: ${obstacle}`);
      continue;
    }
    const started = performance.now();
    const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
    onProgress(`setting up by ${way.title}; this happens once`);
    const stage = await Deno.makeTempDir({ dir: packageFolder, prefix: stagePrefix });
    try {
      await way.install(packageFolder, stage, onProgress);
      const tensorflow = await probeAddon(packageFolder, stage);
      await putInPlace(packageFolder, stage);
      const installation = await recordInstallation(packageFolder, { way: way.name, tensorflow });
      await Deno.remove(join(packageFolder, failureName)).catch(nullIfGone);
      onProgress(`TensorFlow ${tensorflow} is ready after ${seconds()}`);
      return installation;
    } catch (error) {
      reasons.push(`${way.title}: ${(error as Error).message}`);
      onProgress(`${way.title} failed after ${seconds()}: ${(error as Error).message}`);
    } finally {
      await removeFolder(stage);
    }
  }
  const failure = JSON.stringify({ at: Date.now(), reasons });
  await writeAtomic(join(packageFolder, failureName), failure).catch(() => {});
  throw notInstalled(reasons);
}

/** Moves the tested engine from the stage into the package; the old files are removed with the stage. */
async function putInPlace(packageFolder: string, stage: string): Promise<void> {
  const old = join(stage, "old");
  await Deno.mkdir(old);
  await Deno.remove(join(packageFolder, recordName)).catch(nullIfGone); // it describes the old files
  for (const name of ["deps", "lib"]) {
    await Deno.rename(join(packageFolder, name), join(old, name)).catch(nullIfGone);
    await Deno.rename(join(stage, name), join(packageFolder, name));
  }
}

/**
 * Loads the addon of a folder and multiplies two small matrices, in a process of its own: a wrong build can crash it.
 *
 * @param folder the package folder, or a stage with the same layout
 * @returns The version of the TensorFlow library behind it.
 * @throws Error if it does not load, crashes, or computes wrongly.
 */
async function probeAddon(packageFolder: string, folder: string): Promise<string> {
  const program = fileURLToPath(new URL("./probe.ts", import.meta.url));
  const addon = join(folder, addonPath);
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

/** Takes the right to install, which ends with this process at the latest. */
async function lock(packageFolder: string, onProgress: OnProgress): Promise<Disposable> {
  const onWait = () => onProgress("another process is setting the engine up; waiting for it");
  return await lockFile(join(packageFolder, ".native-engine.lock"), { onWait }).catch((error: Error) => {
    throw notInstalled([`${packageFolder} cannot be written to (${error.message})`]);
  });
}

/** What is known about the native engine without loading it. */
export interface Outlook {
  /** `possible`: its next start sets it up, or tests what somebody else put there. */
  state: "whole" | "damaged" | "possible" | "impossible";
  /** What there is, how to get it, or why it is impossible. */
  text: string;
}

/** Looks at the package folder and, if it has no engine, at what each way needs. Loads nothing, contacts no server. */
export async function nativeOutlook(options: InstallOptions = {}): Promise<Outlook> {
  const { packageFolder = tfjsNodeFolder(), ways = installWays, thorough } = options;
  const found = await readInstallation(packageFolder, { thorough });
  if (found.state === "ready") {
    const { way, tensorflow, tfjs } = found.installation;
    return { state: "whole", text: `tfjs-node ${tfjs} on TensorFlow ${tensorflow}, ${wayTexts[way]}` };
  }
  const failure = await rememberedFailure(packageFolder);
  if (failure) return { state: "impossible", text: notInstalled(failure).message };
  if (found.state === "broken") return { state: "damaged", text: found.why };
  if (await hasAddon(packageFolder)) {
    return { state: "possible", text: "found in the package folder, not yet tested; its first use tests it" };
  }
  const obstacles = await Promise.all(ways.map((way) => way.obstacle(packageFolder)));
  const open = ways.filter((_, i) => obstacles[i] === null).map(({ title }) => title);
  if (open.length > 0) {
    return {
      state: "possible",
      text: `its first use sets it up, in about a minute: ${open.join(", else ")}`,
    };
  }
  const reasons = ways.map(({ title }, i) => `${title}: ${obstacles[i]}`);
  return { state: "impossible", text: notInstalled(reasons).message };
}

/**
 * Why the native engine will not compute, and what to do, for a task that WebAssembly cannot do. Null if it is installed or can
 * be. Fast, like {@link nativeOutlook}. A failure of {@link ensureEngine} within the last hour counts as impossible.
 */
export async function whyNotNative(options: InstallOptions = {}): Promise<string | null> {
  if (readEngineChoice().engine === "wasm") {
    return "HAM10000_ENGINE=wasm, or --engine wasm, asks for WebAssembly. Leave it out to compute with the native TensorFlow engine.";
  }
  const { state, text } = await nativeOutlook(options);
  return state === "impossible" ? text : null;
}

/** Why installing failed within the last hour: trying again would only cost time. Null if it did not fail. */
async function rememberedFailure(packageFolder: string): Promise<string[] | null> {
  const text = await Deno.readTextFile(join(packageFolder, failureName)).catch(() => "{}");
  const { at = 0, reasons } = JSON.parse(text);
  return Date.now() - at < 3_600_000 ? reasons : null;
}

function notInstalled(reasons: string[], when = ""): Error {
  const lines = reasons.map((reason) => `  - ${reason}`).join("\n");
  return new Error(
    `The native TensorFlow engine is not installed${when}:\n${lines}\n` +
      "Remove one of these obstacles and run `deno task doctor --repair`.",
  );
}

function hasAddon(packageFolder: string): Promise<boolean> {
  return Deno.stat(join(packageFolder, addonPath)).then(() => true, () => false);
}

function removeFolder(path: string): Promise<void> {
  return Deno.remove(path, { recursive: true }).catch(() => {}); // a child process may still write there
}
