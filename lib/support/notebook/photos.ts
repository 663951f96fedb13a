/**
 * Keeps photos out of published notebooks. HAM10000 is CC BY-NC 4.0: outputs that show its photos stay on the user's machine.
 *
 * An output that shows a photo has the tag of photo_tag.ts. `withoutPhotos` replaces the photo by a drawn picture.
 * `assertNoPhotos` then checks that no photo is left.
 */
import { Buffer } from "node:buffer";
import sharp from "sharp";
import { isPhoto as isPhotoMetadata, type PhotoMetadata, photoMetadata, photoTag } from "../photo_tag.ts";
import { svgToPng, wrapText } from "../plotly/letters.ts";
import type { Cell, DisplayOutput, MimeBundle, Notebook, Output } from "./ipynb.ts";

const notPassedOn = "photos are not passed on. To see it on your machine: deno task reproduce";
/** The text of the placeholder, drawn and as `text/plain`. */
const placeholderText = `Photo not shown here: ${notPassedOn}`;
/** The caption of a drawn picture that replaces a photo. */
const standInText = `Drawn stand-in; photo not shown here: ${notPassedOn}`;
/** Marks the file of a picture that `withoutPhotos` made from a stand-in. */
const standInMark = "HAM10000: drawn stand-in in the place of a photo";

/** Whether an output is tagged as showing a photo. */
export function isPhoto(output: Output): boolean {
  return "metadata" in output && isPhotoMetadata(output.metadata);
}

/**
 * A copy in which each tagged output shows its drawn stand-in (`PhotoMetadata.standIn`) with a caption, or a grey placeholder if
 * it has none. Everything else is unchanged.
 *
 * @throws {TypeError} if a stand-in is not a PNG or is the photo itself
 */
export async function withoutPhotos(notebook: Notebook): Promise<Notebook> {
  const cells = await Promise.all(notebook.cells.map(async (cell, index): Promise<Cell> => {
    if (cell.cell_type !== "code") return cell;
    const outputs = cell.outputs.map((output) =>
      isPhoto(output) && !isReplaced(output) ? replacePhoto(output as DisplayOutput, index + 1) : output
    );
    return { ...cell, outputs: await Promise.all(outputs) };
  }));
  return { ...notebook, cells };
}

/** Whether a tagged output shows only a picture that `withoutPhotos` made. */
function isReplaced(output: Output): boolean {
  const { "image/png": png, "text/plain": _, ...more } = (output as DisplayOutput).data;
  if (typeof png !== "string" || Object.keys(more).length > 0) return false;
  return png === placeholder() || Buffer.from(png, "base64").includes(standInMark);
}

async function replacePhoto({ data, metadata }: DisplayOutput, cell: number): Promise<Output> {
  const { alt = "", synthetic, standIn } = metadata[photoTag] as Partial<PhotoMetadata>;
  const tag = photoMetadata({ alt: String(alt), synthetic: synthetic === true });
  const shown = (png: string, text: string, more = {}): Output => ({
    output_type: "display_data",
    data: { "image/png": png, "text/plain": `[${alt ? `${String(alt).replace(/\.$/, "")}. ` : ""}${text}]` },
    metadata: { ...tag, ...more },
  });
  if (standIn === undefined) return shown(placeholder(), placeholderText);
  const isPng = typeof standIn === "string" && standIn.startsWith(pngStart);
  if (!isPng || Object.values(data).includes(standIn)) {
    throw new TypeError(
      `cell ${cell}: expected a photo's standIn to be a drawn picture, PNG in Base64. Received: ${
        isPng ? "the photo itself" : "something else"
      }`,
    );
  }
  const { png, width, height } = await withCaption(Uint8Array.fromBase64(standIn));
  // Photo grids store two pixels for each one shown, and say so in their metadata.
  const size = { "image/png": { width: Math.round(width / 2), height: Math.round(height / 2) } };
  return shown(png, standInText, "image/png" in metadata ? size : {});
}

