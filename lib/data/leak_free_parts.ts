/**
 * Parts that cannot leak: related photos form a group, and a group is never divided.
 *
 * A group holds all photos of a lesion, and of all lesions with the same or near-duplicate photos. The groups of each class are
 * divided into 70 % train, 10 % validation and 20 % test. The test takes one photo of each of its groups, so no two test rows
 * share a lesion. The other photos of test groups, the relatives, are in no part.
 */
import { stringify } from "../support/csv.ts";
import { firstOf } from "../support/format.ts";
import { randomFor, shuffled } from "../support/random.ts";
import type { Sample } from "./metadata.ts";
import type { PhotoRelations } from "./near_duplicates.ts";
import { largestRemainder, type Photos } from "./parts.ts";

export interface PhotoGroups {
  /** Group of each photo: the row of the group's first photo. */
  readonly groupOf: readonly number[];
  /** Groups whose photos have several diagnoses. They go to training, since they belong to no single class. */
  readonly mixed: readonly number[];
}

/** Joins photos of one lesion, photos with the same pixels, and near-duplicates. */
export function groupPhotos(
  samples: readonly Pick<Sample, "lesionId" | "label">[],
  { pixelDigests, nearDuplicates }: PhotoRelations,
): PhotoGroups {
  const parent = [...samples.keys()];
  const first = (row: number): number => {
    while (parent[row] !== row) row = parent[row] = parent[parent[row]];
    return row;
  };
  const join = (a: number, b: number) => {
    const [low, high] = [first(a), first(b)].sort((p, q) => p - q);
    parent[high] = low;
  };
  const seen = new Map<string, number>();
  for (const [row, { lesionId }] of samples.entries()) {
    for (const key of [`lesion ${lesionId}`, `pixels ${pixelDigests[row]}`]) {
      if (seen.has(key)) join(seen.get(key)!, row);
      else seen.set(key, row);
    }
  }
  for (const { a, b } of nearDuplicates) join(a, b);
  const groupOf = parent.map((_, row) => first(row));
  const mixed = groupOf.filter((group, row) => samples[row].label !== samples[group].label);
  return { groupOf, mixed: [...new Set(mixed)].sort((a, b) => a - b) };
}

/** The photos of each group, and the groups of each class in label order. Groups with several diagnoses are in no class. */
export function groupsByClass(
  { samples, classes }: Pick<Photos, "samples" | "classes">,
  { groupOf, mixed }: PhotoGroups,
): { members: Map<number, number[]>; byClass: number[][] } {
  const members = Map.groupBy(samples.keys(), (row) => groupOf[row]);
  const isMixed = new Set(mixed);
  const byClass = classes.map((_, label) =>
    [...members.keys()].filter((group) => samples[group].label === label && !isMixed.has(group))
  );
  return { members, byClass };
}

export type Half = "A" | "B";

/** Each part is a list of rows of the table of photos, ascending. */
export interface LeakFreeParts extends PhotoGroups {
  /** Number of this division, from 0. */
  readonly partition: number;
  readonly train: readonly number[];
  readonly validation: readonly number[];
  /** One photo of each test group. */
  readonly test: readonly number[];
  /** The other photos of test groups. */
  readonly relatives: readonly number[];
  /** Half that each photo of a test group belongs to; null for all others. */
  readonly halfOf: readonly (Half | null)[];
  /** Labels of classes with too few groups for train, validation and both halves of the test. They go to training. */
  readonly tooSmall: readonly number[];
}

/** Shares of the groups, in tenths. The test comes first, because ties go to the first. */
const shares = { test: 2, validation: 1, train: 7 };
/** With 8 groups, the test gets 2 (one for each half), validation 1 and training 5. */
const fewestGroups = 8;

/**
 * Divides the groups of each class: sizes by largest remainder, membership by a seeded shuffle.
 *
 * Test groups are dealt to the halves alternately, those with relatives first. So in each class the halves differ by at most one
 * group, and by at most one group with relatives.
 *
 * @param options `partition`: 0, 1, …, each number gives another division; `seed`: of the configuration
 * @throws {RangeError} if fewer than two classes have 8 groups or more: it names all that have fewer
 */
