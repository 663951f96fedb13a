/** Glyphs of our own: the marks of the legends, which the Latin part of Inter lacks. */

/** One character; lengths in thousandths of an em. */
export interface Glyph {
  /** How far the next character is. */
  advance: number;
  /** SVG path data of the character that starts at `x` on the baseline, y down. */
  pathAt(x: number): string;
}

/** Squares and a disc as high as capitals. */
export const marks: Record<string, Glyph> = {
  "■": glyph(900, "m90-720h720v720h-720z"),
  "□": glyph(900, "m90-720h720v720h-720zm80,80v560h560v-560z"),
  "●": glyph(900, "m80-360a370,370,0,1,1,740,0a370,370,0,1,1-740,0z"),
};

/** An empty box for a character that nobody has, so that it is seen and not lost. */
export const missing: Glyph = glyph(600, "m60,0h480v-720h-480zm50-50v-620h380v620z");

/** `path` has relative commands alone. */
function glyph(advance: number, path: string): Glyph {
  return { advance, pathAt: (x) => `M${Math.round(10 * x) / 10},0${path}` };
}
