import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import opentype from "opentype.js";
import sharp from "sharp";
import { ascent, descent, textPath, textWidth, wrapText } from "../../../lib/support/plotly/font.ts";
import { marks, missing } from "../../../lib/support/plotly/marks.ts";
import { randomFor } from "../../../lib/support/random.ts";

/** The first and last rows and columns with ink, from the text's start on the baseline, in em of 100 pixels. */
async function inkOf(text: string, bold = false) {
  const size = 100;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="300"><path transform="translate(100,150) ` +
    `scale(${size / 1000})" d="${textPath(text, { size, bold })}"/></svg>`;
  const { data, info } = await sharp(new TextEncoder().encode(svg)).flatten({ background: "white" })
    .greyscale().raw().toBuffer({ resolveWithObject: true });
  const [xs, ys]: number[][] = [[], []];
  data.forEach((value, i) => {
    if (value > 200) return;
    xs.push(i % info.width);
    ys.push(Math.floor(i / info.width));
  });
  const [least, most] = [
    (all: number[]) => all.reduce((a, b) => Math.min(a, b), Infinity),
    (all: number[]) => all.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  return {
    left: (least(xs) - 100) / size,
    right: (most(xs) + 1 - 100) / size,
    top: (least(ys) - 150) / size,
    bottom: (most(ys) + 1 - 150) / size,
  };
}

Deno.test("widths are the font's advances, in proportion to the size", () => {
  // Inter 4.1 regular and semi-bold, hmtx table, units of 1/2048 em.
  assert.equal(textWidth("0", { size: 2048 }), 1292);
  assert.equal(textWidth("M", { size: 2048 }), 1850);
  assert.ok(textWidth("M", { size: 2048, bold: true }) > 1850);
  assert.equal(textWidth("10,015", { size: 26 }), 2 * textWidth("10,015", { size: 13 }));
  assert.equal(textWidth("", { size: 13 }), 0);
});

Deno.test("a line is as high and deep as the font says, in both weights", () => {
  const { resolve } = createRequire(import.meta.url);
  for (const weight of [400, 600]) {
    const bytes = readFileSync(resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff`));
    const { ascender, descender, unitsPerEm } = opentype.parse(new Uint8Array(bytes).buffer);
    assert.deepEqual([ascent, descent], [ascender / unitsPerEm, -descender / unitsPerEm]);
  }
});

Deno.test("letters stand upright on the baseline", async () => {
  for (const bold of [false, true]) {
    const [p, b, quote, comma] = await Promise.all(["p", "b", "'", ","].map((text) => inkOf(text, bold)));
    assert.ok(p.bottom > 0.15 && p.top > -0.65, JSON.stringify(p));
    assert.ok(b.bottom < 0.05 && b.top < -0.68, JSON.stringify(b));
    assert.ok(quote.bottom < -0.4, JSON.stringify(quote));
    assert.ok(comma.top > -0.2 && comma.bottom > 0.05, JSON.stringify(comma));
  }
});

Deno.test("a measured text is as wide as its letters one by one: nothing is kerned, drawn or measured", async () => {
  for (const text of ["AVATAR", "To Yes", "1.7 - 71"]) {
    const letters = [...text].reduce((sum, letter) => sum + textWidth(letter, { size: 1 }), 0);
    assert.ok(Math.abs(textWidth(text, { size: 1 }) - letters) < 1e-9, text);
    // The last letter is drawn where the ones before it were measured to end.
    const [whole, last] = await Promise.all([inkOf(text), inkOf(text.at(-1)!)]);
    const before = textWidth(text.slice(0, -1), { size: 1 });
    assert.ok(Math.abs(whole.right - before - last.right) <= 0.02, text);
  }
});

Deno.test("the legends' marks are as high as capitals and inside their width", async () => {
  const { top } = await inkOf("H");
  for (const mark of Object.keys(marks)) {
    const ink = await inkOf(mark);
    assert.ok(Math.abs(ink.top - top) < 0.03 && Math.abs(ink.bottom) < 0.03, mark);
    assert.ok(ink.left > 0 && ink.right < textWidth(mark, { size: 1 }), mark);
    assert.equal(textWidth(mark, { size: 1 }), textWidth(mark, { size: 1, bold: true }), mark);
  }
});

Deno.test("the ink is where the measured width says", async () => {
  for (const text of ["Melanoma", "63.8\u00a0%", "12,345 × 67", "■ Grün, naïve ●", "unknown: \u4e2d"]) {
    for (const bold of [false, true]) {
      const style = { size: 40, bold };
      const width = textWidth(text, style);
      const path = `<path transform="translate(20,60) scale(${style.size / 1000})" d="${
        textPath(text, style)
      }"/>`;
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="100">${path}</svg>`;
      const { info } = await sharp(new TextEncoder().encode(svg)).flatten({ background: "white" })
        .trim({ threshold: 60 }).toBuffer({ resolveWithObject: true });
      const left = -info.trimOffsetLeft!;
      assert.ok(left >= 19 && left <= 28, `${text} starts at ${left}`);
      const end = left + info.width;
      assert.ok(
        end <= 20 + width + 2 && end >= 20 + width - 10,
        `${text} ends at ${end}, measured ${20 + width}`,
      );
      const top = -info.trimOffsetTop!;
      assert.ok(
        top >= 60 - ascent * 40 && top + info.height <= 60 + descent * 40 + 1,
        `${text} is in its line`,
      );
    }
  }
});

Deno.test("every character the figures write has its own outline; another one is a box", () => {
  const box = missing.pathAt(0);
  for (const character of "abcXYZ0189%·–—×±°…■□●,.;:()äöüß'\"_/−") {
    const path = textPath(character, { size: 1 });
    assert.ok(path !== box && path !== "", character);
  }
  assert.equal(textPath("\u00a0 ", { size: 1 }), "");
  for (const character of ["\u4e2d", "α", "😀"]) assert.equal(textPath(character, { size: 1 }), box);
});

Deno.test("wrapped text keeps its words and the width, where a word fits", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor(seed);
    const words = Array.from({ length: 1 + 12 * random() }, () => "abcdefghijkl".slice(0, 1 + 11 * random()));
    const width = 40 + 200 * random();
    const lines = wrapText(words.join(" "), width, { size: 13 });
    assert.equal(lines.join(" "), words.join(" "));
    for (const line of lines) {
      assert.ok(textWidth(line, { size: 13 }) <= width || !line.includes(" "), `seed ${seed}: ${line}`);
    }
  }
});
