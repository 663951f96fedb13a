import assert from "node:assert/strict";
import {
  classColors,
  contrast,
  darkColors,
  darkInk,
  ink,
  rgb,
  seriesColors,
  shareColor,
  textOn,
} from "../../lib/figures/palette.ts";
import { codes } from "./examples.ts";

/** Full dichromacy in linear RGB: Machado, Oliveira & Fernandes 2009, severity 1. */
const views: Record<string, number[][]> = {
  common: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [
    -0.003882,
    -0.048116,
    1.051998,
  ]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [
    -0.01182,
    0.04294,
    0.968881,
  ]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [
    0.004733,
    0.691367,
    0.3039,
  ]],
};

Deno.test("every class has a colour, and no two look alike, to colour-blind readers neither", () => {
  assert.deepEqual(Object.keys(classColors), codes);
  for (const [view, matrix] of Object.entries(views)) {
    for (const palette of [Object.values(classColors), seriesColors.slice(0, 3)]) {
      const seen = palette.map((color) => lab(color, matrix));
      seen.forEach((one, i) =>
        seen.slice(i + 1).forEach((other, j) => {
          const distance = Math.hypot(...one.map((value, k) => value - other[k]));
          assert.ok(
            distance >= 10,
            `${view}: ${palette[i]} and ${palette[i + 1 + j]} are ${distance.toFixed(1)} apart`,
          );
        })
      );
    }
  }
});

Deno.test("contrast is that of WCAG, and text on any colour reads", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.ok(Math.abs(contrast(rgb("#777777"), [255, 255, 255]) - 4.478) < 0.001);
  for (let r = 0; r < 256; r += 51) {
    for (let g = 0; g < 256; g += 51) {
      for (let b = 0; b < 256; b += 51) {
        assert.ok(contrast([r, g, b], rgb(textOn([r, g, b]))) >= 4.5, `${r} ${g} ${b}`);
      }
    }
  }
});

Deno.test("shares grow darker without a step back", () => {
  const light = Array.from({ length: 101 }, (_, i) => contrast(shareColor(i / 100), [0, 0, 0]));
  light.slice(1).forEach((value, i) => assert.ok(value < light[i], `${i + 1} %`));
  assert.deepEqual(shareColor(0), [255, 255, 255]);
  assert.deepEqual(shareColor(1), rgb("#0b4f8a"));
});

/** CIE Lab (D65) of a colour as seen through the matrix. */
function lab(hex: string, matrix: number[][]): number[] {
  const linear = rgb(hex).map((c) => c / 255).map((c) =>
    c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  );
  const [r, g, b] = matrix.map((row) =>
    Math.min(1, Math.max(0, row.reduce((sum, w, i) => sum + w * linear[i], 0)))
  );
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((value) => value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  return [116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])];
}

Deno.test("letters read on the dark page as on the white one, and every colour of text and lines has its dark one", () => {
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
