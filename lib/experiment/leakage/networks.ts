/**
 * Measures what each kind of leak adds. The networks differ only in whose photos have leaked. All are tested on the same photos and on
 * the official test set. Each test photo is answered by a network that has seen it and by a network that has not.
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { listName, type Rung, type TrainingList } from "../../data/crossover.ts";
import type { ImageSet } from "../../data/image_set.ts";
import type { Half, LeakFreeParts } from "../../data/leak_free_parts.ts";
import { labelsOf } from "../../data/parts.ts";
import { macroAuc } from "../../evaluation/curves.ts";
import type { Interval } from "../../evaluation/intervals.ts";
import { type AnsweredRows, measureSet, pickRows, type SetScores } from "../../evaluation/set_scores.ts";
import type { Depth } from "../../recipe.ts";
import { digestOf } from "../../support/digest.ts";
import type { Examples } from "../../training/examples.ts";
import { type Experiment, openOtherExamples, photoOf } from "../experiment.ts";
import {
  answerImages,
  digestOfImages,
  type LabelledImages,
  loadReadable,
  type OfficialImages,
} from "../official_testing.ts";
import { configurationOf, modelOf, type Run, train } from "../run.ts";
import type { CrossoverSet } from "../study_runs.ts";
import { openTest, testSet } from "../testing.ts";
import { type AskedSet, keepAnswers } from "./answers.ts";
import { allowedOf, dividePhotos, listFile, type Related, withParts } from "./division.ts";

/** A network's scores on photos that are counted independently. */
export interface LeakFreeScores extends Pick<SetScores, "n" | "balancedAccuracy" | "accuracy" | "macroF1"> {
  readonly macroAuc: number;
  /** 95 % interval of the balanced accuracy; the bootstrap draws within the classes. */
  readonly interval: Interval;
}

/** One network of the crossover. Plain values: survives JSON. */
export interface LeakNetwork {
  readonly rung: Rung;
  /** The half of the test whose photos have leaked; null if nothing leaked. */
  readonly half: Half | null;
  readonly depth: Depth;
  readonly partition: number;
  readonly seed: number;
  readonly configuration: string;
  /** Path of its training list, relative to the run's folder. */
  readonly trainingList: string;
  readonly own: LeakFreeScores;
  /** Null if the official set is not available. */
  readonly official: LeakFreeScores | null;
}

export interface AnsweredNetwork {
  readonly network: LeakNetwork;
  readonly parts: LeakFreeParts;
  readonly own: AnsweredRows;
  readonly official: AnsweredRows | null;
  /** Own test photos as they are and in the official set's form. Null if there are none. */
  readonly control: { readonly asTheyAre: AnsweredRows; readonly sameForm: AnsweredRows } | null;
}

/**
 * Trains and tests networks of the crossover. Options that a stage leaves out have the usual value of its depth. The weights after the
 * last epoch count: validation is shown but chooses nothing. Trained networks are reused.
 *
 * If only the softmax is trained, all networks read the same stored activations of the official set. Deeper training takes minutes to
 * hours, so the answers of such a network are kept in `leak_free/answers`. If they are there, it is not trained.
 *
 * @throws {Error} if a photo, copy, lesion or near-duplicate leaks in a way that is not wanted; as `keepAnswers`
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
    const control = others?.control ? controlOf(experiment, parts, others.control) : null;
    for (const seed of seeds) {
      for (const list of lists) {
        const listed = { parts, list, recipe, seed };
        networks.push(await testListed(experiment, related, { ...listed, official: others, control }));
      }
    }
  }
  return networks;
}

/** Trains one network of the crossover on its list. A trained one is reused. @throws as `trainCrossover` */
export async function trainListed(
  experiment: Experiment,
  related: Pick<Related, "evidence">,
  { signal, ...listed }: Listed & { signal?: AbortSignal },
): Promise<Run> {
  const { parts: { partition }, list, recipe, seed } = listed;
  const label = `${listName(list)}, partition ${partition}, seed ${seed}`;
  const own = withList(experiment, related, listed);
  const run = await train(own, modelOf(experiment, seed), recipe, { seed, label, signal });
  return { ...run, name: label };
}

/** Everything that decides one network of the crossover. */
interface Listed extends Pick<CrossoverSet, "recipe"> {
  readonly parts: LeakFreeParts;
  readonly list: TrainingList;
  readonly seed: number;
}

function withList(
  experiment: Experiment,
  { evidence }: Pick<Related, "evidence">,
  { parts, list }: Pick<Listed, "parts" | "list">,
): Experiment {
  const { validation, test } = parts;
  const leak = { allowed: allowedOf[list.rung], evidence };
  return withParts(experiment, { train: list.images, validation, test, leak });
}

