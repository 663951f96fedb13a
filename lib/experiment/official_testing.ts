/**
 * The official test set of ISIC 2018 Task 3, or another in its form: photos that no augmentation and no split of this project has
 * touched. Opened once for each network; nothing is chosen by it.
 *
 * Codella et al., "Skin Lesion Analysis Toward Melanoma Detection 2018", arXiv:1902.03368.
 */
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

/** Plain values: survives JSON. */
export interface OfficialResults {
  /** For readers. */
  readonly title: string;
  readonly set: Omit<LabelledSet, "photos"> & { readonly photos: number; readonly lesions: number };
  /** Of the set's pixels and labels, as the log of openings has it. */
  readonly digest: string;
  /** Image ids of photos that cannot be decoded and are left out. */
  readonly damaged: readonly string[];
  /** What the set shares with the training part: nothing, if it is what it should be. */
  readonly shared: SharedCounts;
  /** The frozen network that validation chose, then those of the recipe. */
  readonly runs: readonly OfficialRun[];
  /** Photos of the run's own test part, of whose lesions training has seen nothing, in the form of the set's; null: none. */
  readonly control:
    | { readonly photos: number; readonly lesions: number; readonly lacking: readonly string[] }
    | null;
}

export interface OfficialRun {
  readonly name: string;
  readonly configuration: string;
  /** On the run's own test part, as written: what the others stand beside. */
  readonly asWritten: SetScores;
  readonly test: SetScores;
  /** On the photos that share nothing with training; null where all or none do. */
  readonly unseen: SetScores | null;
  readonly control: FormControl | null;
}

/** What the form of the set's photos alone does: the same photos, as they are and in that form. */
export interface FormControl {
  readonly asTheyAre: SetScores;
  readonly sameForm: SetScores;
  /** In the form minus as they are. */
  readonly difference: Readonly<Record<"accuracy" | "balancedAccuracy", ScoreDifference>>;
}

/** Small images with their labels and lesions. */
export interface LabelledImages {
  readonly title: string;
  /** (n, height, width, 3) */
  readonly pixels: Uint8Array;
  readonly pixelDigests: readonly string[];
  readonly labels: readonly number[];
  readonly lesions: readonly string[];
}

/**
 * What the tested networks come to on the official set, with the control beside it: the frozen one that validation chose, and those
 * of the recipe. Null where the set is not there, or has other classes.
 *
 * @throws as `openOfficialSet`; {Error} when photos cannot be decoded and `skipDamaged` is not set
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
      control: control && await testForm(experiment, run, control),
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
      lacking: lackingOf(experiment, control.asTheyAre.labels),
    },
  };
}

/** The set's photos, decoded. */
export type OfficialImages = NonNullable<Awaited<ReturnType<typeof openOfficialImages>>>;

/**
 * The set's photos, decoded; null where it is not there. Near-duplicates among them count as one lesion in `images.lesions`, which
 * intervals draw. Nothing is answered.
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

interface Control {
  readonly asTheyAre: LabelledImages;
  readonly sameForm: LabelledImages;
}

/**
 * The photos of the test part of whose lesions training has seen nothing, in both forms: as far as the folder has them; null where it
 * has none.
 */
async function loadControl(
  experiment: Experiment,
  found: ReadonlyMap<string, string>,
  load: OfficialImages["load"],
): Promise<Control | null> {
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
 * Photos of a table that another folder has, too, in another form: those that can be decoded.
 *
 * @param pathOf of a photo's file there; undefined where there is none
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

/** Some images of a loaded set, by their places. */
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

async function testForm(
  experiment: Experiment,
  run: Run,
  { asTheyAre, sameForm }: Control,
): Promise<FormControl> {
  const before = await answerImages(experiment, run, asTheyAre);
  return formControl(before, await answerImages(experiment, run, sameForm), experiment.config);
}

/** Answers to the same photos, as they are and in the set's form, beside each other. */
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
 * A run's answers to some images, opened once and kept. As `deno task evaluate` gives them: in float32, not from stored half floats.
 *
 * @param options.features what the run's network reads of these images, stored: where many networks share their frozen layers
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

/** What names a set in the log of openings: the digest of its pixels and labels. */
export function digestOfImages(
  { pixelDigests, labels }: Pick<LabelledImages, "pixelDigests" | "labels">,
): string {
  return digestOf({ pixels: sha256(pixelDigests.join("")), labels });
}

function lackingOf({ source }: Experiment, labels: readonly number[]): string[] {
  const present = new Set(labels);
  return source.classes.flatMap(({ code }, label) => present.has(label) ? [] : [code]);
}
