/**
 * The write-up's protocol with two steps exchanged: groups of photos are divided before the augmentation, so nothing leaks.
 * `partsSplitFirst` makes the parts of a whole run. `splitFirst` makes the lists for notebook 7's bridge between the write-up's
 * accuracy and a leak-free one.
 *
 * In the write-up, only the most frequent class consists of originals; the others are mostly copies. So traces of resampling tell
 * a network something about the class. In a second form of each list, every image is a copy.
 */
import type { Config } from "../config.ts";
import { firstOf } from "../support/format.ts";
import { randomFor, shuffled } from "../support/random.ts";
import { type AugmentedImage, dealt } from "./augmented_table.ts";
import { countLabels } from "./diagnosis.ts";
import { groupsByClass, type LeakFreeParts, type PhotoGroups } from "./leak_free_parts.ts";
import { labelsOf, makeParts, type Parts, type Photos } from "./parts.ts";

/** One list in both forms, with the same photo at each index. */
export interface BothForms {
  /** As in the write-up: a photo's own image (`copy` 0) first, then copies. */
  readonly originals: readonly AugmentedImage[];
  /** With each `copy` number one higher, so that no image is an original. */
  readonly copies: readonly AugmentedImage[];
}

export interface SplitFirst {
  /** As many images of each class as in the write-up's 9,600. */
  readonly train: BothForms;
  /** Images of photos in test groups (relatives too), as many of each class as in the write-up's 8,530. */
  readonly test: BothForms;
}

/**
 * Augments training photos and test photos separately.
 *
 * Training: each photo gets as many images as in the write-up, and the class's share of the 9,600 is drawn from them. Test: the
 * photos of a class are copied in turn until there are as many images as in the 8,530. Classes in `LeakFreeParts.tooSmall` have
 * no test images.
 *
 * @param options.asWritten the write-up's parts, for their class counts
 * @param options.seed of the configuration
 * @throws {RangeError} if a class has training images in the write-up but no photo in training here: it names the class
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

/** Training, validation and test need at least one group each. */
const fewestGroups = 3;

/**
 * Parts with the write-up's number of images per class. Training, validation and test share no group of photos.
 *
 * A seeded shuffle divides the groups of each class: the test gets its share, validation its share of the others, training the
 * rest. The photos of a part are copied in turn, each photo's own image (`copy` 0) first. Unused images are only in `train`, and
 * show training photos. Groups with several diagnoses go to training, since they belong to no single class.
 *
 * @throws {RangeError} if a class with photos has fewer than 3 groups: it names the class
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
      `To divide photos before augmentation, each class needs at least ${fewestGroups} groups (lesions), one for each of train, ` +
        `validation and test. Add photos, or leave the rows of these classes out of the table. Received: ${
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
