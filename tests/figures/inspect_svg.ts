/** What the figure tests look at in an SVG. */
import assert from "node:assert/strict";
import type { Figure } from "../../lib/figures/figure.ts";
import { type Box, mapBox } from "../../lib/support/plotly/matrix.ts";
import { plotlyWindow } from "../../lib/support/plotly/plotly_window.ts";
import { boundingBox, isShown, pageBox, pageMatrix } from "../../lib/support/plotly/svg_geometry.ts";
import { childrenOf, type SvgDocument, type SvgNode } from "../../lib/support/plotly/svg_node.ts";
import { layoutText, runBoxes } from "../../lib/support/plotly/svg_text.ts";

/** A text as it stands on the page. */
export interface PlacedText {
  text: string;
  lines: Box[];
}

/** Parses an SVG text. */
export function parse(svg: string): SvgDocument {
  return plotlyWindow().parseSvg(svg);
}

/** All texts that are seen. */
export function textsOf(document: SvgDocument): PlacedText[] {
  return Array.from(document.querySelectorAll("text"))
    .filter((node) => isShown(node) && node.textContent?.trim())
    .map((node) => ({
      text: node.textContent!.trim(),
      lines: runBoxes(layoutText(node)).map((box) => mapBox(pageMatrix(node), box)),
    }));
}

/** The bars' boxes on the page, trace by trace. */
export function barsOf(document: SvgDocument): Box[][] {
  return Array.from(document.querySelectorAll(".barlayer .trace")).map((trace) => {
    const points = descendants(trace).filter((node) => node.getAttribute("class") === "point");
    return points.map((point) => pageBox(childrenOf(point).find((node) => node.nodeName === "path")!)!);
  });
}

/** Throws where a text goes over the figure's edge, or two texts over each other. */
export function assertReadable(document: SvgDocument): void {
  const root = document.documentElement;
  const [width, height] = ["width", "height"].map((name) => Number(root.getAttribute(name)));
  const lines = textsOf(document).flatMap(({ text, lines }, element) =>
    lines.map((box) => ({ text, box, element }))
  );
  for (const { text, box } of lines) {
    const inside = box.left >= 0 && box.top >= 0 && box.right <= width && box.bottom <= height;
    assert.ok(inside, `"${text}" is cut: ${JSON.stringify(box)} in ${width} × ${height}`);
  }
  // Line boxes include room for accents and descenders: a fifth of it may be shared.
  const core = ({ left, top, right, bottom }: Box) => ({
    left,
    right,
    top: top + (bottom - top) * 0.2,
    bottom: bottom - (bottom - top) * 0.2,
  });
  lines.forEach((one, i) =>
    lines.slice(i + 1).forEach((other) => {
      if (one.element === other.element) return;
      const [a, b] = [core(one.box), core(other.box)];
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      assert.ok(apart, `"${one.text}" and "${other.text}" overlap: ${JSON.stringify([a, b])}`);
    })
  );
}

/** Throws where plotly would warn about the figure. */
export function assertValid(figure: Figure): void {
  const { data, layout } = figure.spec;
  const found = plotlyWindow().Plotly.validate(structuredClone(data), structuredClone(layout)) ?? [];
  assert.deepEqual(found.map(({ msg }) => msg), []);
}

/** Width and height from a PNG's header. */
export function pngSize(png: Uint8Array): { width: number; height: number } {
  assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(png.buffer, png.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** The element's own box; throws where nothing is drawn. */
export function boxOf(node: SvgNode): Box {
  return boundingBox(node) ?? assert.fail(`<${node.nodeName}> draws nothing`);
}

function descendants(node: SvgNode): SvgNode[] {
  return childrenOf(node).flatMap((child) => [child, ...descendants(child)]);
}
