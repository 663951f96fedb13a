/** Photos in rows and columns, each over its label, as one PNG. */
import { Buffer } from "node:buffer";
import sharp from "sharp";
import type { ImageSize } from "../image_size.ts";
import { display, type Displayed, type DisplayMessage } from "./display.ts";
import { textPath, type TextStyle, textWidth, wrapText } from "../support/plotly/font.ts";
import { ink } from "./palette.ts";
import { photoMetadata } from "../support/photo_tag.ts";
import { readTile } from "./photo_tile.ts";
import { edge, syntheticMark, textSizes } from "./theme.ts";

/**
 * A picture by its pixels, (height, width, 3) RGB 0–255 of a `size`, left out where that is a square, or by its file. The label
 * may have several lines.
 */
export type Photo = { label: string } & ({ pixels: Uint8Array; size?: ImageSize } | { path: string });

/** What the grid looks like. */
export interface PhotoGridOptions {
  title: string;
  source?: string;
  /** Default 7, or the number of photos where that is smaller. */
  columns?: number;
  /** PNG pixels a pixel of `pixels`, a whole number. Default 3. */
  scale?: number;
  /** PNG pixels of a photo from a file. Default 200 × 150. */
  tile?: { width: number; height: number };
  /** Draws "SYNTHETIC stand-in data" on the grid. Default false. */
  synthetic?: boolean;
  /** Default: the title and the labels. */
  alt?: string;
}

/**
 * A drawn grid; `width` and `height` are the PNG's. Shown by `show`, with its tag; as the last expression of a
 * cell it says just that, so that no photo gets into a notebook without its tag.
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

// All lengths are PNG pixels: twice those of the figures, so that letters are of one size everywhere.
const styles = {
  title: { size: 2 * textSizes.title, bold: true },
  source: { size: 2 * textSizes.source },
  badge: { size: 2 * textSizes.badge, bold: true },
  label: { size: 2 * textSizes.small },
};
const [margin, gap, firstBaseline, leading] = [2 * edge, 20, 72, 1.3];

/**
 * Draws the grid. Pixels are enlarged without smoothing.
 *
 * @throws RangeError without photos or with a scale or a number of columns that is not a whole number above 0
 * @throws TypeError where `pixels` is not RGB of its size or the photos differ in size
 */
export async function photoGrid(photos: Photo[], options: PhotoGridOptions): Promise<PhotoGrid> {
  const { title, source, scale = 3, synthetic = false, columns = Math.min(7, photos.length) } = options;
  if (photos.length === 0) throw new RangeError("A photo grid needs a photo at least. Received: none");
  for (const [name, value] of Object.entries({ scale, columns })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`"${name}" is a whole number above 0. Received: ${value}`);
    }
  }
  const tiles = [];
  for (const photo of photos) tiles.push(await readTile(photo, { scale, ...options.tile }));
  const [tile] = tiles;
  const other = tiles.findIndex(({ width, height }) => width !== tile.width || height !== tile.height);
  if (other >= 0) {
    throw new TypeError(
      `All photos of a grid have one size: expected ${tile.width}×${tile.height} for "${
        photos[other].label
      }". ` +
        `Received: ${tiles[other].width}×${tiles[other].height}`,
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
  const height = gridTop + Math.ceil(photos.length / columns) * cellHeight + margin - 8;
  const places = tiles.map((_, i) => ({
    left: margin + (i % columns) * (tile.width + gap),
    top: gridTop + Math.floor(i / columns) * cellHeight,
  }));

  const letters = [
    ...drawLines(titleLines, margin, firstBaseline, styles.title, ink.text),
    ...drawLines(sourceLines, margin, sourceBaseline, styles.source, ink.quiet),
    ...synthetic ? drawBadge(width - margin - badgeWidth, badgeWidth) : [],
    ...labels.flatMap((lines, i) =>
      drawLines(lines, places[i].left, places[i].top + tile.height + 30, styles.label, ink.text)
    ),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${
    letters.join("")
  }</svg>`;
  const pictures = tiles.map(({ data, width, height }, i) => ({
    input: Buffer.from(data.buffer, data.byteOffset, data.length),
    raw: { width, height, channels: 3 as const },
    ...places[i],
  }));
  const png = await sharp({ create: { width, height, channels: 3, background: ink.paper } })
    .composite([...pictures, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png({ compressionLevel: 9 })
    .toBuffer();
  const said = [...new Set(photos.map(({ label }) => label.replaceAll("\n", " ")))].join(", ");
  const alt = options.alt ??
    `${title}. ${photos.length} ${synthetic ? "drawn stand-in image" : "photo"}${
      photos.length > 1 ? "s" : ""
    }: ${said}.`;
  return {
    png: new Uint8Array(png),
    width,
    height,
    alt,
    synthetic,
    message: () => ({
      data: { "image/png": png.toString("base64"), "text/plain": alt },
      metadata: {
        ...photoMetadata({ alt, synthetic }),
        "image/png": { width: Math.round(width / 2), height: Math.round(height / 2) },
      },
    }),
    [display]: () => ({ "text/plain": `${alt} Shown by: await show(grid)` }),
  };
}

function drawLines(lines: string[], x: number, y: number, style: TextStyle, color: string): string[] {
  return lines.map((line, i) => {
    const place = `translate(${x},${Math.round(y + i * leading * style.size)}) scale(${style.size / 1000})`;
    return `<path fill="${color}" transform="${place}" d="${textPath(line, style)}"/>`;
  });
}

function drawBadge(x: number, width: number): string[] {
  const box = `<rect x="${x}" y="30" width="${width}" height="54" fill="${ink.warningPaper}" ` +
    `stroke="${ink.warning}" stroke-width="2"/>`;
  return [box, ...drawLines([syntheticMark], x + 10, 66, styles.badge, ink.warning)];
}
