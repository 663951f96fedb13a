/** A small experiment on drawn images with random weights, in a folder of its own. */
import { type Config, type ConfigOptions, createConfig } from "../../lib/config.ts";
import { type Experiment, openExperiment } from "../../lib/experiment/experiment.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** 80 drawn images, two epochs. The folder disappears afterwards. */
export async function withConfig(
  changes: ConfigOptions,
  work: (config: Config) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const out = temporary.path;
  await work(
    createConfig({ preset: "smoke", standInImages: 80, epochs: 2, weights: null, out, ...changes }),
  );
}

/** The same, opened. */
export async function withExperiment(
  changes: ConfigOptions,
  work: (experiment: Experiment) => void | Promise<void>,
): Promise<void> {
  await withConfig(changes, async (config) => await work(await openExperiment(config)));
}
