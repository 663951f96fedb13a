/** Draws skin lesions for runs without HAM10000, from the styles of the seven diagnoses. */
import { normal, type Random } from "../../support/random.ts";
import type { Diagnosis } from "../diagnosis.ts";
import { type Colour, common, type Feature, type Range, styles } from "./lesion_styles.ts";

/** Width and height of a drawn photo in pixels. */
export const photoSize = [200, 150] as const;

/** A lesion with the skin around it: what all photos of it share. */
export interface Lesion {
  readonly skin: Colour;
  readonly colours: readonly [Colour, Colour];
  /** Distance of the outline from the middle, in pixels, for each degree. */
  readonly outline: Float64Array;
  readonly softness: number;
  readonly network: number;
  readonly dots: readonly Dot[];
  readonly texture: Noise;
}

interface Dot {
  x: number;
  y: number;
  radius: number;
  colour: Colour;
  opacity: number;
}

type Noise = (x: number, y: number) => number;

/** Draws up a lesion. Some are typical of their diagnosis, some hardly. */
export function inventLesion(dx: Diagnosis, random: Random): Lesion {
  const style = styles[dx];
  const typical = 0.25 + 0.75 * random();
  const between = ([least, most]: Range) => least + (most - least) * random();
  const toward = (from: number, to: number) => from + (to - from) * typical;
  const spread = (colour: Colour, amount: number): Colour => {
    const shade = amount * normal(random); // mostly lighter or darker, a little to another hue
    return colour.map((value) => value + shade + 0.3 * amount * normal(random)) as unknown as Colour;
  };
  const bodyColour = (index: 0 | 1) =>
    spread(mixed(common.colours[index], style.colours[index], typical), 17);

  const radius = between(style.radius);
  const irregularity = toward(common.irregularity, style.irregularity) * (0.5 + random());
  const waves = [2, 3, 4, 5, 7, 9].map((count) => ({
    count,
    height: irregularity * normal(random) / (count - 1) ** 0.75,
    phase: 2 * Math.PI * random(),
  }));
  const outline = Float64Array.from({ length: 360 }, (_, degree) => {
    const angle = degree * Math.PI / 180;
    const sum = waves.reduce(
      (sum, { count, height, phase }) => sum + height * Math.cos(count * angle + phase),
      0,
    );
    return radius * Math.min(Math.max(1 + sum, 0.6), 1.45);
  });
  return {
    skin: spread([222, 176, 156], 13),
    colours: [bodyColour(0), bodyColour(1)],
    outline,
    softness: toward(common.softness, style.softness) * (0.7 + 0.6 * random()),
    network: toward(common.network, style.network) * random(),
    dots: style.features.flatMap((feature) =>
      strew({ ...feature, opacity: feature.opacity * (0.35 + 0.65 * typical) }, radius, random)
    ),
    texture: makeNoise(random),
  };
}

/**
 * Takes one photo of a lesion: turned, shifted, zoomed, lit and covered with hair as `random` has it.
 *
 * @returns RGB, 0–255, of shape (150, 200, 3)
 */
export function photograph(lesion: Lesion, random: Random): Uint8Array<ArrayBuffer> {
  const [width, height] = photoSize;
  const turn = 2 * Math.PI * random();
  const zoom = 0.85 + 0.35 * random();
  const [cos, sin] = [Math.cos(turn) * zoom, Math.sin(turn) * zoom];
  const [middleX, middleY] = [width / 2 + 26 * (random() - 0.5), height / 2 + 18 * (random() - 0.5)];
  const photo = new Float32Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const u = (cos * (x - middleX) + sin * (y - middleY)) / (zoom * zoom);
      const v = (cos * (y - middleY) - sin * (x - middleX)) / (zoom * zoom);
      paint(photo, at, lesion, u, v);
    }
  }
  for (const dot of lesion.dots) {
    const x = middleX + cos * dot.x - sin * dot.y;
    const y = middleY + sin * dot.x + cos * dot.y;
    stamp(photo, { ...dot, x, y, radius: dot.radius * zoom });
  }
  for (const dot of hair(random)) stamp(photo, dot);
  return exposed(photo, random);
}

/** The colour of skin and lesion at (u, v), in pixels from the lesion's middle. */
function paint(photo: Float32Array, at: number, lesion: Lesion, u: number, v: number): void {
  const { skin, colours: [light, dark], outline, softness, network, texture } = lesion;
  const distance = Math.hypot(u, v) + 3 * texture(u / 6, v / 6);
  const degree = Math.floor((Math.atan2(v, u) / Math.PI + 1) * 180) % 360;
  const inside = Math.min(Math.max((outline[degree] - distance) / softness + 0.5, 0), 1);
  const cover = 0.92 * inside * inside * (3 - 2 * inside);
  const grain = 1 + 0.035 * texture(u / 2.3 + 7, v / 2.3) + 0.04 * texture(u / 28, v / 28 + 9);
  const tone = 0.5 + 0.6 * texture(u / 13 + 3, v / 13);
  // a net of dark lines: the zero lines of two warped waves
  const bend = 1.5 * texture(u / 10, v / 10 + 5);
  const mesh = Math.min(Math.abs(Math.sin(u / 2.6 + bend)), Math.abs(Math.sin(v / 2.6 - bend)));
  const net = 1 - network * Math.max(0, 0.5 - mesh);
  for (let channel = 0; channel < 3; channel++) {
    const body = (light[channel] + (dark[channel] - light[channel]) * tone) * net;
    photo[at + channel] = (skin[channel] + (body - skin[channel]) * cover) * grain;
  }
}

