/**
 * The write-up with two steps exchanged: groups of photos are divided before the augmentation, so nothing leaks. `partsSplitFirst` makes
 * the parts of a whole run. `splitFirst` makes the lists of notebook 7's bridge, between the write-up's accuracy and a leak-free one.
 *
 * As written only the commonest class consists of originals; all others are mostly copies. So "was it resampled?" tells a network
 * something of the class. Each list has a second form that tells nothing: every image is a copy.
 */
import type { Config } from "../config.ts";
import { firstOf } from "../support/format.ts";
import { randomFor, shuffled } from "../support/random.ts";
import type { AugmentedImage } from "./augmented_table.ts";
import { dealt } from "./crossover.ts";
import { countLabels } from "./diagnosis.ts";
import { groupsByClass, type LeakFreeParts, type PhotoGroups } from "./leak_free_parts.ts";
import { labelsOf, makeParts, type Parts, type Photos } from "./parts.ts";

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
    const dealtToTrain = shuffled(dealt(own, all, label, 0), random("train")).slice(0, trainCounts[label]);
    for (const image of dealtToTrain) train.push(image);
    const others = tested.filter((row) => samples[row].label === label);
    if (others.length === 0) continue;
    for (const image of dealt(shuffled(others, random("test")), testCounts[label], label, 0)) {
      test.push(image);
    }
  }
  return { train: inBothForms(train), test: inBothForms(test) };
}

function inBothForms(originals: readonly AugmentedImage[]): BothForms {
  return { originals, copies: originals.map((image) => ({ ...image, copy: image.copy + 1 })) };
}

/** What the network learns from, what validates, and the test need a group each. */
const fewestGroups = 3;

/**
 * Parts with the counts of those as written, in all and of each class, of which no two share a group of photos.
 *
 * Groups of a class: the test's share of them, the validation's share of the others, the rest to learn from, by a seeded shuffle. A
 * side's images go round its photos, each photo's own image (`copy` 0) first. What is not used stands on the training side and is of
 * photos that are learned from. Groups of several diagnoses are learned from, since no class can count them.
 *
 * @throws {RangeError} when a class that has photos has fewer than 3 groups: it names the class
 */
export function partsSplitFirst(config: Config, photos: Photos, groups: PhotoGroups): Parts {
  const { samples, classes } = photos;
  const { testShare, validationShare, seed } = config;
  const { members, byClass } = groupsByClass(photos, groups);
  const photosIn = (chosen: readonly number[]) => chosen.flatMap((group) => members.get(group)!);
  const few = [...classes.keys()].filter((label) =>
    byClass[label].length < fewestGroups && samples.some((sample) => sample.label === label)
  );
  if (few.length > 0) {
    throw new RangeError(
      `Divided before they are augmented, the photos of a class must be of at least ${fewestGroups} groups (lesions), one for each of ` +
        `train, validation and test. Add photos, or leave the rows of these classes out of the table. Received: ${
          firstOf(few.map((label) => `${classes[label].code} ${byClass[label].length}`))
        }`,
    );
  }
  const asWritten = makeParts(config, photos);
  const [train, test, subsetTrain, validation] =
    (["train", "test", "subsetTrain", "subsetValidation"] as const)
      .map((part) => countLabels(labelsOf(asWritten, asWritten[part]), classes.length));
  const unclear = photosIn(groups.mixed);
  const placed: { image: AugmentedImage; part: "rest" | "subsetTrain" | "validation" | "test" }[] = [];
  for (const [label, { length }] of byClass.entries()) {
    if (length === 0) continue;
    const random = (what: string) => randomFor(seed, "split first, all parts", what, label);
    const order = shuffled(byClass[label], random("groups"));
    const tested = atLeastOne(testShare * length, length - 2);
    const validated = atLeastOne(validationShare * (length - tested), length - tested - 1);
    const deal = (rows: readonly number[], images: number, side: string) =>
      dealt(shuffled(rows, random(side)), images, label, 0);
    const learnedFrom = [
      ...photosIn(order.slice(tested + validated)),
      ...unclear.filter((row) => samples[row].label === label).sort((a, b) => a - b),
    ];
    const learned = shuffled(deal(learnedFrom, train[label] - validation[label], "train"), random("subset"));
    const used = subsetTrain[label];
    const sides = {
      subsetTrain: learned.slice(0, used),
      rest: learned.slice(used),
      validation: deal(photosIn(order.slice(tested, tested + validated)), validation[label], "validation"),
      test: deal(photosIn(order.slice(0, tested)), test[label], "test"),
    };
    for (const part of ["subsetTrain", "rest", "validation", "test"] as const) {
      for (const image of sides[part]) placed.push({ image, part });
    }
  }
  placed.sort((a, b) => a.image.row - b.image.row || a.image.copy - b.image.copy);
  const rowsOf = (...parts: string[]) => [...placed.keys()].filter((row) => parts.includes(placed[row].part));
  return {
    table: placed.map(({ image }) => image),
    train: rowsOf("rest", "subsetTrain", "validation"),
    test: rowsOf("test"),
    subset: rowsOf("subsetTrain", "validation"),
    subsetTrain: rowsOf("subsetTrain"),
    subsetValidation: rowsOf("validation"),
  };
}

function atLeastOne(share: number, most: number): number {
  return Math.min(most, Math.max(1, Math.round(share)));
}
