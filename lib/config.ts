/** The configuration of a run: presets of one type, checked where they enter. */
import { existsSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { checkClasses, checkColumns, type ColumnNames } from "./columns.ts";
import { type ImageSize, isImageSize, normalSize } from "./image_size.ts";
import {
  checkNoPhotos,
  findData,
  isHam10000Name,
  metadataFile,
  officialTestFolder,
} from "./metadata_file.ts";
import {
  checkRecipe,
  type Depth,
  depths,
  type OptimizerName,
  optimizerNames,
  type Recipe,
  type Stage,
  stageOf,
} from "./recipe.ts";
import { projectRoot } from "./support/project.ts";
import { isObject } from "./support/json.ts";

const presets = ["smoke", "quick", "write-up", "honest"] as const;
export type Preset = (typeof presets)[number];
/** `divide255`: x / 255, as in the write-up. `imagenet`: BGR minus the channel means, as VGG16's weights were trained. */
export type Scaling = "divide255" | "imagenet";

/** Number format of convolutions; weights, sums and optimizer are always `float32`. `bfloat16` needs a CPU that supports it. */
export const precisions = ["float32", "bfloat16"] as const;
export type Precision = (typeof precisions)[number];

/**
 * `as-written`: photos are augmented, then split, as in the write-up, so copies of one photo are in several parts. `split-first`:
 * groups of related photos are split, then each part is augmented. Both give the same image counts.
 */
const protocols = ["as-written", "split-first"] as const;
export type Protocol = (typeof protocols)[number];

/** A protocol in words: `as written`. */
export const protocolText = (protocol: Protocol): string => protocol.replaceAll("-", " ");

/** Ranges from which the changes of an augmented copy are drawn. */
export interface AugmentationRanges {
  /** Rotation, uniform in ± this many degrees, 0 to 180. */
  readonly rotation: number;
  /** Zoom factor, uniform between these two, drawn for each axis; above 0, and below 1 enlarges. */
  readonly zoom: readonly [number, number];
  /** Shift to the left or right, uniform in ± this share of the width, 0 to 1. */
  readonly widthShift: number;
  /** Shift up or down, uniform in ± this share of the height, 0 to 1. */
  readonly heightShift: number;
  /** Whether half of the copies are mirrored left to right. */
  readonly horizontalFlip: boolean;
  /** Whether half of the copies are mirrored top to bottom. */
  readonly verticalFlip: boolean;
}

/** @throws {RangeError} if a range is missing, unknown or outside its limits */
export function checkRanges(ranges: AugmentationRanges): void {
  const check = (name: string, value: unknown, holds: boolean, expected: string) => {
    if (!holds) throw new RangeError(`${name} must be ${expected}. Received: ${value}`);
  };
  const names = Object.keys(protocolRanges);
  const given = Object.keys(ranges ?? {});
  const odd = given.find((name) => !names.includes(name)) ?? names.find((name) => !given.includes(name));
  if (odd) {
    throw new RangeError(`ranges must be ${names.join(", ")}, each once. Received: ${given.join(", ")}`);
  }
  const isIn = (value: unknown, least: number, most: number) =>
    typeof value === "number" && value >= least && value <= most; // a file may have any type
  const { rotation, zoom, widthShift, heightShift, horizontalFlip, verticalFlip } = ranges;
  check("rotation", rotation, isIn(rotation, 0, 180), "from 0 to 180 degrees");
  const [least, most] = Array.isArray(zoom) && zoom.length === 2 ? zoom : [NaN, NaN];
  const isRange = isIn(most, 0, Number.MAX_VALUE) && isIn(least, Number.MIN_VALUE, most);
  check("zoom", zoom, isRange, "[least, most], both above 0");
  check("widthShift", widthShift, isIn(widthShift, 0, 1), "from 0 to 1");
  check("heightShift", heightShift, isIn(heightShift, 0, 1), "from 0 to 1");
  check("horizontalFlip", horizontalFlip, typeof horizontalFlip === "boolean", "true or false");
  check("verticalFlip", verticalFlip, typeof verticalFlip === "boolean", "true or false");
}

export interface Config {
  /**
   * `smoke`: drawn stand-in images. `quick`: photos, only the softmax is trained on the frozen network. `write-up`: photos, and
   * also the recipe that reaches the published accuracy. `honest`: photos, and the leak-free network of notebook 8.
   */
  readonly preset: Preset;
  /** Folder of the photos and their metadata table; null: drawn stand-in images. */
  readonly data: string | null;
  /** Path of the metadata table, or of several tables that are joined by image id; null: HAM10000's table in `data`. */
  readonly metadata: string | readonly string[] | null;
  /** Another table's names for HAM10000's columns; null: the names of HAM10000 or of other well-known tables. */
  readonly columns: ColumnNames | null;
  /** The diagnoses in label order; null: HAM10000's seven, or for another table those that it has. */
  readonly classes: readonly string[] | null;
  /** Join diagnoses that differ only in case, under HAM10000's code if it has one; false: they stop the run. */
  readonly joinCase: boolean;
  /** Leave out photos that cannot be decoded, and say so on every page; false: they stop the run. */
  readonly skipDamaged: boolean;
  /** Keep photos that have several diagnoses, under several ids, and say so on every page; false: such photos stop the run. */
  readonly keepContradictions: boolean;
  /** Keras' HDF5 file of VGG16 without top; null: seeded random weights. */
  readonly weights: string | null;
  /**
   * Folder of the official test set of ISIC 2018 Task 3, or of another set in its form: photos, and a table with "GroundTruth" in
   * its name; null: none. It decides nothing, so it is in no key.
   */
  readonly officialTest: string | null;
  /** Seed of all random choices, 0 … 2³² − 1. */
  readonly seed: number;
  /** Folder that the run writes to. */
  readonly out: string;
  /** Image size in pixels, at least 32 a side: the side of a square, or [height, width]. */
  readonly size: ImageSize;
  readonly scaling: Scaling;
  readonly precision: Precision;
  readonly protocol: Protocol;
  readonly augmentation: AugmentationRanges;
  /** First part of VGG16 that the recipe trains. The comparison of the optimizers always trains only the softmax. */
  readonly depth: Depth;
  /** Stages trained in addition to the comparison, from the same initial weights; empty: none. */
  readonly recipe: Recipe;
  /** For the comparison in notebook 4, like the next three fields. */
  readonly optimizers: readonly OptimizerName[];
  readonly learningRate: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Share of the augmented images in the test part. */
  readonly testShare: number;
  /** Share of the training side that is used: 12,000 of 34,120. */
  readonly subsetShare: number;
  /** Share of the used images in the validation part. */
  readonly validationShare: number;
  /** Number of drawn stand-in images, at least 70. */
  readonly standInImages: number;
  /** Epochs of the study runs that train convolutions. */
  readonly studyEpochs: number;
  /** Write TensorBoard logs of all trainings. */
  readonly tensorBoard: boolean;
}

const ham10000 = {
  ...{ metadata: null, columns: null, classes: null, joinCase: false },
  ...{ skipDamaged: false, keepContradictions: false },
} as const;

/** Options of `createConfig`; the preset decides the rest. A depth without a recipe means the usual recipe of that depth. */
export type ConfigOptions =
  & { -readonly [K in keyof Omit<Config, "recipe">]?: Config[K] }
  & { recipe?: readonly (Partial<Stage> & Pick<Stage, "depth">)[] };

/** The ranges of the public Keras script that the write-up's counts match. */
export const protocolRanges: AugmentationRanges = {
  rotation: 180,
  zoom: [0.9, 1.1],
  widthShift: 0.1,
  heightShift: 0.1,
  horizontalFlip: true,
  verticalFlip: true,
};

const asWritten = {
  size: 64,
  scaling: "divide255",
  precision: "float32",
  protocol: "as-written",
  augmentation: protocolRanges,
  optimizers: optimizerNames,
  learningRate: 1e-3,
  epochs: 30,
  batchSize: 32,
  testShare: 0.2,
  subsetShare: 12_000 / 34_120,
  validationShare: 0.2,
  standInImages: 600,
  studyEpochs: 6,
  tensorBoard: false,
} as const;

/** The recipe of the preset `write-up`. */
const writeUpRecipe: Recipe = [
  stageOf({ depth: "block1", epochs: 12, dropout: 0.3, randomOrientation: true }),
];

/** ImageNet weights without top, as Keras names them. */
export const weightsFile = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5";

/**
 * Returns a checked, frozen configuration. Data, weights and the official test set are looked for in `data/` if they are not
 * given; weights or a test set of null are not. If only a table is given, its photos are looked for beside it. Without data the
 * preset is `smoke`.
 *
 * @throws {RangeError} if a value is not allowed; the message names it, with what was expected and received
 */
export function createConfig(options: ConfigOptions = {}): Config {
  checkTypes(options);
  const [table] = [options.metadata ?? []].flat();
  const given = options.data ?? (table ? dirname(table) : null);
  const data = given ?? (options.preset === "smoke" ? null : findData());
  if (data === null && options.preset !== "smoke") checkNoPhotos();
  const preset = options.preset ?? (data === null ? "smoke" : "quick");
  const recipe = recipeOf(preset, options);
  const config: Config = {
    ...asWritten,
    ...ham10000,
    seed: 0,
    ...definedOnly(options),
    size: normalSize(options.size ?? asWritten.size),
    depth: recipe.at(-1)?.depth ?? "head",
    recipe,
    preset,
    data: preset === "smoke" ? null : data,
    weights: options.weights === undefined ? findWeights() : options.weights,
    officialTest: preset !== "smoke" && options.officialTest === undefined
      ? findInData(officialTestFolder)
      : options.officialTest ?? null,
    out: options.out ?? usualFolder(preset, table),
  };
  checkConfig(config, options);
  return Object.freeze(config);
}

/** Default output folder. Another table's results have their own folder, so they do not replace others. */
function usualFolder(preset: Preset, table: string | undefined): string {
  const own = table && !isHam10000Name(table) ? `${parse(table).name}-` : "";
  return `${projectRoot}outputs/${own}${preset}`;
}

function recipeOf(preset: Preset, { depth, recipe }: ConfigOptions): Recipe {
  if (recipe) {
    if (Array.isArray(recipe) && recipe.every((stage): boolean => isObject(stage))) {
      return recipe.map(stageOf);
    }
    throw new RangeError(
      `Configuration: recipe must be a list of stages. Received: ${JSON.stringify(recipe)}`,
    );
  }
  if (depth) return depth === "head" ? [] : [stageOf({ depth })];
  return preset === "write-up" ? writeUpRecipe : [];
}

/** Folder for everything that a run can compute again: decoded images, activations, trainings. */
export function storeFolder({ out }: Pick<Config, "out">): string {
  return join(out, "store");
}

/**
 * The settings that decide the results: all except file locations and logs. Settings for another table, `precision` and
 * `protocol` are included only if they differ from their defaults, `float32` and `as-written`.
 */
export type Experiment = Partial<Config> & Pick<Config, "recipe">;

export function experimentOf(config: Config): Experiment {
  const { data: _data, weights: _weights, officialTest: _test, out: _out, ...others } = config;
  const { metadata: _metadata, tensorBoard: _tensorBoard, ...settings } = others;
  const defaults: Partial<Config> = { ...ham10000, precision: "float32", protocol: "as-written" };
  const own = Object.entries(settings).filter(([name, value]) => value !== defaults[name as keyof Config]);
  return Object.fromEntries(own) as Experiment;
}

/** Checks the values that are used before the full check: a file may hold any type. @throws {RangeError} for the first wrong one */
function checkTypes(options: ConfigOptions): void {
  const expect = expectIn(options);
  const isPath = (value: unknown) => typeof value === "string" && value !== "";
  for (const name of ["data", "weights", "officialTest", "out"] as const) {
    expect(isPath(options[name] ?? "none"), name, "a path");
  }
  const tables = Array.isArray(options.metadata) ? options.metadata : [options.metadata ?? "none"];
  expect(
    tables.length > 0 && tables.every(isPath),
    "metadata",
    "the path of a table, or a list of such paths",
  );
  expect(isObject(options.columns ?? {}), "columns", 'an object, such as { "dx": "finding" }');
}

/** Returns a check of one value, which throws a RangeError with what was expected and received. */
function expectIn<T extends object>(values: T) {
  return (holds: boolean, name: keyof T & string, expected: string): void => {
    if (holds) return;
    throw new RangeError(
      `Configuration: ${name} must be ${expected}. Received: ${JSON.stringify(values[name])}`,
    );
  };
}

function checkConfig(config: Config, options: ConfigOptions): void {
  const expect = expectIn(config);
  const { preset, seed, optimizers, depth, learningRate, subsetShare, size } = config;
  expect(presets.includes(preset), "preset", `one of ${presets.join(", ")}`);
  expect(
    Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32,
    "seed",
    "a whole number from 0 to 4294967295",
  );
  expect(
    Array.isArray(optimizers) && optimizers.length > 0,
    "optimizers",
    "a list of at least one optimizer",
  );
  const areKnown = optimizers.every((name) => optimizerNames.includes(name));
  expect(areKnown, "optimizers", `names out of ${optimizerNames.join(", ")}`);
  expect(new Set(optimizers).size === optimizers.length, "optimizers", "names that do not repeat");
  expect(["divide255", "imagenet"].includes(config.scaling), "scaling", `"divide255" or "imagenet"`);
  expect(precisions.includes(config.precision), "precision", `one of ${precisions.join(", ")}`);
  expect(protocols.includes(config.protocol), "protocol", `one of ${protocols.join(", ")}`);
  expect(depths.includes(depth), "depth", `one of ${depths.join(", ")}`);
  const isAsked = options.depth === undefined || options.depth === depth;
  expect(isAsked, "depth", `that of the recipe's last stage, not ${options.depth}`);
  const within = (name: keyof Config, check: () => void) => {
    try {
      check();
    } catch (error) {
      throw new RangeError(`Configuration: ${name}, ${(error as Error).message}`, { cause: error });
    }
  };
  within("recipe", () => checkRecipe(config.recipe));
  const readsImages = config.recipe.some((stage) => stage.readsImages);
  expect(!readsImages, "recipe", "without readsImages, which is for images that are drawn anew each time");
  within("augmentation", () => checkRanges(config.augmentation));
  expect(learningRate > 0 && Number.isFinite(learningRate), "learningRate", "a positive number");
  expect(
    Number.isFinite(subsetShare) && subsetShare > 0 && subsetShare <= 1,
    "subsetShare",
    "above 0 and at most 1: a subset cannot be larger than its set",
  );
  for (const name of ["testShare", "validationShare"] as const) {
    const isShare = Number.isFinite(config[name]) && config[name] > 0 && config[name] < 1;
    expect(isShare, name, "between 0 and 1, both excluded");
  }
  const counts = [["standInImages", 70], ["epochs", 1], ["batchSize", 1], ["studyEpochs", 1]] as const;
  for (const [name, least] of counts) {
    const holds = Number.isInteger(config[name]) && config[name] >= least;
    expect(holds, name, `a whole number of at least ${least}`);
  }
  for (const name of ["joinCase", "skipDamaged", "keepContradictions", "tensorBoard"] as const) {
    expect(typeof config[name] === "boolean", name, "true or false");
  }
  if (config.columns) checkColumns(config.columns);
  if (config.classes) checkClasses(config.classes, config.joinCase);
  const paths = [config.metadata ?? []].flat();
  expect(new Set(paths).size === paths.length, "metadata", "a list of different tables");
  const own = (["metadata", "columns", "classes"] as const).find((name) => config[name] !== null);
  expect(preset !== "smoke" || !own, own ?? "metadata", "left out with drawn images: give --data");
  expect(
    isImageSize(size, { least: 32 }),
    "size",
    "a whole number of at least 32, the side of a square, or two of them, [height, width]",
  );
  expect(
    typeof size === "number" || config.recipe.every((stage) => !stage.randomOrientation),
    "size",
    "the side of a square where the recipe has randomOrientation: a rectangle cannot be turned by a quarter",
  );
  expect(
    preset !== "smoke" || config.officialTest === null,
    "officialTest",
    "left out with drawn images: a network that has seen no photo has no answer to photos",
  );
  if (config.preset !== "smoke" && config.data === null) {
    throw new RangeError(
      `Configuration: preset "${config.preset}" needs the images. Give their folder with --data, or put ${metadataFile} and the image ` +
        `folders into data/ (data/README.md says where they come from). Without images: --preset smoke. Received: data null`,
    );
  }
  if (config.preset === "smoke" && options.data) {
    throw new RangeError(
      `Configuration: preset "smoke" always draws its own images. Leave out --data, or take --preset quick. Received: data ${options.data}`,
    );
  }
}

/** Path of the weights file in `data/`; null if there is none. */
export function findWeights(): string | null {
  return findInData(weightsFile);
}

function findInData(name: string): string | null {
  const paths = ["data", "data/ham10000", "data/vgg16"].map((folder) => `${projectRoot}${folder}/${name}`);
  return paths.find((path) => existsSync(path)) ?? null;
}

/** The options that are set: neither undefined nor null. */
export function definedOnly(options: ConfigOptions): ConfigOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}
