/**
 * Finds near-duplicates from pixels alone: photos that are rotated, mirrored, cropped a little, saved again or recoloured.
 *
 * All pairs go through three sieves, the cheapest first: magnitudes of their spectra, which rotation and mirroring do not change;
 * correlation of the spectra over all angles; correlation of the aligned coarse bands. The remaining pairs are aligned finely,
 * and their distance decides. Photos shifted by more than a few per cent or enlarged by more than a tenth are not found. The
 * 11,527 photos of HAM10000 and the official test set take about 2.5 minutes on one core.
 */
import { digestOf } from "../support/digest.ts";
import { stringify } from "../support/csv.ts";
import { progress } from "../support/progress.ts";
import type { Store } from "../support/store.ts";
import { alignedCoarsely, alignedFinely, likelyTurns } from "./disc_alignment.ts";
import type { Sample } from "./metadata.ts";
import { cutDiscs, harmonics, type PhotoDiscs, reducePhotos, spectrumLength } from "./photo_discs.ts";

/** Raise it by hand when the same pixels give other pairs. */
const methodVersion = 1;

/**
 * The lowest value that passes each sieve. All planted duplicates except a few cropped ones reach it. Of 100,000 pairs of
 * different lesions, 844 pass the second sieve and 4 the third.
 */
export const sieves = { cosine: 0.87, turn: 0.74, coarse: 0.92 };

/**
 * Pairs at or below this distance are near-duplicates.
 *
 * Fixed on planted duplicates before any real pair was looked at (tests/data/near_duplicates/measure.ts, 300 photos, seed 2). Of
 * 1,800 planted duplicates, each rotated by any angle, mirrored, cropped by 5 %, saved with JPEG quality 60, recoloured or all of
 * these, 1,799 have a distance of at most 0.13, and 1,792 are found. Of 100,000 pairs of different lesions, 10 have a distance
 * below 0.42, and none is found. The limit is about twice 0.13, and far below 0.42.
 */
export const nearDuplicateDistance = 0.25;

export interface NearDuplicate {
  /** Indices into the list of photos; `a` < `b`. */
  readonly a: number;
  readonly b: number;
  /** 1 − correlation of the fine bands: 0 for the same detail, 1 for none in common; to four decimals. */
  readonly distance: number;
  readonly sameLesion: boolean;
}

/** How photos are related, judged from their pixels; in the order of the photos. */
export interface PhotoRelations {
  /** SHA-256 of each photo's reduced pixels, hexadecimal: equal digests mean the same photo. */
  readonly pixelDigests: readonly string[];
  /** Sorted by `a`, then by `b`. */
  readonly nearDuplicates: readonly NearDuplicate[];
}

/**
 * Finds equal and nearly equal photos. Reads each photo once and stores the pairs.
 *
 * @param paths of the photos
 * @param samples each photo's lesion
 */
export async function relatePhotos(
  paths: readonly string[],
  { samples, store }: { samples: readonly Pick<Sample, "lesionId">[]; store: Store },
): Promise<PhotoRelations> {
  const reduced = await reducePhotos(paths, { store });
  const { pixelDigests } = reduced;
  const key = digestOf({ methodVersion, pixels: pixelDigests });
  const { value } = await store.keep("near-duplicates", key, async () => {
    return { value: await findPairs(cutDiscs(reduced)), tensors: {} };
  });
  const nearDuplicates = value.map(({ a, b, distance }) => ({
    ...{ a, b, distance },
    sameLesion: samples[a].lesionId === samples[b].lesionId,
  }));
  return { pixelDigests, nearDuplicates };
}

/**
 * All pairs of near-duplicates, by `a`, then by `b`.
 *
 * @param options.border compares only photos before this index with photos from it on. Default: all pairs
 */
export async function findPairs(
  discs: PhotoDiscs,
  { border }: { border?: number } = {},
): Promise<Omit<NearDuplicate, "sameLesion">[]> {
  const report = progress("Near-duplicates");
  const { count } = discs;
  const [firsts, seconds] = border === undefined ? [count, 0] : [border, border];
  const magnitudes = magnitudesOf(discs);
  const found: Omit<NearDuplicate, "sameLesion">[] = [];
  for (let a = 0; a < firsts; a++) {
    for (let b = Math.max(a + 1, seconds); b < count; b++) {
      if (cosineOf(magnitudes, a, b) < sieves.cosine) continue;
      const turns = likelyTurns(discs, [a, b], sieves.turn);
      if (turns.length === 0) continue;
      const coarse = alignedCoarsely(discs, [a, b], turns);
      if (coarse.agreement < sieves.coarse) continue;
      const distance = distanceOf(alignedFinely(discs, [a, b], coarse));
      if (distance <= nearDuplicateDistance) found.push({ a, b, distance });
    }
    report(a + 1, firsts);
    if (a % 64 === 0) await new Promise((resolve) => setTimeout(resolve)); // lets progress be shown
  }
  return found;
}

/** 1 − agreement, at least 0, to four decimals as in the files. */
function distanceOf({ agreement }: { agreement: number }): number {
  return Number(Math.max(0, 1 - agreement).toFixed(4));
}

/** Magnitudes per photo: one for each harmonic along each ring. */
const magnitudesLength = spectrumLength / 2;

/** (n, rings, harmonics): magnitudes of the spectra, which rotation and mirroring do not change. Harmonic 0 keeps its sign. */
export function magnitudesOf({ spectra }: Pick<PhotoDiscs, "spectra">): Float32Array {
  return Float32Array.from(
    { length: spectra.length / 2 },
    (_, i) => i % harmonics === 0 ? spectra[2 * i] : Math.hypot(spectra[2 * i], spectra[2 * i + 1]),
  );
}

export function cosineOf(magnitudes: Float32Array, a: number, b: number): number {
  const [atA, atB] = [a * magnitudesLength, b * magnitudesLength];
  let sum = 0;
  for (let i = 0; i < magnitudesLength; i++) sum += magnitudes[atA + i] * magnitudes[atB + i];
  return sum;
}

/** Text of `near_duplicates.csv`. */
export function nearDuplicatesCsv(
  samples: readonly Pick<Sample, "imageId">[],
  pairs: readonly NearDuplicate[],
): string {
  const records = pairs.map(({ a, b, distance, sameLesion }) => ({
    ...{ image_id_a: samples[a].imageId, image_id_b: samples[b].imageId },
    ...{ distance: distance.toFixed(4), same_lesion: sameLesion ? "true" : "false" },
  }));
  return stringify(records, { columns: ["image_id_a", "image_id_b", "distance", "same_lesion"] });
}
