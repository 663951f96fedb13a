/** The parts of the experiment, as indices into the augmented table: stratified splits as in scikit-learn. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { writeAtomic } from "../support/atomic.ts";
import { stringify } from "../support/csv.ts";
import { randomFor, shuffledInPlace } from "../support/random.ts";
import { augmentationTargets, type AugmentedImage, augmentedTable } from "./augmented_table.ts";
import { byCode, countLabels, type DiagnosisClass, ham10000Classes } from "./diagnosis.ts";
import type { Sample } from "./metadata.ts";

/** The photos of a table. */
export interface Photos {
  /** In the order of the table. */
  readonly samples: readonly Sample[];
  /** In label order. */
  readonly classes: readonly DiagnosisClass[];
  /** Photos of each class, in label order. */
  readonly counts: readonly number[];
  /** For each sample, the row that stands for its photo, see `SamePhotos`. Default: each sample is its own photo. */
  readonly photoRows?: readonly number[];
}

/** Two disjoint lists of indices, each ascending, that together hold every index once. */
export interface Split {
  readonly train: number[];
  readonly test: number[];
}

/**
 * Splits 0 … n − 1 in two so that each class keeps its share, as scikit-learn's `train_test_split(stratify=…)`.
 *
 * Each class's number of test rows is found by largest remainder, ties to the lower label, so the total is exact. A seeded
 * shuffle within the class selects the rows.
 *
 * @param labels class of each row, whole numbers from 0
 * @param options.testSize number of test rows, 1 … n − 1 (1 is one row), or a share between 0 and 1, rounded to whole rows
 * @param options.seed 0 … 2³² − 1
 * @param options.name keeps this split's random numbers apart from those of other splits with the same seed
 * @throws {RangeError} if one side would be empty or the number of test rows is not whole
 */
export function stratifiedSplit(
  labels: ArrayLike<number>,
  options: { testSize: number; seed: number; name: string },
): Split {
  const n = labels.length;
  const size = options.testSize < 1 ? Math.round(options.testSize * n) : options.testSize;
  if (!Number.isInteger(size) || size < 1 || size >= n) {
    throw new RangeError(
      `Split "${options.name}": testSize must leave at least one of ${n} rows on each side. Received: ${options.testSize}`,
    );
  }
  const counts = countLabels(Int32Array.from(labels), 1 + highest(labels));
  const testCounts = largestRemainder(counts, size);

  // Typed arrays: a million photos give four million rows, for which growing lists would take another half a gigabyte
  const isTest = new Uint8Array(n);
  counts.forEach((count, label) => {
    const indices = new Int32Array(count);
    for (let index = 0, at = 0; at < count; index++) if (labels[index] === label) indices[at++] = index;
    const order = shuffledInPlace(indices, randomFor(options.seed, "split", options.name, label));
    for (let i = 0; i < testCounts[label]; i++) isTest[order[i]] = 1;
  });
  const sides = [new Int32Array(n - size), new Int32Array(size)];
  const filled = [0, 0];
  for (let index = 0; index < n; index++) sides[isTest[index]][filled[isTest[index]]++] = index;
  const [train, test] = sides.map((side) => Array.from(side));
  return { train, test };
}

function highest(labels: ArrayLike<number>): number {
  let most = -1;
  for (let index = 0; index < labels.length; index++) most = Math.max(most, labels[index]);
  return most;
}

/**
 * Shares `total` among the classes in proportion to their counts (Hamilton's method). Each class gets the whole part of its
 * quota; what remains goes to the largest fractions, ties to the lower label.
 */
export function largestRemainder(counts: readonly number[], total: number): number[] {
  const sum = counts.reduce((a, b) => a + b, 0);
  // Remainders of integer divisions are exact, so equal fractions compare as equal.
  const result = counts.map((count) => Math.floor((count * total) / sum));
  const remainders = counts.map((count, label) => ({ label, rest: (count * total) % sum }));
  remainders.sort((a, b) => b.rest - a.rest || a.label - b.label);
  const missing = total - result.reduce((a, b) => a + b, 0);
  for (const { label } of remainders.slice(0, missing)) result[label]++;
  return result;
}

/** Each part is a list of indices into `table`, ascending. Sizes are the write-up's. */
export interface Parts {
  /** Originals and copies: 42,650 rows. */
  readonly table: readonly AugmentedImage[];
  /** 34,120 rows. */
  readonly train: readonly number[];
  /** 8,530 rows. */
  readonly test: readonly number[];
  /** The 12,000 of `train` that are used. */
  readonly subset: readonly number[];
  /** 9,600 rows of `subset`: the network is trained on these. */
  readonly subsetTrain: readonly number[];
  /** 2,400 rows of `subset`: choices are made on these. */
  readonly subsetValidation: readonly number[];
}

/** Augments, then splits, as the write-up does. So copies of one photo end up on both sides. */
export function makeParts(config: Config, photos: Photos): Parts {
  const table = augmentedTable(photos.samples, augmentationTargets(photos.counts));
  const split = (rows: readonly number[], testSize: number, name: string) => {
    const labels = new Int32Array(rows.length);
    rows.forEach((row, i) => labels[i] = table[row].label);
    const { train, test } = stratifiedSplit(labels, { testSize, seed: config.seed, name });
    return { train: train.map((index) => rows[index]), test: test.map((index) => rows[index]) };
  };
  const outer = split(table.map((_, row) => row), config.testShare, "test");
  const subset = config.subsetShare === 1
    ? outer.train
    : split(outer.train, config.subsetShare, "subset").test;
  const inner = split(subset, config.validationShare, "validation");
  return { table, ...outer, subset, subsetTrain: inner.train, subsetValidation: inner.test };
}

