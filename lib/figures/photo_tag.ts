/**
 * The mark of outputs that show a photo of the data set. HAM10000 is CC BY-NC: no such picture may enter the repository,
 * so whatever writes a notebook for it takes the tagged outputs out.
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
}

/** The metadata of an output that shows photos. */
export function photoMetadata(
  options: { alt: string; synthetic?: boolean },
): { [photoTag]: PhotoMetadata } {
  return { [photoTag]: { photo: true, alt: options.alt, synthetic: options.synthetic ?? false } };
}

/** Whether an output's metadata carries the tag. */
export function isPhoto(metadata: unknown): boolean {
  const tag = (metadata as Record<string, unknown> | null | undefined)?.[photoTag];
  return (tag as { photo?: unknown } | null | undefined)?.photo === true;
}
