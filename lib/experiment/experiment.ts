/** What every notebook starts from: photos with their table, parts, images and weights. */
import { join } from "node:path";
import { type Config, storeFolder } from "../config.ts";
import { type Depth } from "../recipe.ts";
import { augmentationVersion, augmentedCopy } from "../data/augmentation.ts";
import { countLabels } from "../data/diagnosis.ts";
import { filesOfImages, type ImageSet, loadImageSet } from "../data/image_set.ts";
import { openTable } from "../data/metadata.ts";
import { type LeakClaim, leaksAsWritten } from "../data/leak_check.ts";
import { findSamePhotos } from "../data/same_photos.ts";
import { checkClassSizes, labelsOf, type Parts, type Photos } from "../data/parts.ts";
import { isStandIn, makeStandIn } from "../data/stand_in.ts";
import { type ImageSize, pixelsIn } from "../image_size.ts";
import { activationsDigest, filesOfActivations, openActivations } from "../model/activations.ts";
import { inputLength } from "../model/vgg16.ts";
import { loadWeights, randomWeights, type Vgg16Weights } from "../model/weights.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import { checkBfloat16 } from "../support/engine/bfloat16.ts";
import { type EngineIdentity, engineIdentity, startEngine } from "../support/engine/engine.ts";
import { firstOf, thousands } from "../support/format.ts";
import { shownPath } from "../support/project.ts";
import { openStore, type Store } from "../support/store.ts";
import { type Examples, pixelExamples } from "../training/examples.ts";
import { openParts } from "./protocol.ts";

/** The photos of a run with their checked table. */
export interface Source extends Photos {
  /** True for drawn stand-in images: every figure and file then says so. */
  readonly synthetic: boolean;
  /** Absolute folder of the photos. */
  readonly folder: string;
  /** Path of the metadata table, or of each table that is joined. */
  readonly tables: readonly string[];
  /** Whether the table is not HAM10000's. */
  readonly own: boolean;
  /** False if each photo counts as a lesion of its own. */
  readonly knowsLesions: boolean;
  /** Image ids of photos that were left out because they cannot be decoded; null if the run stops at damaged photos. */
  readonly skipped: readonly string[] | null;
  /** A few lines for readers: what these photos are, and what was left out. */
  readonly about: readonly string[];
}

/** Everything that a training needs. */
export interface Experiment {
  readonly config: Config;
  readonly source: Source;
  readonly parts: Parts;
  /** The leak that the parts have on purpose: `train` and `openTest` refuse any other. */
  readonly leak: LeakClaim;
  readonly images: ImageSet;
  /** Digest of the bytes of the table and of every photo. */
  readonly dataDigest: string;
  /** ImageNet weights, or seeded random ones if there is no file: every result then says so. */
  readonly weights: Vgg16Weights;
  readonly store: Store;
  /** The engine that computes. */
  readonly engine: EngineIdentity;
}

/**
 * Opens the configured photos and checks their table. The drawn stand-in is made first if it is missing. Images of the run's size
 * are decoded only if damaged photos are to be skipped.
 */
export async function openSource(config: Config): Promise<Source> {
  const folder = config.data ??
    join(storeFolder(config), `stand-in-${config.standInImages}-seed-${config.seed}`);
  if (config.data === null) await makeStandIn(folder, { seed: config.seed, images: config.standInImages });
  const table = await openTable(folder, config);
  let { samples } = table;
  let skipped: string[] | null = null;
  if (config.skipDamaged) {
    const paths = samples.map((sample) => join(folder, sample.imagePath));
    const { missing } = filesOfImages(paths, imageOptions(config)); // with all damaged ones, which are never stored
    const { damaged } = await loadImageSet(missing.map((row) => paths[row]), {
      ...imageOptions(config),
      keepGoing: true,
    });
    const bad = new Set(damaged.map(({ index }) => missing[index]));
    skipped = [...bad].map((row) => samples[row].imageId);
    samples = samples.filter((_, row) => !bad.has(row));
  }
  const { classes, paths, own } = table;
  const { photoRows, notes } = await findSamePhotos(folder, samples, { ...config, tables: paths });
  const counts = countLabels(samples.map((sample) => sample.label), classes.length);
  checkClassSizes(config, { classes, counts, own });
  const synthetic = config.data === null || await isStandIn(folder);
  const { knowsLesions } = table;
  const known = { synthetic, folder, tables: paths, own, knowsLesions };
  const source = { ...known, samples, classes, counts, photoRows, skipped };
  return { ...source, about: aboutSource(config, source, [...table.notes, ...notes]) };
}

