/** What the figure tests look at in a drawn figure. */
import assert from "node:assert/strict";
import type { Figure } from "../../lib/figures/figure.ts";
import { plotlyWindow, type SvgElement } from "../../lib/support/plotly/plotly_window.ts";

export type Box = ReturnType<SvgElement["getBoundingClientRect"]>;

/** A text as it stands on the page. */
export interface PlacedText {
  text: string;
  lines: Box[];
}

/** A parsed SVG. */
export interface Drawing {
  documentElement: SvgElement;
  querySelectorAll(selector: string): Iterable<SvgElement> & { length: number };
}

const drawn = new WeakMap<Figure, Promise<Drawing>>();

/** The figure, drawn once. */
export function drawingOf(figure: Figure): Promise<Drawing> {
  const drawing = drawn.get(figure) ?? figure.toSvg().then(parse);
  drawn.set(figure, drawing);
  return drawing;
}

/** Parses an SVG text. */
export function parse(svg: string): Drawing {
  const { DOMParser } = plotlyWindow();
  return new DOMParser().parseFromString(svg, "image/svg+xml");
}

/** All texts that are seen. */
export function textsOf(drawing: Drawing): PlacedText[] {
  return Array.from(drawing.querySelectorAll("text"))
    .filter((node) => node.textContent?.trim())
    .map((node) => {
      const lines = [...node.querySelectorAll("tspan.line")];
      return {
        text: node.textContent!.trim(),
        lines: (lines.length ? lines : [node]).map((line) => line.getBoundingClientRect()),
      };
    });
}

/** The words of the texts. */
export async function wordsOf(figure: Figure): Promise<string[]> {
  return textsOf(await drawingOf(figure)).map(({ text }) => text);
}

/** The boxes of the bars, trace by trace. */
export function barsOf(drawing: Drawing): Box[][] {
  return Array.from(
    drawing.querySelectorAll(".barlayer .trace"),
    (trace) => Array.from(trace.querySelectorAll(".point > path"), (path) => path.getBoundingClientRect()),
  );
}

/** Throws where plotly would warn about the figure, a text goes over its edge, or two texts over each other. */
export async function assertReadable(figure: Figure): Promise<void> {
  const { data, layout } = structuredClone(figure.spec);
  const warnings: { msg: string }[] = plotlyWindow().Plotly.validate(data, layout) ?? [];
  assert.deepEqual(warnings.map(({ msg }) => msg), []);
  const { width, height } = figure.spec.layout as { width: number; height: number };
  const lines = textsOf(await drawingOf(figure))
    .flatMap(({ text, lines }, element) => lines.map((box) => ({ text, box, element })));
  for (const { text, box } of lines) {
    const isInside = box.left >= 0 && box.top >= 0 && box.right <= width && box.bottom <= height;
    assert.ok(isInside, `"${text}" is cut: ${JSON.stringify(box)} in ${width} × ${height}`);
  }
  // A line's box includes room for accents and descenders: a fifth of it may be shared.
  const core = ({ left, right, top, bottom }: Box) => {
    const spare = (bottom - top) / 5;
    return { left, right, top: top + spare, bottom: bottom - spare };
  };
  for (const [i, one] of lines.entries()) {
    for (const other of lines.slice(i + 1)) {
      const [a, b] = [core(one.box), core(other.box)];
      const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      assert.ok(isApart || one.element === other.element, `"${one.text}" and "${other.text}" overlap`);
    }
  }
}

/** Width and height from a PNG's header. */
export function pngSize(png: Uint8Array): { width: number; height: number } {
  assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(png.buffer, png.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