/** Light that falls off to the corners and to one side, its tint, the sensor's noise; rounded. */
function exposed(photo: Float32Array, random: Random): Uint8Array<ArrayBuffer> {
  const [width, height] = photoSize;
  const brightness = 1 + 0.07 * normal(random);
  const tint = [1 + 0.025 * normal(random), 1, 1 + 0.035 * normal(random)];
  const falloff = 0.05 + 0.3 * random();
  const [slopeX, slopeY] = [0.16 * (random() - 0.5), 0.16 * (random() - 0.5)];
  const result = new Uint8ClampedArray(photo.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [right, down] = [2 * x / width - 1, 2 * y / height - 1];
      const corner = (right * right + down * down) / 2;
      const light = brightness * (1 - falloff * corner * corner + slopeX * right + slopeY * down);
      for (let channel = 0; channel < 3; channel++, at++) {
        result[at] = photo[at] * light * tint[channel] + 8 * (random() - 0.5);
      }
    }
  }
  return new Uint8Array(result.buffer);
}

function strew(feature: Feature, lesionRadius: number, random: Random): Dot[] {
  const { count, colour, opacity, where, steps = 1 } = feature;
  const between = ([least, most]: Range) => least + (most - least) * random();
  const dots: Dot[] = [];
  for (let i = Math.round(between(count)); i > 0; i--) {
    const [distance, angle] = [lesionRadius * between(where), 2 * Math.PI * random()];
    let [x, y, heading] = [distance * Math.cos(angle), distance * Math.sin(angle), 2 * Math.PI * random()];
    const radius = between(feature.radius);
    for (let step = 0; step < steps; step++) {
      dots.push({ x, y, radius, colour, opacity });
      heading += 0.4 * normal(random);
      x += 1.3 * radius * Math.cos(heading);
      y += 1.3 * radius * Math.sin(heading);
    }
  }
  return dots;
}

/** None to a few hairs across the photo, each a gently bent line of dots. */
function hair(random: Random): Dot[] {
  const [width, height] = photoSize;
  const dots: Dot[] = [];
  for (let count = Math.floor(9 * random() ** 3); count > 0; count--) {
    let [x, y, heading] = [width * random(), height * random(), 2 * Math.PI * random()];
    const bend = 0.007 * normal(random);
    const radius = 0.5 + 0.5 * random();
    for (let length = 40 + 110 * random(); length > 0; length--) {
      dots.push({ x, y, radius, colour: [52, 40, 36], opacity: 0.5 });
      x += Math.cos(heading);
      y += Math.sin(heading);
      heading += bend;
    }
  }
  return dots;
}

/** Blends a dot with a soft rim into the photo. */
function stamp(photo: Float32Array, { x, y, radius, colour, opacity }: Dot): void {
  const [width, height] = photoSize;
  const reach = radius + 1;
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= Math.min(height - 1, y + reach); row++) {
    for (let column = Math.max(0, Math.ceil(x - reach)); column <= Math.min(width - 1, x + reach); column++) {
      const distance = Math.hypot(column - x, row - y);
      const cover = opacity * Math.min(1, Math.max(0, (reach - distance) / (0.4 * radius + 1)));
      const at = 3 * (row * width + column);
      for (let channel = 0; channel < 3; channel++) {
        photo[at + channel] += (colour[channel] - photo[at + channel]) * cover;
      }
    }
  }
}

/** Smooth noise in about [−1, 1] with features one unit wide, repeating after 64 units. */
function makeNoise(random: Random): Noise {
  const side = 64;
  const lattice = Float32Array.from({ length: side * side }, () => 2 * random() - 1);
  const at = (x: number, y: number) => lattice[(y & (side - 1)) * side + (x & (side - 1))];
  return (x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, down] = [x - left, y - top];
    const [s, t] = [right * right * (3 - 2 * right), down * down * (3 - 2 * down)];
    const upper = at(left, top) * (1 - s) + at(left + 1, top) * s;
    const lower = at(left, top + 1) * (1 - s) + at(left + 1, top + 1) * s;
    return upper * (1 - t) + lower * t;
  };
}

function mixed(from: Colour, to: Colour, share: number): Colour {
  return from.map((value, i) => value + (to[i] - value) * share) as unknown as Colour;
}
