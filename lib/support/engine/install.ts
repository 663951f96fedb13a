/** Sets the native engine up, once: the first way that works, assembled aside and put in place in one step. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type OnProgress, packageRun, runCommand } from "./command.ts";
import { readEngineChoice, wasmSlowdown } from "./engine_choice.ts";
import {
  addonPath,
  describeInstallation,
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

/** The ways in the order in which they are tried. */
const installWays: Way[] = [officialWay, wheelWay];

/** How {@link installEngine} works; everything has a default. */
export interface InstallOptions {
  /** The npm package @tensorflow/tfjs-node; default: the one this project uses. */
  packageFolder?: string;
  /** Receives one line per step; default: standard error. */
  onProgress?: OnProgress;
  /** Default: the official one, then the wheel's. */
  ways?: Way[];
  /** Compare every byte with what was installed, not sizes alone, and try the engine: seconds. Default false. */
  thorough?: boolean;
  /** Try again although it failed within the last hour. Default true. */
  retry?: boolean;
}

const stagePrefix = ".native-engine-";
const failureName = "native-engine-failure.json";

/**
 * The step before the notebooks start: makes sure that the engine which the user's choice leads to is there.
 *
 * @returns The native engine's record; null where WebAssembly is going to compute, because it was chosen or because the
 *   native engine cannot be had (then a warning has said why).
 * @throws Error where `HAM10000_ENGINE=native` and the native engine cannot be had.
 */
export async function ensureEngine(options: InstallOptions = {}): Promise<Installation | null> {
  const { engine } = readEngineChoice();
  if (engine === "wasm") return null;
  try {
    return await installEngine({ ...options, retry: options.retry ?? engine === "native" });
  } catch (error) {
    if (engine === "native") throw error;
    console.warn(withoutNative(error as Error));
    return null;
  }
}

/** The warning where WebAssembly computes for lack of the native engine: why, what it costs, what to do. */
export function withoutNative(error: Error): string {
  return `${error.message}\nUntil then WebAssembly computes, about ${wasmSlowdown} times slower.`;
}

/**
 * Makes sure that the native engine is installed and returns its record. Installed already: milliseconds, no network.
 * Otherwise sets it up; an engine that somebody else put there is tried and taken over. Two processes at once: one
 * installs, the other waits. Interrupted half-way: the next call starts afresh.
 *
 * @throws Error naming, for every way, why it did not work and what to do.
 */
