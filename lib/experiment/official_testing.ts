/**
 * Tests networks on the official test set of ISIC 2018 Task 3, or on another set in its form: photos that this project has
 * neither augmented nor split. The set is opened once for each network, and nothing is chosen by it.
 *
 * Codella et al., "Skin Lesion Analysis Toward Melanoma Detection 2018", arXiv:1902.03368.
 */
import { lackingCodes } from "../data/diagnosis.ts";
import { type ImageSet, loadImageSet } from "../data/image_set.ts";
import { groupPhotos } from "../data/leak_free_parts.ts";
import { exposureOf } from "../data/leakage.ts";
import { relatePhotos } from "../data/near_duplicates.ts";
import { labelsOf, lesionsOf } from "../data/parts.ts";
import { rankTested } from "../evaluation/metrics.ts";
import {
  type AnsweredRows,
  compareAnswers,
  measureSet,
  type ScoreDifference,
  type SetScores,
} from "../evaluation/set_scores.ts";
import { pixelsIn } from "../image_size.ts";
import { predictImages } from "../model/predictor.ts";
import type { SharedCounts } from "../model/trained_on.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import { progress } from "../support/progress.ts";
import type { Examples } from "../training/examples.ts";
import { predict } from "../training/fit.ts";
import { type Experiment, photoOf } from "./experiment.ts";
import type { LabelledSet } from "./labelled_set.ts";
import { findSharedIn, measureUnseen } from "./model_evaluation.ts";
import { openOfficialSet } from "./official_set.ts";
import { networkOf, type Run } from "./run.ts";
import { trainedOn } from "./saved_network.ts";
import { openOnce, type TestedRun } from "./testing.ts";

/** Plain values, to be saved as JSON. */
export interface OfficialResults {
  /** The set's name for readers. */
  readonly title: string;
  readonly set: Omit<LabelledSet, "photos"> & { readonly photos: number; readonly lesions: number };
  /** Digest of the set's pixels and labels, as in the log of openings. */
  readonly digest: string;
  /** Image ids of photos that were left out because they cannot be decoded. */
  readonly damaged: readonly string[];
  /** How many of the set's photos and lesions are in the training part: none, if all is as it should be. */
  readonly shared: SharedCounts;
  /** The frozen network that validation chose, then the recipe's networks. */
  readonly runs: readonly OfficialRun[];
  /** The control: test photos whose lesions training has not seen, also in the form of the set's photos; null if there are none. */
  readonly control:
    | { readonly photos: number; readonly lesions: number; readonly lacking: readonly string[] }
    | null;
}

export interface OfficialRun {
  readonly name: string;
  readonly configuration: string;
  /** Scores on the run's own test part, for comparison with the others. */
  readonly asWritten: SetScores;
  readonly test: SetScores;
  /** Scores on the photos that share nothing with training; null if those are all or none. */
  readonly unseen: SetScores | null;
  readonly control: FormControl | null;
}

/** The effect of the photos' form alone: scores on the same photos, unchanged and in the set's form. */
export interface FormControl {
  readonly asTheyAre: SetScores;
  readonly sameForm: SetScores;
  /** Score in the set's form minus score as they are. */
  readonly difference: Readonly<Record<"accuracy" | "balancedAccuracy", ScoreDifference>>;
}

/** Small images with their labels and lesions. */
export interface LabelledImages {
  readonly title: string;
  /** (n, height, width, 3), RGB, 0–255. */
  readonly pixels: Uint8Array;
  readonly pixelDigests: readonly string[];
  readonly labels: readonly number[];
  readonly lesions: readonly string[];
}

/**
 * Tests networks on the official set and on its control: the frozen network that validation chose, and those of the recipe. Null
 * if the set is not there or has other classes.
 *
 * @throws as `openOfficialSet`; {Error} if photos cannot be decoded and `skipDamaged` is not set
 */
export async function testOfficially(
  experiment: Experiment,
  tested: readonly TestedRun[],
): Promise<OfficialResults | null> {
  const { config, source } = experiment;
  const opened = await openOfficialImages(experiment);
  if (opened === null) return null;
  const { set, loaded, kept, images, load } = opened;
  const shared = findSharedIn(trainedOn(experiment), set, kept);
  const control = set.sameForm && await loadControl(experiment, set.sameForm, load);

  const chosen = rankTested(tested.filter(({ run }) => run.depth === "head")).slice(0, 1);
  const runs: OfficialRun[] = [];
  for (const one of [...chosen, ...tested.filter(({ run }) => run.depth !== "head")]) {
    const { run, answers } = one;
    const { parts } = experiment;
    const rows = await answerImages(experiment, run, images);
    runs.push({
      ...{ name: run.name, configuration: run.configuration },
      asWritten: measureSet({
        ...{ truth: labelsOf(parts, parts.test), probabilities: answers, classes: source.classes.length },
        groups: lesionsOf(source, parts, parts.test),
      }, config),
      test: measureSet(rows, config),
      unseen: measureUnseen(rows, shared.isShared, config),
      control: control && formControl(
        await answerImages(experiment, run, control.asTheyAre),
        await answerImages(experiment, run, control.sameForm),
        config,
      ),
    });
  }
  const { photos: _, title, sameForm: _control, ...about } = set;
  return {
    title,
    set: { ...about, photos: kept.length, lesions: new Set(kept.map(({ lesionId }) => lesionId)).size },
    digest: digestOfImages(images),
    damaged: loaded.damaged.map(({ index }) => set.photos[index].imageId),
    shared: shared.counts,
    runs,
    control: control && {
      photos: control.asTheyAre.labels.length,
      lesions: new Set(control.asTheyAre.lesions).size,
      lacking: lackingCodes(experiment.source.classes, control.asTheyAre.labels),
    },
  };
}

