/**
 * The inscribed disc of each photo, in a form in which rotated and mirrored photos can be compared.
 *
 * A photo that is rotated about its centre loses its corners but keeps this disc, so only the disc is compared. Photos are
 * reduced with their aspect ratio kept, because rotation would shear a squeezed photo. Slow changes of brightness, from light and
 * colour correction, are removed. Two bands of detail remain: a coarse one to align discs, and a fine one to compare them.
 */
import sharp from "sharp";
import { type ImageSize, pixelsIn, sidesOf, sizeName } from "../image_size.ts";
import { inParallel } from "../support/parallel.ts";
import type { Store } from "../support/store.ts";
import { loadImageSet } from "./image_set.ts";

/** Diameter in pixels: the shorter side of a reduced photo. Photos of 4:3 become exactly 80 × 60. */
export const discSide = 60;
export const discMiddle = (discSide - 1) / 2;
const pixelsOfDisc = discSide * discSide;

/**
 * Standard deviations of blurs in pixels. A band is a disc blurred by `small` minus the disc blurred by `large`, divided by the
 * root mean square of this difference within `around`. Otherwise the edge of a lesion, round in most photos, would count more
 * than all that is inside.
 */
const bands = {
  fine: { small: 0.7, large: 2, around: 4 },
  coarse: { small: 1.9, large: 5, around: 5 },
} as const;
/** Variance, in squared grey levels, added before the division, so that smooth skin stays smooth. */
const noise = 1;

/** A spectrum has the harmonics 0 … 11 of the coarse band along ten rings, with radii in pixels. */
export const harmonics = 12;
export const rings = Array.from({ length: 10 }, (_, ring) => 2.5 * (ring + 1));
const samplesOfRing = 64;
export const spectrumLength = rings.length * harmonics * 2;

/** Photos reduced to a shorter side of `discSide`, in their own aspect ratio. */
export interface ReducedPhotos {
  /** `pixels` has shape (height, width, 3), RGB, 0–255. */
  readonly photos: readonly { readonly pixels: Uint8Array; readonly size: ImageSize }[];
  /** SHA-256 of each photo's pixels, hexadecimal. */
  readonly pixelDigests: readonly string[];
}

/** Discs in the order of the photos they were cut from. */
export interface PhotoDiscs {
  readonly count: number;
  /** Shape (n, 60, 60); 0 outside the disc. */
  readonly fine: Float32Array;
  /** Shape (n, 60, 60); 0 outside the disc. */
  readonly coarse: Float32Array;
  /** Fourier coefficients of shape (n, rings, harmonics, 2), real and imaginary. Each photo's vector has length 1. */
  readonly spectra: Float32Array;
}

/** Reads and reduces photos, which `loadImageSet` stores, so each is read once. @throws as `loadImageSet` */
export async function reducePhotos(
  paths: readonly string[],
  options: { store: Store },
): Promise<ReducedPhotos> {
  const sizes = new Array<ImageSize>(paths.length);
  await inParallel([...paths.keys()], 4, async (index) => {
    sizes[index] = await reducedSize(paths[index]);
  });
  const photos = new Array<{ pixels: Uint8Array; size: ImageSize }>(paths.length);
  const pixelDigests = new Array<string>(paths.length);
  for (const places of Map.groupBy(paths.keys(), (index) => sizeName(sizes[index])).values()) {
    const size = sizes[places[0]];
    const images = await loadImageSet(places.map((place) => paths[place]), { size, ...options });
    const length = pixelsIn(size) * 3;
    for (const [i, place] of places.entries()) {
      photos[place] = { pixels: images.pixels.subarray(i * length, (i + 1) * length), size };
      pixelDigests[place] = images.pixelDigests[i];
    }
  }
  return { photos, pixelDigests };
}

/** Height and width of a photo whose shorter side becomes `discSide`. Both are even, so that the disc lies in the middle. */
async function reducedSize(path: string): Promise<ImageSize> {
  const { autoOrient: { width, height } } = await sharp(path).metadata()
    .catch(() => ({ autoOrient: { width: 1, height: 1 } })); // decoding will report the error
  const side = (length: number) =>
    Math.min(2 * Math.round(discSide * length / Math.min(width, height) / 2), 4096);
  return [side(height), side(width)];
}

export function cutDiscs({ photos }: Pick<ReducedPhotos, "photos">): PhotoDiscs {
  const count = photos.length;
  const fine = new Float32Array(count * pixelsOfDisc);
  const coarse = new Float32Array(count * pixelsOfDisc);
  const spectra = new Float32Array(count * spectrumLength);
  for (const [index, { pixels, size }] of photos.entries()) {
    const grey = greyDisc(pixels, size);
    const place = index * pixelsOfDisc;
    fine.set(bandOf(grey, bands.fine), place);
    coarse.set(bandOf(grey, bands.coarse), place);
    spectra.set(spectrumOf(coarse.subarray(place, place + pixelsOfDisc)), index * spectrumLength);
  }
  return { count, fine, coarse, spectra };
}

