/**
 * Aligns the discs of two photos: finds the rotation, mirroring, zoom and shift of highest correlation.
 *
 * Rotating a disc by an angle multiplies harmonic m of each ring by e^(i·m·angle), so the two spectra give the correlation at all
 * angles. The best angles are then refined on the pixels, together with zoom and shift, which the spectra do not show.
 */
import { discMiddle, discSide, harmonics, type PhotoDiscs, spectrumLength } from "./photo_discs.ts";

/** How positions of disc a map to disc b, and how well the discs then agree. */
export interface Placement {
  /** Top and bottom are swapped after the rotation. */
  readonly mirrored: boolean;
  /** Rotation about the centre in radians, zoom, shift along x and y in pixels. */
  readonly how: Float64Array;
  /** Correlation, −1 … 1. */
  readonly agreement: number;
}

/** Number of angles at which spectra are compared, 5.6° apart. */
const angles = 64;
const turns = Float64Array.from({ length: angles }, (_, k) => 2 * Math.PI * k / angles);
/** Shape (angles, harmonics). */
const table = (of: (angle: number) => number) =>
  Float64Array.from(
    { length: angles * harmonics },
    (_, i) => of(turns[Math.floor(i / harmonics)] * (i % harmonics)),
  );
const [cosines, sines] = [table(Math.cos), table(Math.sin)];
const [real, imaginary] = [new Float64Array(harmonics), new Float64Array(harmonics)];
const correlations = new Float64Array(angles);

/**
 * Local maxima of the correlation of two spectra over the angle, the best first. Disc b is tried as it is and mirrored.
 *
 * @param least lowest correlation, −1 … 1
 */
export function likelyTurns(
  { spectra }: Pick<PhotoDiscs, "spectra">,
  [a, b]: readonly [number, number],
  least: number,
): Placement[] {
  const [atA, atB] = [a * spectrumLength, b * spectrumLength];
  const found: Placement[] = [];
  for (const mirrored of [false, true]) {
    const sign = mirrored ? -1 : 1; // a mirrored disc has conjugate coefficients
    real.fill(0);
    imaginary.fill(0);
    for (let i = 0; i < spectrumLength; i += 2) {
      const m = (i >> 1) % harmonics;
      const realA = spectra[atA + i];
      const imaginaryA = spectra[atA + i + 1];
      const realB = spectra[atB + i];
      const imaginaryB = spectra[atB + i + 1] * sign;
      real[m] += realA * realB + imaginaryA * imaginaryB;
      imaginary[m] += realA * imaginaryB - imaginaryA * realB;
    }
    for (let k = 0; k < angles; k++) {
      let sum = 0;
      for (let m = 0, i = k * harmonics; m < harmonics; m++, i++) {
        sum += real[m] * cosines[i] - imaginary[m] * sines[i];
      }
      correlations[k] = sum;
    }
    for (let k = 0; k < angles; k++) {
      const agreement = correlations[k];
      if (agreement < least || agreement < correlations[(k + 1) % angles]) continue;
      if (agreement <= correlations[(k + angles - 1) % angles]) continue;
      found.push({ mirrored, how: Float64Array.of(turns[k], 1, 0, 0), agreement });
    }
  }
  return found.sort((p, q) => q.agreement - p.agreement);
}

/** Points of disc a that are compared. `x` and `y` are in pixels from its centre. */
interface Points {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Their indices into the disc's pixels. */
  readonly at: Int32Array;
}

/** Largest distance from the centre, in pixels, at which disc b can be interpolated. */
const reach = discSide / 2 - 1;

function pointsEvery(spacing: number): Points {
  const within = 0.9 * reach; // the part that a small crop keeps
  const at = Array.from({ length: discSide * discSide }, (_, at) => at).filter((at) => {
    const [x, y] = [at % discSide, Math.floor(at / discSide)];
    return x % spacing === 0 && y % spacing === 0 && Math.hypot(x - discMiddle, y - discMiddle) <= within;
  });
  return {
    x: Float64Array.from(at, (at) => at % discSide - discMiddle),
    y: Float64Array.from(at, (at) => Math.floor(at / discSide) - discMiddle),
    at: Int32Array.from(at),
  };
}
const every = { pixel: pointsEvery(1), second: pointsEvery(2), fourth: pointsEvery(4) };

