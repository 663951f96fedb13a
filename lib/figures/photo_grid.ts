/** Photos in rows and columns, each above its label, as one PNG. */
import { createCanvas, ImageData, type SKRSContext2D } from "@napi-rs/canvas";
import { decodeBytes, readPhoto } from "../data/decode.ts";
import { type ImageSize, pixelsIn, sidesOf } from "../image_size.ts";
import { photoMetadata } from "../support/photo_tag.ts";
import { canvasFont, type TextStyle, textWidth, wrapText } from "../support/plotly/letters.ts";
import { ink } from "./palette.ts";
import { display, type Displayed, type DisplayMessage, syntheticMark } from "./show.ts";
import { edge, textSizes } from "./theme.ts";

/**
 * A picture: its pixels, (height, width, 3) RGB 0–255, or the path of its file. `size` may be left out if the picture is a square.
 * The label may have several lines. A picture with another `row` than the one before it begins a row of the grid.
 */
export type Photo =
  & { label: string; row?: string }
  & ({ pixels: Uint8Array; size?: ImageSize } | { path: string });

export interface PhotoGridOptions {
  title: string;
  source?: string;
  /** Default 7, or the number of photos if that is smaller. */
  columns?: number;
  /** PNG pixels per pixel of `pixels`, a whole number. Default 3. A photo from a file is scaled and cut to 200 × 150 PNG pixels. */
  scale?: number;
  /** Draws "SYNTHETIC stand-in data" on the grid. Default false. */
  synthetic?: boolean;
  /** Default: the title and the labels. */
  alt?: string;
  /** Drawn pictures of the same, never photos. Published copies show a grid of them, marked SYNTHETIC, instead of the photos. */
  standIns?: readonly Photo[];
}

/**
 * A drawn grid; `width` and `height` are the PNG's, in pixels. `show` shows it with its tag. As the last expression of a cell it
 * only says so: no photo gets into a notebook without its tag.
 */
export interface PhotoGrid extends Displayed {
  /** The picture, with the tag. */
  message(): DisplayMessage;
  png: Uint8Array;
  width: number;
  height: number;
  alt: string;
  synthetic: boolean;
}

/**
 * Draws the grid. Pixels are enlarged without smoothing.
 *
 * @throws RangeError without photos or with a scale or a number of columns that is not a whole number above 0
 * @throws Error if a file is not a readable photo, as `decodeImage` does
 * @throws TypeError if `pixels` is not RGB of its size or the photos differ in size
 */
export async function photoGrid(photos: readonly Photo[], options: PhotoGridOptions): Promise<PhotoGrid> {
  const { title, synthetic = false, standIns } = options;
  const { png, width, height } = await drawGrid(photos, options);
  const standIn = standIns && (await drawGrid(standIns, { ...options, synthetic: true })).png.toBase64();
  const said = [...new Set(photos.map(({ label }) => label.replaceAll("\n", " ")))].join(", ");
  const kind = `${synthetic ? "drawn stand-in image" : "photo"}${photos.length > 1 ? "s" : ""}`;
  const alt = options.alt ?? `${title}. ${photos.length} ${kind}: ${said}.`;
  return {
    ...{ png, width, height, alt, synthetic },
    message: () => ({
      data: { "image/png": png.toBase64(), "text/plain": alt },
      metadata: {
        ...photoMetadata({ alt, synthetic, standIn }),
        "image/png": { width: Math.round(width / 2), height: Math.round(height / 2) },
      },
    }),
    [display]: () => ({ "text/plain": `${alt} Shown by: await show(grid)` }),
  };
}

// All lengths are PNG pixels: twice those of the figures, so that letters are of one size everywhere.
const styles = {
  title: { size: 2 * textSizes.title, bold: true },
  source: { size: 2 * textSizes.source },
  badge: { size: 2 * textSizes.badge, bold: true },
  label: { size: 2 * textSizes.small },
};
const [margin, gap, firstBaseline, leading] = [2 * edge, 20, 72, 1.3];

