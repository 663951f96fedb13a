/**
 * Augmented copies of small images: one affine transform about the centre, then flips.
 *
 * Follows `ImageDataGenerator.get_random_transform` and `apply_affine_transform` of Keras 3.15.1,
 * `keras/src/legacy/preprocessing/image.py`.
 */
import { type AugmentationRanges, checkRanges } from "../config.ts";
import { type ImageSize, pixelsIn, shapeText, sidesOf } from "../image_size.ts";
import { type Random, randomFor } from "../support/random.ts";

/** One transform. `theta` to `zy` are the arguments of `apply_affine_transform`; the flips come afterwards. */
export interface TransformParameters {
  /** Rotation in degrees; positive turns the picture counterclockwise. */
  readonly theta: number;
  /** Horizontal shift in pixels; positive moves the picture to the left. */
  readonly tx: number;
  /** Vertical shift in pixels; positive moves the picture up. */
  readonly ty: number;
  /** Horizontal zoom, above 0; below 1 enlarges the picture. */
  readonly zx: number;
  /** Vertical zoom, above 0; below 1 enlarges the picture. */
  readonly zy: number;
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
}

/** Raise it by hand when a copy's pixels change. From 2 on, it is part of the cache keys of results from copies. */
export const augmentationVersion: number = 1;

/**
 * Copy number `copy` of an image. Its random numbers depend on (seed, imageId, copy), not on earlier draws. Copy 0 is the image
 * itself, in a new array.
 *
 * @param image (height, width, 3), RGB, 0–255
 * @returns (height, width, 3)
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
 * It always takes seven numbers from `random`, in this order: rotation, height shift, width shift, horizontal zoom, vertical
 * zoom, horizontal flip, vertical flip. So switching one range off does not change the other draws. The height shift is stored in
 * `ty`, the vertical shift; Keras stores it in `tx`.
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
 * Applies one transform to an image. A parameter that is left out changes nothing.
 *
 * Interpolation is bilinear; outside the image, the nearest edge pixel counts. Values are rounded, halves to even
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
 * The (3, 3) matrix that maps a position (column, row, 1) of the result to its position in the source.
 *
 * Keras uses (height/2 − 0.5, width/2 − 0.5) as the centre of positions (column, row), so it rotates a rectangle about a point
 * beside its centre. Here a rectangle rotates about its own centre. For squares there is no difference.
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
 * Rotates and mirrors a square image, (side, side, 3), in place. Values move but do not change.
 *
 * @param way 0 … 7: bit 2 swaps rows and columns first, then bit 0 mirrors left and right, bit 1 top and bottom; 0 changes
 * nothing
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
