/**
 * The tag of outputs that show a photo of the data set. HAM10000 is CC BY-NC 4.0: no photo of it may enter the repository. So
 * `withoutPhotos` (notebook/photos.ts) replaces the tagged outputs before a notebook is published.
 */

/** The key in an output's metadata: `metadata[photoTag].photo === true`. */
export const photoTag = "ham10000";

/** The value under the key. */
export interface PhotoMetadata {
  photo: true;
  /** A description of the picture, shown in its place. */
  alt: string;
  /** True if the pictures are drawn stand-ins, not photos. */
  synthetic: boolean;
  /** A drawn picture of the same, PNG in Base64, for published copies. It must not contain a photo. */
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
