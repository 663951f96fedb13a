/** Invented tables for the tests of leak-free parts: photos of lesions, some of them near-duplicates of each other. */
import { fileURLToPath } from "node:url";
import { type DiagnosisClass, ham10000Classes } from "../../lib/data/diagnosis.ts";
import type { Sample } from "../../lib/data/metadata.ts";
import type { NearDuplicate, PhotoRelations } from "../../lib/data/near_duplicates.ts";
import type { Photos } from "../../lib/data/parts.ts";
import { randomFor, shuffled } from "../../lib/support/random.ts";
import { exists, shared } from "../model/images.ts";

const folder = fileURLToPath(new URL("ham10000/", shared));
/** Folder of HAM10000 beside the project; null where it is not there. */
export const ham10000Folder = exists(folder) ? folder : null;

/** One photo; what no test of parts looks at is empty. */
export function sampleOf(
  { imageId, lesionId, label, classes }: Pick<Sample, "imageId" | "lesionId" | "label"> & {
    classes: readonly DiagnosisClass[];
  },
): Sample {
  const rest = { dxType: "", age: null, sex: "unknown", localization: "unknown", imagePath: "" };
  return { imageId, lesionId, label, dx: classes[label].code, ...rest };
}

/** Photos in mixed order; every fourth lesion or so has two or three; a few lesions of one class have near-duplicates. */
export function inventedPhotos(
  counts: readonly number[],
  { seed, classes = ham10000Classes }: { seed: number; classes?: readonly DiagnosisClass[] },
): { photos: Photos; relations: PhotoRelations } {
  const random = randomFor(seed, "invented photos");
  const samples: Sample[] = [];
  counts.forEach((count, label) => {
    for (let left = count, lesion = 0; left > 0; lesion++) {
      const many = Math.min(left, random() < 0.75 ? 1 : random() < 0.7 ? 2 : 3);
      for (let photo = 0; photo < many; photo++) {
        const imageId = `I${label}_${lesion}_${photo}`;
        samples.push(sampleOf({ imageId, lesionId: `L${label}_${lesion}`, label, classes }));
      }
      left -= many;
    }
  });
  const table = shuffled(samples, random);
  const nearDuplicates: NearDuplicate[] = [];
  for (let a = 0; a < table.length; a++) {
    const b = a + 1 + Math.floor(random() * 40);
    if (random() > 0.02 || b >= table.length || table[a].label !== table[b].label) continue;
    nearDuplicates.push({ a, b, distance: 0.1, sameLesion: table[a].lesionId === table[b].lesionId });
  }
  const pixelDigests = table.map(({ imageId }) => `pixels of ${imageId}`);
  return { photos: { samples: table, classes, counts }, relations: { pixelDigests, nearDuplicates } };
}
