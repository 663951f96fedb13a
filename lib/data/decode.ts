/** Photos from files: decoded, converted to 8-bit sRGB, resized. */
import sharp, { type Sharp } from "sharp";
import { type ImageSize, isImageSize, sidesOf } from "../image_size.ts";
import { isUprightJpeg, mendHeaders } from "./jpeg.ts";
import { unreadKind } from "../support/photo_kinds.ts";
import { whyNotReached } from "./data_folder.ts";

/** Raise it by hand when the same bytes give other pixels. Stored pixels are keyed by it. */
export const decodeVersion = 2;

/** The versions of sharp and of its libvips, which also determine the pixels. */
export const decoder = `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;

sharp.cache(false); // every photo is decoded once

const maximumPixels = 100e6;
const maximumBytes = 512 * 2 ** 20;

/**
 * Reads a photo and resizes it without keeping its aspect ratio (Lanczos 3, from the full resolution).
 *
 * Grey, CMYK, 16-bit and profiled pictures become 8-bit sRGB. Alpha is dropped, so a transparent pixel shows its own colour. An
 * EXIF orientation is applied before the resize, as every viewer does (HAM10000's photos have none). The format is found from the
 * content: a PNG named .jpg is read as a PNG.
 *
 * @param size of the result
 * @returns (height, width, 3), RGB, 0–255
 * @throws {Error} with the path and the reason: missing, empty, larger than 512 MiB or 100 megapixels, cut short, damaged, not a
 * picture, a format that must be converted first, or several pictures in one file
 */
export async function decodeImage(path: string, size: ImageSize): Promise<Uint8Array<ArrayBuffer>> {
  return await decodeBytes(await readPhoto(path), { size, name: path });
}

/** The bytes of a photo's file. @throws as {@linkcode decodeImage} */
export async function readPhoto(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (!isFile) throw new Error(isDirectory ? "is a folder, not a photo" : "is not a regular file");
    if (size === 0) throw new Error("is empty (0 bytes)");
    if (size > maximumBytes) {
      throw new Error(`is larger than 512 MiB, too large for a photo. Received: ${size} bytes`);
    }
    return await Deno.readFile(path);
  } catch (error) {
    const dangles = error instanceof Deno.errors.NotFound && await Deno.lstat(path).catch(() => null);
    const problem = dangles ? "is a link to a file that does not exist" : whyNotReached(error, "");
    throw new Error(`${path}: ${problem}`, { cause: error });
  }
}

/**
 * Like {@linkcode decodeImage}, for bytes that are already in memory.
 *
 * @param options `size` of the result; `name` of the picture in errors; `fit` for a photo of another aspect ratio: `fill`
 * squeezes it (default), `cover` crops its edges
 * @throws {RangeError} if `size` has a side that is not a whole number from 1 to 4096
 */
export async function decodeBytes(
  bytes: Uint8Array,
  options: { size: ImageSize; name: string; fit?: Fit },
): Promise<Uint8Array<ArrayBuffer>> {
  const { size, name, fit = "fill" } = options;
  checkDecodedSize(size);
  try {
    return await decodeStrictly(bytes, size, fit);
  } catch (error) {
    const mended = mendHeaders(bytes); // the strictest level also refuses some intact JPEGs
    const image = mended && await decodeStrictly(mended, size, fit).catch(() => null);
    if (image) return image;
    throw new Error(`${name}: ${unreadKind(bytes) ?? decodingProblem(error)}`, { cause: error });
  }
}

/** How a photo of another aspect ratio is made to fit: `fill` squeezes it, `cover` crops its edges. */
type Fit = "fill" | "cover";

async function decodeStrictly(
  bytes: Uint8Array,
  size: ImageSize,
  fit: Fit,
): Promise<Uint8Array<ArrayBuffer>> {
  const [height, width] = sidesOf(size);
  // "warning" is the strictest level: damage that libjpeg would fill with grey becomes an error
  const stored = sharp(bytes, { failOn: "warning", limitInputPixels: maximumPixels });
  const image = isUprightJpeg(bytes) ? stored : await upright(stored, bytes); // metadata take as long as decoding a small photo
  const { data, info } = await image
    .resize(width, height, { fit, kernel: "lanczos3", fastShrinkOnLoad: false })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`could not be made RGB. Received: ${info.channels} channels`);
  return new Uint8Array(data); // a copy: sharp's buffer may be part of a larger one
}

/** The picture in its EXIF orientation, without alpha. @throws {Error} for several pictures or a format that is not read */
async function upright(image: Sharp, bytes: Uint8Array): Promise<Sharp> {
  const { format, hasAlpha, pages = 1, orientation = 1, autoOrient } = await image.metadata();
  const kind = format === "tiff" ? unreadKind(bytes) : null;
  if (kind) throw new Error(kind);
  if (pages > 1) throw new Error(`holds ${pages} pictures (animated or paged), expected one`);
  // The extract makes sharp turn the picture before it resizes it. Otherwise it resizes first, which gives other values
  const turned = orientation > 1 ? image.autoOrient().extract({ left: 0, top: 0, ...autoOrient }) : image;
  return hasAlpha ? await withoutAlpha(turned) : turned;
}

/** @throws {RangeError} for a size that photos cannot be decoded to */
export function checkDecodedSize(size: ImageSize): void {
  if (!isImageSize(size, { least: 1, most: 4096 })) {
    throw new RangeError(
      `size is a whole number of pixels from 1 to 4096, or [height, width] of such. Received: ${size}`,
    );
  }
}

/** Removes alpha before the resize, which would weight colours by their alpha. */
async function withoutAlpha(image: Sharp): Promise<Sharp> {
  const { data, info: { width, height, channels } } = await image
    .removeAlpha()
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: { width, height, channels } });
}

function decodingProblem(error: unknown): string {
  const message = messageOf(error).split("\n")[0].replace("Input buffer has corrupt header: ", "");
  if (/pixel limit|Maximum supported image dimension/.test(message)) {
    return `has more than ${maximumPixels / 1e6} megapixels, too many for a photo`;
  }
  if (/unsupported image format/.test(message)) return "is not a picture in a known format";
  // sharp loses a warning's text if several photos are decoded at once
  if (/Warning treated as error/.test(message)) return "is damaged or cut short";
  if (/premature end/.test(message)) return `is cut short (${message})`;
  if (/Vips|libspng|pngload|corrupt/i.test(message)) return `is damaged (${message})`;
  return message;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
