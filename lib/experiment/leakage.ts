/** How much of the test set the training side has already seen. */
import type { Parts } from "./parts.ts";
import type { Source } from "./source.ts";

export interface Leakage {
  /** A diagnosis, or "all". */
  readonly dx: string;
  /** Test images. */
  readonly images: number;
  /** Those of which the original or another copy is among the trained ones. */
  readonly withCopy: number;
  /** The same as a share of `images`, 0–1. */
  readonly copyShare: number;
  /** Those whose lesion is shown by a trained image. */
  readonly withLesion: number;
  readonly lesionShare: number;
}

/** Counts, per class and in all, the test images that share a photo or a lesion with the rows trained on. */
export function countLeakage(source: Source, parts: Parts, trained: readonly number[]): Leakage[] {
  const photos = new Set(trained.map((row) => parts.table[row].row));
  const lesions = new Set([...photos].map((row) => source.samples[row].lesionId));
  const count = (dx: string, rows: readonly number[]): Leakage => {
    const withCopy = rows.filter((row) => photos.has(parts.table[row].row)).length;
    const withLesion =
      rows.filter((row) => lesions.has(source.samples[parts.table[row].row].lesionId)).length;
    const images = rows.length;
    return {
      dx,
      images,
      withCopy,
      copyShare: withCopy / images,
      withLesion,
      lesionShare: withLesion / images,
    };
  };
  return [
    ...source.classes.map(({ code }, label) =>
      count(code, parts.test.filter((row) => parts.table[row].label === label))
    ),
    count("all", parts.test),
  ];
}
