/**
 * What each kind of leak adds: networks that differ in nothing but whose photos have leaked, tested on the same photos and on the
 * official test set. Each test photo has an answer of a network that has seen it, and one of a network that has not.
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { AugmentedImage } from "../../data/augmented_table.ts";
import { type AllowedLeak, checkLeakFree, type LeakClaim, type LeakEvidence } from "../../data/leak_check.ts";
import {
  crossoverLists,
  listName,
  type Rung,
  type TrainingList,
  trainingListCsv,
} from "../../data/crossover.ts";
import {
  divideGroups,
  groupPhotos,
  type Half,
  type LeakFreeParts,
  leakFreePartsCsv,
  type PhotoGroups,
} from "../../data/leak_free_parts.ts";
import { nearDuplicatesCsv, relatePhotos } from "../../data/near_duplicates.ts";
import { labelsOf, makeParts, type Parts } from "../../data/parts.ts";
import { countLabels } from "../../data/diagnosis.ts";
import { macroAuc } from "../../evaluation/curves.ts";
import type { Interval } from "../../evaluation/intervals.ts";
import type { ImageSet } from "../../data/image_set.ts";
import { type AnsweredRows, measureSet, pickRows } from "../../evaluation/set_scores.ts";
import type { Depth } from "../../recipe.ts";
import { writeAtomic } from "../../support/atomic.ts";
import type { Examples } from "../../training/examples.ts";
import { type Experiment, openOtherExamples, photoOf } from "../experiment.ts";
import type { LabelledPhoto } from "../labelled_set.ts";
import { answerImages, type LabelledImages, loadReadable, type OfficialImages } from "../official_testing.ts";
import { modelOf, type Run, train } from "../run.ts";
import type { CrossoverSet } from "../study_runs.ts";
import { openTest } from "../testing.ts";

/** A network's scores on photos of which each counts alone. */
export interface LeakFreeScores {
  readonly n: number;
  readonly balancedAccuracy: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly macroAuc: number;
  /** 95 %, of the balanced accuracy; photos are drawn within the classes. */
  readonly interval: Interval;
}

/** One network of the crossover. Plain values: survives JSON. */
export interface LeakNetwork {
  readonly rung: Rung;
  /** Whose photos have leaked. */
  readonly half: Half | null;
  readonly depth: Depth;
  readonly partition: number;
  readonly seed: number;
  readonly configuration: string;
  /** File of its training list, in the run's folder. */
  readonly trainingList: string;
  readonly own: LeakFreeScores;
  /** Null where the official set is not there. */
  readonly official: LeakFreeScores | null;
}

/** A network with what it answers. */
export interface AnsweredNetwork {
  readonly network: LeakNetwork;
  readonly parts: LeakFreeParts;
  readonly own: AnsweredRows;
  readonly official: AnsweredRows | null;
  /** Own test photos as they are, and in the form of the official set's; null where its folder has none. */
  readonly control: { readonly asTheyAre: AnsweredRows; readonly sameForm: AnsweredRows } | null;
}

/** What the photos' pixels tell, and the groups that follow from it. */
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
 * @param official photos of the official set, which are looked at too
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

/**
 * Trains and tests networks of the crossover. What a stage leaves out has the usual value of its depth; the weights after the last
 * epoch count. Validation is shown and chooses nothing. What is trained already is taken. Where the
 * softmax alone is trained, all read the same stored activations of the official set.
 *
 * @throws {Error} if a photo, copy, lesion or near-duplicate stands on two sides that should not
 */
export async function trainCrossover(
  experiment: Experiment,
  related: Related,
  { partitions, seeds, recipe, official }: CrossoverSet & { official: OfficialImages | null },
): Promise<AnsweredNetwork[]> {
  const networks: AnsweredNetwork[] = [];
  using others = official && await openOfficial(experiment, official, recipe.at(-1)!.depth);
  for (const partition of partitions) {
    const { parts, lists } = await dividePhotos(experiment, related, partition);
    for (const seed of seeds) {
      for (const list of lists) {
        const { own, run } = await trainListed(experiment, related, { parts, list, recipe, seed });
        networks.push(await testNetwork(own, run, { list, parts, seed, official: others }));
      }
    }
  }
  return networks;
}

/** Trains one network of the crossover on its list; one that is trained already is taken. @throws as `trainCrossover` */
export async function trainListed(
  experiment: Experiment,
  { evidence }: Pick<Related, "evidence">,
  { parts, list, recipe, seed, signal }: Pick<CrossoverSet, "recipe"> & {
    parts: LeakFreeParts;
    list: TrainingList;
    seed: number;
    signal?: AbortSignal;
  },
): Promise<{ own: Experiment; run: Run }> {
  const name = `${listName(list)}, partition ${parts.partition}, seed ${seed}`;
  const own = withParts(experiment, {
    train: list.images,
    validation: parts.validation,
    test: parts.test,
    leak: { allowed: allowedOf[list.rung], evidence },
  });
  const run = await train(own, modelOf(experiment, seed), recipe, { seed, label: name, signal });
  return { own, run: { ...run, name } };
}

/** A partition's parts and lists, checked and saved. */
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

