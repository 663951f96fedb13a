/** The augmented table of 42,650 rows: the originals and the copies that the write-up adds to each class. */
import { diagnoses, ham10000Counts } from "./diagnosis.ts";
import type { Sample } from "./metadata.ts";

/** One original (`copy` 0) or one augmented copy (`copy` ≥ 1) of a photo. */
export interface AugmentedImage {
  /** Row of the metadata table, from 0. */
  readonly row: number;
  readonly copy: number;
  readonly label: number;
}

/** Targets for HAM10000, in label order; 42,650 in all. They were chosen here, because the write-up names none. */
const ham10000Targets = [5991, 5991, 5991, 5991, 5991, 6705, 5990];
/** For other tables: each class grows to this share of the most frequent class, which does not grow. */
const shareOfCommonest = 0.8935;

/** Images per class after augmentation, in label order. A class never shrinks. */
export function augmentationTargets(counts: readonly number[]): number[] {
  if (counts.length === diagnoses.length && counts.every((count, label) => count === ham10000Counts[label])) {
    return [...ham10000Targets];
  }
  const commonest = Math.max(...counts);
  return counts.map((count) => count === 0 ? 0 : Math.max(count, Math.round(shareOfCommonest * commonest)));
}

/**
 * All originals in table order, then the copies class by class. A class's originals are copied in turn, in table order, so their
 * numbers of copies differ by at most one.
 */
export function augmentedTable(
  samples: readonly Pick<Sample, "label">[],
  targets: readonly number[],
): AugmentedImage[] {
  const table: AugmentedImage[] = samples.map(({ label }, row) => ({ row, copy: 0, label }));
  const originals = targets.map((): number[] => []);
  samples.forEach(({ label }, row) => originals[label].push(row));
  targets.forEach((target, label) => {
    const own = originals[label];
    for (const copy of dealt(own, target - own.length, label)) table.push(copy); // not spread: there may be a million
  });
  return table;
}

/** Copies 1, 2, … of photos: one of each photo, then a second of each. @param from number of a photo's first copy */
export function dealt(rows: readonly number[], slots: number, label: number, from = 1): AugmentedImage[] {
  return Array.from({ length: slots }, (_, slot) => ({
    row: rows[slot % rows.length],
    copy: from + Math.floor(slot / rows.length),
    label,
  }));
}
