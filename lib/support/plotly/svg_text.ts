/** Layout of SVG text, as much of SVG 1.1 chapter 10 as plotly writes: tspans, x, y, dx, dy, anchors, em sizes. */
import { ascent, descent, textPath, type TextStyle, textWidth } from "./font.ts";
import type { Box } from "./matrix.ts";
import type { SvgDocument, SvgNode } from "./svg_node.ts";

/** A stretch of text in one style; (x, y) is its start on the baseline, in the text element's own pixels. */
export interface TextRun extends TextStyle {
  text: string;
  x: number;
  y: number;
  width: number;
  element: SvgNode;
}

/** Places the runs of a `text` (or of one of its `tspan`s, by itself). */
export function layoutText(element: SvgNode): TextRun[] {
  const runs: TextRun[] = [];
  const pen = { x: 0, y: 0 };
  let chunk: { anchor: string; start: number; first: number } | null = null;

  // An absolute position starts a chunk; the chunk as a whole is anchored once its width is known.
  const closeChunk = () => {
    if (!chunk) return;
    const share = chunk.anchor === "middle" ? 0.5 : chunk.anchor === "end" ? 1 : 0;
    const shift = share * (pen.x - chunk.start);
    for (const run of runs.slice(chunk.first)) run.x -= shift;
  };
  const walk = (node: SvgNode, inherited: TextStyle & { anchor: string }) => {
    const style = styleOf(node, inherited);
    const [x, y] = [lengthOf(node, "x", style.size), lengthOf(node, "y", style.size)];
    if (x !== null || y !== null || !chunk) {
      closeChunk();
      if (x !== null) pen.x = x;
      if (y !== null) pen.y = y;
      chunk = { anchor: style.anchor, start: pen.x, first: runs.length };
    }
    pen.x += lengthOf(node, "dx", style.size) ?? 0;
    pen.y += lengthOf(node, "dy", style.size) ?? 0;
    for (const child of Array.from(node.childNodes)) {
      if (child.nodeType === 1 && /^(tspan|a)$/.test(child.nodeName)) walk(child, style);
      if (child.nodeType !== 3 || child.nodeValue === "") continue;
      const { size, bold } = style;
      const text = child.nodeValue!.replace(/\s*\n\s*/g, "");
      const width = textWidth(text, style);
      runs.push({ text, size, bold, width, x: pen.x, y: pen.y, element: node });
      pen.x += width;
    }
  };
  walk(element, inheritedStyle(element.parentNode));
  closeChunk();
  return runs;
}

/** The line boxes of the runs (ascent to descent), not the ink. */
export function runBoxes(runs: TextRun[]): Box[] {
  return runs.filter((run) => run.text.trim() !== "").map((run) => ({
    left: run.x,
    right: run.x + run.width,
    top: run.y - ascent * run.size,
    bottom: run.y + descent * run.size,
  }));
}

/**
 * Replaces every `text` of the document by a group of paths, labelled with the text, so that the picture needs no
 * font where it is shown.
 */
export function outlineText(document: SvgDocument): void {
  for (const text of Array.from(document.querySelectorAll("text"))) {
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    for (const name of ["class", "transform", "style", "fill", "opacity", "clip-path"]) {
      const value = text.getAttribute(name);
      if (value !== null) group.setAttribute(name, value);
    }
    group.setAttribute("aria-label", text.textContent ?? "");
    for (const run of layoutText(text)) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("transform", `translate(${round(run.x)},${round(run.y)}) scale(${run.size / 1000})`);
      path.setAttribute("d", textPath(run.text, run));
      if (run.element !== text) path.setAttribute("style", run.element.getAttribute("style") ?? "");
      group.appendChild(path);
    }
    text.replaceWith(group);
  }
}

function inheritedStyle(node: SvgNode | null): TextStyle & { anchor: string } {
  if (node === null || node.nodeType !== 1) return { size: 16, bold: false, anchor: "start" };
  return styleOf(node, inheritedStyle(node.parentNode));
}

function styleOf(node: SvgNode, inherited: TextStyle & { anchor: string }): TextStyle & { anchor: string } {
  const size = property(node, "font-size");
  const weight = property(node, "font-weight");
  return {
    size: size === null ? inherited.size : inUnits(size, inherited.size, inherited.size / 100),
    bold: weight === null ? inherited.bold : weight === "bold" || Number(weight) >= 600,
    anchor: property(node, "text-anchor") ?? inherited.anchor,
  };
}

function property(node: SvgNode, name: string): string | null {
  const inStyle = node.getAttribute("style")?.match(new RegExp(`(?:^|;)\\s*${name}\\s*:\\s*([^;]+)`));
  return inStyle ? inStyle[1].trim() : node.getAttribute(name);
}

function lengthOf(node: SvgNode, name: string, em: number): number | null {
  const value = node.getAttribute(name);
  return value === null || value === "" ? null : inUnits(value, em, 1);
}

function inUnits(value: string, em: number, percent: number): number {
  const number = parseFloat(value) || 0;
  return value.endsWith("em") ? number * em : value.endsWith("%") ? number * percent : number;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