/** The photos as RGB images of the configured size, with the digest of the whole source: its table and every photo's bytes. */
export async function openImages(
  config: Config,
  source: Source,
): Promise<{ images: ImageSet; digest: string }> {
  const paths = source.samples.map((sample) => join(source.folder, sample.imagePath));
  const images = await loadImageSet(paths, imageOptions(config));
  const tables = await Promise.all(source.tables.map((path) => Deno.readFile(path)));
  return { images, digest: sha256(...tables, images.fileDigests.join("")) };
}

/**
 * Opens an experiment that holds only some rows and their photos. Row i of its `parts.table` is the i-th of `rows`; its other
 * part lists still mean rows of the whole table.
 */
export async function openRowsOf(
  { config, source, parts }: Pick<Experiment, "config" | "source" | "parts">,
  rows: readonly number[],
): Promise<Experiment> {
  await startEngine();
  const photos = [...new Set(rows.map((row) => parts.table[row].row))];
  const places = new Map(photos.map((photo, place) => [photo, place]));
  const samples = photos.map((photo) => source.samples[photo]);
  const table = rows.map((row) => ({ ...parts.table[row], row: places.get(parts.table[row].row)! }));
  const images = await loadImageSet(
    samples.map(({ imagePath }) => join(source.folder, imagePath)),
    imageOptions(config),
  );
  return {
    ...{ config, source: { ...source, samples }, leak: leaksAsWritten, images, dataDigest: "" },
    parts: { ...parts, table },
    ...{ weights: await weightsOf(config), store: openStore(storeFolder(config)), engine: engineIdentity },
  };
}

/** VGG16's initial weights: the configured file's, or seeded random ones. */
export async function weightsOf({ weights, seed }: Pick<Config, "weights" | "seed">): Promise<Vgg16Weights> {
  return weights === null ? randomWeights(seed) : await loadWeights(weights);
}

/** Opens everything of a run: photos, the parts of its protocol with their leak, images and weights. */
export async function openExperiment(config: Config): Promise<Experiment> {
  if (config.precision === "bfloat16") await checkBfloat16();
  await startEngine();
  const source = await openSource(config);
  const { images, digest: dataDigest } = await openImages(config, source);
  const { parts, leak } = await openParts(config, source);
  const weights = await weightsOf(config);
  const store = openStore(storeFolder(config));
  return { config, source, parts, leak, images, dataDigest, weights, store, engine: engineIdentity };
}

function imageOptions(config: Config) {
  return { size: config.size, store: openStore(storeFolder(config)) };
}

/** Pixels of one photo of the set, (height, width, 3), RGB, 0–255. The memory is shared: do not change them. */
export function photoOf(images: { pixels: Uint8Array; size: ImageSize }, row: number): Uint8Array {
  const length = pixelsIn(images.size) * 3;
  return images.pixels.subarray(row * length, (row + 1) * length);
}

/** Pixels of one row of the augmented table, (height, width, 3), RGB, 0–255: the photo, or its copy drawn again. A new array. */
export function pixelsOf({ config, source, parts, images }: Experiment, row: number): Uint8Array {
  const { row: photo, copy } = parts.table[row];
  const { imageId } = source.samples[photo];
  const { size, seed, augmentation: ranges } = config;
  return augmentedCopy(photoOf(images, photo), { size, seed, imageId, copy, ranges });
}

