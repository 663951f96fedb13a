/**
 * What a model was trained on, as digests: enough to recognise a photo or a lesion that training has seen, and nothing else of it.
 */
import { sha256 } from "../support/digest.ts";

export interface TrainedOn {
  /** SHA-256 of the photos' files, sorted. */
  readonly photos: readonly string[];
  /** SHA-256 of the lesions' names in the table, sorted; null where the table names no lesions. */
  readonly lesions: readonly string[] | null;
}

/** A photo of some set. */
export interface SetPhoto {
  /** SHA-256 of its file. */
  readonly fileDigest: string;
  /** The lesion's name in the table; null where the table names none. */
  readonly lesionId: string | null;
}

/** What is kept of the photos that a model was trained on. */
export function digestTraining(photos: readonly SetPhoto[]): TrainedOn {
  const sorted = (digests: readonly string[]) => [...new Set(digests)].sort();
  const lesions = photos.flatMap(({ lesionId }) => lesionId === null ? [] : [sha256(lesionId)]);
  return {
    photos: sorted(photos.map(({ fileDigest }) => fileDigest)),
    lesions: lesions.length === 0 ? null : sorted(lesions),
  };
}

/** How many photos of a set training has seen. */
export interface SharedCounts {
  /** The same file. */
  readonly photos: number;
  /** Of a lesion whose name training's table has too; null where one of both tables names no lesions. */
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
