/** Affine transforms of RGB images, as Keras 3.15.1's `apply_affine_transform` computes them. */
import { type ImageSize, sidesOf } from "../image_size.ts";

/** What `apply_affine_transform` is given. Left out, a value changes nothing. */
export interface AffineParameters {
  /** Rotation in degrees; positive turns the picture counterclockwise. */
  theta: number;
  /** Shift along the columns in pixels; positive moves the picture to the left. */
  tx: number;
  /** Shift along the rows in pixels; positive moves the picture up. */
  ty: number;
  /** Zoom along the columns, above 0; below 1 enlarges the picture. */
  zx: number;
  /** Zoom along the rows, above 0; below 1 enlarges the picture. */
  zy: number;
}

/** Takes a place in the result to its place in the source: [row, column] → [a·row + b·column + c, d·row + e·column + f]. */
export type AffineMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/**
 * Composes rotation, shift and zoom, in this order, about the middle of the image (height/2 − 0.5, width/2 − 0.5).
 *
 * Keras composes over (column, row) and swaps the axes at the end; that is why `tx` shifts along the columns, although its
 * `ImageDataGenerator` fills it from the height shift. It takes the middle from (height, width) without that swap, so it turns a
 * rectangle about a point beside its middle; here a rectangle turns about its own, as Keras turns a square.
 *
 * @throws {RangeError} for a value that is not finite, or a zoom that is not above 0
 */
export function affineMatrix(parameters: Partial<AffineParameters>, size: ImageSize): AffineMatrix {
  const { theta = 0, tx = 0, ty = 0, zx = 1, zy = 1 } = parameters;
  for (const [name, value] of Object.entries({ theta, tx, ty, zx, zy })) {
    if (!Number.isFinite(value) || (name.startsWith("z") && value <= 0)) {
      throw new RangeError(
        `${name} is a finite number${name.startsWith("z") ? " above 0" : ""}. Received: ${value}`,
      );
    }
  }
  const radians = theta * (Math.PI / 180);
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  // rotation · shift · zoom over (x, y) = (column, row):
  //   x ← zx·cos·x − zy·sin·y + cos·tx − sin·ty
  //   y ← zx·sin·x + zy·cos·y + sin·tx + cos·ty
  const shiftX = cos * tx - sin * ty;
  const shiftY = sin * tx + cos * ty;
  const [middleY, middleX] = sidesOf(size).map((side) => side / 2 - 0.5);
  return [
    ...[zy * cos, zx * sin, shiftY + middleY - zy * cos * middleY - zx * sin * middleX] as const,
    ...[-zy * sin, zx * cos, shiftX + middleX + zy * sin * middleY - zx * cos * middleX] as const,
  ];
}

/**
 * Draws the image that `matrix` describes: bilinear between the four neighbours, the nearest edge pixel outside, rounded to the
 * nearest whole number, halves to even (`scipy.ndimage.affine_transform(order=1, mode="nearest")`, then `numpy.rint`).
 *
 * @param image (height, width, 3), RGB, 0–255
 * @returns a new array of the same shape
 */
export function applyAffine(
  image: Uint8Array,
  matrix: AffineMatrix,
  size: ImageSize,
): Uint8Array<ArrayBuffer> {
  const [a, b, c, d, e, f] = matrix;
  const [height, width] = sidesOf(size);
  const [lastRow, lastColumn] = [height - 1, width - 1];
  const result = new Uint8ClampedArray(image.length); // rounds halves to even, as numpy.rint does
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += 3) {
      const y = Math.min(Math.max(a * row + b * column + c, 0), lastRow);
      const x = Math.min(Math.max(d * row + e * column + f, 0), lastColumn);
      const top = Math.floor(y);
      const left = Math.floor(x);
      const down = y - top;
      const right = x - left;
      const topLeft = 3 * (top * width + left);
      const topRight = left < lastColumn ? topLeft + 3 : topLeft;
      const below = top < lastRow ? 3 * width : 0;
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