/** The beginning of every PNG in Base64. */
const pngStart = "iVBORw0KGgo";

let drawn: string | undefined;

/** The drawn placeholder, PNG in Base64, 480×160 pixels: dashed frame, icon, and how to see the photo. Always the same. */
export function placeholder(): string {
  // A frame with hills and a sun, struck through: the usual sign for a missing picture.
  const icon =
    `<g transform="translate(36 48)" fill="none" stroke="#6b7280" stroke-width="3" stroke-linejoin="round">
    <rect x="1" y="1" width="62" height="54" rx="5"/><circle cx="45" cy="17" r="6"/>
    <path d="M1 45 20 25 36 42 47 32 63 46M-6 62 70-6"/></g>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="160">
    <rect x="2" y="2" width="476" height="156" rx="8" fill="#f9fafb" stroke="#9ca3af" stroke-width="2" stroke-dasharray="8 6"/>
    ${icon}${textLines(placeholderText, { x: 125, y: 66, width: 330, size: 15 }).svg}</svg>`;
  return drawn ??= svgToPng(svg, { scale: 1 }).toBase64();
}

/** A stand-in with its caption below, as marked PNG in Base64; 256 colours take half the bytes or less. */
async function withCaption(standIn: Uint8Array): Promise<{ png: string; width: number; height: number }> {
  const { data, info: { width, height } } = await sharp(standIn).flatten({ background: "#ffffff" }).png()
    .toBuffer({ resolveWithObject: true });
  const { svg, bottom } = textLines(standInText, {
    x: 16,
    y: 34,
    width: Math.max(width - 32, 200),
    size: 22,
  });
  const caption = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom}">
    <rect width="100%" height="100%" fill="#f9fafb"/>${svg}</svg>`;
  const png = await sharp(data).extend({ bottom, background: "#f9fafb" })
    .composite([{ input: Buffer.from(svgToPng(caption, { scale: 1 })), top: height, left: 0 }])
    .withExif({ IFD0: { ImageDescription: standInMark } }).png({ palette: true, effort: 10 }).toBuffer();
  return { png: png.toString("base64"), width, height: height + bottom };
}

/** Wrapped text for `svgToPng`; `y` is the first baseline, `bottom` the height needed for all lines. */
function textLines(
  text: string,
  { x, y, width, size }: { x: number; y: number; width: number; size: number },
): { svg: string; bottom: number } {
  const leading = 1.4 * size;
  const lines = wrapText(text, width, { size });
  const svg = lines.map((line, index) => `<text x="${x}" y="${y + leading * index}">${line}</text>`).join("");
  return {
    svg: `<g fill="#374151" font-family="Inter" font-size="${size}">${svg}</g>`,
    bottom: Math.ceil(y + leading * (lines.length - 1) + 0.6 * size),
  };
}

/**
 * Checks a notebook that is to be published, after `withoutPhotos`. It refuses:
 *
 * - tagged outputs that show anything but the placeholder or a stand-in with its caption;
 * - images that are not figures (a figure has PNG or SVG beside its plotly JSON, so every JPEG is refused);
 * - plotly figures that contain pictures;
 * - attachments of Markdown cells;
 * - `data:image` addresses and Base64 of images in any text.
 *
 * It cannot know what a figure's PNG shows, nor whether numbers are pixels (except in plotly's image traces, which it refuses).
 *
 * @param options.name the notebook's name, for errors
 * @throws {Error} with all places that were found, by cell
 */
export function assertNoPhotos(notebook: Notebook, options: { name?: string } = {}): void {
  const found: string[] = [];
  const report = (place: string, problem: string | null) => problem && found.push(`${place}: ${problem}`);
  for (const [index, cell] of notebook.cells.entries()) {
    const place = `cell ${index + 1}`;
    const { outputs = [], attachments = {}, ...rest } = cell as Cell & {
      outputs?: Output[];
      attachments?: Record<string, MimeBundle>;
    };
    const attached = Object.keys(attachments).join(", ");
    report(place, attached && `attachment ${attached}`);
    report(place, findEmbeddedImage(rest, { isCode: cell.cell_type === "code" }));
    for (const [number, output] of outputs.entries()) {
      report(`${place}, output ${number + 1}`, problemOf(output));
    }
  }
  report("metadata", findEmbeddedImage(notebook.metadata));
  if (found.length === 0) return;
  throw new Error(
    `${
      options.name ?? "Notebook"
    }: expected only figures and drawn pictures, because photos must not be published. Show ` +
      `photos with the tag metadata.ham10000.photo (lib/support/photo_tag.ts), figures with their plotly ` +
      `JSON. Received:\n  ${found.join("\n  ")}`,
  );
}

function problemOf(output: Output): string | null {
  if (output.output_type === "stream" || output.output_type === "error") return findEmbeddedImage(output);
  const { data, metadata } = output;
  if (isPhoto(output)) {
    return isReplaced(output)
      ? findEmbeddedImage({ text: data["text/plain"], metadata })
      : "a photo that withoutPhotos has not replaced";
  }
  const figure = data["application/vnd.plotly.v1+json"];
  for (const [mime, content] of Object.entries(data)) {
    const isPicture = /^(image|video)\/|^application\/pdf$/i.test(mime);
    const isFigure = figure !== undefined && ["image/png", "image/svg+xml"].includes(mime);
    if (isPicture && !isFigure) return `${mime} that is no figure`;
    const problem = mime === "image/png" ? null : findEmbeddedImage(content);
    if (problem) return `${mime} with ${problem}`;
  }
  return findPixels(figure) ?? findEmbeddedImage(metadata);
}

/** How Base64 of JPEG, PNG, GIF, WebP (RIFF), TIFF and AVIF begins, with 100 more characters: no mere mention matches. */
const base64Image =
  /(?:\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|SUkqA|TU0AK|AAAA[A-Za-z0-9+/]{2}Z0eXBhdml[mz])(?:[A-Za-z0-9+/]|\\n|\r?\n){100}/;
const imageAddress = /data:(?:image|video)\//i;
/** Code may mention such addresses, for example to make one, but must not contain one with its data. */
const filledImageAddress = /data:(?:image|video)\/[^,"'`\s]{1,60},[A-Za-z0-9+/=%]{40}/i;

