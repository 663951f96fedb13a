/** How much of the test was already seen in training. */
import type { Parts, Photos } from "./parts.ts";

export interface Leakage {
  /** A diagnosis, or "all". */
  readonly dx: string;
  /** Test images. */
  readonly images: number;
  /** Test images whose original or another copy is among the images trained on. */
  readonly withCopy: number;
  /** `withCopy` as a share of `images`, 0–1. */
  readonly copyShare: number;
  /** Test images whose lesion is shown by an image trained on. */
  readonly withLesion: number;
  readonly lesionShare: number;
}

/** What training has shown of a test image, from the most to the least. */
export const exposures = [
  "another copy of the photo",
  "another photo of the lesion",
  "nothing of the lesion",
] as const;

/**
 * Returns a function from a test row to its index in `exposures`, given the rows trained on. A photo that the table has under
 * several ids counts as one photo, which shows the lesions of all these ids.
 */
export function exposureOf(
  photos: Photos,
  parts: Parts,
  trained: readonly number[],
): (testRow: number) => number {
  const photoOf = (row: number) => photos.photoRows?.[row] ?? row;
  const lesionsOf = Map.groupBy(photos.samples.keys(), photoOf);
  const lesionsOfPhoto = (photo: number) => lesionsOf.get(photo)!.map((row) => photos.samples[row].lesionId);
  const seen = new Set(trained.map((row) => photoOf(parts.table[row].row)));
  const lesions = new Set([...seen].flatMap(lesionsOfPhoto));
  return (testRow) => {
    const photo = photoOf(parts.table[testRow].row);
    return seen.has(photo) ? 0 : lesionsOfPhoto(photo).some((lesion) => lesions.has(lesion)) ? 1 : 2;
  };
}

/** Counts the test images that share a photo or a lesion with the rows trained on: for each class, then for all. */
export function countLeakage(photos: Photos, parts: Parts, trained: readonly number[]): Leakage[] {
  const exposure = exposureOf(photos, parts, trained);
  const count = (dx: string, rows: readonly number[]): Leakage => {
    const found = rows.map(exposure);
    const withCopy = found.filter((place) => place === 0).length;
    const withLesion = found.filter((place) => place <= 1).length;
    const images = rows.length;
    return {
      ...{ dx, images, withCopy, copyShare: withCopy / images },
      ...{ withLesion, lesionShare: withLesion / images },
    };
  };
  return [
    ...photos.classes.map(({ code }, label) =>
      count(code, parts.test.filter((row) => parts.table[row].label === label))
    ),
    count("all", parts.test),
  ];
}

/**
 * Codes of the classes in which seen and unseen test images can be compared: bkl and mel if the test has both, else the classes
 * that have both test images with a copy in training and test images of unseen lesions, else all classes.
 */
export function comparableClasses(photos: Photos, parts: Parts): string[] {
  const codes = photos.classes.map(({ code }) => code);
  const isTested = (code: string) => parts.test.some((row) => codes[parts.table[row].label] === code);
  if (["bkl", "mel"].every(isTested)) return ["bkl", "mel"];
  const exposure = exposureOf(photos, parts, parts.subsetTrain);
  const seen = codes.map(() => new Set<number>());
  for (const row of parts.test) seen[parts.table[row].label].add(exposure(row));
  const both = codes.filter((_, label) => seen[label].has(0) && seen[label].has(2));
  return both.length > 0 ? both : codes;
}
