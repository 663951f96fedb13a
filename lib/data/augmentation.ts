/**
 * Augmented copies of small images: one affine transform about the middle, then flips.
 *
 * After Keras 3.15.1, `keras/src/legacy/preprocessing/image.py`: what `ImageDataGenerator.get_random_transform` draws and
 * `apply_affine_transform` computes.
 */
import { type AugmentationRanges, checkRanges } from "../config.ts";
import { type ImageSize, pixelsIn, shapeText, sidesOf } from "../image_size.ts";
import { type Random, randomFor } from "../support/random.ts";

/** One transform. `theta` to `zy` are the arguments of `apply_affine_transform`; the flips come after them. */
export interface TransformParameters {
  /** Rotation in degrees; positive turns the picture counterclockwise. */
  readonly theta: number;
  /** Shift along the columns in pixels; positive moves the picture to the left. */
  readonly tx: number;
  /** Shift along the rows in pixels; positive moves the picture up. */
  readonly ty: number;
  /** Zoom along the columns, above 0; below 1 enlarges the picture. */
  readonly zx: number;
  /** Zoom along the rows, above 0; below 1 enlarges the picture. */
  readonly zy: number;
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
}

/** Raised by hand when a copy's pixels change: a part of the keys of what is made of copies, from 2 on. */
export const augmentationVersion: number = 1;

/**
 * Copy number `copy` of an image: the same for the same (seed, imageId, copy), whatever was drawn before. Copy 0 is the image
 * itself, in an array of its own.
 *
 * @param image (height, width, 3), RGB, 0–255
 * @throws {RangeError} if `copy` is not a whole number of at least 0, or a range is outside its limits
 */
export function augmentedCopy(
  image: Uint8Array,
  options: { size: ImageSize; ranges: AugmentationRanges; seed: number; imageId: string; copy: number },
): Uint8Array<ArrayBuffer> {
  const { size, ranges, seed, imageId, copy } = options;
  if (!Number.isSafeInteger(copy) || copy < 0) {
    throw new RangeError(`copy must be a whole number of at least 0. Received: ${copy}`);
  }
  const random = randomFor(seed, imageId, copy);
  return transformImage(image, copy === 0 ? {} : drawTransform(random, ranges, size), size);
}

/**
 * Draws the parameters of one copy.
 *
 * Takes seven numbers from `random`, always, in this order: rotation, height shift, width shift, zoom of the columns, zoom of the
 * rows, horizontal flip, vertical flip. So a range set to nothing leaves the other draws as they are. The height shift goes to
 * `ty`, which moves along the rows; Keras fills `tx` with it.
 *
 * @throws {RangeError} for a range outside the limits of {@linkcode AugmentationRanges}
 */
export function drawTransform(
  random: Random,
  ranges: AugmentationRanges,
  size: ImageSize,
): TransformParameters {
  checkRanges(ranges);
  const { rotation, zoom: [least, most], widthShift, heightShift, horizontalFlip, verticalFlip } = ranges;
  const [height, width] = sidesOf(size);
  const within = (range: number) => (2 * random() - 1) * range + 0; // + 0 turns −0 into 0
  const theta = within(rotation);
  const ty = within(heightShift * height);
  const tx = within(widthShift * width);
  const zx = least + (most - least) * random();
  const zy = least + (most - least) * random();
  const flipHorizontal = random() < 0.5 && horizontalFlip;
  const flipVertical = random() < 0.5 && verticalFlip;
  return { theta, tx, ty, zx, zy, flipHorizontal, flipVertical };
}

