/**
 * The figures' letters. A static figure must look the same on a bare machine without fonts, so text is drawn with
 * outlines: Inter, regular and semi-bold, from the package @fontsource/inter, read by opentype.js. Text is measured
 * with the same glyphs that are drawn; there is no kerning in either (opentype.js does not read Inter's).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import opentype from "opentype.js";
import { type Glyph, marks, missing } from "./marks.ts";

/** Size in pixels (1 em) and weight of a text; bold is drawn semi-bold. */
export interface TextStyle {
  size: number;
  bold?: boolean;
}

/** Fonts for front ends that lay the text out themselves, in order of choice. */
export const fontStack = "Inter, Helvetica Neue, Segoe UI, Roboto, Arial, sans-serif";

/** Height over the baseline of a line of text, in em: Inter's, known before the font is read. */
export const ascent = 1984 / 2048;

/** Depth under the baseline of a line of text, in em. */
export const descent = 494 / 2048;

/** What is used of opentype.js, which has no types of its own. */
interface Font {
  unitsPerEm: number;
  hasChar(character: string): boolean;
  charToGlyph(character: string): {
    advanceWidth: number;
    getPath(x: number, y: number, size: number): { toPathData(options: Record<string, unknown>): string };
  };
}

const loaded: { regular?: Font; bold?: Font } = {};

/** Width of one line of text in pixels. */
export function textWidth(text: string, style: TextStyle): number {
  let width = 0;
  for (const character of text) width += glyphOf(character, style).advance;
  return width * style.size / 1000;
}

/**
 * The text as SVG path data, in thousandths of an em, starting at (0, 0) on the baseline, y down.
 * Scale it by size / 1000.
 */
export function textPath(text: string, style: TextStyle): string {
  let path = "";
  let x = 0;
  for (const character of text) {
    const glyph = glyphOf(character, style);
    path += glyph.pathAt(x);
    x += glyph.advance;
  }
  return path;
}

/** The text broken at spaces into lines of at most `width` pixels (a longer word keeps a line of its own). */
export function wrapText(text: string, width: number, style: TextStyle): string[] {
  const lines: string[] = [];
  for (const word of text.split(/ +/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && textWidth(longer, style) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function glyphOf(character: string, style: TextStyle): Glyph {
  if (character in marks) return marks[character];
  const font = style.bold ? loaded.bold ??= readFont(600) : loaded.regular ??= readFont(400);
  if (!font.hasChar(character)) return missing;
  const glyph = font.charToGlyph(character);
  return {
    advance: glyph.advanceWidth * 1000 / font.unitsPerEm,
    pathAt: (x) => glyph.getPath(x, 0, 1000).toPathData({ decimalPlaces: 1, optimize: false, flipY: false }),
  };
}

/** Takes some 50 ms; `weight` as in CSS. */
function readFont(weight: 400 | 600): Font {
  const { resolve } = createRequire(import.meta.url);
  const file = resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff`);
  return opentype.parse(new Uint8Array(readFileSync(file)).buffer);
}
