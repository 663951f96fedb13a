/**
 * Drawn skin lesions, for runs without photos and for pages that may not show photos. They sketch crudely what dermatoscopy shows
 * for each of the seven diagnoses. They show no patient and are not meant to teach medicine.
 */
import sharp from "sharp";
import { type ImageSize, sidesOf } from "../image_size.ts";
import { normal, type Random, randomFor } from "../support/random.ts";
import { diagnoses, type Diagnosis } from "./diagnosis.ts";

/** Red, green, blue, 0–255. */
type Colour = readonly [number, number, number];
/** A value is drawn uniformly between the two. */
type Range = readonly [least: number, most: number];

interface Style {
  /** Of the centre and of the rim. */
  readonly colours: readonly [Colour, Colour];
  /** In pixels. */
  readonly radius: Range;
  /** Unevenness of the outline, as a share of the radius. */
  readonly irregularity: number;
  /** Standard deviation of the border's blur in pixels. */
  readonly blur: number;
  /** Dots and lines on the lesion. */
  readonly marks: readonly Mark[];
}

/** Dots, or winding lines if `length` is given. Lengths in pixels. */
interface Mark {
  readonly count: Range;
  readonly radius: Range;
  readonly colour: Colour;
  /** Distance from the centre, as a share of the lesion's radius. */
  readonly where: Range;
  readonly length?: number;
}

const styles: Readonly<Record<Diagnosis, Style>> = {
  akiec: { // pink and scaly, without a clear border
    ...{ colours: [[212, 138, 122], [178, 92, 84]], radius: [30, 52], irregularity: 0.16, blur: 6 },
    marks: [
      { count: [6, 22], radius: [2, 5], colour: [240, 222, 196], where: [0, 0.9] },
      { count: [8, 26], radius: [1, 2], colour: [160, 58, 58], where: [0, 1] },
    ],
  },
  bcc: { // pearly, with branching vessels and blue-grey nests
    ...{ colours: [[218, 162, 150], [172, 112, 112]], radius: [26, 46], irregularity: 0.12, blur: 4 },
    marks: [
      { count: [1, 6], radius: [4, 8], colour: [96, 98, 124], where: [0.1, 0.8] },
      { count: [3, 7], radius: [0.8, 1.6], colour: [168, 36, 46], where: [0, 0.8], length: 30 },
    ],
  },
  bkl: { // stuck on, with pale cysts and dark openings
    ...{ colours: [[176, 132, 96], [124, 92, 74]], radius: [28, 52], irregularity: 0.14, blur: 1.5 },
    marks: [
      { count: [4, 18], radius: [1.2, 2.8], colour: [240, 222, 186], where: [0, 0.85] },
      { count: [3, 14], radius: [1.2, 2.6], colour: [58, 40, 34], where: [0, 0.85] },
    ],
  },
  df: { // a white middle in a pale brown ring
    ...{ colours: [[190, 140, 112], [158, 106, 84]], radius: [24, 40], irregularity: 0.06, blur: 6 },
    marks: [{ count: [3, 6], radius: [6, 10], colour: [240, 212, 200], where: [0, 0.25] }],
  },
  mel: { // dark, uneven, of several colours, with a blue-white veil
    ...{ colours: [[112, 72, 56], [46, 32, 34]], radius: [30, 56], irregularity: 0.26, blur: 2.5 },
    marks: [
      { count: [1, 4], radius: [8, 15], colour: [112, 122, 152], where: [0.1, 0.7] },
      { count: [1, 3], radius: [5, 10], colour: [178, 98, 84], where: [0.3, 0.9] },
      { count: [4, 16], radius: [1.5, 3.5], colour: [28, 20, 22], where: [0.6, 1.15] },
    ],
  },
  nv: { // even and brown, with globules
    ...{ colours: [[150, 100, 72], [104, 66, 48]], radius: [22, 46], irregularity: 0.07, blur: 2.5 },
    marks: [{ count: [0, 14], radius: [1.5, 2.8], colour: [78, 48, 36], where: [0.2, 0.95] }],
  },
  vasc: { // red and purple lagoons
    ...{ colours: [[182, 58, 62], [122, 34, 56]], radius: [22, 42], irregularity: 0.12, blur: 2 },
    marks: [
      { count: [6, 16], radius: [4, 9], colour: [108, 16, 44], where: [0, 0.85] },
      { count: [0, 5], radius: [3, 6], colour: [52, 26, 58], where: [0, 0.7] },
    ],
  },
};
/** Colours that are mixed into every lesion, so that the classes overlap. */
const common: readonly [Colour, Colour] = [[170, 116, 90], [122, 80, 64]];

/**
 * A photo of a drawn lesion: RGB, 0–255, of shape (height, width, 3). The same seed gives the same lesion.
 *
 * @param dx a code of HAM10000; any other is drawn as nv
 * @param options `size` of the result; `photo`: each number gives another photo of the lesion (default 0)
 */
