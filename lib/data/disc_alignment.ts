/**
 * Lays one photo's disc over another's: by which turn, mirror, zoom and shift they agree best, and how well then.
 *
 * Turning a disc by an angle multiplies harmonic m of each ring by e^(i·m·angle), so the correlation at all angles follows from the
 * two spectra without turning anything. The best angles are then refined on the pixels, together with zoom and shift, which the
 * spectra do not know.
 */
import { discMiddle, discSide, harmonics, type PhotoDiscs, rings, spectrumLength } from "./photo_discs.ts";

/** Where a place of disc a lies in disc b: turned about the middle, mirrored, zoomed, shifted. */
interface Placement {
  readonly mirrored: boolean;
  /** In radians. */
  readonly angle: number;
  readonly zoom: number;
  /** In pixels. */
  readonly x: number;
  readonly y: number;
}

/** Angles at which spectra are compared: 5.6° apart. */
const angles = 64;
const turns = Array.from({ length: angles }, (_, k) => 2 * Math.PI * k / angles);
/** [angle][harmonic] of e^(i·m·angle). */
const cosines = turns.map((turn) => Float64Array.from({ length: harmonics }, (_, m) => Math.cos(m * turn)));
const sines = turns.map((turn) => Float64Array.from({ length: harmonics }, (_, m) => Math.sin(m * turn)));

/** Placements of spectrum agreement, best first: local maxima over the angle, of the disc as it is and mirrored. */
export function likelyPlacements(
  { spectra }: Pick<PhotoDiscs, "spectra">,
  a: number,
  b: number,
): (Placement & { correlation: number })[] {
  const [atA, atB] = [a * spectrumLength, b * spectrumLength];
  const found: (Placement & { correlation: number })[] = [];
  for (const mirrored of [false, true]) {
    const sign = mirrored ? -1 : 1; // a mirrored disc has conjugate coefficients
    const real = new Float64Array(harmonics);
    const imaginary = new Float64Array(harmonics);
    for (let at = 0, m = 0; at < spectrumLength; at += 2, m = m + 1 === harmonics ? 0 : m + 1) {
      const [ra, ia] = [spectra[atA + at], spectra[atA + at + 1]];
      const [rb, ib] = [spectra[atB + at], spectra[atB + at + 1] * sign];
      real[m] += ra * rb + ia * ib;
      imaginary[m] += ra * ib - ia * rb;
    }
    const correlations = turns.map((_, k) => {
      let sum = 0;
      for (let m = 0; m < harmonics; m++) sum += real[m] * cosines[k][m] - imaginary[m] * sines[k][m];
      return sum;
    });
    for (const [k, correlation] of correlations.entries()) {
      if (correlation < correlations[(k + 1) % angles] || correlation <= correlations.at(k - 1)!) continue;
      found.push({ correlation, mirrored, angle: turns[k], zoom: 1, x: 0, y: 0 });
    }
  }
  return found.sort((p, q) => q.correlation - p.correlation);
}

/** Points of disc a, as x and y from its middle, that are compared: those far enough inside to stay in disc b after a small shift. */
function pointsWithin(radius: number, spacing: number): Float32Array {
  const points: number[] = [];
  for (let y = -discMiddle; y <= discMiddle; y += spacing) {
    for (let x = -discMiddle; x <= discMiddle; x += spacing) if (Math.hypot(x, y) <= radius) points.push(x, y);
  }
  return Float32Array.from(points);
}
const reach = discSide / 2 - 1;
const few = pointsWithin(0.85 * reach, 2);
const all = pointsWithin(0.9 * reach, 1);

/** Correlation, −1 … 1, of disc a with disc b so placed; over the points that lie inside both. */
function agreement(
  discs: Float32Array,
  [a, b]: readonly [number, number],
  { mirrored, angle, zoom, x: shiftX, y: shiftY }: Placement,
  points: Float32Array,
): number {
  const [fromA, fromB] = [a * discSide * discSide, b * discSide * discSide];
  const [cos, sin] = [zoom * Math.cos(angle), zoom * Math.sin(angle)];
  const flip = mirrored ? -1 : 1;
  let [n, sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    const u = cos * x - sin * y + shiftX;
    const v = flip * (sin * x + cos * y) + shiftY;
    if (u * u + v * v > reach * reach) continue;
    const left = Math.floor(u + discMiddle);
    const top = Math.floor(v + discMiddle);
    const right = u + discMiddle - left;
    const down = v + discMiddle - top;
    const at = fromB + top * discSide + left;
    const valueB = (discs[at] * (1 - right) + discs[at + 1] * right) * (1 - down) +
      (discs[at + discSide] * (1 - right) + discs[at + discSide + 1] * right) * down;
    const valueA = discs[fromA + (y + discMiddle) * discSide + x + discMiddle];
    n++;
    sumA += valueA;
    sumB += valueB;
    squaresA += valueA * valueA;
    squaresB += valueB * valueB;
    products += valueA * valueB;
  }
  const spread = (squaresA - sumA * sumA / n) * (squaresB - sumB * sumB / n);
  return n > points.length / 4 && spread > 0 ? (products - sumA * sumB / n) / Math.sqrt(spread) : 0;
}

/** Steps of the search at first, and how often they are halved. */
const steps = { angle: 0.05, zoom: 0.04, x: 1, y: 1 };
const halvings = 4;

/** The best placement near one, by steps in one parameter at a time, on the coarse band and at last on the fine one. */
function refined(discs: PhotoDiscs, pair: readonly [number, number], start: Placement): Placement {
  let best = start;
  for (let halving = 0; halving <= halvings; halving++) {
    const band = halving < halvings - 1 ? discs.coarse : discs.fine;
    let most = agreement(band, pair, best, few);
    for (let isBetter = true; isBetter;) {
      isBetter = false;
      for (const name of ["angle", "zoom", "x", "y"] as const) {
        for (const sign of [-1, 1]) {
          const next = { ...best, [name]: best[name] + sign * steps[name] / 2 ** halving };
          if (Math.abs(next.zoom - 1) > 0.2 || Math.hypot(next.x, next.y) > discSide / 6) continue;
          const value = agreement(band, pair, next, few);
          if (value <= most) continue;
          [best, most, isBetter] = [next, value, true];
        }
      }
    }
  }
  return best;
}

/** Placements that are refined: a disc with little structure along its rings fits at several angles. */
const refinements = 3;

/** 1 − correlation of the fine detail of two discs, laid over each other as well as can be: 0 for the same photo, about 1 for two others. */
export function alignedDistance(discs: PhotoDiscs, a: number, b: number): number {
  const starts = likelyPlacements(discs, a, b).slice(0, refinements);
  const best = starts.map((start) => agreement(discs.fine, [a, b], refined(discs, [a, b], start), all));
  return 1 - Math.max(0, ...best);
}