/** The keys made so far for a table's rows, and what they depend on. */
interface RowKeys {
  readonly images: ImageSet;
  readonly seed: number;
  readonly ranges: Config["augmentation"];
  readonly keys: string[];
}

const keysOfTable = new WeakMap<Parts["table"], RowKeys>();

/**
 * A key for each row: the digest of everything that decides its pixels. Rows with equal keys have equal pixels, so an image that
 * several parts, runs or seeds share is computed once. Keys are remembered, because a run asks for them several times.
 */
function rowKeys({ config, source, parts, images }: Experiment, rows: readonly number[]): string[] {
  const { seed, augmentation: ranges } = config;
  let made = keysOfTable.get(parts.table);
  if (made?.images !== images || made.seed !== seed || made.ranges !== ranges) {
    made = { images, seed, ranges, keys: [] };
    keysOfTable.set(parts.table, made);
  }
  const { keys } = made;
  return rows.map((row) => {
    if (keys[row]) return keys[row];
    const { row: photo, copy } = parts.table[row];
    const { imageId } = source.samples[photo];
    const pixels = images.pixelDigests[photo];
    const drawn = copy > 0 && { imageId, copy, seed, ranges };
    return keys[row] = digestOf({
      pixels,
      ...drawn,
      ...drawn && augmentationVersion > 1 && { augmentationVersion },
    });
  });
}

/** Digest of rows as a network trained from `depth` on reads them: pixels or activations, and labels. Computes nothing. */
export function examplesDigest(experiment: Experiment, rows: readonly number[], depth: Depth): string {
  const { config: { scaling, size }, parts } = experiment;
  const behind = depth === "block1"
    ? { scaling, size }
    : activationsDigest(activationOptions(experiment, depth));
  return digestOf({
    behind,
    rows: sha256(rowKeys(experiment, rows).join("")),
    labels: sha256(labelsOf(parts, rows)),
  });
}

/**
 * Opens rows as a network trained from `depth` on reads them. At `block1` nothing is frozen, so these are the images, held in
 * memory (12 KB each at 64 × 64). At any other depth they are the stored activations; missing ones are computed.
 */
export async function openExamples(
  experiment: Experiment,
  rows: readonly number[],
  depth: Depth,
): Promise<Examples & Disposable> {
  const { config: { scaling, size }, parts } = experiment;
  const labels = labelsOf(parts, rows);
  const digest = examplesDigest(experiment, rows, depth);
  if (depth === "block1") {
    const length = pixelsIn(size) * 3;
    const pixels = new Uint8Array(rows.length * length);
    rows.forEach((row, i) => pixels.set(pixelsOf(experiment, row), i * length));
    return { ...pixelExamples(pixels, labels, { scaling }), digest, [Symbol.dispose]() {} };
  }
  const keys = rowKeys(experiment, rows);
  const images = rows.map((row, i) => ({ key: keys[i], pixels: () => pixelsOf(experiment, row) }));
  return { ...await openActivations(images, activationOptions(experiment, depth)), labels, digest };
}

/**
 * Opens images from outside the table as a network trained from `depth` on reads them: stored activations; missing ones are
 * computed. Not at `block1`, which reads pixels.
 *
 * @param images `pixelDigests`: SHA-256 of each; `pixelsOf`: (height, width, 3), RGB, 0–255
 */
export async function openOtherExamples(
  experiment: Experiment,
  { labels, pixelDigests, pixelsOf }: {
    labels: readonly number[];
    pixelDigests: readonly string[];
    pixelsOf: (i: number) => Uint8Array;
  },
  depth: Exclude<Depth, "block1">,
): Promise<Examples & Disposable> {
  const keys = pixelDigests.map((pixels) => digestOf({ pixels }));
  const digest = digestOf({ behind: activationsDigest(activationOptions(experiment, depth)), keys, labels });
  const images = keys.map((key, i) => ({ key, pixels: () => pixelsOf(i) }));
  const activations = await openActivations(images, activationOptions(experiment, depth));
  return { ...activations, labels: Uint8Array.from(labels), digest };
}

