/**
 * The training lists of the leakage ladder. They differ only in which photos have leaked into them.
 *
 * The test has two halves. For each kind of leak, one network has seen the photos (or their relatives) of half A, another those
 * of half B. So each test photo gets an answer from a network that has seen it and from one that has not. A leaked photo takes
 * the slots of one training photo, so all lists have equal numbers of images, classes, distinct photos and copies per photo.
 */
import { stringify } from "../support/csv.ts";
import { randomFor, shuffled } from "../support/random.ts";
import { type AugmentedImage, dealt } from "./augmented_table.ts";
import type { Half, LeakFreeParts } from "./leak_free_parts.ts";
import type { PhotoRelations } from "./near_duplicates.ts";
import type { Photos } from "./parts.ts";

/** What has leaked: nothing, relatives of the test photos, or copies of the test photos. */
export type Rung = "none" | "lesion" | "copy";

export interface TrainingList {
  readonly rung: Rung;
  /** The half of the test that has leaked; null for "none". */
  readonly half: Half | null;
  /** Copies only (`copy` ≥ 1), class by class. Lists differ only at the indices of leaked photos. */
  readonly images: readonly AugmentedImage[];
}

/** The lists of a partition, in their order. */
export const listKinds: readonly Pick<TrainingList, "rung" | "half">[] = [
  { rung: "none", half: null },
  { rung: "lesion", half: "A" },
  { rung: "lesion", half: "B" },
  { rung: "copy", half: "A" },
  { rung: "copy", half: "B" },
];

/** Name of a list, such as `copy A`. */
export function listName({ rung, half }: Pick<TrainingList, "rung" | "half">): string {
  return half ? `${rung} ${half}` : rung;
}

/**
 * The lists of one partition, in the order of `listKinds`.
 *
 * Each class has as many images as in the write-up's 9,600. Leaked photos, and the photos that they replace, have as many copies
 * as a photo of the class has there on average, at least one. So a leak is as strong as in the write-up. The other training
 * photos share the class's other images evenly. They have more copies than in the 9,600, because training has 70 % of the photos
 * here.
 *
 * @param options `classCounts`: images of each class in the 9,600, in label order; `seed`: of the configuration
 * @throws {RangeError} if a class has too few training photos to make room for the leaked ones: it names the class
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
  // The test photo under another id is not a relative: that would be the other kind of leak
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
        `Class ${code}: ${room} photos leak, with ${copies} copies each. Training needs more photos than leak, and the ` +
          `leaked copies may not exceed ${total} images. Received: ${own.length} photos in training. Add photos of this class.`,
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

/** A list as CSV text with the columns `image_id,copy`. */
export function trainingListCsv(
  { samples }: Pick<Photos, "samples">,
  images: readonly AugmentedImage[],
): string {
  const records = images.map(({ row, copy }) => ({ image_id: samples[row].imageId, copy }));
  return stringify(records, { columns: ["image_id", "copy"] });
}
