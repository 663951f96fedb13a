/**
 * Digests of what a model was trained on. They are enough to recognise a photo or a lesion of the training, and tell nothing else.
 */
import { sha256 } from "../support/digest.ts";

export interface TrainedOn {
  /** SHA-256 of the photos' files, sorted. */
  readonly photos: readonly string[];
  /** SHA-256 of the lesions' names in the table, sorted; null if the table names no lesions. */
  readonly lesions: readonly string[] | null;
}

/** A photo of some set. */
export interface SetPhoto {
  /** SHA-256 of its file. */
  readonly fileDigest: string;
  /** The lesion's name in the table; null if the table names none. */
  readonly lesionId: string | null;
}

/** The digests of the photos that a model was trained on. */
export function digestTraining(photos: readonly SetPhoto[]): TrainedOn {
  const sorted = (digests: readonly string[]) => [...new Set(digests)].sort();
  const lesions = photos.flatMap(({ lesionId }) => lesionId === null ? [] : [sha256(lesionId)]);
  return {
    photos: sorted(photos.map(({ fileDigest }) => fileDigest)),
    lesions: lesions.length === 0 ? null : sorted(lesions),
  };
}

/** How many photos of a set share a file or a lesion with training. */
export interface SharedCounts {
  /** The same file. */
  readonly photos: number;
  /** A lesion with the same name. Null if one of the two tables names no lesions. */
  readonly lesions: number | null;
  /** One or the other. */
  readonly either: number;
}

/** Which photos of a set share their file or their lesion with training. */
export function findShared(
  trainedOn: TrainedOn,
  photos: readonly SetPhoto[],
): { counts: SharedCounts; isShared: boolean[] } {
  const files = new Set(trainedOn.photos);
  const lesions = new Set(trainedOn.lesions ?? []);
  const byFile = photos.map(({ fileDigest }) => files.has(fileDigest));
  const byLesion = photos.map(({ lesionId }) => lesionId !== null && lesions.has(sha256(lesionId)));
  const isShared = byFile.map((shared, row) => shared || byLesion[row]);
  const count = (list: readonly boolean[]) => list.filter(Boolean).length;
  const knowsLesions = trainedOn.lesions !== null && photos.some(({ lesionId }) => lesionId !== null);
  return {
    counts: {
      photos: count(byFile),
      lesions: knowsLesions ? count(byLesion) : null,
      either: count(isShared),
    },
    isShared,
  };
}
