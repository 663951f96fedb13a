/** One picture of a photo grid, ready to be put in its place. */
import sharp from "sharp";
import { type ImageSize, pixelsIn, sidesOf } from "../image_size.ts";

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
 * @throws TypeError where `pixels` is not RGB of its size; Error where the file can't be read
 */
export async function readTile(
  photo: { label: string } & ({ pixels: Uint8Array; size?: ImageSize } | { path: string }),
  options: { scale: number; width?: number; height?: number },
): Promise<Tile> {
  if ("path" in photo) {
    const { width = 200, height = 150 } = options;
    const image = sharp(photo.path).toColourspace("srgb").removeAlpha().resize(width, height, {
      fit: "cover",
    });
    return { data: new Uint8Array(await image.raw().toBuffer()), width, height };
  }
  const { pixels, size = Math.sqrt(pixels.length / 3) } = photo;
  const [height, width] = sidesOf(size);
  if (!Number.isInteger(height) || pixels.length === 0 || pixels.length !== pixelsIn(size) * 3) {
    throw new TypeError(
      `"${photo.label}": pixels is RGB, height × width × 3 bytes, of a square where no size is given. ` +
        `Received: ${pixels.length} bytes`,
    );
  }
  return enlarge({ data: pixels, width, height }, options.scale);
}

/** (height, width, 3) → (height × scale, width × scale, 3). */
function enlarge(tile: Tile, scale: number): Tile {
  const [width, height] = [tile.width * scale, tile.height * scale];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / scale) * tile.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor(x / scale)) * 3;
      const to = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) data[to + channel] = tile.data[from + channel];
    }
  }
  return { data, width, height };
}