/** A network's predictions on its own test, the official set and the control. It is trained if they are not kept. */
async function testListed(
  experiment: Experiment,
  related: Related,
  { official, control, ...listed }: Listed & { official: OfficialFeatures | null; control: Control | null },
): Promise<AnsweredNetwork> {
  const { parts, list, recipe, seed } = listed;
  const { samples, classes } = experiment.source;
  const own = withList(experiment, related, listed);
  const { depth } = recipe.at(-1)!;
  const configuration = configurationOf(own, modelOf(experiment, seed), recipe, seed);
  const idsOf = (rows: readonly number[]) => rows.map((row) => samples[row].imageId);
  const asked: (AskedSet & { digest: string })[] = [
    {
      ...{ name: "own test", imageIds: idsOf(parts.test), labels: labelsOf(own.parts, own.parts.test) },
      digest: testSet(own),
    },
    ...official
      ? [{ ...official.images, name: "official test set", digest: digestOfImages(official.images) }]
      : [],
    ...control
      ? [{
        ...{ name: "own test in the official form", imageIds: idsOf(control.rows) },
        ...{ labels: control.images.labels, digest: digestOfImages(control.images) },
      }]
      : [],
  ];
  const answer = async () => {
    const run = await trainListed(experiment, related, listed);
    const all: ArrayLike<number>[] = [(await openTest(own, run)).answers];
    for (const { images, features } of [official, control].filter((set) => set !== null)) {
      const { probabilities } = await answerImages(own, run, images, { features: features ?? undefined });
      all.push(probabilities);
    }
    return all;
  };
  const key = digestOf({ configuration, sets: asked.map(({ digest }) => digest) }).slice(0, 12);
  const file = `${depth} ${listName(list)} ${parts.partition} ${seed} ${key}.csv`.replaceAll(" ", "_");
  const answers: readonly ArrayLike<number>[] = depth === "head"
    ? await answer() // trained in seconds
    : await keepAnswers(join(own.config.out, "answers", file), {
      sets: asked,
      codes: classes.map(({ code }) => code),
    }, answer);

  const rowsOf = (set: number, groups: readonly string[]): AnsweredRows => ({
    ...{ truth: asked[set].labels, probabilities: answers[set], groups, classes: classes.length },
  });
  const ownRows = rowsOf(0, parts.test.map((row) => `${parts.groupOf[row]}`));
  const others = official && rowsOf(1, official.images.lesions);
  const asTheyAre = control && pickRows(ownRows, control.places);
  return {
    network: {
      ...{ rung: list.rung, half: list.half, depth, partition: parts.partition, seed, configuration },
      trainingList: listFile(list, parts.partition),
      own: leakFreeScores(ownRows, own.config),
      official: others && leakFreeScores(others, own.config),
    },
    ...{ parts, own: ownRows, official: others },
    control: asTheyAre && { asTheyAre, sameForm: rowsOf(2, asTheyAre.groups) },
  };
}

/** The official set and its control. `features`: the softmax's inputs; null if more than the softmax is trained. */
interface OfficialFeatures extends Disposable {
  readonly images: LabelledImages & { readonly imageIds: readonly string[] };
  readonly features: Examples | null;
  /** Photos of the table in the set's form. `placeOf` maps a row of the table to its index there. Null if there are none. */
  readonly control: {
    readonly inForm: ImageSet;
    readonly features: Examples | null;
    readonly placeOf: ReadonlyMap<number, number>;
  } | null;
}

async function openOfficial(
  experiment: Experiment,
  { images, kept, set, load }: OfficialImages,
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
    ...{ images: { ...images, imageIds: kept.map(({ imageId }) => imageId) }, features },
    control: inForm &&
      { inForm, features: ofControl, placeOf: new Map(photos.map((row, i) => [row, i])) },
    [Symbol.dispose]() {
      features?.[Symbol.dispose]();
      ofControl?.[Symbol.dispose]();
    },
  };
}

/** Those test photos of a division that exist in the official set's form. */
interface Control {
  /** Rows of the table, and their indices in the test part. */
  readonly rows: readonly number[];
  readonly places: readonly number[];
  readonly images: LabelledImages;
  readonly features: Examples | null;
}

function controlOf(
  { source: { samples } }: Experiment,
  { test, groupOf }: LeakFreeParts,
  { inForm, features, placeOf }: NonNullable<OfficialFeatures["control"]>,
): Control | null {
  const places = [...test.keys()].filter((i) => placeOf.has(test[i]));
  if (places.length === 0) return null;
  const rows = places.map((i) => test[i]);
  const inSet = rows.map((row) => placeOf.get(row)!);
  const labels = rows.map((row) => samples[row].label);
  return {
    ...{ rows, places },
    images: {
      title: "the control in the official set's form",
      pixels: Buffer.concat(inSet.map((place) => photoOf(inForm, place))),
      pixelDigests: inSet.map((place) => inForm.pixelDigests[place]),
      ...{ labels, lesions: rows.map((row) => `${groupOf[row]}`) },
    },
    features: features && {
      ...{ labels: Uint8Array.from(labels), digest: "" },
      read: (row, target) => features.read(inSet[row], target),
    },
  };
}

function leakFreeScores(rows: AnsweredRows, { seed }: { seed: number }): LeakFreeScores {
  const { n, balancedAccuracy, accuracy, macroF1, intervals } = measureSet(rows, { seed });
  const { truth, probabilities, classes } = rows;
  return {
    ...{ n, balancedAccuracy, accuracy, macroF1, macroAuc: macroAuc(truth, probabilities, classes) },
    interval: intervals.balancedAccuracy,
  };
}
