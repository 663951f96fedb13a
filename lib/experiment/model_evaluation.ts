/** A saved model tested on a labelled set: `deno task evaluate`, from photos to numbers. */
import { describeDamaged } from "../data/image_set.ts";
import type { DiagnosisClass } from "../data/diagnosis.ts";
import { type AnsweredRows, measureSet, pickRows, type SetScores } from "../evaluation/set_scores.ts";
import { classify, type Orientations } from "../model/predictor.ts";
import { type Provenance, type TrainedModel } from "../model/saved_model.ts";
import { findShared, type SharedCounts, type TrainedOn } from "../model/trained_on.ts";
import { digestOf } from "../support/digest.ts";
import { progress } from "../support/progress.ts";
import type { LabelledPhoto, LabelledSet } from "./labelled_set.ts";

/** Plain values: survives JSON. */
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
      /** Of the photos' bytes with their classes. */
      readonly digest: string;
      /** Image ids of photos that cannot be decoded and are left out. */
      readonly damaged: readonly string[];
    };
  /** What the set shares with what the model was trained on; null: the model's folder does not say. */
  readonly shared: SharedCounts | null;
  readonly all: SetScores;
  /** On the photos that share nothing; null where all do, or none, or nobody can know. */
  readonly unseen: SetScores | null;
}

/**
 * Asks the model about every photo of a set and measures its answers. Intervals are over lesions.
 *
 * @throws {Error} when photos cannot be decoded and `skipDamaged` is not set, one error for all of them; or when none is left
 */
export async function evaluateModel(
  model: TrainedModel,
  set: LabelledSet,
  { orientations = 1, skipDamaged = false, seed = 0 }: {
    orientations?: Orientations;
    skipDamaged?: boolean;
    seed?: number;
  } = {},
): Promise<ModelEvaluation> {
  const report = progress("Photos");
  const classes = model.classes.length;
  const answered: (LabelledPhoto & { fileDigest: string })[] = [];
  const damaged: { imageId: string; problem: string }[] = [];
  const probabilities = new Float32Array(set.photos.length * classes);
  let done = 0;
  for await (const answer of classify(model, set.photos.map(({ path }) => path), { orientations })) {
    const photo = set.photos[done];
    if (answer.problem !== null) damaged.push({ imageId: photo.imageId, problem: answer.problem });
    else {
      probabilities.set(answer.probabilities!, answered.length * classes);
      answered.push({ ...photo, fileDigest: answer.fileDigest! });
    }
    report(++done, set.photos.length);
  }
  const problems = damaged.map(({ problem }) => problem);
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
  const { size, scaling, provenance } = model;
  const { photos: _, ...about } = set;
  const present = new Set(rows.truth as number[]);
  return {
    model: { classes: model.classes, size, scaling, provenance },
    orientations,
    set: {
      ...about,
      lacking: model.classes.flatMap(({ code }, label) => present.has(label) ? [] : [code]),
      photos: answered.length,
      lesions: new Set(rows.groups).size,
      digest: digestOf(answered.map(({ fileDigest, label }) => [fileDigest, label])),
      damaged: damaged.map(({ imageId }) => imageId),
    },
    shared: shared && shared.counts,
    all: measureSet(rows, { seed }),
    unseen: shared && measureUnseen(rows, shared.isShared, { seed }),
  };
}

/** `findShared` for photos of a labelled set. */
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

/** The rows that share nothing with training, measured alone; null where those are all or none. */
export function measureUnseen(
  rows: AnsweredRows,
  isShared: readonly boolean[],
  options: { seed: number },
): SetScores | null {
  const kept = [...isShared.keys()].filter((row) => !isShared[row]);
  if (kept.length === 0 || kept.length === isShared.length) return null;
  return measureSet(pickRows(rows, kept), options);
}
