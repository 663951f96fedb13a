/** Tests a saved model on a labelled set, from photos to numbers, for `deno task evaluate`. */
import { parse } from "node:path";
import { describeDamaged, describeUnread } from "../data/image_set.ts";
import { type DiagnosisClass, lackingCodes } from "../data/diagnosis.ts";
import { findPairs } from "../data/near_duplicates.ts";
import { cutDiscs, reducePhotos } from "../data/photo_discs.ts";
import { searchFolder } from "../data/photo_files.ts";
import { type AnsweredRows, measureSet, pickRows, type SetScores } from "../evaluation/set_scores.ts";
import { classify, type Orientations } from "../model/predictor.ts";
import { type Provenance, type TrainedModel } from "../model/saved_model.ts";
import { findShared, type SharedCounts, type TrainedOn } from "../model/trained_on.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import { countText } from "../support/format.ts";
import { inParallel } from "../support/parallel.ts";
import { progress } from "../support/progress.ts";
import { openStore } from "../support/store.ts";
import type { LabelledPhoto, LabelledSet } from "./labelled_set.ts";

/** Plain values, to be saved as JSON. */
export interface ModelEvaluation {
  readonly model:
    & { readonly classes: readonly DiagnosisClass[]; readonly provenance: Provenance }
    & Pick<TrainedModel, "size" | "scaling">;
  readonly orientations: Orientations;
  readonly set:
    & Omit<LabelledSet, "photos">
    & {
      readonly photos: number;
      readonly lesions: number;
      /** Digest of the photos' bytes with their classes. */
      readonly digest: string;
      /** Image ids of photos that were left out because they cannot be decoded. */
      readonly damaged: readonly string[];
    };
  /** How much of the set the model was trained on; null if the model's folder does not say. */
  readonly shared: SharedWithTraining | null;
  /** Null if near-duplicates were not looked for. */
  readonly nearDuplicates: TrainingNearDuplicates | null;
  readonly all: SetScores;
  /** Scores on the photos that share nothing with training; null if those are all or none, or if `shared` is null. */
  readonly unseen: SetScores | null;
}

/** Here `either` also counts near-duplicates. */
export interface SharedWithTraining extends SharedCounts {
  /** Photos with other files that are near-duplicates of training photos; null if they were not looked for. */
  readonly nearDuplicates: number | null;
}

/** Photos of a set that are near-duplicates of training photos. */
export interface TrainingNearDuplicates {
  /** Number of photos that the model was trained on, and how many of them were found and compared. */
  readonly trained: number;
  readonly found: number;
  /**
   * In the order of the set. `photo`: image id; `trained`: file name of the training photo, without its extension; `distance`: 0
   * for the same detail, 1 for none in common.
   */
  readonly pairs: readonly { readonly photo: string; readonly trained: string; readonly distance: number }[];
}

/**
 * Classifies every photo of a set with the model and measures its answers. Intervals are over lesions.
 *
 * @param options.trainingPhotos the folder of the photos that the model was trained on, to look for near-duplicates of them
 * @throws {Error} if photos cannot be decoded (one error for all) and `skipDamaged` is not set, if none is left, or if a disk
 * fails
 * @throws {Error} if the folder has none of the photos trained on, or if the model's folder does not say which these are
 */
export async function evaluateModel(
  model: TrainedModel,
  set: LabelledSet,
  { orientations = 1, skipDamaged = false, seed = 0, trainingPhotos = null }: {
    orientations?: Orientations;
    skipDamaged?: boolean;
    seed?: number;
    trainingPhotos?: string | null;
  } = {},
): Promise<ModelEvaluation> {
  const trainedPaths = trainingPhotos === null ? null : await findTrained(model.trainedOn, trainingPhotos);
  const report = progress("Photos");
  const classes = model.classes.length;
  const answered: (LabelledPhoto & { fileDigest: string })[] = [];
  const damaged: { imageId: string; problem: string }[] = [];
  const probabilities = new Float32Array(set.photos.length * classes);
  const unread: string[] = [];
  let done = 0;
  for await (const answer of classify(model, set.photos.map(({ path }) => path), { orientations })) {
    const photo = set.photos[done];
    if (answer.problem !== null) {
      damaged.push({ imageId: photo.imageId, problem: answer.problem });
      if (answer.isUnread) unread.push(answer.problem);
    } else {
      probabilities.set(answer.probabilities!, answered.length * classes);
      answered.push({ ...photo, fileDigest: answer.fileDigest! });
    }
    report(++done, set.photos.length);
  }
  const problems = damaged.map(({ problem }) => problem);
  if (unread.length > 0) throw new Error(describeUnread(unread, set.photos.length));
  if (damaged.length > 0 && !skipDamaged || answered.length === 0) {
    throw new Error(describeDamaged(problems, set.photos.length));
  }
  const rows: AnsweredRows = {
    truth: answered.map(({ label }) => label),
    probabilities: probabilities.subarray(0, answered.length * classes),
    groups: answered.map(({ lesionId }) => lesionId),
    classes,
  };
  const shared = model.trainedOn && findSharedIn(model.trainedOn, set, answered);
  const near = trainedPaths && await findNear(model.trainedOn!, answered, trainedPaths);
  const isNear = new Set(near?.pairs.map(({ photo }) => photo));
  const isShared = answered.map(({ imageId }, row) => shared?.isShared[row] || isNear.has(imageId));
  const { size, scaling, provenance } = model;
  const { photos: _, ...about } = set;
  return {
    model: { classes: model.classes, size, scaling, provenance },
    orientations,
    set: {
      ...about,
      notes: set.notes.filter((note) => !isAboutMatched(note, set)),
      lacking: lackingCodes(model.classes, Array.from(rows.truth)),
      photos: answered.length,
      lesions: new Set(rows.groups).size,
      digest: digestOf(answered.map(({ fileDigest, label }) => [fileDigest, label])),
      damaged: damaged.map(({ imageId }) => imageId),
    },
    shared: shared && {
      ...shared.counts,
      either: isShared.filter(Boolean).length,
      nearDuplicates: near && isNear.size,
    },
    nearDuplicates: near,
    all: measureSet(rows, { seed }),
    unseen: shared && measureUnseen(rows, isShared, { seed }),
  };
}