/** The picture that a value contains at any depth, in words; null if there is none. */
function findEmbeddedImage(value: unknown, options: { isCode?: boolean } = {}): string | null {
  if (typeof value === "string") {
    const address = value.match(options.isCode ? filledImageAddress : imageAddress);
    if (address) return `a data address of a picture (${value.slice(address.index, address.index! + 30)}…)`;
    const base64 = value.match(base64Image);
    return base64 && `Base64 of a picture (${base64[0].slice(0, 12)}…)`;
  }
  if (value === null || typeof value !== "object") return null;
  for (const [key, item] of Object.entries(value)) {
    const found = findEmbeddedImage(key, options) ?? findEmbeddedImage(item, options);
    if (found) return found;
  }
  return null;
}

/** The part of a plotly figure that shows pixels or an external picture, in words; null if there is none. */
export function findPixels(plotly: unknown): string | null {
  const { data, layout, frames } = (plotly ?? {}) as Record<string, unknown>;
  const traces = [data, frames].flat().flatMap((item) =>
    item && typeof item === "object" && "data" in item ? item.data : item
  );
  if (traces.some((trace) => (trace as { type?: unknown } | undefined)?.type === "image")) {
    return "a plotly figure with an image trace";
  }
  const images = (layout as { images?: unknown[] } | undefined)?.images;
  return images && images.length > 0 ? "a plotly figure with layout.images" : null;
}
