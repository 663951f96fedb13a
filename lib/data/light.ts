/** Varies brightness, contrast, saturation and tint, as if another lamp and camera showed the same lesion. */
import type { Random } from "../support/random.ts";

/** Each value is drawn uniformly from −range to +range, every time an image is shown. 0 switches it off. */
export interface LightRanges {
  /** Added to all channels, as a share of 255. */
  readonly brightness: number;
  /** Change of each value's distance from middle grey (127.5), as a share, below 1. */
  readonly contrast: number;
  /** Change of each value's distance from the pixel's own grey, as a share, below 1. */
  readonly saturation: number;
  /** Change of each channel's gain, as a share, below 1: the colour of the lamp. */
  readonly tint: number;
}

/**
 * Varies an image in place. Always takes six numbers from `random`: brightness, contrast, saturation, tint of red, green and
 * blue.
 *
 * A pixel's grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). Values are rounded and clipped to 0–255.
 *
 * @param image (height, width, 3), RGB, 0–255
 * @throws {RangeError} for a range that is below 0 or not below 1
 */
export function varyLight(image: Uint8Array, ranges: LightRanges, random: Random): void {
  for (const [name, range] of Object.entries(ranges)) {
    if (!(range >= 0 && range < 1)) {
      throw new RangeError(`${name} must be at least 0 and below 1. Received: ${range}`);
    }
  }
  const within = (range: number) => (2 * random() - 1) * range;
  const brightness = 255 * within(ranges.brightness);
  const contrast = 1 + within(ranges.contrast);
  const saturation = 1 + within(ranges.saturation);
  const [red, green, blue] = [0, 1, 2].map(() => 1 + within(ranges.tint));
  const middle = 127.5 * (1 - contrast) + brightness;
  const result = new Uint8ClampedArray(image.buffer, image.byteOffset, image.length); // rounds and clips
  for (let i = 0; i < result.length; i += 3) {
    const [r, g, b] = [result[i] * red, result[i + 1] * green, result[i + 2] * blue];
    const grey = (1 - saturation) * (0.299 * r + 0.587 * g + 0.114 * b);
    result[i] = contrast * (saturation * r + grey) + middle;
    result[i + 1] = contrast * (saturation * g + grey) + middle;
    result[i + 2] = contrast * (saturation * b + grey) + middle;
  }
}