async function drawGrid(photos: readonly Photo[], options: PhotoGridOptions) {
  const { title, source, scale = 3, synthetic = false, columns = Math.min(7, photos.length) } = options;
  if (photos.length === 0) throw new RangeError("A photo grid needs a photo at least. Received: none");
  for (const [name, value] of Object.entries({ scale, columns })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`"${name}" is a whole number above 0. Received: ${value}`);
    }
  }
  const tiles = [];
  for (const photo of photos) tiles.push(await readTile(photo, scale));
  const [tile] = tiles;
  const other = tiles.findIndex(({ width, height }) => width !== tile.width || height !== tile.height);
  if (other >= 0) {
    throw new TypeError(
      `All photos of a grid have one size: expected ${tile.width}×${tile.height} for "${
        photos[other].label
      }". Received: ${tiles[other].width}×${tiles[other].height}`,
    );
  }

  const badgeWidth = synthetic ? Math.ceil(textWidth(syntheticMark, styles.badge)) + 20 : 0;
  const width = Math.max(2 * margin + columns * (tile.width + gap) - gap, synthetic ? 1080 : 640);
  const titleLines = wrapText(title, width - 2 * margin - (synthetic ? badgeWidth + 40 : 0), styles.title);
  const sourceLines = source ? wrapText(source, width - 2 * margin, styles.source) : [];
  const labels = photos.map(({ label }) =>
    label.split("\n").flatMap((line) => line ? wrapText(line, tile.width, styles.label) : [])
  );
  const labelLines = Math.max(...labels.map((lines) => lines.length));
  const sourceBaseline = Math.round(firstBaseline + titleLines.length * leading * styles.title.size - 4);
  const gridTop = Math.round(sourceBaseline + 4 + sourceLines.length * leading * styles.source.size);
  const cellHeight = Math.round(tile.height + labelLines * leading * styles.label.size + 24);
  const places = placesOf(photos, columns);
  const height = gridTop + (places.at(-1)!.row + 1) * cellHeight + margin - 8;

  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  writeLines(context, titleLines, { x: margin, y: firstBaseline, style: styles.title });
  writeLines(context, sourceLines, { x: margin, y: sourceBaseline, style: styles.source, color: ink.quiet });
  if (synthetic) drawBadge(context, width - margin - badgeWidth, badgeWidth);
  tiles.forEach(({ picture }, i) => {
    const { row, column } = places[i];
    const x = margin + column * (tile.width + gap);
    const y = gridTop + row * cellHeight;
    context.drawImage(picture, x, y, tile.width, tile.height);
    writeLines(context, labels[i], { x, y: y + tile.height + 30, style: styles.label });
  });
  return { png: new Uint8Array(canvas.toBuffer("image/png")), width, height };
}

/** The row and column of each picture. */
function placesOf(photos: readonly Photo[], columns: number): { row: number; column: number }[] {
  let [row, column] = [0, -1];
  return photos.map((photo, i) => {
    const begins = column + 1 === columns || i > 0 && photo.row !== photos[i - 1].row;
    [row, column] = begins ? [row + 1, 0] : [row, column + 1];
    return { row, column };
  });
}

/** A picture of the grid with its size in PNG pixels: `pixels` are enlarged `scale` times, a file is scaled and cut. */
async function readTile(photo: Photo, scale: number) {
  if ("path" in photo) {
    const [width, height] = [200, 150];
    const bytes = await readPhoto(photo.path);
    const pixels = await decodeBytes(bytes, { size: [height, width], name: photo.path, fit: "cover" });
    return { picture: pictureOf(pixels, width, height), width, height };
  }
  const { pixels, size = Math.sqrt(pixels.length / 3) } = photo;
  const [height, width] = sidesOf(size);
  if (!Number.isInteger(height) || pixels.length === 0 || pixels.length !== pixelsIn(size) * 3) {
    throw new TypeError(
      `"${photo.label}": pixels is RGB, height × width × 3 bytes, of a square where no size is given. ` +
        `Received: ${pixels.length} bytes`,
    );
  }
  const picture = pictureOf(pixels, width, height);
  return { picture, width: width * scale, height: height * scale };
}

/** (height, width, 3) RGB → a canvas of that size. */
function pictureOf(rgb: Uint8Array, width: number, height: number) {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  const canvas = createCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}

/** Writes lines below each other; `y` is the first one's baseline. */
function writeLines(
  context: SKRSContext2D,
  lines: readonly string[],
  { x, y, style, color = ink.text }: { x: number; y: number; style: TextStyle; color?: string },
): void {
  context.font = canvasFont(style);
  context.fillStyle = color;
  lines.forEach((line, i) => context.fillText(line, x, Math.round(y + i * leading * style.size)));
}

function drawBadge(context: SKRSContext2D, x: number, width: number): void {
  context.fillStyle = ink.warningPaper;
  context.fillRect(x, 30, width, 54);
  context.strokeStyle = ink.warning;
  context.lineWidth = 2;
  context.strokeRect(x, 30, width, 54);
  writeLines(context, [syntheticMark], { x: x + 10, y: 66, style: styles.badge, color: ink.warning });
}