export async function installEngine(options: InstallOptions = {}): Promise<Installation> {
  const { packageFolder = tfjsNodeFolder(), ways = installWays, thorough = false, retry = true } = options;
  const onProgress = options.onProgress ?? ((line) => console.error(`native engine: ${line}`));
  const before = await look(packageFolder, thorough);
  if (before.state === "ready") return before.installation;
  const failure = retry ? null : await rememberedFailure(packageFolder);
  if (failure) throw notInstalled(failure.reasons, ` (tried ${failure.minutes} minutes ago)`);

  using held = await lock(packageFolder, onProgress);
  const now = await look(packageFolder, thorough); // another process may have finished it meanwhile
  if (now.state === "ready") return now.installation;
  const found = now.state === "none" ? await takeOver(packageFolder, onProgress) : null;
  if (!held) {
    if (found) return found; // not recorded, and so tried at every start
    throw notInstalled([`${packageFolder} holds no engine that works, and this user may not write there`]);
  }
  await removeStages(packageFolder);
  if (now.state === "broken") onProgress(`the installed engine is damaged: ${now.why}; installing it again`);
  if (found) await recordInstallation(packageFolder, found);
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
 * An addon without a record was put there by the package's own script or by hand: if it computes, it is used. With a
 * record that the files contradict nothing is trusted; who wants to keep a build of their own removes the record.
 */
async function takeOver(packageFolder: string, onProgress: OnProgress): Promise<Installation | null> {
  if (!await hasAddon(packageFolder)) return null;
  try {
    const tensorflow = await probeAddon(packageFolder, packageFolder);
    return await describeInstallation(packageFolder, { way: "found", tensorflow });
  } catch (error) {
    onProgress(`the engine found there does not work (${(error as Error).message}); installing it again`);
    return null;
  }
}

async function installBy(ways: Way[], packageFolder: string, onProgress: OnProgress): Promise<Installation> {
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
      const installation = await describeInstallation(packageFolder, { way: way.name, tensorflow });
      await recordInstallation(packageFolder, installation);
      await Deno.remove(join(packageFolder, failureName)).catch(ignoreMissing);
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
  await Deno.writeTextFile(join(packageFolder, failureName), failure).catch(() => {});
  throw notInstalled(reasons);
}

/** Moves the proven engine from the stage into the package; what was there goes with the stage. */
async function putInPlace(packageFolder: string, stage: string): Promise<void> {
  const old = join(stage, "old");
  await Deno.mkdir(old);
  await Deno.remove(join(packageFolder, recordName)).catch(ignoreMissing); // it describes what now goes
  for (const name of ["deps", "lib"]) {
    await Deno.rename(join(packageFolder, name), join(old, name)).catch(ignoreMissing);
    await Deno.rename(join(stage, name), join(packageFolder, name));
  }
}

/**
 * Loads the addon of a folder in a process of its own and multiplies two small matrices: a wrong build does not only throw,
 * it can bring the whole process down.
 *
 * @param folder the package folder, or a stage with the same places in it
 * @returns The version of the TensorFlow library behind it.
 * @throws Error when it does not load, crashes, or computes wrongly.
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

/** Holds the right to install, which ends with this process at the latest; null where this user cannot have it. */
async function lock(packageFolder: string, onProgress: OnProgress): Promise<Disposable | null> {
  const file = await Deno.open(join(packageFolder, ".native-engine.lock"), { create: true, write: true })
    .catch(() => null);
  if (file && !await file.tryLock(true)) {
    onProgress("another process is setting the engine up; waiting for it");
    await file.lock(true);
  }
  return file;
}

/** Removes what a killed process left. */
async function removeStages(packageFolder: string): Promise<void> {
  for (const { name } of Deno.readDirSync(packageFolder)) {
    if (name.startsWith(stagePrefix)) await removeFolder(join(packageFolder, name));
  }
}

/** What can be said of the native engine without loading it. */
export interface Outlook {
  state: "whole" | "damaged" | "possible" | "impossible";
  /** What there is, or how or why. */
  text: string;
}

/** Looks at the package folder and, where it holds no engine, at what the ways to one need. Loads nothing, asks no server. */
export async function nativeOutlook(options: InstallOptions = {}): Promise<Outlook> {
  const { packageFolder = tfjsNodeFolder(), ways = installWays, thorough } = options;
  const found = await readInstallation(packageFolder, { thorough });
  if (found.state === "broken") return { state: "damaged", text: found.why };
  if (found.state === "ready") {
    const { way, tensorflow, tfjs } = found.installation;
    return { state: "whole", text: `tfjs-node ${tfjs} on TensorFlow ${tensorflow}, ${wayTexts[way]}` };
  }
  if (await hasAddon(packageFolder)) {
    return { state: "possible", text: "put there by other means; its first use tries it" };
  }
  const failure = await rememberedFailure(packageFolder);
  const obstacles = failure ? [] : await Promise.all(ways.map((way) => way.obstacle(packageFolder)));
  const open = obstacles.findIndex((obstacle) => obstacle === null);
  if (open >= 0) {
    return { state: "possible", text: `its first use sets it up, in about a minute: ${ways[open].title}` };
  }
  const reasons = failure?.reasons ?? obstacles.map((obstacle, i) => `${ways[i].title}: ${obstacle}`);
  return { state: "impossible", text: notInstalled(reasons).message };
}

/**
 * Why the native engine is not going to compute, and what to do, for a task that WebAssembly cannot do; null where the native
 * engine is installed or can be. Cheap, like {@link nativeOutlook}. What {@link ensureEngine} has failed to do in this hour
 * counts as impossible.
 */
export async function whyNotNative(options: InstallOptions = {}): Promise<string | null> {
  if (readEngineChoice().engine === "wasm") {
    return "HAM10000_ENGINE=wasm asks for WebAssembly. Unset it to compute with the native TensorFlow engine.";
  }
  const { state, text } = await nativeOutlook(options);
  return state === "impossible" ? text : null;
}

/** The reasons why installing failed within the last hour, as trying again would cost time for nothing; else null. */
async function rememberedFailure(
  packageFolder: string,
): Promise<{ reasons: string[]; minutes: number } | null> {
  const text = await Deno.readTextFile(join(packageFolder, failureName)).catch(() => "null");
  const { at, reasons } = JSON.parse(text) ?? {};
  const minutes = Math.floor((Date.now() - at) / 60_000);
  return minutes < 60 ? { reasons, minutes } : null;
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
  return Deno.remove(path, { recursive: true }).catch(() => {}); // a child may still write there
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