/** Brightness of the middle square, shape (60, 60), 0–255. */
function greyDisc(pixels: Uint8Array, size: ImageSize): Float32Array {
  const [height, width] = sidesOf(size);
  const [top, left] = [(height - discSide) / 2, (width - discSide) / 2];
  const grey = new Float32Array(pixelsOfDisc);
  for (let y = 0; y < discSide; y++) {
    for (let x = 0; x < discSide; x++) {
      const at = 3 * ((y + top) * width + x + left);
      grey[y * discSide + x] = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
    }
  }
  return grey;
}

/** 1 inside the disc. Blurs are weighted by it, so that corners, black in a rotated photo, do not affect the disc. */
const mask = Float32Array.from({ length: pixelsOfDisc }, (_, at) => {
  const [x, y] = [at % discSide - discMiddle, Math.floor(at / discSide) - discMiddle];
  return Math.hypot(x, y) <= discSide / 2 ? 1 : 0;
});
const weights = new Map<number, Float32Array>();

function bandOf(
  grey: Float32Array,
  { small, large, around }: typeof bands[keyof typeof bands],
): Float32Array {
  const background = blurredInside(grey, large);
  const detail = blurredInside(grey, small).map((value, at) => value - background[at]);
  const variance = blurredInside(detail.map((value) => value * value), around);
  return detail.map((value, at) => value / Math.sqrt(variance[at] + noise));
}

function blurredInside(image: Float32Array, sigma: number): Float32Array {
  if (!weights.has(sigma)) weights.set(sigma, blurred(mask, sigma));
  const weight = weights.get(sigma)!;
  return blurred(image.map((value, at) => value * mask[at]), sigma).map((value, at) =>
    mask[at] ? value / weight[at] : 0
  );
}

/** Gaussian blur along rows, then along columns; zero outside, kernel not normalised. */
function blurred(image: Float32Array, sigma: number): Float32Array {
  const reach = Math.ceil(2.5 * sigma);
  const kernel = Float32Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const along = (source: Float32Array, step: number, other: number) => {
    const result = new Float32Array(source.length);
    for (let line = 0; line < discSide; line++) {
      for (let place = 0; place < discSide; place++) {
        const [first, last] = [Math.max(0, place - reach), Math.min(discSide - 1, place + reach)];
        let sum = 0;
        for (let near = first; near <= last; near++) {
          sum += kernel[near - place + reach] * source[line * other + near * step];
        }
        result[line * other + place * step] = sum;
      }
    }
    return result;
  };
  return along(along(image, 1, discSide), discSide, 1);
}

const cosines = Float64Array.from(
  { length: samplesOfRing },
  (_, i) => Math.cos(2 * Math.PI * i / samplesOfRing),
);
const sines = Float64Array.from(
  { length: samplesOfRing },
  (_, i) => Math.sin(2 * Math.PI * i / samplesOfRing),
);

/** Fourier coefficients along each ring, weighted so that their squared length is the disc's energy, then scaled to length 1. */
function spectrumOf(disc: Float32Array): Float32Array {
  const spectrum = new Float32Array(spectrumLength);
  const samples = new Float64Array(samplesOfRing);
  let energy = 0;
  for (const [ring, radius] of rings.entries()) {
    for (let i = 0; i < samplesOfRing; i++) {
      samples[i] = valueAt(disc, discMiddle + radius * cosines[i], discMiddle + radius * sines[i]);
    }
    for (let m = 0; m < harmonics; m++) {
      let [real, imaginary] = [0, 0];
      for (let i = 0; i < samplesOfRing; i++) {
        const angle = (m * i) % samplesOfRing;
        real += samples[i] * cosines[angle];
        imaginary -= samples[i] * sines[angle];
      }
      const weight = Math.sqrt(radius * (m === 0 ? 1 : 2)); // a harmonic above 0 stands for m and −m
      const at = 2 * (ring * harmonics + m);
      spectrum[at] = weight * real;
      spectrum[at + 1] = weight * imaginary;
      energy += spectrum[at] ** 2 + spectrum[at + 1] ** 2;
    }
  }
  const length = Math.sqrt(energy) || 1; // a disc without detail resembles no other
  return spectrum.map((value) => value / length);
}

/** Bilinear interpolation at (x, y), which must lie inside the square. */
function valueAt(disc: Float32Array, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, down] = [x - left, y - top];
  const at = top * discSide + left;
  return (disc[at] * (1 - right) + disc[at + 1] * right) * (1 - down) +
    (disc[at + discSide] * (1 - right) + disc[at + discSide + 1] * right) * down;
}
