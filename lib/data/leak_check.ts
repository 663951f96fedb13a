/**
 * The only check against leaks. It compares the images of each side by lesion and by their photos' pixels. Neither a protocol's
 * name nor a column of a file can make it pass.
 */
import { firstOf } from "../support/format.ts";
import type { AugmentedImage } from "./augmented_table.ts";
import { namesLesion, type Sample } from "./metadata.ts";
import type { PhotoRelations } from "./near_duplicates.ts";

/** How two images on different sides can be related, the closest relation first. */
const leakKinds = ["photo", "copy", "lesion", "near-duplicate"] as const;
export type LeakKind = typeof leakKinds[number];

/** The leaks that each protocol allows on purpose. */
const allowedLeaks = {
  "nothing": [],
  "copies and lesions, as written": leakKinds,
  "copies of the test's photos, rung copy": ["copy"],
  "photos of the test's lesions, rung lesion": ["lesion", "near-duplicate"],
} as const satisfies Record<string, readonly LeakKind[]>;
export type AllowedLeak = keyof typeof allowedLeaks;

/** The images on each side, by its name, such as `train`, `validation`, `test`. */
export type Sides = Readonly<Record<string, readonly Pick<AugmentedImage, "row" | "copy">[]>>;

export interface Leak {
  readonly kind: LeakKind;
  /** An image of the later side, as `id copy n (side)`, and a related one of the earlier side. */
  readonly image: string;
  readonly other: string;
}

/** The photos' table and the relations of their pixels, both in the table's order. */
export interface LeakEvidence extends PhotoRelations {
  readonly samples: readonly Pick<Sample, "imageId" | "lesionId">[];
}

/** What a run claims about its parts, and the evidence for it. */
export interface LeakClaim {
  /** Name of the leak that is allowed. */
  readonly allowed: AllowedLeak;
  /** Null if near-duplicates were not looked for. Then only parts as written pass. */
  readonly evidence: LeakEvidence | null;
}

/** For parts that are divided after the augmentation: they leak in every way, so there is nothing to check. */
export const leaksAsWritten: LeakClaim = { allowed: "copies and lesions, as written", evidence: null };

/**
 * Throws if a photo, a copy, a lesion or a near-duplicate is on two sides, or if the table's lesion_ids are not plausible.
 *
 * @param sides the first is usually the training images
 * @param evidence null only if every leak is allowed
 * @param options.allowed name of the leak that is allowed. Default: "nothing"
 * @throws {Error} that says how many images leak in each way, with examples and what to do; or that there is no evidence
 * @throws {TypeError} if the evidence does not have one pixel digest for each photo
 */
export function checkLeakFree(
  sides: Sides,
  evidence: LeakEvidence | null,
  { allowed = "nothing" }: { allowed?: AllowedLeak } = {},
): void {
  const wanted: readonly LeakKind[] = allowedLeaks[allowed];
  if (wanted.length === leakKinds.length) return;
  if (evidence === null) {
    throw new Error(
      `Parts may leak only in the way that is allowed (allowed: "${allowed}"), and only the photos' pixels can show that. ` +
        `Expected: evidence, as relate(experiment) finds it, given to withParts; or the leak's name if it is wanted ` +
        `(allowed: "copies and lesions, as written"). Received: no evidence`,
    );
  }
  const [photos, digests] = [evidence.samples.length, evidence.pixelDigests.length];
  if (photos !== digests) {
    throw new TypeError(
      `Expected what relatePhotos tells of each of ${photos} photos. Received: ${digests} photos`,
    );
  }
  const leaks = findLeaks(sides, evidence).filter(({ kind }) => !wanted.includes(kind));
  if (leaks.length > 0) {
    const kinds = leakKinds.filter((kind) => !wanted.includes(kind)).map((kind) => {
      const own = leaks.filter((leak) => leak.kind === kind);
      const examples = own.map(({ image, other }) => `${image} and ${other}`);
      return `${kind}: ${own.length}${own.length > 0 ? ` (${firstOf(examples, 3)})` : ""}`;
    });
    const own = allowed === "nothing" ? "" : `Allowed was: ${allowed}. `;
    throw new Error(
      `${
        leaks.length === 1 ? "1 image belongs" : `${leaks.length} images belong`
      } to one on another side, of ${Object.keys(sides).join(", ")}. ${own}Expected: none. ` +
        `Divide groups of photos before they are augmented (divideGroups), or name the leak if it is wanted ` +
        `(allowed: "copies and lesions, as written"). Received: ${kinds.join("; ")}`,
    );
  }
  checkLesions(evidence);
}

