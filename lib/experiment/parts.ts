/** The parts of the write-up: augmented table, train and test, the 12,000, train and validation. */
import { join } from "node:path";
import { writeAtomic } from "../support/atomic.ts";
import type { Config } from "../config.ts";
import { stringify } from "../support/csv.ts";
import { augmentationTargets, type AugmentedImage, augmentedTable } from "../data/augmented_table.ts";
import { byCode, countLabels } from "../data/diagnosis.ts";
import { stratifiedSplit } from "../data/split.ts";
import type { Source } from "./source.ts";

/** Each part is a list of indices into `table`, ascending. */
export interface Parts {
  /** Originals and copies: 42,650 rows. */
  readonly table: readonly AugmentedImage[];
  /** 34,120 rows. */
  readonly train: readonly number[];
  /** 8,530 rows. */
  readonly test: readonly number[];
  /** The 12,000 of `train` that are used. */
  readonly subset: readonly number[];
  /** 9,600 rows of `subset`: what the network learns from. */
  readonly subsetTrain: readonly number[];
  /** 2,400 rows of `subset`: what choices are made on. */
  readonly subsetValidation: readonly number[];
}

export type PartName = Exclude<keyof Parts, "table">;

/** Augments, then splits, as the write-up does: copies of one photo land on both sides. */
export function makeParts(config: Config, source: Source): Parts {
  const table = augmentedTable(source.samples, augmentationTargets(source.counts));
  const split = (rows: readonly number[], testSize: number, name: string) => {
    const { train, test } = stratifiedSplit(rows.map((row) => table[row].label), {
      testSize,
      seed: config.seed,
      name,
    });
    return { train: train.map((index) => rows[index]), test: test.map((index) => rows[index]) };
  };
  const outer = split(table.map((_, row) => row), config.testShare, "test");
  const subset = config.subsetShare === 1
    ? outer.train
    : split(outer.train, config.subsetShare, "subset").test;
  const inner = split(subset, config.validationShare, "validation");
  return {
    table,
    train: outer.train,
    test: outer.test,
    subset,
    subsetTrain: inner.train,
    subsetValidation: inner.test,
  };
}

/** Labels of a part, in its order. */
export function labelsOf(parts: Parts, rows: readonly number[]): Uint8Array {
  return Uint8Array.from(rows, (row) => parts.table[row].label);
}

/** Images of each class in a part, by code: as figures take them. */
export function classCounts(source: Source, parts: Parts, rows: readonly number[]): Record<string, number> {
  return byCode(source.classes, countLabels(labelsOf(parts, rows), source.classes.length));
}

export interface Growth {
  /** A diagnosis, or "all". */
  readonly dx: string;
  readonly before: number;
  readonly added: number;
  readonly after: number;
  /** Images that one photo becomes, on average. */
  readonly perPhoto: number;
}

/** Images per class before and after augmentation, the sum of all last. */
export function augmentationGrowth(source: Source, parts: Parts): Growth[] {
  const after = countLabels(parts.table.map(({ label }) => label), source.classes.length);
  const grow = (dx: string, before: number, after: number) => ({
    dx,
    before,
    added: after - before,
    after,
    perPhoto: after / before,
  });
  return [
    ...source.classes.map(({ code }, label) => grow(code, source.counts[label], after[label])),
    grow("all", source.samples.length, parts.table.length),
  ];
}

/** Sizes of all parts, and of how many different photos each is made. */
export function partSizes(parts: Parts): { part: string; images: number; photos: number; use: string }[] {
  const all = parts.table.map((_, row) => row);
  const describe = (part: string, rows: readonly number[], use: string) => ({
    part,
    images: rows.length,
    photos: new Set(rows.map((row) => parts.table[row].row)).size,
    use,
  });
  return [
    describe("all, augmented", all, "photos and their copies"),
    describe("train", parts.train, "80 % of all"),
    describe("test", parts.test, "20 % of all, opened once, in notebook 5"),
    describe("subset of train", parts.subset, "what the write-up takes from train"),
    describe("subset, train", parts.subsetTrain, "what the network learns from"),
    describe("subset, validation", parts.subsetValidation, "what choices are made on"),
  ];
}

/** Columns of a part's CSV. */
const columns = ["image_id", "copy", "lesion_id", "dx"] as const;

/** Saves the whole table and each part to CSV in the run's folder; returns the files' names. */
export async function saveParts(config: Config, source: Source, parts: Parts): Promise<string[]> {
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
      const { imageId, lesionId, dx } = source.samples[original];
      return { image_id: imageId, copy, lesion_id: lesionId, dx };
    });
    await writeAtomic(join(config.out, name), stringify(records, { columns }));
  }
  return Object.keys(files);
}