/** The set's photos, decoded. */
export type OfficialImages = NonNullable<Awaited<ReturnType<typeof openOfficialImages>>>;

/**
 * Decodes the set's photos; null as `openOfficialSet`. Near-duplicates among them count as one lesion in `images.lesions`, so
 * intervals draw them together. No network sees them yet.
 *
 * @throws as `testOfficially`
 */
export async function openOfficialImages({ config, source, store }: Experiment) {
  const set = await openOfficialSet(config, source.classes);
  if (set === null) return null;
  const load = (paths: readonly string[]) =>
    loadImageSet(paths, { size: config.size, store, keepGoing: config.skipDamaged });
  const loaded = await load(set.photos.map(({ path }) => path));
  const bad = new Set(loaded.damaged.map(({ index }) => index));
  const kept = set.photos.flatMap((photo, index) =>
    bad.has(index) ? [] : [{ ...photo, index, fileDigest: loaded.fileDigests[index] }]
  );
  const relations = await relatePhotos(kept.map(({ path }) => path), { samples: kept, store });
  const { groupOf } = groupPhotos(kept, relations);
  const drawn = kept.map((photo, i) => ({ ...photo, lesionId: kept[groupOf[i]].lesionId }));
  return { set, loaded, kept, images: imagesOf(set.title, loaded, drawn), load };
}

/** Loads the control in both forms: the folder's test photos whose lesions training has not seen; null if it has none. */
async function loadControl(
  experiment: Experiment,
  found: ReadonlyMap<string, string>,
  load: OfficialImages["load"],
): Promise<Record<"asTheyAre" | "sameForm", LabelledImages> | null> {
  const { source: { samples }, parts, images } = experiment;
  const exposure = exposureOf(experiment.source, parts, parts.subsetTrain);
  const unseen = new Set(parts.test.filter((row) => exposure(row) === 2).map((row) => parts.table[row].row));
  const rows = [...unseen].sort((a, b) => a - b);
  const { photos, inForm } = await loadReadable(rows, (photo) => found.get(samples[photo].imageId), load);
  if (!inForm) return null;
  const at = (placeOf: (photo: number, i: number) => number) =>
    photos.map((photo, i) => ({ ...samples[photo], index: placeOf(photo, i) }));
  return {
    asTheyAre: imagesOf("the control as it is", images, at((photo) => photo)),
    sameForm: imagesOf("the control in that form", inForm, at((_, i) => i)),
  };
}

/**
 * Loads the photos of a table that another folder has in another form, without those that cannot be decoded.
 *
 * @param pathOf path of a photo in that folder; undefined if it has none
 */
export async function loadReadable(
  rows: readonly number[],
  pathOf: (row: number) => string | undefined,
  load: OfficialImages["load"],
): Promise<{ photos: number[]; inForm: ImageSet | null }> {
  const there = rows.filter((row) => pathOf(row) !== undefined);
  const loadAll = async (photos: readonly number[]) => await load(photos.map((row) => pathOf(row)!));
  const loaded = there.length > 0 ? await loadAll(there) : null;
  const bad = new Set(loaded?.damaged.map(({ index }) => index));
  const photos = there.filter((_, i) => !bad.has(i));
  return { photos, inForm: photos.length === 0 ? null : bad.size > 0 ? await loadAll(photos) : loaded };
}

/** Some images of a loaded set, by their indices. */
function imagesOf(
  title: string,
  loaded: Experiment["images"],
  rows: readonly { index: number; label: number; lesionId: string }[],
): LabelledImages {
  const length = pixelsIn(loaded.size) * 3;
  const pixels = new Uint8Array(rows.length * length);
  rows.forEach(({ index }, i) => pixels.set(photoOf(loaded, index), i * length));
  return {
    ...{ title, pixels, pixelDigests: rows.map(({ index }) => loaded.pixelDigests[index]) },
    labels: rows.map(({ label }) => label),
    lesions: rows.map(({ lesionId }) => lesionId),
  };
}

/** Scores of answers to the same photos, as they are and in the set's form, with their difference. */
export function formControl(
  before: AnsweredRows,
  after: AnsweredRows,
  { seed }: { seed: number },
): FormControl {
  return {
    asTheyAre: measureSet(before, { seed }),
    sameForm: measureSet(after, { seed }),
    difference: compareAnswers(before, after, { seed }),
  };
}

/**
 * A run's answers to some images, which are opened once; the answers are stored. Without `features` they are computed in float32,
 * as in `deno task evaluate`, not from stored half floats.
 *
 * @param options.features the images' stored activations at the network's depth, for many networks that share their frozen layers
 */
export async function answerImages(
  experiment: Experiment,
  run: Pick<Run, "name" | "configuration">,
  images: LabelledImages,
  { features }: { features?: Examples } = {},
): Promise<AnsweredRows> {
  const { title, pixels, labels, lesions } = images;
  const classes = experiment.source.classes.length;
  const probabilities = await openOnce(experiment, run, {
    set: digestOfImages(images),
    name: title,
    async answer() {
      const network = await networkOf(experiment, run);
      const label = `${run.name} on ${title}`;
      if (features) return await predict(network, features, progress(label));
      const { size } = experiment.config;
      return await predictImages(network, labels.map((_, i) => photoOf({ pixels, size }, i)), { label });
    },
  });
  return { truth: labels, probabilities, groups: lesions, classes };
}

/** Digest of a set's pixels and labels, which identifies it in the log of openings. */
export function digestOfImages(
  { pixelDigests, labels }: Pick<LabelledImages, "pixelDigests" | "labels">,
): string {
  return digestOf({ pixels: sha256(pixelDigests.join("")), labels });
}
