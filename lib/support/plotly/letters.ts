/**
 * The fonts of the figures: Inter, regular and semi-bold, as two files. So a picture looks the same on a machine without fonts.
 * Text is measured with the same files that resvg draws with.
 */
import { createRequire } from "node:module";
import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import { Resvg } from "@resvg/resvg-js";

/** Size in pixels (1 em) and weight of a text; bold is drawn semi-bold. */
export interface TextStyle {
  size: number;
  bold?: boolean;
}

/** Fonts for front ends that lay out the text themselves, in order of preference. */
export const fontStack = "Inter, Helvetica Neue, Segoe UI, Roboto, Arial, sans-serif";

const { resolve } = createRequire(import.meta.url);
const files = ["400Regular/Inter_400Regular", "600SemiBold/Inter_600SemiBold"]
  .map((name) => resolve(`@expo-google-fonts/inter/${name}.ttf`));

/** Both files are registered under a name of their own, because a machine may have another Inter. */
const family = "Figure letters";
for (const file of files) GlobalFonts.registerFromPath(file, family);

const context = createCanvas(1, 1).getContext("2d");

/** The font in the notation of a canvas. */
export function canvasFont({ size, bold = false }: TextStyle): string {
  return `${bold ? 600 : 400} ${size}px "${family}"`;
}

/** Width of a line of text, and its height above and below the baseline, in pixels. */
export function measureText(
  text: string,
  style: TextStyle,
): { width: number; ascent: number; descent: number } {
  context.font = canvasFont(style);
  const { width, fontBoundingBoxAscent, fontBoundingBoxDescent } = context.measureText(text);
  return { width, ascent: fontBoundingBoxAscent, descent: fontBoundingBoxDescent };
}

/** Width of one line of text in pixels. */
export function textWidth(text: string, style: TextStyle): number {
  return measureText(text, style).width;
}

/** The text, broken at spaces into lines of at most `width` pixels. A longer word is broken after _, / and -, if it has them. */
export function wrapText(text: string, width: number, style: TextStyle): string[] {
  const lines: string[] = [];
  const add = (piece: string, between: string) => {
    const longer = lines.length ? `${lines.at(-1)}${between}${piece}` : piece;
    if (lines.length && textWidth(longer, style) <= width) lines[lines.length - 1] = longer;
    else lines.push(piece);
  };
  for (const word of text.split(/ +/)) {
    if (textWidth(word, style) <= width) add(word, " ");
    else word.split(/(?<=[_/-])/).forEach((piece, i) => add(piece, i === 0 ? " " : ""));
  }
  return lines;
}

/** Characters that Inter lacks: scripts other than these, and emoji. */
const beyondInter =
  /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]|\p{Extended_Pictographic}/u;

/**
 * SVG text as a PNG with `scale` (default 2) pixels per SVG pixel; the same text gives the same bytes. Letters are drawn in
 * Inter, those that it lacks in the machine's fonts.
 */
export function svgToPng(svg: string, { scale = 2 }: { scale?: number } = {}): Uint8Array {
  const font = { fontFiles: files, loadSystemFonts: beyondInter.test(svg), defaultFontFamily: "Inter" };
  return new Uint8Array(new Resvg(svg, { fitTo: { mode: "zoom", value: scale }, font }).render().asPng());
}
