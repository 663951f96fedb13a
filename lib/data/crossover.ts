/**
 * What the networks of the leakage ladder are trained on: lists that differ in nothing but whose photos have leaked.
 *
 * The test has two halves. For each kind of leak one network has seen half A's photos (or their relatives), another half B's, so
 * each test photo has an answer of a network that has seen it and one of a network that has not. A photo that leaks takes over, slot by
 * slot, the place of one photo of training: so all lists have equal numbers of images, classes, distinct photos and copies a photo.
 */
import { stringify } from "../support/csv.ts";
import { randomFor, shuffled } from "../support/random.ts";
import type { AugmentedImage } from "./augmented_table.ts";
import type { Half, LeakFreeParts } from "./leak_free_parts.ts";
import type { PhotoRelations } from "./near_duplicates.ts";
import type { Photos } from "./parts.ts";

/** Copies of neither half, of the test photos' relatives, of the test photos themselves. */
export type Rung = "none" | "lesion" | "copy";

export interface TrainingList {
  readonly rung: Rung;
  /** Whose photos have leaked; null for "none". */
  readonly half: Half | null;
  /** Copies alone (`copy` ≥ 1), class by class; place by place the same in all lists but for the photos that leak. */
  readonly images: readonly AugmentedImage[];
}

/** Which lists a partition has, in their order. */
export const listKinds: readonly Pick<TrainingList, "rung" | "half">[] = [
  { rung: "none", half: null },
  { rung: "lesion", half: "A" },
  { rung: "lesion", half: "B" },
  { rung: "copy", half: "A" },
  { rung: "copy", half: "B" },
];

/** As `copy A`. */
export function listName({ rung, half }: Pick<TrainingList, "rung" | "half">): string {
  return half ? `${rung} ${half}` : rung;
}

/**
 * The lists of one partition, in the order of `listKinds`.
 *
 * Each class has as many images as in the write-up's 9,600. Its photos that leak, and those whose places they take, have as many
 * copies as a photo has there on average, at least one: so the dose of a leak is the write-up's. The other photos of training share
 * the class's other images evenly; they have more copies than in the 9,600, for training has 70 % of the photos here.
 *
 * @param options `classCounts`: images of each class in the 9,600; `seed`: of the configuration
 * @throws {RangeError} when a class has too few photos in training to make room for those that leak: it names the class
 */
export function crossoverLists(
  { samples, classes, counts }: Photos,
  parts: LeakFreeParts,
  { pixelDigests, classCounts, seed }: Pick<PhotoRelations, "pixelDigests"> & {
    classCounts: readonly number[];
    seed: number;
  },
): TrainingList[] {
  const tested = new Map(parts.test.map((row) => [parts.groupOf[row], pixelDigests[row]]));
  // The test photo itself under another id is no relative: that would be the other kind of leak
  const relatives = parts.relatives.filter((row) => pixelDigests[row] !== tested.get(parts.groupOf[row]));
  const leaked: Record<Rung, readonly number[]> = { none: [], lesion: relatives, copy: parts.test };
  const leakedOf = ({ rung, half }: typeof listKinds[number], label: number) =>
    leaked[rung].filter((row) => samples[row].label === label && parts.halfOf[row] === half);

  const images = listKinds.map((): AugmentedImage[] => []);
  for (const [label, { code }] of classes.entries()) {
    const total = classCounts[label];
    const own = parts.train.filter((row) => samples[row].label === label);
    const order = shuffled(own, randomFor(seed, "training list", parts.partition, label));
    const leaks = listKinds.map((kind) => leakedOf(kind, label));
    const room = Math.max(...leaks.map(({ length }) => length));
    const copies = Math.max(1, Math.round(total / (counts[label] || 1)));
    const [lenders, others] = [order.slice(0, room), order.slice(room)];
    if (room > lenders.length || room * copies > total || others.length === 0 && total > room * copies) {
      throw new RangeError(
        `Class ${code}: ${room} photos leak, with ${copies} copies each. Training must have more photos than these, and ${total} ` +
          `images at most are theirs. Received: ${own.length} photos in training. Add photos of this class.`,
      );
    }
    const shared = dealt(others, total - room * copies, label);
    for (const [run, leaking] of leaks.entries()) {
      const lent = lenders.map((lender, i) => leaking[i] ?? lender);
      for (const row of lent) images[run].push(...dealt([row], copies, label));
      for (const image of shared) images[run].push(image);
    }
  }
  return listKinds.map((kind, run) => ({ ...kind, images: images[run] }));
}

/** Copies 1, 2, … of photos, one of each photo before the next of any. @param from number of a photo's first copy */
export function dealt(rows: readonly number[], slots: number, label: number, from = 1): AugmentedImage[] {
  return Array.from({ length: slots }, (_, slot) => ({
    row: rows[slot % rows.length],
    copy: from + Math.floor(slot / rows.length),
    label,
  }));
}

/** A list as a file holds it: `image_id,copy`. */
export function trainingListCsv(
  { samples }: Pick<Photos, "samples">,
  images: readonly AugmentedImage[],
): string {
  const records = images.map(({ row, copy }) => ({ image_id: samples[row].imageId, copy }));
  return stringify(records, { columns: ["image_id", "copy"] });
}
