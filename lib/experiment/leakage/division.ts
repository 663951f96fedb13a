/** Divides the photos for notebook 7: groups of related photos, parts that cannot leak, and each division's training lists. */
import { join } from "node:path";
import type { AugmentedImage } from "../../data/augmented_table.ts";
import { crossoverLists, type Rung, type TrainingList, trainingListCsv } from "../../data/crossover.ts";
import { countLabels } from "../../data/diagnosis.ts";
import { type AllowedLeak, checkLeakFree, type LeakClaim, type LeakEvidence } from "../../data/leak_check.ts";
import {
  divideGroups,
  groupPhotos,
  type LeakFreeParts,
  leakFreePartsCsv,
  type PhotoGroups,
} from "../../data/leak_free_parts.ts";
import { nearDuplicatesCsv, relatePhotos } from "../../data/near_duplicates.ts";
import { labelsOf, makeParts, type Parts } from "../../data/parts.ts";
import { writeAtomic } from "../../support/atomic.ts";
import type { Experiment } from "../experiment.ts";
import type { LabelledPhoto } from "../labelled_set.ts";

/** Which photos are related by their pixels, and the groups that follow. */
export interface Related {
  readonly evidence: LeakEvidence;
  readonly groups: PhotoGroups;
  /** Near-duplicates of the table's photos in the official set, by image ids. */
  readonly official: readonly {
    readonly own: string;
    readonly official: string;
    readonly distance: number;
  }[];
}

/**
 * Finds near-duplicates, saves them as `near_duplicates.csv`, and joins photos to groups.
 *
 * @param official photos of the official set, also searched for near-duplicates
 */
export async function relate(
  { config, source, store }: Experiment,
  official: readonly LabelledPhoto[] = [],
): Promise<Related> {
  const { samples, folder } = source;
  const own = samples.length;
  const all = [...samples, ...official];
  const paths = [
    ...samples.map(({ imagePath }) => join(folder, imagePath)),
    ...official.map(({ path }) => path),
  ];
  const { pixelDigests, nearDuplicates } = await relatePhotos(paths, { samples: all, store });
  await writeAtomic(join(config.out, "near_duplicates.csv"), nearDuplicatesCsv(all, nearDuplicates));
  const relations = {
    pixelDigests: pixelDigests.slice(0, own),
    nearDuplicates: nearDuplicates.filter(({ b }) => b < own),
  };
  return {
    evidence: { samples, ...relations },
    groups: groupPhotos(samples, relations),
    official: nearDuplicates.filter(({ a, b }) => a < own && b >= own).map(({ a, b, distance }) => (
      { own: all[a].imageId, official: all[b].imageId, distance }
    )),
  };
}

/** Makes, checks and saves the parts and training lists of one partition. */
export async function dividePhotos(
  { config, source }: Experiment,
  { evidence, groups }: Related,
  partition: number,
): Promise<{ parts: LeakFreeParts; lists: TrainingList[] }> {
  const parts = divideGroups(source, groups, { partition, seed: config.seed });
  const asWritten = makeParts(config, source);
  const classCounts = countLabels(labelsOf(asWritten, asWritten.subsetTrain), source.classes.length);
  const { pixelDigests } = evidence;
  const lists = crossoverLists(source, parts, { pixelDigests, classCounts, seed: config.seed });
  await writeAtomic(join(config.out, partsFile(partition)), leakFreePartsCsv(source, parts));
  for (const list of lists) {
    const original = (row: number) => ({ row, copy: 0 });
    const sides = {
      train: list.images,
      validation: parts.validation.map(original),
      test: parts.test.map(original),
    };
    checkLeakFree(sides, evidence, { allowed: allowedOf[list.rung] });
    await writeAtomic(join(config.out, listFile(list, partition)), trainingListCsv(source, list.images));
  }
  return { parts, lists };
}

/** The leak that each kind of list wants, by its name. */
export const allowedOf: Record<Rung, AllowedLeak> = {
  none: "nothing",
  lesion: "photos of the test's lesions, rung lesion",
  copy: "copies of the test's photos, rung copy",
};

/** Folder in the run's folder for notebook 7's training lists, training histories, answers and log of test openings. */
const leakFreeFolder = "leak_free";

/** Path of the list of a division's parts, relative to the run's folder. */
export function partsFile(partition: number): string {
  return partition === 0 ? "leak_free_parts.csv" : `${leakFreeFolder}/parts_${partition}.csv`;
}

/** Path of a training list, relative to the run's folder. */
export function listFile({ rung, half }: Pick<TrainingList, "rung" | "half">, partition: number): string {
  return `${leakFreeFolder}/train_${partition}_${rung}${half ?? ""}.csv`;
}

/**
 * The experiment with other parts, and with its own log of test openings and training histories. `train` and `openTest` check the parts
 * against `leak`.
 *
 * @param options `test`: rows of photos as they are, or augmented images
 */
export function withParts(
  experiment: Experiment,
  { train, validation, test, leak }: {
    train: readonly AugmentedImage[];
    validation: readonly number[];
    test: readonly (number | AugmentedImage)[];
    leak: LeakClaim;
  },
): Experiment {
  const { samples } = experiment.source;
  const imageOf = (row: number | AugmentedImage): AugmentedImage =>
    typeof row === "number" ? { row, copy: 0, label: samples[row].label } : row;
  const table: AugmentedImage[] = [];
  const place = (images: readonly (number | AugmentedImage)[]) =>
    images.map((image) => table.push(imageOf(image)) - 1);
  const [subsetTrain, subsetValidation, tested] = [train, validation, test].map(place);
  const subset = [...subsetTrain, ...subsetValidation];
  const parts: Parts = { table, train: subset, test: tested, subset, subsetTrain, subsetValidation };
  const config = { ...experiment.config, out: join(experiment.config.out, leakFreeFolder) };
  return { ...experiment, config, parts, leak };
}