/** Computes and stores the missing activations of rows at `depth`. At `block1` nothing is frozen, so there are none. */
export async function computeActivations(
  experiment: Experiment,
  rows: readonly number[],
  depth: Depth,
): Promise<void> {
  if (depth === "block1" || storedActivations(experiment, rows, depth).missing === 0) return;
  using _ = await openExamples(experiment, rows, depth);
}

/** The files with the stored activations of rows at `depth`, and the number of rows without any. */
export function storedActivations(
  experiment: Experiment,
  rows: readonly number[],
  depth: Depth,
): { files: readonly string[]; missing: number } {
  const images = rowKeys(experiment, rows).map((key) => ({ key }));
  const { files, missing } = filesOfActivations(images, activationOptions(experiment, depth));
  return { files, missing: missing.length };
}

function activationOptions({ config, weights, store }: Experiment, depth: Depth) {
  const { scaling, size, precision } = config;
  return { weights, scaling, size, precision, depth, store };
}

/** Computes and stores the frozen network's features of rows; returns how many images, numbers per image and megabytes. */
export async function frozenFeatures(
  experiment: Experiment,
  rows: readonly number[],
): Promise<{ images: number; numbers: number; megabytes: number }> {
  using _ = await openExamples(experiment, rows, "head");
  const numbers = inputLength("head", experiment.config.size);
  return {
    images: rows.length,
    numbers,
    megabytes: rows.length * numbers * Float16Array.BYTES_PER_ELEMENT / 1e6,
  };
}

/** Describes the weights in one line for readers. */
export function describeWeights(weights: Vgg16Weights): string {
  return weights.source === "imagenet"
    ? "VGG16 without top, ImageNet weights"
    : "VGG16 without top, SEEDED RANDOM weights: no ImageNet file was found, so the numbers say nothing about the write-up";
}

function aboutSource(config: Config, source: Omit<Source, "about">, notes: readonly string[]): string[] {
  const { skipped, samples, own } = source;
  return [
    describePhotos(source),
    ...own
      ? ["The text between the cells is about HAM10000; the tables and figures are about these photos."]
      : [],
    ...config.protocol === "split-first" ? [splitFirstNote] : [],
    ...notes,
    ...skipped ? [describeSkipped(skipped, samples.length)] : [],
    describeRun(config),
  ];
}

const splitFirstNote =
  "Protocol split-first: groups of photos were divided before the augmentation. The text between the cells is about the write-up, which " +
  "augments first; tables and figures are about this order.";

/** Describes the run: a notebook that is opened later continues it. */
function describeRun({ out, preset, seed, precision, protocol, data, metadata }: Config): string {
  const rounded = precision === "float32" ? "" : `, ${precision}`;
  const order = protocol === "as-written" ? "" : `, ${protocol}`;
  const photos = data === null ? "" : `, photos in ${shownPath(data)}`;
  const table = metadata === null ? "" : `, table ${[metadata].flat().map(shownPath).join(" and ")}`;
  return `Results in ${shownPath(out)}: preset ${preset}, seed ${seed}${rounded}${order}${photos}${table}`;
}

function describePhotos(source: Omit<Source, "about">): string {
  const { synthetic, samples, classes, own, knowsLesions } = source;
  const photos = thousands(samples.length);
  const lesions = thousands(new Set(samples.map((sample) => sample.lesionId)).size);
  if (synthetic) {
    return `SYNTHETIC stand-in data: ${photos} drawn images of ${lesions} drawn lesions, no photos`;
  }
  const of = knowsLesions ? ` of ${lesions} lesions` : ", each counted as a lesion of its own";
  return own
    ? `Own data, not HAM10000: ${photos} photos${of}; ${classes.length} classes`
    : `HAM10000: ${photos} photos${of}`;
}

function describeSkipped(skipped: readonly string[], left: number): string {
  if (skipped.length === 0) return "Damaged photos would be left out: there are none";
  return `${skipped.length} of ${skipped.length + left} photos cannot be decoded and are left out: ${
    firstOf(skipped)
  }`;
}