/** Whether a note suggests `--join-case`, although classes were already matched without regard to case. */
function isAboutMatched(note: string, { matching }: Pick<LabelledSet, "matching">): boolean {
  return matching.sameButCase.length > 0 && note.includes("--join-case");
}

/**
 * Paths of the training photos in a folder, recognised by the bytes of their files; each once.
 *
 * @throws {Error} if there is none, or if the model's folder does not say what it was trained on
 */
async function findTrained(trainedOn: TrainedOn | null, folder: string): Promise<string[]> {
  if (trainedOn === null) {
    throw new Error(
      "The model's folder is of an older version and does not say what it was trained on, so its near-duplicates cannot be " +
        "looked for. Leave out --training-photos, or train again",
    );
  }
  const { photos, closed } = await searchFolder(folder);
  const report = progress("Photos trained on");
  const isTrained = new Set(trainedOn.photos);
  const digests = new Array<string>(photos.length);
  let done = 0;
  await inParallel([...photos.entries()], 4, async ([place, { path }]) => {
    digests[place] = await Deno.readFile(path).then((bytes) => sha256(bytes), () => "cannot be read");
    report(++done, photos.length);
  });
  const pathOf = new Map(digests.map((digest, place) => [digest, photos[place].path]));
  const found = [...pathOf].filter(([digest]) => isTrained.has(digest)).map(([, path]) => path);
  if (found.length > 0) return found;
  const received = [
    `${folder} with ${countText(photos.length, "photo")}`,
    ...closed.map(({ path, problem }) => `${path}: the folder ${problem}`),
  ];
  throw new Error(
    `--training-photos needs the folder of the photos that the model was trained on, their files as they were then. ` +
      `Expected: some of ${
        countText(isTrained.size, "photo")
      }, by the digests in trained_on.json. Received: none of them in ${received.join("; ")}`,
  );
}

/** Finds near-duplicates of training photos among a set's photos that were not trained on themselves. Keeps nothing in a store. */
async function findNear(
  trainedOn: TrainedOn,
  photos: readonly (LabelledPhoto & { fileDigest: string })[],
  trainedPaths: readonly string[],
): Promise<TrainingNearDuplicates> {
  const isTrained = new Set(trainedOn.photos);
  const others = photos.filter(({ fileDigest }) => !isTrained.has(fileDigest));
  const folder = await Deno.makeTempDir({ prefix: "evaluate_" });
  try {
    const paths = [...others.map(({ path }) => path), ...trainedPaths];
    const discs = cutDiscs(await reducePhotos(paths, { store: openStore(folder) }));
    const pairs = await findPairs(discs, { border: others.length });
    return {
      trained: isTrained.size,
      found: trainedPaths.length,
      pairs: pairs.map(({ a, b, distance }) => ({
        ...{ photo: others[a].imageId, trained: parse(paths[b]).name, distance },
      })),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** `findShared` for the photos of a labelled set. */
export function findSharedIn(
  trainedOn: TrainedOn,
  { knowsLesions }: Pick<LabelledSet, "knowsLesions">,
  photos: readonly (LabelledPhoto & { fileDigest: string })[],
) {
  return findShared(
    trainedOn,
    photos.map(({ fileDigest, lesionId }) => ({ fileDigest, lesionId: knowsLesions ? lesionId : null })),
  );
}

/** Scores on the rows that share nothing with training; null if those are all or none. */
export function measureUnseen(
  rows: AnsweredRows,
  isShared: readonly boolean[],
  options: { seed: number },
): SetScores | null {
  const kept = [...isShared.keys()].filter((row) => !isShared[row]);
  if (kept.length === 0 || kept.length === isShared.length) return null;
  return measureSet(pickRows(rows, kept), options);
}