const allowedOf: Record<Rung, AllowedLeak> = {
  none: "nothing",
  lesion: "photos of the test's lesions, rung lesion",
  copy: "copies of the test's photos, rung copy",
};

/** Of the run's folder: training lists, courses of trainings, and the log of openings of notebook 7. */
const leakFreeFolder = "leak_free";

function partsFile(partition: number): string {
  return partition === 0 ? "leak_free_parts.csv" : `${leakFreeFolder}/parts_${partition}.csv`;
}

function listFile({ rung, half }: Pick<TrainingList, "rung" | "half">, partition: number): string {
  return `${leakFreeFolder}/train_${partition}_${rung}${half ?? ""}.csv`;
}

/**
 * The experiment with other parts, and with a log and courses of its own: what to learn from, and photos as they are or images to
 * test. `train` and `openTest` hold the parts to what `leak` says of them.
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

async function testNetwork(
  experiment: Experiment,
  run: Run,
  { list, parts, seed, official }: {
    list: TrainingList;
    parts: LeakFreeParts;
    seed: number;
    official: OfficialFeatures | null;
  },
): Promise<AnsweredNetwork> {
  const { source: { classes }, config } = experiment;
  const { answers } = await openTest(experiment, run);
  const own: AnsweredRows = {
    truth: labelsOf(experiment.parts, experiment.parts.test),
    probabilities: answers,
    groups: parts.test.map((row) => `${parts.groupOf[row]}`),
    classes: classes.length,
  };
  const others = official &&
    await answerImages(experiment, run, official.images, { features: official.features ?? undefined });
  const network: LeakNetwork = {
    ...{ rung: list.rung, half: list.half, depth: run.depth, partition: parts.partition, seed },
    ...{ configuration: run.configuration, trainingList: listFile(list, parts.partition) },
    own: leakFreeScores(own, config),
    official: others && leakFreeScores(others, config),
  };
  const control = official?.control &&
    await answerControl(experiment, run, own, { parts, ...official.control });
  return { network, parts, own, official: others, control: control ?? null };
}

/** The official set and its control. `features`: as a softmax reads them; null where networks share no more than a few layers. */
interface OfficialFeatures extends Disposable {
  readonly images: LabelledImages;
  readonly features: Examples | null;
  /** Photos of the table in the set's form, and where each row's stands; null where there are none. */
  readonly control: {
    readonly inForm: ImageSet;
    readonly features: Examples | null;
    readonly placeOf: ReadonlyMap<number, number>;
  } | null;
}

async function openOfficial(
  experiment: Experiment,
  { images, set, load }: OfficialImages,
  depth: Depth,
): Promise<OfficialFeatures> {
  const { source: { samples }, config: { size } } = experiment;
  const pathOf = (row: number) => set.sameForm?.get(samples[row].imageId);
  const { photos, inForm } = await loadReadable([...samples.keys()], pathOf, load);
  const featuresOf = async (of: Pick<LabelledImages, "labels" | "pixelDigests" | "pixels">) =>
    depth === "head"
      ? await openOtherExamples(experiment, { ...of, pixelsOf: (i) => photoOf({ ...of, size }, i) }, "head")
      : null;
  const features = await featuresOf(images);
  const ofControl = inForm &&
    await featuresOf({ ...inForm, labels: photos.map((row) => samples[row].label) });
  return {
    ...{ images, features },
    control: inForm &&
      { inForm, features: ofControl, placeOf: new Map(photos.map((row, i) => [row, i])) },
    [Symbol.dispose]() {
      features?.[Symbol.dispose]();
      ofControl?.[Symbol.dispose]();
    },
  };
}

/** What a network says of its own test photos in the official set's form, beside what it says of them as they are. */
async function answerControl(
  experiment: Experiment,
  run: Run,
  own: AnsweredRows,
  { parts, inForm, features, placeOf }: { parts: LeakFreeParts } & NonNullable<OfficialFeatures["control"]>,
) {
  const kept = [...parts.test.keys()].filter((i) => placeOf.has(parts.test[i]));
  if (kept.length === 0) return null;
  const asTheyAre = pickRows(own, kept);
  const places = kept.map((i) => placeOf.get(parts.test[i])!);
  const images = {
    title: "the control in the official set's form",
    pixels: Buffer.concat(places.map((place) => photoOf(inForm, place))),
    pixelDigests: places.map((place) => inForm.pixelDigests[place]),
    labels: Array.from(asTheyAre.truth),
    lesions: asTheyAre.groups,
  };
  const some: Examples | undefined = features
    ? {
      labels: Uint8Array.from(images.labels),
      digest: "",
      read: (row, target) => features.read(places[row], target),
    }
    : undefined;
  return { asTheyAre, sameForm: await answerImages(experiment, run, images, { features: some }) };
}

function leakFreeScores(rows: AnsweredRows, { seed }: { seed: number }): LeakFreeScores {
  const { n, balancedAccuracy, accuracy, macroF1, intervals } = measureSet(rows, { seed });
  const { truth, probabilities, classes } = rows;
  return {
    ...{ n, balancedAccuracy, accuracy, macroF1, macroAuc: macroAuc(truth, probabilities, classes) },
    interval: intervals.balancedAccuracy,
  };
}
