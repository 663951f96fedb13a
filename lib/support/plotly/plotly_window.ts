/**
 * Plotly without a browser: plotly.js-dist-min in a jsdom window that knows the sizes of texts and shapes and has a
 * canvas for heatmaps. Loaded once per process, on first use (about 0.7 s).
 */
import { createRequire } from "node:module";
import { type Canvas, createCanvas } from "@napi-rs/canvas";
import { JSDOM } from "jsdom";
import { randomFor } from "../random.ts";
import type { Box } from "./matrix.ts";
import type { SvgDocument, SvgNode } from "./svg_node.ts";
import { boundingBox, pageBox } from "./svg_geometry.ts";
import { layoutText } from "./svg_text.ts";

/** What is used of plotly.js: https://plotly.com/javascript/plotlyjs-function-reference/. */
export interface Plotly {
  version: string;
  toImage(spec: unknown, options: Record<string, unknown>): Promise<string>;
  validate(data: unknown, layout: unknown): { msg: string }[] | undefined;
}

/** The window plotly lives in. */
export interface PlotlyWindow {
  Plotly: Plotly;
  /** Parses an SVG text. */
  parseSvg(svg: string): SvgDocument;
  /** Writes a document as text. */
  serialize(document: SvgDocument): string;
  /** Sets the window's `Math.random` back to the start of its one sequence: plotly draws element ids from it. */
  resetRandom(): void;
}

interface CanvasElement {
  width: number;
  height: number;
}

let loaded: PlotlyWindow | undefined;

/** The window, loaded on the first call. */
export function plotlyWindow(): PlotlyWindow {
  return loaded ??= load();
}

function load(): PlotlyWindow {
  const source = createRequire(import.meta.url).resolve("plotly.js-dist-min/plotly.min.js");
  const { window } = new JSDOM("<!doctype html><body></body>", { runScripts: "outside-only" });
  giveGeometry(window);
  giveCanvas(window);
  window.URL.createObjectURL = () => "";
  window.eval(Deno.readTextFileSync(source));
  const resetRandom = () => {
    window.Math.random = randomFor("figures");
  };
  return {
    Plotly: window.Plotly,
    parseSvg: (svg) => new window.DOMParser().parseFromString(svg, "image/svg+xml"),
    serialize: (document) => new window.XMLSerializer().serializeToString(document),
    resetRandom,
  };
}

/** jsdom has no layout; plotly asks for it of texts, groups (a colour bar, a legend) and of its own `div`. */
// deno-lint-ignore no-explicit-any -- jsdom has no types of its own; this is its window
function giveGeometry(window: any): void {
  const svg = window.SVGElement.prototype;
  svg.getBBox = function (this: SvgNode) {
    return rectangle(boundingBox(this));
  };
  svg.getBoundingClientRect = function (this: SvgNode) {
    return rectangle(pageBox(this));
  };
  svg.getComputedTextLength = function (this: SvgNode) {
    return layoutText(this).reduce((sum, run) => sum + run.width, 0);
  };
  window.HTMLElement.prototype.getBoundingClientRect = function (
    this: { style: { width: string; height: string } },
  ) {
    const { width, height } = this.style;
    return rectangle({ left: 0, top: 0, right: parseFloat(width) || 0, bottom: parseFloat(height) || 0 });
  };
}

/** A heatmap is painted on a canvas and put into the SVG as a PNG. */
// deno-lint-ignore no-explicit-any -- see above
function giveCanvas(window: any): void {
  const canvases = new WeakMap<object, Canvas>();
  const canvasOf = (element: CanvasElement) => {
    let canvas = canvases.get(element);
    if (canvas?.width !== element.width || canvas?.height !== element.height) {
      canvas = createCanvas(element.width, element.height);
      canvases.set(element, canvas);
    }
    return canvas;
  };
  const prototype = window.HTMLCanvasElement.prototype;
  prototype.getContext = function (this: CanvasElement, kind: string) {
    return kind === "2d" ? canvasOf(this).getContext("2d") : null;
  };
  prototype.toDataURL = function (this: CanvasElement) {
    return canvasOf(this).toDataURL("image/png");
  };
}

function rectangle(box: Box | null) {
  const { left, top, right, bottom } = box ?? { left: 0, top: 0, right: 0, bottom: 0 };
  return { x: left, y: top, left, top, right, bottom, width: right - left, height: bottom - top };
}
