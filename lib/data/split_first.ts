/**
 * The bridge between the write-up's accuracy and a leak-free one: its recipe and its numbers, but groups of photos are divided before
 * the augmentation.
 *
 * As written only the commonest class consists of originals; all others are mostly copies. So "was it resampled?" tells a network
 * something of the class. Each list has a second form that tells nothing: every image is a copy.
 */
import { randomFor, shuffled } from "../support/random.ts";
import type { AugmentedImage } from "./augmented_table.ts";
import { dealt } from "./crossover.ts";
import { countLabels } from "./diagnosis.ts";
import type { LeakFreeParts } from "./leak_free_parts.ts";
import { labelsOf, type Parts, type Photos } from "./parts.ts";

/** One list in both forms: the same photos, place by place. */
export interface BothForms {
  /** As written: a photo's own image first (`copy` 0), then copies. */
  readonly originals: readonly AugmentedImage[];
  /** Each `copy` one higher, so that no image is an original. */
  readonly copies: readonly AugmentedImage[];
}

export interface SplitFirst {
  /** As many images of each class as the 9,600 have. */
  readonly train: BothForms;
  /** All photos of test groups, with as many images of each class as the 8,530 have. */
  readonly test: BothForms;
}

/**
 * Augments the photos of each side for itself.
 *
 * Train: as many images of each photo as written, of which the class's share of the 9,600 is drawn. Test: images go round a class's
 * photos until there are as many as in the 8,530.
 *
 * @param asWritten the parts as written: their numbers count
 * @param options.seed of the configuration
 * @throws {RangeError} when a class has images as written and no photo in training: it names the class. A class that is not tested
 * (`LeakFreeParts.tooSmall`) has no test images
 */
export function splitFirst(
  { samples, classes, counts }: Photos,
  parts: LeakFreeParts,
  { asWritten, seed }: { asWritten: Parts; seed: number },
): SplitFirst {
  const countsOf = (rows: readonly number[]) => countLabels(labelsOf(asWritten, rows), classes.length);
  const targets = countsOf([...asWritten.table.keys()]);
  const [trainCounts, testCounts] = [countsOf(asWritten.subsetTrain), countsOf(asWritten.test)];
  const tested = [...parts.test, ...parts.relatives].sort((a, b) => a - b);
  const train: AugmentedImage[] = [];
  const test: AugmentedImage[] = [];
  for (const [label, { code }] of classes.entries()) {
    const random = (side: string) => randomFor(seed, "split first", side, parts.partition, label);
    const own = parts.train.filter((row) => samples[row].label === label);
    if (own.length === 0 && trainCounts[label] > 0) {
      throw new RangeError(`Class ${code} has no photo in training. Add photos of this class.`);
    }
    const all = Math.max(trainCounts[label], Math.round(targets[label] * own.length / (counts[label] || 1)));
    train.push(...shuffled(dealt(own, all, label, 0), random("train")).slice(0, trainCounts[label]));
    const others = tested.filter((row) => samples[row].label === label);
    if (others.length > 0) test.push(...dealt(shuffled(others, random("test")), testCounts[label], label, 0));
  }
  return { train: inBothForms(train), test: inBothForms(test) };
}

function inBothForms(originals: readonly AugmentedImage[]): BothForms {
  return { originals, copies: originals.map((image) => ({ ...image, copy: image.copy + 1 })) };
}