/** Label of each row of a part, in its order. */
export function labelsOf(parts: Parts, rows: readonly number[]): Uint8Array {
  return Uint8Array.from(rows, (row) => parts.table[row].label);
}

/** Lesion id of each row of a part, in its order: the groups for bootstrap intervals. */
export function lesionsOf(photos: Photos, parts: Parts, rows: readonly number[]): string[] {
  return rows.map((row) => photos.samples[parts.table[row].row].lesionId);
}

/** Images of each class in a part, by code, for figures. */
export function classCounts(photos: Photos, parts: Parts, rows: readonly number[]): Record<string, number> {
  return byCode(photos.classes, countLabels(labelsOf(parts, rows), photos.classes.length));
}

export interface Growth {
  /** A diagnosis, or "all". */
  readonly dx: string;
  readonly before: number;
  readonly added: number;
  readonly after: number;
  /** Mean number of images from one photo, itself included. */
  readonly perPhoto: number;
}

/** Images of each class before and after augmentation; the last entry is the total. */
export function augmentationGrowth(photos: Photos, parts: Parts): Growth[] {
  const after = countLabels(parts.table.map(({ label }) => label), photos.classes.length);
  const grow = (dx: string, before: number, after: number) => ({
    ...{ dx, before, added: after - before, after },
    perPhoto: after / before,
  });
  return [
    ...photos.classes.map(({ code }, label) => grow(code, photos.counts[label], after[label])),
    grow("all", photos.samples.length, parts.table.length),
  ];
}

/** Size, number of different photos and use of each part. */
export function partSizes(parts: Parts): { part: string; images: number; photos: number; use: string }[] {
  const describe = (part: string, rows: readonly number[], use: string) => ({
    part,
    images: rows.length,
    photos: new Set(rows.map((row) => parts.table[row].row)).size,
    use,
  });
  const share = (rows: readonly number[]) => `${Math.round(100 * rows.length / parts.table.length)} % of all`;
  return [
    describe("all, augmented", parts.table.map((_, row) => row), "photos and their copies"),
    describe("train", parts.train, share(parts.train)),
    describe("test", parts.test, `${share(parts.test)}, opened in notebook 5`),
    describe("subset of train", parts.subset, "what the write-up takes from train"),
    describe("subset, train", parts.subsetTrain, "what the network learns from"),
    describe("subset, validation", parts.subsetValidation, "what choices are made on"),
  ];
}

/** Saves the whole table and each part as CSV in the run's folder; returns the files' names. */
export async function saveParts(config: Config, photos: Photos, parts: Parts): Promise<string[]> {
  const files = {
    "augmented.csv": parts.table.map((_, row) => row),
    "train.csv": parts.train,
    "test.csv": parts.test,
    "subset.csv": parts.subset,
    "subset_train.csv": parts.subsetTrain,
    "subset_validation.csv": parts.subsetValidation,
  };
  for (const [name, rows] of Object.entries(files)) {
    const records = rows.map((row) => {
      const { row: original, copy } = parts.table[row];
      const { imageId, lesionId, dx } = photos.samples[original];
      return { image_id: imageId, copy, lesion_id: lesionId, dx };
    });
    const columns = ["image_id", "copy", "lesion_id", "dx"];
    await writeAtomic(join(config.out, name), stringify(records, { columns }));
  }
  return Object.keys(files);
}

/** Fewest photos that each class must have in a table other than HAM10000's. */
const fewestPhotos = 5;

/**
 * Checks that every class has enough photos for a run.
 *
 * @throws {RangeError} if fewer than two classes have photos, a class of another table than HAM10000's has fewer than 5, or a
 * class would be missing in a part even after augmentation: it names the classes
 */
export function checkClassSizes(
  config: Config,
  { classes, counts, own }: Pick<Photos, "classes" | "counts"> & { own: boolean },
): void {
  const say = (labels: readonly number[], sizes: readonly number[]) =>
    labels.map((label) => `${classes[label].code} ${sizes[label]}`).join(", ") || "none";
  const named = own && classes !== ham10000Classes; // some of HAM10000's seven may have no photos
  const labels = [...classes.keys()].filter((label) => named || counts[label] > 0);
  if (labels.length < 2) {
    throw new RangeError(`There must be photos of at least two classes. Received: ${say(labels, counts)}`);
  }
  const few = labels.filter((label) => own && counts[label] < fewestPhotos);
  if (few.length > 0) {
    throw new RangeError(
      `Every class needs at least ${fewestPhotos} photos. Add photos, or leave the rows of these classes out of the table. ` +
        `Received: ${say(few, counts)}`,
    );
  }
  const targets = augmentationTargets(counts);
  const least = leastAugmented(config);
  const small = labels.filter((label) => targets[label] < least);
  if (small.length > 0) {
    throw new RangeError(
      `Every class needs ${least} images after augmentation, so that every part gets at least one. Add photos of the commonest ` +
        `class, whose size the others follow. Received: ${say(small, targets)}`,
    );
  }
}

/** The smallest class size with which test, training and validation each get at least one image. */
function leastAugmented({ testShare, subsetShare, validationShare }: Config): number {
  const smallest = (images: number) => {
    const subset = Math.floor(subsetShare * Math.floor((1 - testShare) * images));
    return Math.min(testShare * images, validationShare * subset, (1 - validationShare) * subset);
  };
  let images = 1;
  while (smallest(images) < 1) images++;
  return images;
}