export function divideGroups(
  { samples, classes }: Pick<Photos, "samples" | "classes">,
  groups: PhotoGroups,
  { partition, seed }: { partition: number; seed: number },
): LeakFreeParts {
  const { mixed } = groups;
  const { members, byClass } = groupsByClass({ samples, classes }, groups);
  const labels = [...classes.keys()];
  const tooSmall = labels.filter((label) =>
    byClass[label].length < fewestGroups && samples.some((sample) => sample.label === label)
  );
  if (labels.filter((label) => byClass[label].length >= fewestGroups).length < 2) {
    throw new RangeError(
      `At least two classes need ${fewestGroups} groups of photos each, so that each has train, validation and both halves of ` +
        `the test. Received: ${
          tooSmall.map((label) => `${classes[label].code} ${byClass[label].length}`).join(", ")
        }`,
    );
  }

  const train = mixed.flatMap((group) => members.get(group)!);
  const validation: number[] = [];
  const test: number[] = [];
  const relatives: number[] = [];
  const halfOf = new Array<Half | null>(samples.length).fill(null);
  let dealt = 0;
  for (const label of labels) {
    const order = shuffled(byClass[label], randomFor(seed, "leak-free parts", partition, label));
    const counts = largestRemainder(Object.values(shares), order.length);
    const [tested, validated] = tooSmall.includes(label) ? [0, 0] : counts;
    for (const [place, group] of order.slice(tested).entries()) {
      const part = place < validated ? validation : train;
      for (const row of members.get(group)!) part.push(row); // not spread: a class may have too many photos for one call
    }
    const isAlone = (group: number) => members.get(group)!.length === 1;
    for (const group of order.slice(0, tested).sort((a, b) => +isAlone(a) - +isAlone(b))) {
      const photos = members.get(group)!;
      const random = randomFor(seed, "test photo", partition, samples[group].imageId);
      const chosen = photos[Math.floor(random() * photos.length)];
      test.push(chosen);
      relatives.push(...photos.filter((row) => row !== chosen));
      for (const row of photos) halfOf[row] = dealt % 2 === 0 ? "A" : "B";
      dealt++;
    }
  }
  for (const part of [train, validation, test, relatives]) part.sort((a, b) => a - b);
  return { ...groups, partition, train, validation, test, relatives, halfOf, tooSmall };
}

/** Text of `leak_free_parts.csv`: one line for each photo, in the order of the table. */
export function leakFreePartsCsv({ samples }: Pick<Photos, "samples">, parts: LeakFreeParts): string {
  const names = new Array<string>(samples.length);
  const { train, validation, test, relatives } = parts;
  for (const [part, rows] of Object.entries({ train, validation, test, relative: relatives })) {
    for (const row of rows) names[row] = part;
  }
  const records = samples.map(({ imageId, lesionId, dx }, row) => ({
    ...{ image_id: imageId, lesion_id: lesionId, group: samples[parts.groupOf[row]].lesionId, dx },
    ...{ part: names[row], half: parts.halfOf[row] ?? "" },
  }));
  return stringify(records, { columns: ["image_id", "lesion_id", "group", "dx", "part", "half"] });
}

/** Approximate number of photos in a part, from the number of all photos. */
export function leakFreeCount(part: "train" | "validation", photos: number): number {
  return Math.round(photos * shares[part] / 10);
}

/** Notes for readers on groups with several diagnoses and on classes that are too small. */
export function describeGroups(photos: Pick<Photos, "samples" | "classes">, parts: LeakFreeParts): string[] {
  const { mixed, tooSmall } = parts;
  const { members, byClass } = groupsByClass(photos, parts);
  const ids = (group: number) =>
    members.get(group)!.map((row) => `${photos.samples[row].imageId} (${photos.samples[row].dx})`).join(
      " = ",
    );
  const small = tooSmall.map((label) => `${photos.classes[label].code} ${byClass[label].length}`);
  return [
    ...mixed.length > 0
      ? [
        `${
          mixed.length === 1
            ? "1 group of photos has several diagnoses and goes"
            : `${mixed.length} groups of photos have several diagnoses and go`
        } to training: ${firstOf(mixed.map(ids))}`,
      ]
      : [],
    ...small.length > 0
      ? [
        `Classes with fewer than ${fewestGroups} groups of photos are not tested and go to training: ${
          small.join(", ")
        }`,
      ]
      : [],
  ];
}
