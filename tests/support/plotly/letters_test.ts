import assert from "node:assert/strict";
import sharp from "sharp";
import { measureText, svgToPng, textWidth, wrapText } from "../../../lib/support/plotly/letters.ts";
import { randomFor } from "../../../lib/support/random.ts";
import { parse } from "../../figures/drawing.ts";

/** Where the ink of a text of 100 pixels is, from its start on the baseline, in em. */
async function inkOf(text: string, bold = false) {
  const weight = bold ? "bold" : "normal";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="300">
    <rect width="2000" height="300" fill="white"/>
    <text x="100" y="150" font-family="Inter, serif" font-size="100" font-weight="${weight}">${text}</text></svg>`;
  const { info } = await sharp(svgToPng(svg, { scale: 1 })).trim({ threshold: 60 }).toBuffer({
    resolveWithObject: true,
  });
  const [left, top] = [-info.trimOffsetLeft! - 100, -info.trimOffsetTop! - 150];
  return {
    left: left / 100,
    right: (left + info.width) / 100,
    top: top / 100,
    bottom: (top + info.height) / 100,
  };
}

Deno.test("text width and height follow the font's metrics and scale with the font size", () => {
  // Inter 4 regular and semi-bold, tables hmtx and hhea, units of 1/2048 em.
  const { width, ascent, descent } = measureText("0", { size: 2048 });
  assert.deepEqual([width, ascent, descent], [1292, 1984, 494]);
  assert.equal(textWidth("M", { size: 2048 }), 1850);
  assert.equal(textWidth("M", { size: 2048, bold: true }), 1889);
  assert.ok(Math.abs(textWidth("10,015", { size: 26 }) - 2 * textWidth("10,015", { size: 13 })) < 0.02);
  assert.equal(textWidth("", { size: 13 }), 0);
});

Deno.test("text is drawn in the font it was measured with, and its drawn width matches", async () => {
  for (
    const text of ["Melanoma", "AVATAR", "63.8\u00a0%", "12,345 × 67", "■ Grün, naïve ●", "1.7 - 71 To Yes"]
  ) {
    for (const bold of [false, true]) {
      const width = textWidth(text, { size: 1, bold });
      const ink = await inkOf(text, bold);
      assert.ok(ink.left > -0.02 && ink.left < 0.2, `${text} starts at ${ink.left}`);
      assert.ok(
        ink.right < width + 0.02 && ink.right > width - 0.2,
        `${text} ends at ${ink.right}, ${width}`,
      );
      assert.ok(ink.top > -0.97 && ink.bottom < 0.25, text);
    }
  }
});

Deno.test("every character used in figures has a glyph in Inter and differs from a missing one", async () => {
  const seen = new Map<string, string>();
  for (const character of "中abcXYZ0189%·–—×±°…■□●,.;:()äöüß'\"_/−") {
    const ink = JSON.stringify(await inkOf(character));
    if (character !== "中") assert.notEqual(ink, seen.get("中"), character);
    seen.set(character, ink);
  }
});

Deno.test("a text's bounding box in plotly's window fits its lines, after anchors and transforms", () => {
  const boxOf = (body: string, selector: string) => {
    const drawing = parse(`<svg xmlns="http://www.w3.org/2000/svg">${body}</svg>`);
    const { left, top, right, bottom } = [...drawing.querySelectorAll(selector)][0].getBoundingClientRect();
    return [left, top, right, bottom];
  };
  const near = (box: number[], expected: number[]) =>
    box.forEach((side, i) => assert.ok(Math.abs(side - expected[i]) < 0.02, `${box}, not ${expected}`));
  const { width, ascent, descent } = measureText("nevus", { size: 20 });
  const styled = (rest: string, inside = "nevus") =>
    `<text x="50" y="30" style="font-size: 20px" ${rest}>${inside}</text>`;
  for (const [anchor, left] of [["start", 50], ["middle", 50 - width / 2], ["end", 50 - width]] as const) {
    near(boxOf(styled(`text-anchor="${anchor}"`), "text"), [left, 30 - ascent, left + width, 30 + descent]);
  }
  const two =
    `<tspan class="line" x="50" y="30" dy="0em">n</tspan><tspan class="line" x="50" y="30" dy="1.3em">` +
    `ne<tspan style="font-weight:bold">vus</tspan></tspan>`;
  const long = textWidth("ne", { size: 20 }) + textWidth("vus", { size: 20, bold: true });
  near(boxOf(styled("", two), "text"), [50, 30 - ascent, 50 + long, 56 + descent]);
  const turned = `<g transform="translate(100,0)">${
    styled('transform="rotate(90,50,30)"')
  }<path d="M0,0h1v1z"/></g>`;
  near(boxOf(turned, "text"), [150 - descent, 30, 150 + ascent, 30 + width]);
  near(boxOf(turned, "g"), [100, 0, 150 + ascent, 30 + width]);
  near(boxOf(`<g style="display: none">${styled("")}</g>`, "g"), [0, 0, 0, 0]);
});

Deno.test("wrapped text keeps all words and fits the width unless one word is too long", () => {
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
