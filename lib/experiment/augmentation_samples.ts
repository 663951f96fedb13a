/** Labelled pictures of single operations and of whole copies, for 02. */
import {
  augmentedCopy,
  protocolRanges,
  transformImage,
  type TransformParameters,
} from "../data/augmentation.ts";
import type { ImageSet } from "../data/image_set.ts";
import { type ImageSize, pixelsIn, sidesOf } from "../image_size.ts";

/** Pixels of shape (height, width, 3), RGB, 0–255, and what stands under them. */
export interface LabelledImage {
  readonly pixels: Uint8Array;
  readonly size: ImageSize;
  readonly label: string;
}

/** One photo as it is, then each operation alone at the ends of its range. */
export function operationStrip(images: ImageSet, row: number): LabelledImage[] {
  const [down, across] = sidesOf(images.size).map((side) => 0.1 * side);
  const operations: [string, Partial<TransformParameters>][] = [
    ["original", {}],
    ["horizontal flip", { flipHorizontal: true }],
    ["vertical flip", { flipVertical: true }],
    ["rotation 45°", { theta: 45 }],
    ["rotation 90°", { theta: 90 }],
    ["rotation −120°", { theta: -120 }],
    ["zoom 0.9, nearer", { zx: 0.9, zy: 0.9 }],
    ["zoom 1.1, farther", { zx: 1.1, zy: 1.1 }],
    ["width shift +10 %", { tx: across }],
    ["width shift −10 %", { tx: -across }],
    ["height shift +10 %", { ty: down }],
    ["height shift −10 %", { ty: -down }],
  ];
  const image = photoOf(images, row);
  return operations.map(([label, parameters]) => ({
    pixels: transformImage(image, parameters, images.size),
    size: images.size,
    label,
  }));
}

/** One photo and its first copies, as the training gets them. */
export function copyStrip(
  images: ImageSet,
  row: number,
  options: { imageId: string; seed: number; copies: number },
): LabelledImage[] {
  const { imageId, seed, copies } = options;
  return Array.from({ length: copies + 1 }, (_, copy) => ({
    pixels: augmentedCopy(photoOf(images, row), {
      size: images.size,
      ranges: protocolRanges,
      seed,
      imageId,
      copy,
    }),
    size: images.size,
    label: copy === 0 ? "original" : `copy ${copy}`,
  }));
}

/** Pixels of one photo of the set, (height, width, 3); shared memory, not to be changed. */
export function photoOf(images: ImageSet, row: number): Uint8Array {
  const length = pixelsIn(images.size) * 3;
  return images.pixels.subarray(row * length, (row + 1) * length);
}
