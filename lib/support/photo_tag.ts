/**
 * The mark of outputs that show a photo of the data set. HAM10000 is CC BY-NC 4.0: no such picture may enter the repository, so
 * `withoutPhotos` (notebook/photos.ts) takes the tagged outputs out of what is published.
 */

/** The key in an output's metadata: `metadata[photoTag].photo === true`. */
export const photoTag = "ham10000";

/** What stands under the key. */
export interface PhotoMetadata {
  photo: true;
  /** The picture in words, to stand in its place. */
  alt: string;
  /** True where the pictures are drawn stand-ins, not photos. */
  synthetic: boolean;
  /** A drawn picture of the same, PNG in Base64: published copies show it in the photo's place. No photo may be in it. */
  standIn?: string;
}

/** The metadata of an output that shows photos. */
export function photoMetadata(
  { alt, synthetic = false, standIn }: { alt: string; synthetic?: boolean; standIn?: string },
): { [photoTag]: PhotoMetadata } {
  return { [photoTag]: { photo: true, alt, synthetic, ...standIn ? { standIn } : {} } };
}

/** Whether an output's metadata carries the tag. */
export function isPhoto(metadata: unknown): boolean {
  const tag = (metadata as Record<string, unknown> | null | undefined)?.[photoTag];
  return (tag as { photo?: unknown } | null | undefined)?.photo === true;
}
