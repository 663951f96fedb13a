/** A small experiment on drawn images with random weights, in a folder of its own. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { type Config, type ConfigOptions, createConfig, storeFolder } from "../../lib/config.ts";
import { type Experiment, openExperiment, openSource } from "../../lib/experiment/experiment.ts";
import { lastingFolder, temporaryFolder } from "../support/temporary_folder.ts";

const small = { preset: "smoke", standInImages: 80, size: 32, epochs: 2, weights: null } as const;

/** Stores that hold drawn images alone, by their number: drawn once for all tests of a module. */
const drawn = new Map<number, Promise<string>>();
const temporary = await lastingFolder();

function drawnStore(standInImages: number): Promise<string> {
  const store = drawn.get(standInImages) ?? (async () => {
    const config = createConfig({ ...small, standInImages, out: join(temporary, String(standInImages)) });
    await openSource(config);
    return storeFolder(config);
  })();
  drawn.set(standInImages, store);
  return store;
}

/** 80 drawn images of 32 × 32 pixels, two epochs. The folder disappears afterwards. */
export async function withConfig(
  changes: ConfigOptions,
  work: (config: Config) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const config = createConfig({ ...small, out: folder.path, ...changes });
  await cp(await drawnStore(config.standInImages), storeFolder(config), { recursive: true });
  await work(config);
}

/** The same, opened. */
export async function withExperiment(
  changes: ConfigOptions,
  work: (experiment: Experiment) => void | Promise<void>,
): Promise<void> {
  await withConfig(changes, async (config) => await work(await openExperiment(config)));
}