export async function drawnPhoto(
  dx: string,
  options: { seed: number; size: ImageSize; photo?: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const { seed, size, photo = 0 } = options;
  const [height, width] = sidesOf(size);
  const known = diagnoses.find((diagnosis) => diagnosis === dx) ?? "nv";
  const svg = lesionSvg(known, { lesion: randomFor(seed, "lesion"), photo: randomFor(seed, "photo", photo) });
  const pixels = await sharp(new TextEncoder().encode(svg))
    .resize(width, height, { fit: "fill", kernel: "lanczos3" }).removeAlpha().raw().toBuffer();
  return new Uint8Array(pixels);
}

/**
 * Replaces pictures by drawn lesions and keeps their other fields, for published copies, which may not show photos.
 *
 * @param options `seed` of the first picture; `together`: number of consecutive pictures that show one lesion (default 1)
 */
export async function drawnInPlaceOf<Picture extends { dx: string; size: ImageSize }>(
  pictures: readonly Picture[],
  { seed, together = 1 }: { seed: number; together?: number },
): Promise<(Picture & { pixels: Uint8Array })[]> {
  return await Promise.all(pictures.map(async (picture, i) => ({
    ...picture,
    pixels: await drawnPhoto(picture.dx, { seed: seed + Math.floor(i / together), size: picture.size }),
  })));
}

/**
 * A photo of a drawn lesion as SVG, 200×150 pixels.
 *
 * @param random `lesion` decides what all photos of a lesion share; `photo` decides its position, the light and the hairs
 */
export function lesionSvg(dx: string, random: { lesion: Random; photo: Random }): string {
  const { skin, blur, body, marks } = drawLesion(dx, random.lesion);
  const between = (least: number, most: number) => least + (most - least) * random.photo();
  const around = (reach: number) => reach * normal(random.photo);
  const shift = `translate(${between(-13, 13)} ${between(-9, 9)})`;
  const place = `transform="${shift} rotate(${between(0, 360)}) scale(${between(0.85, 1.2)})"`;
  const hairs = Array.from({ length: Math.floor(between(0, 2) ** 3) }, () => {
    const [x, y] = [around(70), around(50)];
    return `M${between(-100, 100)},${between(-75, 75)} q${x + around(9)},${y + around(9)} ${2 * x},${2 * y}`;
  });
  const all = `x="-100" y="-75" width="200" height="150"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="150" viewBox="-100 -75 200 150">
    <filter id="rim" filterUnits="userSpaceOnUse" ${all} color-interpolation-filters="sRGB">
      <feGaussianBlur stdDeviation="${blur}"/>
    </filter>
    <filter id="grain" filterUnits="userSpaceOnUse" ${all} color-interpolation-filters="sRGB">
      <feTurbulence type="fractalNoise" baseFrequency="0.12" numOctaves="2" seed="${between(0, 9999)}"/>
      <feColorMatrix values="1 0 0 0 0  1 0 0 0 0  1 0 0 0 0  0 0 0 0 1"/>
      <feComposite in="SourceGraphic" operator="arithmetic" k1="0.3" k2="0.85"/>
    </filter>
    <radialGradient id="corners">
      <stop offset="0.4" stop-opacity="0"/><stop offset="1" stop-opacity="${between(0.1, 0.35)}"/>
    </radialGradient>
    <g filter="url(#grain)">
      <rect ${all} fill="${skin}"/>
      <g filter="url(#rim)"><g ${place}>${body}</g></g>
      <g ${place} stroke-linecap="round">${marks}</g>
    </g>
    <path d="${hairs.join("")}" fill="none" stroke="#342824" stroke-width="1.2" opacity="0.7"/>
    <rect ${all} fill="${between(-1, 1) < 0 ? "black" : "white"}" opacity="${between(0, 0.12)}"/>
    <circle r="125" fill="url(#corners)"/>
  </svg>`;
}

/** A lesion about the origin, and the colour of the skin around it. Some lesions are typical of their diagnosis, some hardly. */
function drawLesion(dx: string, random: Random) {
  const style = styles[dx as Diagnosis] ?? styles.nv;
  const { colours, radius: sizes, irregularity, blur, marks: kinds } = style;
  const between = ([least, most]: Range) => least + (most - least) * random();
  const typical = between([0.4, 1]);
  const shaded = (colour: readonly number[], amount: number) => {
    const shade = amount * normal(random); // changes mostly the brightness, and the hue a little
    return `rgb(${colour.map((value) => value + shade + 0.3 * amount * normal(random))})`;
  };
  const [inner, outer] = colours.map((colour, i) =>
    shaded(colour.map((value, channel) => typical * value + (1 - typical) * common[i][channel]), 17)
  );
  const radius = between(sizes);
  const waves = [2, 3, 4, 5, 7, 9].map((count) => {
    const [height, phase] = [irregularity * normal(random) / (count - 1) ** 0.75, between([0, 2 * Math.PI])];
    return (angle: number) => height * Math.cos(count * angle + phase);
  });
  const at = (distance: number, angle: number) =>
    `${radius * distance * Math.cos(angle)},${radius * distance * Math.sin(angle)}`;
  const outline = Array.from({ length: 72 }, (_, i) => {
    const angle = i * Math.PI / 36;
    return at(waves.reduce((distance, wave) => distance + wave(angle), 1), angle);
  });
  const marks = kinds.map(({ count, radius, colour, where, length = 0 }) => {
    // a dot is a line of no length with round ends
    const lines = Array.from({ length: Math.round(between(count)) }, () => {
      const bends = Array.from({ length: 6 }, () => length / 3 * normal(random));
      return `<path d="M${at(between(where), between([0, 2 * Math.PI]))} c${bends}" stroke-width="${
        2 * between(radius)
      }"/>`;
    });
    return `<g fill="none" stroke="rgb(${colour})" opacity="${0.2 + 0.4 * typical}">${lines.join("")}</g>`;
  });
  const body = `<radialGradient id="body">
      <stop stop-color="${inner}"/><stop offset="1" stop-color="${outer}"/>
    </radialGradient>
    <polygon points="${outline.join(" ")}" fill="url(#body)" opacity="0.92"/>`;
  return { skin: shaded([222, 176, 156], 13), blur, body, marks: marks.join("") };
}
