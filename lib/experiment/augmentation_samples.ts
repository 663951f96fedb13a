/** Labelled pictures of single augmentation operations and of whole copies, for notebook 2. */
import type { AugmentationRanges } from "../config.ts";
import { augmentedCopy, transformImage, type TransformParameters } from "../data/augmentation.ts";
import { type ImageSize, sidesOf } from "../image_size.ts";
import { percent } from "../support/format.ts";

/** An image for a figure: pixels of shape (height, width, 3), RGB, 0–255, with the label under it. */
export interface LabelledImage {
  readonly pixels: Uint8Array;
  readonly size: ImageSize;
  readonly label: string;
  /** Its row in a grid, such as that of the true diagnosis. */
  readonly row?: string;
}

/** The ranges as rows of a table. */
export function rangeRows(
  ranges: AugmentationRanges,
): { operation: string; range: string; distribution: string }[] {
  const flip = (on: boolean) => on ? "yes or no" : "never";
  return [
    { operation: "rotation", range: `−${ranges.rotation}° to ${ranges.rotation}°`, distribution: "uniform" },
    {
      operation: "zoom",
      range: `${ranges.zoom[0]} to ${ranges.zoom[1]}`,
      distribution: "uniform, for each axis",
    },
    {
      operation: "width shift",
      range: `±${percent(ranges.widthShift, 0)} of the width`,
      distribution: "uniform",
    },
    {
      operation: "height shift",
      range: `±${percent(ranges.heightShift, 0)} of the height`,
      distribution: "uniform",
    },
    { operation: "horizontal flip", range: flip(ranges.horizontalFlip), distribution: "probability ½" },
    { operation: "vertical flip", range: flip(ranges.verticalFlip), distribution: "probability ½" },
  ];
}

/** One image unchanged, then after each operation alone: flips, rotations, and both ends of the zoom and shift ranges. */
export function operationStrip(
  pixels: Uint8Array,
  { size, ranges }: { size: ImageSize; ranges: AugmentationRanges },
): LabelledImage[] {
  const [height, width] = sidesOf(size);
  const [across, down] = [ranges.widthShift * width, ranges.heightShift * height];
  const [nearest, farthest] = ranges.zoom;
  const degrees = [ranges.rotation / 4, ranges.rotation / 2, -ranges.rotation / 1.5];
  const operations: [string, Partial<TransformParameters>][] = [
    ["original", {}],
    ["horizontal flip", { flipHorizontal: true }],
    ["vertical flip", { flipVertical: true }],
    ...degrees.map((
      theta,
    ): [string, Partial<TransformParameters>] => [`rotation ${Math.round(theta)}°`.replace("-", "−"), {
      theta,
    }]),
    [`zoom ${nearest}, nearer`, { zx: nearest, zy: nearest }],
    [`zoom ${farthest}, farther`, { zx: farthest, zy: farthest }],
    [`width shift +${percent(ranges.widthShift, 0)}`, { tx: across }],
    [`width shift −${percent(ranges.widthShift, 0)}`, { tx: -across }],
    [`height shift +${percent(ranges.heightShift, 0)}`, { ty: down }],
    [`height shift −${percent(ranges.heightShift, 0)}`, { ty: -down }],
  ];
  return operations.map(([label, parameters]) => ({
    pixels: transformImage(pixels, parameters, size),
    size,
    label,
  }));
}

/** One image and its first `copies` copies, as in training. */
export function copyStrip(
  pixels: Uint8Array,
  { copies, ...options }: {
    size: ImageSize;
    seed: number;
    imageId: string;
    ranges: AugmentationRanges;
    copies: number;
  },
): LabelledImage[] {
  return Array.from({ length: copies + 1 }, (_, copy) => ({
    pixels: augmentedCopy(pixels, { ...options, copy }),
    size: options.size,
    label: copy === 0 ? "original" : `copy ${copy}`,
  }));
}
