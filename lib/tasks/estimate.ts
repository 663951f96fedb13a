/** What a run will cost, before it starts: images to compute, minutes, disk. */
import type { Config } from "../config.ts";
import { storeFolder } from "../experiment/source.ts";
import { studyConfigs } from "../experiment/study_runs.ts";
import { augmentationTargets } from "../data/augmented_table.ts";
import { countLabels } from "../data/diagnosis.ts";
import { openTable } from "../data/metadata.ts";
import { standInCounts } from "../data/stand_in.ts";
import { countStoredImages } from "../data/image_set.ts";
import { pixelsIn } from "../image_size.ts";
import { thousands } from "../support/format.ts";
import { durationText } from "../support/pace.ts";
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { readInstallation, tfjsNodeFolder } from "../support/engine/installation.ts";
import { type PartSizes, recipeCost, type Training } from "./recipe_cost.ts";

/** Images a second on two cores of 2023: the first guess. The progress line measures the machine at hand. */
const decodesPerSecond = 350;
const forwardPerSecond = { native: 60, wasm: 9 };
/** Kernel, figures, training: what each notebook takes besides the images. */
const secondsPerNotebook = {
  "01_eda": 8,
  "02_augmentation": 5,
  "03_split": 5,
  "04_optimizer_comparison": 20,
  "05_final_evaluation": 20,
};
/** Bytes of one stored activation, as half floats, and with float32 beside it for the test. */
const activationBytes = { half: 2048 * 2 + 40, both: 2048 * 6 + 80 };

/** Work that is left for some notebooks. */
interface Left {
  readonly decode: number;
  /** Training and validation images. */
  readonly subset: number;
  readonly test: number;
  /** Recipes among what runs, finished ones too. */
  readonly trainings: readonly Training[];
}

/** Lines for a reader: what will be computed, what is stored already, time and disk. */
export async function estimateCost(
  config: Config,
  notebooks: readonly string[],
  options: { fresh?: boolean } = {},
): Promise<string[]> {
  if (notebooks.length === 0) return ["Nothing to compute."];
  const left = await leftToCompute(config, notebooks, options.fresh ?? false);
  const rate = forwardPerSecond[readEngineChoice().engine === "wasm" ? "wasm" : "native"];
  const forward = left.subset + left.test;
  const fixed = notebooks.reduce(
    (sum, name) => sum + (secondsPerNotebook[name as keyof typeof secondsPerNotebook] ?? 10),
    0,
  );
  const deeper = recipeCost(left.trainings, rate);
  const seconds = left.decode / decodesPerSecond + forward / rate + fixed + deeper.seconds;
  const bytes = left.decode * pixelsIn(config.size) * 3 + left.subset * activationBytes.half +
    left.test * activationBytes.both + deeper.bytes;
  return [
    `to compute  ${thousands(left.decode)} images to decode, ${thousands(forward)} through VGG16`,
    ...deeper.epochs > 0
      ? [
        `to train    ${thousands(left.trainings.length)} ${
          left.trainings.length === 1 ? "recipe" : "recipes"
        }, ${thousands(deeper.epochs)} epochs, less what is stored; about ${
          durationText(deeper.seconds)
        } of the time`,
      ]
      : [],
    `time        about ${durationText(seconds)} on two cores`,
    `disk        about ${thousands(Math.ceil(bytes / 1e6))} MB more in the run's folder`,
  ];
}

async function leftToCompute(config: Config, notebooks: readonly string[], fresh: boolean): Promise<Left> {
  const needs = (...numbers: string[]) => notebooks.some((name) => numbers.includes(name.slice(0, 2)));
  const sizes = await partSizesOf(config);
  const stored = fresh ? 0 : countStoredImages(storeFolder(config), config.size);
  const decode = needs("02", "04", "05") ? Math.max(0, sizes.images - stored) : 0;
  // Activations are found by their pixels: as long as images are missing nothing is known of them.
  const configs = [
    ...config.recipe.length > 0 && needs("04", "05") ? [{ config, opensTest: true }] : [],
    ...needs("06") ? studyConfigs(config) : [],
  ];
  const trainings = await Promise.all(
    configs.map(async ({ config, opensTest }) => {
      const sizes = await partSizesOf(config);
      return { config, sizes: opensTest ? sizes : { ...sizes, test: 0 } };
    }),
  );
  const { subset, test } = fresh || stored < sizes.images || !needs("04", "05") || !await isEngineReady()
    ? sizes
    : await (await import("./stored_work.ts")).missingActivations(config).catch(refuse);
  return { decode, subset: needs("04", "05") ? subset : 0, test: needs("05") ? test : 0, trainings };
}

/** Numbers of images, without opening any. */
async function partSizesOf(config: Config): Promise<PartSizes> {
  const counts = config.data === null
    ? standInCounts(config.standInImages)
    : await tableCounts(config, config.data);
  const augmented = augmentationTargets(counts).reduce((a, b) => a + b, 0);
  const test = Math.round(config.testShare * augmented);
  const subset = Math.round(config.subsetShare * (augmented - test));
  return {
    images: counts.reduce((a, b) => a + b, 0),
    subset,
    train: subset - Math.round(config.validationShare * subset),
    test,
  };
}

/** Photos of each class. */
async function tableCounts(config: Config, folder: string): Promise<number[]> {
  const { samples, classes } = await openTable(folder, config).catch(refuse);
  return countLabels(samples.map((sample) => sample.label), classes.length);
}

/** A table, photos or weights that cannot be used are a RangeError: the call cannot be carried out as given. */
function refuse(error: Error): never {
  if (!["Error", "SyntaxError"].includes(error.name)) throw error;
  throw new RangeError(error.message, { cause: error });
}

async function isEngineReady(): Promise<boolean> {
  return readEngineChoice().engine === "wasm" || (await readInstallation(tfjsNodeFolder())).state === "ready";
}
