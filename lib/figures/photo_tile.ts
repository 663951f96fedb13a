/** One picture of a photo grid, ready to be put in its place. */
import sharp from "sharp";

/** RGB pixels, (height, width, 3), 0–255. */
export interface Tile {
  data: Uint8Array;
  width: number;
  height: number;
}

/**
 * Reads a picture. Given pixels are enlarged `scale` times, every pixel a square; a file's are fitted to
 * `width` × `height` (default 200 × 150), what sticks out is cut.
 *
 * @throws TypeError where `pixels` is not a square of RGB; Error where the file can't be read
 */
export async function readTile(
  photo: { label: string } & ({ pixels: Uint8Array } | { path: string }),
  options: { scale: number; width?: number; height?: number },
): Promise<Tile> {
  if ("path" in photo) {
    const { width = 200, height = 150 } = options;
    const image = sharp(photo.path).toColourspace("srgb").removeAlpha().resize(width, height, {
      fit: "cover",
    });
    return { data: new Uint8Array(await image.raw().toBuffer()), width, height };
  }
  const size = Math.sqrt(photo.pixels.length / 3);
  if (!Number.isInteger(size) || size === 0) {
    throw new TypeError(
      `"${photo.label}": pixels is a square of RGB, size × size × 3 bytes. Received: ${photo.pixels.length} bytes`,
    );
  }
  const side = size * options.scale;
  return { data: enlarge(photo.pixels, size, options.scale), width: side, height: side };
}

/** (size, size, 3) → (size × scale, size × scale, 3). */
function enlarge(pixels: Uint8Array, size: number, scale: number): Uint8Array {
  const side = size * scale;
  const result = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const row = Math.floor(y / scale) * size;
    for (let x = 0; x < side; x++) {
      const from = (row + Math.floor(x / scale)) * 3;
      const to = (y * side + x) * 3;
      for (let channel = 0; channel < 3; channel++) result[to + channel] = pixels[from + channel];
    }
  }
  return result;
}
