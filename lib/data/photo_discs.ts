/**
 * The inscribed circle of each photo, made comparable: what is left of a photo when it is turned or mirrored.
 *
 * A photo that is turned about its middle loses its corners and keeps this disc, whatever the angle. So photos are reduced with
 * their aspect ratio kept (a squeezed photo does not turn, it shears), and only the disc is looked at. Slow changes of brightness,
 * which light and colour correction make, are taken away. Two bands of detail are left: a coarse one to align discs by, and a
 * fine one to compare them by.
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
 * Standard deviations in pixels. A band is a disc blurred by `small` minus the same blurred by `large`, divided by how much
 * this varies within `around`: else the edge of a lesion, a round one in most photos, would count more than all that is in it.
 */
const bands = {
  fine: { small: 0.7, large: 2, around: 4 },
  coarse: { small: 1.9, large: 5, around: 5 },
} as const;
/** Variance, in squared grey levels, that is added before dividing: skin without detail stays without. */
const noise = 1;

/** A spectrum has the harmonics 0 … 11 of the coarse band along ten rings. */
export const harmonics = 12;
export const rings = Array.from({ length: 10 }, (_, ring) => 2.5 * (ring + 1));
const samplesOfRing = 64;
export const spectrumLength = rings.length * harmonics * 2;

/** Photos reduced to a shorter side of `discSide`, with their aspect ratio. */
export interface ReducedPhotos {
  /** `pixels` of shape (height, width, 3), RGB. */
  readonly photos: readonly { readonly pixels: Uint8Array; readonly size: ImageSize }[];
  /** SHA-256 of each photo's pixels, hexadecimal. */
  readonly pixelDigests: readonly string[];
}

/** Discs in the order of the photos they were cut from. */
export interface PhotoDiscs {
  readonly count: number;
  /** (n, 60, 60) */
  readonly fine: Float32Array;
  /** (n, 60, 60) */
  readonly coarse: Float32Array;
  /** (n, rings, harmonics, 2): Fourier coefficients, real and imaginary, each photo's of length 1. */
  readonly spectra: Float32Array;
}

/** Reads photos, each once: they are stored as `loadImageSet` stores them. Errors are its own. */
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

/** Height and width of a photo whose shorter side becomes `discSide`; both even, so that the disc lies in the middle. */
async function reducedSize(path: string): Promise<ImageSize> {
  const { autoOrient: { width, height } } = await sharp(path).metadata()
    .catch(() => ({ autoOrient: { width: 1, height: 1 } })); // decoding it says what is wrong
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

/** Brightness in the middle square. */
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

/** 1 inside the disc: corners, black in a turned photo, must not reach into it, so blurs are weighted by this. */
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

/** Gaussian blur, along rows and then along columns; zero outside. */
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

/** Fourier coefficients along each ring, weighted so that the squared length is the energy of the disc. */
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
      const weight = Math.sqrt(radius * (m === 0 ? 1 : 2)); // a harmonic above 0 stands for two coefficients
      const at = 2 * (ring * harmonics + m);
      spectrum[at] = weight * real;
      spectrum[at + 1] = weight * imaginary;
      energy += spectrum[at] ** 2 + spectrum[at + 1] ** 2;
    }
  }
  const length = Math.sqrt(energy) || 1; // a disc without detail is like no other
  return spectrum.map((value) => value / length);
}

/** Bilinear; the place must lie inside the square. */
function valueAt(disc: Float32Array, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, down] = [x - left, y - top];
  const at = top * discSide + left;
  return (disc[at] * (1 - right) + disc[at + 1] * right) * (1 - down) +
    (disc[at + discSide] * (1 - right) + disc[at + discSide + 1] * right) * down;
}