/**
 * The image under one transform. What is left out of `parameters` changes nothing.
 *
 * Bilinear between the four neighbours, the nearest edge pixel outside, rounded to the nearest whole number, halves to even
 * (`scipy.ndimage.affine_transform(order=1, mode="nearest")`, then `numpy.rint`).
 *
 * @param image (height, width, 3), RGB, 0–255
 * @returns a new array of the same shape
 * @throws {TypeError} if the array's length is not height · width · 3
 * @throws {RangeError} for a parameter that is not finite, or a zoom that is not above 0
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
  const [height, width] = sidesOf(size);
  const [[a, b, c], [d, e, f]] = affineMatrix(parameters, size);
  const { flipHorizontal, flipVertical } = parameters;
  const [lastRow, lastColumn] = [height - 1, width - 1];
  const result = new Uint8ClampedArray(length); // rounds halves to even, as numpy.rint does
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = Math.min(Math.max(a * column + b * row + c, 0), lastColumn);
      const y = Math.min(Math.max(d * column + e * row + f, 0), lastRow);
      const left = Math.floor(x);
      const top = Math.floor(y);
      const right = x - left;
      const down = y - top;
      const topLeft = 3 * (top * width + left);
      const topRight = left < lastColumn ? topLeft + 3 : topLeft;
      const below = top < lastRow ? 3 * width : 0;
      const toRow = flipVertical ? lastRow - row : row;
      const toColumn = flipHorizontal ? lastColumn - column : column;
      const to = 3 * (toRow * width + toColumn);
      for (let channel = 0; channel < 3; channel++) {
        const upper = image[topLeft + channel] * (1 - right) + image[topRight + channel] * right;
        const lower = image[topLeft + below + channel] * (1 - right) +
          image[topRight + below + channel] * right;
        result[to + channel] = upper * (1 - down) + lower * down;
      }
    }
  }
  return new Uint8Array(result.buffer);
}

type Matrix = number[][];

/**
 * The (3, 3) matrix that takes a place (column, row, 1) of the result to its place in the source.
 *
 * Keras takes the middle as (height/2 − 0.5, width/2 − 0.5) of a place (column, row), so it turns a rectangle about a point beside
 * its middle. Here a rectangle turns about its own, as Keras turns a square.
 */
function affineMatrix(parameters: Partial<TransformParameters>, size: ImageSize): Matrix {
  const { theta = 0, tx = 0, ty = 0, zx = 1, zy = 1 } = parameters;
  for (const [name, value] of Object.entries({ theta, tx, ty, zx, zy })) {
    const isZoom = name.startsWith("z");
    if (Number.isFinite(value) && !(isZoom && value <= 0)) continue;
    throw new RangeError(`${name} must be a finite number${isZoom ? " above 0" : ""}. Received: ${value}`);
  }
  const [cos, sin] = [Math.cos(theta * (Math.PI / 180)), Math.sin(theta * (Math.PI / 180))];
  const rotation = [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]];
  const shift = (x: number, y: number) => [[1, 0, x], [0, 1, y], [0, 0, 1]];
  const zoom = [[zx, 0, 0], [0, zy, 0], [0, 0, 1]];
  const [middleY, middleX] = sidesOf(size).map((side) => side / 2 - 0.5);
  return [shift(middleX, middleY), rotation, shift(tx, ty), zoom, shift(-middleX, -middleY)].reduce(
    multiplied,
  );
}

function multiplied(a: Matrix, b: Matrix): Matrix {
  return a.map((row) =>
    b[0].map((_, column) => row.reduce((sum, value, k) => sum + value * b[k][column], 0))
  );
}

/**
 * Turns and mirrors a square image, (side, side, 3), in place. No value is changed, only moved.
 *
 * @param way 0 … 7: bit 0 mirrors left and right, bit 1 top and bottom, bit 2 swaps rows and columns first; 0 leaves it as it is
 */
export function orient(image: Float32Array | Uint8Array, way: number): void {
  const source = image.slice();
  const side = Math.sqrt(image.length / 3);
  const [swap, down, across] = [way & 4, way & 2, way & 1];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const row = down ? side - 1 - y : y;
      const column = across ? side - 1 - x : x;
      const from = 3 * (swap ? column * side + row : row * side + column);
      const to = 3 * (y * side + x);
      for (let c = 0; c < 3; c++) image[to + c] = source[from + c];
    }
  }
}
