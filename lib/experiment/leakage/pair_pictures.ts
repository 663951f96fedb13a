/** Pictures of near-duplicates, to see which photos the detector takes for the same one. */
import { drawnInPlaceOf } from "../../data/drawn_lesion.ts";
import { decimals } from "../../support/format.ts";
import type { AnsweredImage } from "../testing.ts";
import { type Experiment, photoOf } from "../experiment.ts";
import type { Related } from "./division.ts";
import type { OfficialImages } from "../official_testing.ts";

/** Pictures in pairs, one after the other. `standIns`: drawn lesions with the same labels, for published copies. */
export interface PairPictures {
  readonly pictures: AnsweredImage[];
  readonly standIns: AnsweredImage[];
}

/**
 * Pairs that the table does not record: first those with two lesion_ids, then those with a photo of the official set. In each kind the
 * nearest come first.
 *
 * @param options.most greatest number of pairs of each kind
 */
export async function pairPictures(
  { source: { samples, classes }, images, config }: Experiment,
  { evidence: { nearDuplicates }, official }: Related,
  { set, most }: { set: OfficialImages | null; most: number },
): Promise<PairPictures> {
  const rowOf = new Map(samples.map(({ imageId }, row) => [imageId, row]));
  const own = (row: number, distance: number): AnsweredImage => ({
    ...{ pixels: photoOf(images, row).slice(), size: images.size, dx: samples[row].dx },
    label: pairLabel(samples[row].imageId, samples[row].dx, distance),
  });
  const pairLabel = (imageId: string, dx: string, distance: number) =>
    `${imageId} ${dx}, distance ${decimals(distance)}`;
  const nearest = <T extends { distance: number }>(pairs: readonly T[]) =>
    pairs.toSorted((a, b) => a.distance - b.distance).slice(0, most);
  const pictures = nearest(nearDuplicates.filter(({ sameLesion }) => !sameLesion))
    .flatMap(({ a, b, distance }) => [own(a, distance), own(b, distance)]);
  for (const pair of set ? nearest(official) : []) {
    const { index, label } = set!.kept.find(({ imageId }) => imageId === pair.official)!;
    const dx = classes[label].code;
    pictures.push(own(rowOf.get(pair.own)!, pair.distance), {
      ...{ pixels: photoOf(set!.loaded, index).slice(), size: images.size, dx },
      label: pairLabel(pair.official, dx, pair.distance),
    });
  }
  const standIns = await drawnInPlaceOf(pictures, { seed: config.seed, together: 2 });
  return { pictures, standIns };
}
