/** How large images are: the side of a square, or height and width of a rectangle, in pixels. */

/**
 * In a configuration a square is always a number, so that equal sizes have equal digests; see `normalSize`. A rectangle has its
 * height first, like the shape of a pixel array.
 */
export type ImageSize = number | readonly [height: number, width: number];

/** Whether a value, for example from a file, is a size whose sides are whole numbers from `least` to `most`. */
export function isImageSize(
  value: unknown,
  { least, most = Infinity }: { least: number; most?: number },
): value is ImageSize {
  const sides = Array.isArray(value) ? value : [value, value];
  return sides.length === 2 && sides.every((side) => Number.isInteger(side) && side >= least && side <= most);
}

/** The size in its normal form: [64, 64] becomes 64, all others stay. */
export function normalSize(size: ImageSize): ImageSize {
  return Array.isArray(size) && size.length === 2 && size[0] === size[1] ? size[0] : size;
}

export function sidesOf(size: ImageSize): [height: number, width: number] {
  return typeof size === "number" ? [size, size] : [...size];
}

export function pixelsIn(size: ImageSize): number {
  const [height, width] = sidesOf(size);
  return height * width;
}

/** The size for readers, width × height as usual for photos: [150, 200] is "200 × 150", 64 is "64 × 64". */
export function sizeText(size: ImageSize): string {
  const [height, width] = sidesOf(size);
  return `${width} × ${height}`;
}

/** The size in file names: "64", or height by width for a rectangle: "150x200". */
export function sizeName(size: ImageSize): string {
  return typeof size === "number" ? `${size}` : size.join("x");
}

/** The shape of an RGB image for error messages: "(64, 64, 3)". */
export function shapeText(size: ImageSize): string {
  return `(${sidesOf(size).join(", ")}, 3)`;
}
