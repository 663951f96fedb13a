import assert from "node:assert/strict";
import {
  classColors,
  darkColors,
  darkInk,
  ink,
  seriesColors,
  shareScale,
  textOn,
} from "../../lib/figures/palette.ts";
import { codes } from "./examples.ts";

type Color = number[];

/** Full dichromacy in linear RGB: Machado, Oliveira & Fernandes 2009, severity 1. */
const views: Record<string, number[][]> = {
  common: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** "#rrggbb" → red, green, blue, 0–255. */
const rgb = (hex: string): Color => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
/** sRGB → linear light, 0–1. */
const linear = (color: Color) =>
  color.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);

/** Contrast of two colours, 1 to 21, as WCAG 2.2 defines it. */
function contrast(one: Color, other: Color): number {
  const luminances = [one, other].map(linear).map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
  return (Math.max(...luminances) + 0.05) / (Math.min(...luminances) + 0.05);
}

/** CIE Lab (D65) of a colour as seen through the matrix. */
function lab(color: Color, matrix: number[][]): number[] {
  const light = linear(color);
  const [r, g, b] = matrix.map((row) =>
    Math.min(1, Math.max(0, row.reduce((sum, w, i) => sum + w * light[i], 0)))
  );
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((value) => value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** The colour of a share, as plotly finds it on the scale. */
function shareColor(share: number): Color {
  const above = Math.max(1, shareScale.findIndex(([at]) => at >= share));
  const [[from, low], [to, high]] = [shareScale[above - 1], shareScale[above]];
  return rgb(low).map((value, i) => value + (rgb(high)[i] - value) * (share - from) / (to - from));
}

Deno.test("every class has a colour, and no two look alike, not even to colour-blind readers", () => {
  assert.deepEqual(Object.keys(classColors), codes);
  for (const [view, matrix] of Object.entries(views)) {
    for (const palette of [Object.values(classColors), seriesColors.slice(0, 3)]) {
      for (const [i, one] of palette.entries()) {
        for (const other of palette.slice(i + 1)) {
          const [a, b] = [one, other].map((color) => lab(rgb(color), matrix));
          const distance = Math.hypot(...a.map((value, k) => value - b[k]));
          assert.ok(distance >= 10, `${view}: ${one} and ${other} are ${distance.toFixed(1)} apart`);
        }
      }
    }
  }
});

Deno.test("the colour scale darkens steadily with the share, and text on it is readable", () => {
  for (let share = 0; share <= 1; share += 0.005) {
    const color = shareColor(share);
    assert.ok(contrast(color, rgb(textOn(share))) >= 4.5, `${share}`);
    if (share > 0) {
      assert.ok(contrast(color, [0, 0, 0]) < contrast(shareColor(share - 0.005), [0, 0, 0]), `${share}`);
    }
  }
});

Deno.test("text is readable on the dark and the white page, and each text or line colour has a dark counterpart", () => {
  for (const colors of [ink, darkInk]) {
    const of = (one: keyof typeof ink, other: keyof typeof ink) =>
      contrast(rgb(colors[one]), rgb(colors[other]));
    for (const name of ["text", "quiet"] as const) assert.ok(of(name, "paper") >= 4.5, name);
    assert.ok(of("warning", "warningPaper") >= 4.5);
    assert.ok(of("axis", "paper") >= 3);
  }
  for (const name of Object.keys(ink) as (keyof typeof ink)[]) {
    assert.equal(darkColors[ink[name]], darkInk[name]);
  }
});
