/**
 * How drawn lesions look: crude hints of what dermatoscopy sees in each of the seven diagnoses. They show no patient and teach no
 * medicine.
 */
import type { Diagnosis } from "../diagnosis.ts";

/** Red, green, blue, 0–255. */
export type Colour = readonly [number, number, number];
/** Drawn evenly from between the two. */
export type Range = readonly [least: number, most: number];

/** Dots, or lines where `steps` is given, strewn over a lesion. Lengths are in pixels at zoom 1. */
export interface Feature {
  count: Range;
  radius: Range;
  colour: Colour;
  opacity: number;
  /** How far from the middle, as a share of the lesion's radius. */
  where: Range;
  /** Length of a winding line in dots. */
  steps?: number;
}

export interface Style {
  /** The body is mixed from these two. */
  colours: readonly [Colour, Colour];
  radius: Range;
  /** Unevenness of the outline, as a share of the radius. */
  irregularity: number;
  /** Width of the border in pixels. */
  softness: number;
  /** Strength of the pigment network, 0–1. */
  network: number;
  features: readonly Feature[];
}

/** How each diagnosis is drawn. */
export const styles: Record<Diagnosis, Style> = {
  akiec: { // pink and scaly, without a clear border
    colours: [[212, 138, 122], [178, 92, 84]],
    radius: [30, 52],
    irregularity: 0.16,
    softness: 16,
    network: 0,
    features: [
      { count: [6, 22], radius: [2, 5], colour: [240, 222, 196], opacity: 0.55, where: [0, 0.9] },
      { count: [8, 26], radius: [1, 2], colour: [160, 58, 58], opacity: 0.4, where: [0, 1] },
    ],
  },
  bcc: { // pearly, with branching vessels and blue-grey nests
    colours: [[218, 162, 150], [172, 112, 112]],
    radius: [26, 46],
    irregularity: 0.12,
    softness: 9,
    network: 0,
    features: [
      { count: [1, 6], radius: [4, 8], colour: [96, 98, 124], opacity: 0.6, where: [0.1, 0.8] },
      { count: [3, 7], radius: [0.8, 1.6], colour: [168, 36, 46], opacity: 0.55, where: [0, 0.8], steps: 26 },
    ],
  },
  bkl: { // stuck on, with pale cysts and dark openings
    colours: [[176, 132, 96], [124, 92, 74]],
    radius: [28, 52],
    irregularity: 0.14,
    softness: 4,
    network: 0.1,
    features: [
      { count: [4, 18], radius: [1.2, 2.8], colour: [240, 222, 186], opacity: 0.6, where: [0, 0.85] },
      { count: [3, 14], radius: [1.2, 2.6], colour: [58, 40, 34], opacity: 0.55, where: [0, 0.85] },
    ],
  },
  df: { // a white middle in a pale brown ring
    colours: [[190, 140, 112], [158, 106, 84]],
    radius: [24, 40],
    irregularity: 0.06,
    softness: 14,
    network: 0.25,
    features: [
      { count: [3, 6], radius: [6, 10], colour: [240, 212, 200], opacity: 0.5, where: [0, 0.25] },
    ],
  },
  mel: { // dark, uneven, of several colours, with a blue-white veil
    colours: [[112, 72, 56], [46, 32, 34]],
    radius: [30, 56],
    irregularity: 0.26,
    softness: 6,
    network: 0.3,
    features: [
      { count: [1, 4], radius: [8, 15], colour: [112, 122, 152], opacity: 0.5, where: [0.1, 0.7] },
      { count: [1, 3], radius: [5, 10], colour: [178, 98, 84], opacity: 0.5, where: [0.3, 0.9] },
      { count: [4, 16], radius: [1.5, 3.5], colour: [28, 20, 22], opacity: 0.6, where: [0.6, 1.15] },
    ],
  },
  nv: { // even, brown, with a regular network or globules
    colours: [[150, 100, 72], [104, 66, 48]],
    radius: [22, 46],
    irregularity: 0.07,
    softness: 7,
    network: 0.45,
    features: [
      { count: [0, 14], radius: [1.5, 2.8], colour: [78, 48, 36], opacity: 0.5, where: [0.2, 0.95] },
    ],
  },
  vasc: { // red and purple lagoons
    colours: [[182, 58, 62], [122, 34, 56]],
    radius: [22, 42],
    irregularity: 0.12,
    softness: 5,
    network: 0,
    features: [
      { count: [6, 16], radius: [4, 9], colour: [108, 16, 44], opacity: 0.55, where: [0, 0.85] },
      { count: [0, 5], radius: [3, 6], colour: [52, 26, 58], opacity: 0.5, where: [0, 0.7] },
    ],
  },
};

/** What lesions of every kind come close to, so that the classes overlap. */
export const common: Style = { ...styles.nv, colours: [[170, 116, 90], [122, 80, 64]], features: [] };
