/** How large images are: the side of a square, or height and width of a rectangle, in pixels. */

/**
 * A square is always written as a number in a configuration, so that equal sizes have equal digests; see `normalSize`.
 * Rectangles go by rows and columns, as arrays of pixels do.
 */
export type ImageSize = number | readonly [height: number, width: number];

/** Whether a value, from a file perhaps, is a size whose sides are whole numbers from `least` to `most`. */
export function isImageSize(
  value: unknown,
  { least, most = Infinity }: { least: number; most?: number },
): value is ImageSize {
  const sides = Array.isArray(value) ? value : [value, value];
  return sides.length === 2 && sides.every((side) => Number.isInteger(side) && side >= least && side <= most);
}

/** The size as it is kept: [64, 64] becomes 64, all else stays. */
export function normalSize(size: ImageSize): ImageSize {
  return Array.isArray(size) && size.length === 2 && size[0] === size[1] ? size[0] : size;
}

/** Rows and columns. */
export function sidesOf(size: ImageSize): [height: number, width: number] {
  return typeof size === "number" ? [size, size] : [...size];
}

/** Height × width. */
export function pixelsIn(size: ImageSize): number {
  const [height, width] = sidesOf(size);
  return height * width;
}

/** For readers, width × height as photographers say it: [150, 200] is "200 × 150", 64 is "64 × 64". */
export function sizeText(size: ImageSize): string {
  const [height, width] = sidesOf(size);
  return `${width} × ${height}`;
}

/** In names of files: "64", and height by width for a rectangle: "150x200". */
export function sizeName(size: ImageSize): string {
  return typeof size === "number" ? `${size}` : size.join("x");
}

/** For errors about arrays: "(64, 64, 3)". */
export function shapeText(size: ImageSize): string {
  return `(${sidesOf(size).join(", ")}, 3)`;
}