/** Correlation of disc a with the placed disc b over the points inside both; 0 if these are few. */
function agreementOf(
  discs: Float32Array,
  pair: readonly [number, number],
  { mirrored, how }: Omit<Placement, "agreement">,
  { x, y, at }: Points,
): number {
  const pixels = discSide * discSide;
  const discA = discs.subarray(pair[0] * pixels, (pair[0] + 1) * pixels);
  const discB = discs.subarray(pair[1] * pixels, (pair[1] + 1) * pixels);
  const cos = how[1] * Math.cos(how[0]);
  const sin = how[1] * Math.sin(how[0]);
  const flip = mirrored ? -1 : 1;
  const shiftX = how[2];
  const shiftY = how[3];
  let n = 0;
  let sumA = 0;
  let sumB = 0;
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  for (let i = 0; i < at.length; i++) {
    const u = cos * x[i] - sin * y[i] + shiftX;
    const v = flip * (sin * x[i] + cos * y[i]) + shiftY;
    if (u * u + v * v > reach * reach) continue;
    const left = Math.floor(u + discMiddle);
    const top = Math.floor(v + discMiddle);
    const right = u + discMiddle - left;
    const down = v + discMiddle - top;
    const near = top * discSide + left;
    const upper = discB[near] + (discB[near + 1] - discB[near]) * right;
    const lower = discB[near + discSide] + (discB[near + discSide + 1] - discB[near + discSide]) * right;
    const valueA = discA[at[i]];
    const valueB = upper + (lower - upper) * down;
    n++;
    sumA += valueA;
    sumB += valueB;
    squaresA += valueA * valueA;
    squaresB += valueB * valueB;
    products += valueA * valueB;
  }
  const spread = (squaresA - sumA * sumA / n) * (squaresB - sumB * sumB / n);
  // Few common points may agree by chance. The limit keeps a search from drifting away
  return n > 0.75 * at.length && spread > 0 ? (products - sumA * sumB / n) / Math.sqrt(spread) : 0;
}

/** First steps of a search: 0.05 radians (3°), 4 %, 1 pixel, 1 pixel. */
const firstSteps = [0.05, 0.04, 1, 1];
const mostSweeps = 4;

/** The best placement near `start`. The search changes one number at a time, with steps halved `first` to `last` times. */
function refined(
  discs: Float32Array,
  pair: readonly [number, number],
  { start, points, first, last }: { start: Placement; points: Points; first: number; last: number },
): Placement {
  const { mirrored } = start;
  const how = start.how.slice();
  const placement = { mirrored, how };
  let agreement = agreementOf(discs, pair, placement, points);
  for (let halving = first; halving <= last; halving++) {
    for (let [sweep, isBetter] = [0, true]; isBetter && sweep < mostSweeps; sweep++) {
      isBetter = false;
      for (const [i, firstStep] of firstSteps.entries()) {
        for (const step of [firstStep / 2 ** halving, -firstStep / 2 ** halving]) {
          const before = how[i];
          how[i] += step;
          const next = agreementOf(discs, pair, placement, points);
          if (next > agreement) [agreement, isBetter] = [next, true];
          else how[i] = before;
        }
      }
    }
  }
  return { mirrored, how, agreement };
}

/** Number of angles to try: a disc with little structure along its rings fits at several. */
const turnsTried = 2;

/** The best rough alignment of two coarse bands. @param turns result of {@linkcode likelyTurns} */
export function alignedCoarsely(
  { coarse }: PhotoDiscs,
  pair: readonly [number, number],
  turns: readonly Placement[],
): Placement {
  return turns.slice(0, turnsTried)
    .map((start) => refined(coarse, pair, { start, points: every.fourth, first: 0, last: 0 }))
    .reduce((best, next) => next.agreement > best.agreement ? next : best);
}

/** The best alignment of two fine bands near a placement. */
export function alignedFinely(
  { fine }: PhotoDiscs,
  pair: readonly [number, number],
  start: Placement,
): Placement {
  const best = refined(fine, pair, { start, points: every.second, first: 1, last: 4 });
  return { ...best, agreement: agreementOf(fine, pair, best, every.pixel) };
}