/** Every image that is related to one of an earlier side, with the closest relation. */
export function findLeaks(sides: Sides, evidence: LeakEvidence): Leak[] {
  const { samples, pixelDigests, nearDuplicates } = evidence;
  const near = new Map<number, number[]>();
  for (const { a, b } of nearDuplicates) {
    near.set(a, [...near.get(a) ?? [], b]);
    near.set(b, [...near.get(b) ?? [], a]);
  }
  const names = Object.keys(sides);
  const name = ({ row, copy }: { row: number; copy: number }, side: string) =>
    `${samples[row].imageId} copy ${copy} (${side})`;
  const leaks: Leak[] = [];
  for (const [place, earlier] of names.entries()) {
    const images = new Map<string, string>();
    const photos = new Map<string, string>();
    const lesions = new Map<string, string>();
    const rows = new Map<number, string>();
    for (const image of sides[earlier]) {
      const { row, copy } = image;
      const shown = name(image, earlier);
      images.set(`${pixelDigests[row]} ${copy}`, shown);
      photos.set(pixelDigests[row], shown);
      lesions.set(samples[row].lesionId, shown);
      rows.set(row, shown);
    }
    for (const later of names.slice(place + 1)) {
      for (const image of sides[later]) {
        const { row, copy } = image;
        const others: Record<LeakKind, string | undefined> = {
          "photo": images.get(`${pixelDigests[row]} ${copy}`),
          "copy": photos.get(pixelDigests[row]),
          "lesion": lesions.get(samples[row].lesionId),
          "near-duplicate": near.get(row)?.map((other) => rows.get(other)).find((other) =>
            other !== undefined
          ),
        };
        const kind = leakKinds.find((kind) => others[kind] !== undefined);
        if (kind) leaks.push({ kind, image: name(image, later), other: others[kind]! });
      }
    }
  }
  return leaks;
}

/**
 * Near-duplicate pairs needed for a judgement, and the lowest plausible share of them with one lesion_id. The share is 333 of 345
 * in HAM10000, a third in the drawn stand-in, whose lesions look alike, and almost 0 if the column was shuffled.
 */
const enoughPairs = 20;
const leastSameLesion = 0.1;

/**
 * Checks that lesion_ids fit the photos. Most near-duplicates are photos of one lesion, taken one after the other. Mixed-up
 * lesion_ids contradict this, and parts made by them group photos of different lesions.
 */
function checkLesions({ samples, nearDuplicates }: LeakEvidence): void {
  const judged = nearDuplicates.filter(({ a, b }) => [a, b].every((row) => namesLesion(samples[row])));
  const same = judged.filter(({ a, b }) => samples[a].lesionId === samples[b].lesionId).length;
  const pairs = judged.length;
  if (pairs < enoughPairs || same >= leastSameLesion * pairs) return;
  throw new Error(
    `The table's lesion_ids do not fit its photos: of ${pairs} pairs of near-duplicates only ${same} have one lesion_id. ` +
      `Expected: at least ${
        leastSameLesion * 100
      } %. Was this column sorted or shuffled separately from the others? Take the table as it was ` +
      `released, or leave lesion_id out: then each photo counts as a lesion of its own.`,
  );
}
