/** Sets the native engine up, once: the first way that works, assembled aside and put in place in one step. */
import { join } from "node:path";
import { addonPath, findCompiler, probeAddon, tfjsNodeFolder } from "./addon.ts";
import { findProgram, type OnProgress } from "./command.ts";
import { readEngineChoice } from "./engine_choice.ts";
import { type Installation, type InstallState, platform } from "./installation.ts";
import { describeInstallation, readInstallation, recordInstallation, recordName } from "./installation.ts";
import type { Way } from "./install_way.ts";
import { officialWay } from "./official.ts";
import { wasmSlowdown } from "./wasm.ts";
import { wheelWay } from "./wheel.ts";

/** The ways in the order in which they are tried. */
export const installWays: Way[] = [officialWay, wheelWay];

/** How {@link installEngine} works; everything has a default. */
export interface InstallOptions {
  /** The npm package @tensorflow/tfjs-node; default: the one this project uses. */
  packageFolder?: string;
  /** Receives one line per step; default: standard error. */
  onProgress?: OnProgress;
  /** Default {@link installWays}. */
  ways?: Way[];
  /** Compare every byte with what was installed, not sizes alone, and try the engine: seconds. Default false. */
  thorough?: boolean;
  /** Try again although it failed within the last hour and no tool was installed since. Default true. */
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
 * Otherwise sets it up (see {@link installWays}); an engine that somebody else put there is tried and taken over. Two
 * processes at once: one installs, the other waits. Interrupted half-way: the next call starts that step afresh.
 *
 * @throws Error naming, for every way, why it did not work and what to do.
 */
export async function installEngine(options: InstallOptions = {}): Promise<Installation> {
  const packageFolder = options.packageFolder ?? tfjsNodeFolder();
  const onProgress = options.onProgress ?? ((line) => console.error(`native engine: ${line}`));
  const look = options.thorough ? lookThoroughly : readInstallation;
  const before = await look(packageFolder);
  if (before.state === "ready") return before.installation;
  const failure = options.retry === false ? await rememberedFailure(packageFolder) : null;
  if (failure) throw failed(failure.reasons, `tried ${failure.minutes} minutes ago`);
  using held = await lock(packageFolder, onProgress);
  if (!held) return await useUnwritable(packageFolder);
  const now = await look(packageFolder); // another process may have finished it meanwhile
  if (now.state === "ready") return now.installation;
  await removeStages(packageFolder);
  const found = await takeOver(packageFolder, now, onProgress);
  if (found) return found;
  return await install(packageFolder, { ways: options.ways ?? installWays, onProgress });
}

async function lookThoroughly(packageFolder: string): Promise<InstallState> {
  const state = await readInstallation(packageFolder, { thorough: true });
  if (state.state !== "ready") return state;
  const works = await probeAddon(packageFolder, join(packageFolder, addonPath)).catch((error: Error) =>
    error
  );
  return typeof works === "string" ? state : { state: "broken", why: works.message };
}

async function install(
  packageFolder: string,
  options: { ways: Way[]; onProgress: OnProgress },
): Promise<Installation> {
  const reasons: string[] = [];
  for (const way of options.ways) {
    const obstacle = await way.obstacle({ packageFolder });
    if (obstacle) {
      reasons.push(`${way.title}: ${obstacle}`);
      continue;
    }
    const started = performance.now();
    const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
    options.onProgress(`setting up by ${way.title}; this happens once`);
    const stage = await Deno.makeTempDir({ dir: packageFolder, prefix: stagePrefix });
    try {
      await way.install({ packageFolder, stage, onProgress: options.onProgress });
      const tensorflow = await probeAddon(packageFolder, join(stage, addonPath));
      await putInPlace(packageFolder, stage);
      const installation = await recordInstallation(packageFolder, { way: way.name, tensorflow });
      await Deno.remove(join(packageFolder, failureName)).catch(() => {});
      options.onProgress(`TensorFlow ${tensorflow} is ready after ${seconds()}`);
      return installation;
    } catch (error) {
      reasons.push(`${way.title}: ${(error as Error).message}`);
      options.onProgress(`${way.title} failed after ${seconds()}: ${(error as Error).message}`);
    } finally {
      await Deno.remove(stage, { recursive: true }).catch(() => {});
    }
  }
  const failure = { at: Date.now(), tools: toolsHere(), reasons };
  await Deno.writeTextFile(join(packageFolder, failureName), JSON.stringify(failure, null, 2)).catch(
    () => {},
  );
  throw failed(reasons);
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
 * An addon without a record was put there by the package's own script or by hand: if it computes, it is used. With a
 * record that the files contradict nothing is trusted; who wants to keep a build of their own removes the record.
 */
async function takeOver(
  packageFolder: string,
  now: InstallState,
  onProgress: OnProgress,
): Promise<Installation | null> {
  if (now.state === "broken") {
    onProgress(`the installed engine is damaged: ${now.why}; installing it again`);
    return null;
  }
  const addon = join(packageFolder, addonPath);
  if (await Deno.stat(addon).then(() => false, () => true)) return null;
  try {
    return await recordInstallation(packageFolder, {
      way: "found",
      tensorflow: await probeAddon(packageFolder, addon),
    });
  } catch (error) {
    onProgress(`the engine found there does not work (${(error as Error).message}); installing it again`);
    return null;
  }
}

/** Where the package belongs to somebody else, an engine in it is used as it is, tried at every start. */
async function useUnwritable(packageFolder: string): Promise<Installation> {
  const addon = join(packageFolder, addonPath);
  const works = await probeAddon(packageFolder, addon).catch((error: Error) => error);
  if (typeof works === "string") {
    return await describeInstallation(packageFolder, { way: "found", tensorflow: works });
  }
  throw failed([`${packageFolder} holds no engine that works, and this user may not write there`]);
}

/** Holds the right to install, which ends with this process at the latest; null where this user cannot have it. */
async function lock(packageFolder: string, onProgress: OnProgress): Promise<Disposable | null> {
  const path = join(packageFolder, ".native-engine.lock");
  const file = await Deno.open(path, { create: true, write: true }).catch(() => null);
  if (file && !await file.tryLock(true)) {
    onProgress("another process is setting the engine up; waiting for it");
    await file.lock(true);
  }
  return file;
}

async function removeStages(packageFolder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(packageFolder)) {
    if (!isDirectory || !name.startsWith(stagePrefix)) continue;
    await Deno.remove(join(packageFolder, name), { recursive: true }).catch(() => {}); // a child may still write there
  }
}

/**
 * The reasons why installing failed within the last hour, if no tool has come or gone since: trying again would cost
 * time for nothing. Else null.
 */
export async function rememberedFailure(
  packageFolder: string,
): Promise<{ reasons: string[]; minutes: number } | null> {
  const text = await Deno.readTextFile(join(packageFolder, failureName)).catch(() => "null");
  const { at, tools, reasons } = JSON.parse(text) ?? {};
  const minutes = Math.floor((Date.now() - at) / 60_000);
  return minutes < 60 && tools === toolsHere() ? { reasons, minutes } : null;
}

function toolsHere(): string {
  return `${platform}, compiler ${findCompiler()}, python ${findProgram(["python3", "python"])}`;
}

function failed(reasons: string[], when = ""): Error {
  const lines = reasons.map((reason) => `  - ${reason}`).join("\n");
  return new Error(
    `The native TensorFlow engine is not installed${when && ` (${when})`}:\n${lines}\n` +
      "Remove one of these obstacles and run `deno task doctor --repair`.",
  );
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
