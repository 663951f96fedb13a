/** Augmented copies of small images: one affine transform, then flips (Keras' `ImageDataGenerator`). */
import { type ImageSize, pixelsIn, shapeText, sidesOf } from "../image_size.ts";
import { type Random, randomFor } from "../support/random.ts";
import { affineMatrix, type AffineParameters, applyAffine } from "./affine.ts";

/** What a copy may differ in from its original. */
export interface AugmentationRanges {
  /** Rotation, uniform in ± this many degrees, 0 to 180. */
  rotation: number;
  /** Zoom, uniform between these two, drawn for each axis; above 0. */
  zoom: [number, number];
  /** Shift to the left or right, uniform in ± this share of the width, 0 to 1. */
  widthShift: number;
  /** Shift up or down, uniform in ± this share of the height, 0 to 1. */
  heightShift: number;
  /** Whether half of the copies are mirrored left to right. */
  horizontalFlip: boolean;
  /** Whether half of the copies are mirrored top to bottom. */
  verticalFlip: boolean;
}

/** The ranges of the protocol. */
export const protocolRanges: AugmentationRanges = Object.freeze({
  rotation: 180,
  zoom: Object.freeze([0.9, 1.1]) as unknown as [number, number],
  widthShift: 0.1,
  heightShift: 0.1,
  horizontalFlip: true,
  verticalFlip: true,
});

/** One transform: the affine part first, then the flips. */
export interface TransformParameters extends AffineParameters {
  flipHorizontal: boolean;
  flipVertical: boolean;
}

/**
 * Draws the parameters of one copy.
 *
 * Takes seven numbers from `random`, always, in this order: rotation, height shift, width shift, zoom of the columns, zoom of the
 * rows, horizontal flip, vertical flip (the order of Keras' `get_random_transform`). So a range set to nothing leaves the other
 * draws as they are. The height shift goes to `ty`, which moves along the rows; Keras fills `tx` with it.
 *
 * @throws {RangeError} for a range outside the limits of {@linkcode AugmentationRanges}
 */
export function drawParameters(
  random: Random,
  ranges: AugmentationRanges,
  size: ImageSize,
): TransformParameters {
  checkRanges(ranges);
  const within = (range: number) => (2 * random() - 1) * range + 0; // + 0 turns −0 into 0
  const [nearest, farthest] = ranges.zoom;
  const [height, width] = sidesOf(size);
  const theta = within(ranges.rotation);
  const ty = within(ranges.heightShift * height);
  const tx = within(ranges.widthShift * width);
  const zx = nearest + (farthest - nearest) * random();
  const zy = nearest + (farthest - nearest) * random();
  const flipHorizontal = random() < 0.5 && ranges.horizontalFlip;
  const flipVertical = random() < 0.5 && ranges.verticalFlip;
  return { theta, tx, ty, zx, zy, flipHorizontal, flipVertical };
}

/**
 * The image under one transform; what is left out of `parameters` changes nothing.
 *
 * @param image (height, width, 3), RGB, 0–255
 * @returns a new array of the same shape
 * @throws {TypeError} if the array's length is not height · width · 3
 */
export function transformImage(
  image: Uint8Array,
  parameters: Partial<TransformParameters>,
  size: ImageSize,
): Uint8Array<ArrayBuffer> {
  const length = pixelsIn(size) * 3;
  if (image.length !== length) {
    throw new TypeError(
      `An image of shape ${shapeText(size)} has ${length} values. Received: ${image.length}`,
    );
  }
  const result = applyAffine(image, affineMatrix(parameters, size), size);
  if (parameters.flipHorizontal) mirrorColumns(result, size);
  if (parameters.flipVertical) mirrorRows(result, size);
  return result;
}

/**
 * A randomly transformed copy: {@linkcode drawParameters}, then {@linkcode transformImage}.
 *
 * @param image (height, width, 3), RGB, 0–255
 * @param options `random`: advanced by seven draws; `ranges`: default {@linkcode protocolRanges}
 */
export function augment(
  image: Uint8Array,
  options: { size: ImageSize; random: Random; ranges?: AugmentationRanges },
): Uint8Array<ArrayBuffer> {
  const { size, random, ranges = protocolRanges } = options;
  return transformImage(image, drawParameters(random, ranges, size), size);
}

/**
 * Copy number `copy` of an image: the same for the same (seed, imageId, copy), whatever was drawn before. Copy 0 is the image
 * itself, in an array of its own.
 *
 * @param image (height, width, 3), RGB, 0–255
 * @throws {RangeError} if `copy` is not a whole number of at least 0
 */
export function augmentedCopy(
  image: Uint8Array,
  options: { size: ImageSize; seed: number; imageId: string; copy: number; ranges?: AugmentationRanges },
): Uint8Array<ArrayBuffer> {
  const { size, seed, imageId, copy, ranges } = options;
  if (!Number.isSafeInteger(copy) || copy < 0) {
    throw new RangeError(`copy is a whole number of at least 0. Received: ${copy}`);
  }
  if (copy === 0) return transformImage(image, {}, size);
  return augment(image, { size, random: randomFor(seed, imageId, copy), ranges });
}

function checkRanges(ranges: AugmentationRanges): void {
  const { rotation, zoom: [nearest, farthest], widthShift, heightShift } = ranges;
  const check = (name: string, value: unknown, valid: boolean, expected: string) => {
    if (!valid) throw new RangeError(`${name} is ${expected}. Received: ${value}`);
  };
  check("rotation", rotation, rotation >= 0 && rotation <= 180, "between 0 and 180 degrees");
  check(
    "zoom",
    ranges.zoom,
    nearest > 0 && nearest <= farthest && farthest < Infinity,
    "[least above 0, most]",
  );
  check("widthShift", widthShift, widthShift >= 0 && widthShift <= 1, "between 0 and 1");
  check("heightShift", heightShift, heightShift >= 0 && heightShift <= 1, "between 0 and 1");
}

function mirrorColumns(image: Uint8Array, size: ImageSize): void {
  const [height, width] = sidesOf(size);
  for (let row = 0; row < height; row++) {
    for (let left = 0, right = width - 1; left < right; left++, right--) {
      swap(image, 3 * (row * width + left), 3 * (row * width + right), 3);
    }
  }
}

function mirrorRows(image: Uint8Array, size: ImageSize): void {
  const [height, width] = sidesOf(size);
  for (let top = 0, bottom = height - 1; top < bottom; top++, bottom--) {
    swap(image, 3 * width * top, 3 * width * bottom, 3 * width);
  }
}

function swap(values: Uint8Array, first: number, second: number, length: number): void {
  for (let i = 0; i < length; i++) {
    [values[first + i], values[second + i]] = [values[second + i], values[first + i]];
  }
}
