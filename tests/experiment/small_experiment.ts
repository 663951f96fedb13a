/** A small experiment on drawn images with random weights, in a folder of its own. */
import { type Config, type ConfigOptions, createConfig } from "../../lib/config.ts";
import { type Experiment, openExperiment } from "../../lib/experiment/experiment.ts";

/** 80 drawn images of 32 × 32 pixels, two epochs. The folder disappears afterwards. */
export async function withConfig(
  changes: ConfigOptions,
  work: (config: Config) => Promise<void>,
): Promise<void> {
  const out = await Deno.makeTempDir();
  try {
    await work(
      createConfig({
        ...{ preset: "smoke", standInImages: 80, size: 32, epochs: 2, weights: null, out },
        ...changes,
      }),
    );
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/** The same, opened. */
export async function withExperiment(
  changes: ConfigOptions,
  work: (experiment: Experiment) => void | Promise<void>,
): Promise<void> {
  await withConfig(changes, async (config) => await work(await openExperiment(config)));
}
