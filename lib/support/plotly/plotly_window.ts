/**
 * The thread that draws: plotly.js-dist-min in a jsdom window that can measure texts and has a canvas for heatmaps.
 * render_plotly.ts starts it and sends it figures. The same figure gives the same bytes.
 */
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import { type Canvas, createCanvas } from "@napi-rs/canvas";
import { Resvg } from "@resvg/resvg-js";
import { JSDOM } from "jsdom";
import { randomFor } from "../random.ts";
import { measureText } from "./letters.ts";
import type { DrawingRequest, PlotlySpec } from "./render_plotly.ts";

/** The parts of an SVG element used here (jsdom has no types of its own). */
export interface SvgElement {
  nodeName: string;
  outerHTML: string;
  textContent: string | null;
  parentElement: SvgElement | null;
  children: Iterable<SvgElement> & { length: number };
  childNodes: Iterable<{ nodeType: number; nodeValue: string | null }>;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  getBoundingClientRect(): { left: number; top: number; right: number; bottom: number };
}

// One figure at a time: plotly's random ids come from one sequence, which is reset for each figure.
let queue: Promise<unknown> = Promise.resolve();

parentPort?.on("message", ({ id, spec, size }: DrawingRequest) => {
  queue = queue.then(() => draw(spec, size)).then(
    (svg) => parentPort!.postMessage({ id, svg }),
    (error) =>
      parentPort!.postMessage({ id, problem: error instanceof Error ? error.message : String(error) }),
  );
});
async function draw(spec: PlotlySpec, size: DrawingRequest["size"]): Promise<string> {
  const window = plotlyWindow();
  window.Math.random = randomFor("figures"); // plotly draws element ids from it
  return await window.Plotly.toImage(spec, { format: "svg", imageDataOnly: true, ...size });
}

// deno-lint-ignore no-explicit-any -- jsdom has no types of its own; this is its window
let loaded: any;

/** The window that plotly runs in, loaded on the first call. */
// deno-lint-ignore no-explicit-any -- see above
export function plotlyWindow(): any {
  return loaded ??= load();
}

function load() {
  const source = createRequire(import.meta.url).resolve("plotly.js-dist-min/plotly.min.js");
  const { window } = new JSDOM("<!doctype html><body></body>", { runScripts: "outside-only" });
  // jsdom has no layout. Plotly asks for the boxes of texts, of groups of texts (ticks, a colour bar) and of its own `div`.
  window.SVGElement.prototype.getBoundingClientRect = function (this: SvgElement) {
    return rectangle(pageBox(this));
  };
  window.HTMLElement.prototype.getBoundingClientRect = function (
    this: { style: { width: string; height: string } },
  ) {
    return rectangle({
      width: parseFloat(this.style.width) || 0,
      height: parseFloat(this.style.height) || 0,
    });
  };
  giveCanvas(window.HTMLCanvasElement.prototype);
  window.URL.createObjectURL = () => "";
  window.eval(Deno.readTextFileSync(source));
  return window;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function rectangle({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box> = {}) {
  return { x, y, width, height, left: x, top: y, right: x + width, bottom: y + height };
}

/** The element's box on the page, computed by resvg, which knows shapes and transforms. */
function pageBox(element: SvgElement): Box | undefined {
  let shapes = shapesOf(element);
  for (let parent = element.parentElement; parent; parent = parent.parentElement) {
    shapes = grouped(parent, shapes);
  }
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">${shapes}</svg>`;
  return new Resvg(svg, { font: { loadSystemFonts: false } }).getBBox();
}

/** The element as SVG, with a rectangle for each line of text: a browser measures lines, but resvg only the ink. */
function shapesOf(element: SvgElement): string {
  if (/display:\s*none/.test(element.getAttribute("style") ?? "")) return "";
  if (/^t(ext|span)$/.test(element.nodeName)) return grouped(element, linesOf(element));
  if (element.children.length === 0) return element.outerHTML;
  return grouped(element, Array.from(element.children, shapesOf).join(""));
}

function grouped(element: SvgElement, shapes: string): string {
  return `<g transform="${element.getAttribute("transform") ?? ""}">${shapes}</g>`;
}

/** A rectangle from ascent to descent per line. Plotly writes several lines as `tspan`s of class "line", each with x and y. */
function linesOf(text: SvgElement): string {
  const lines = [...text.querySelectorAll("tspan.line")];
  const anchor = inherited(text, "text-anchor");
  const share = anchor === "middle" ? 0.5 : anchor === "end" ? 1 : 0;
  return (lines.length > 0 ? lines : [text]).map((line) => {
    const runs = runsOf(line);
    const most = (side: "ascent" | "descent") => Math.max(0, ...runs.map((run) => run[side]));
    const width = runs.reduce((sum, run) => sum + run.width, 0);
    const number = (name: string) => parseFloat(line.getAttribute(name) ?? text.getAttribute(name) ?? "0");
    const x = number("x") - share * width;
    const y = number("y") + number("dy") * parseFloat(inherited(line, "font-size")) - most("ascent");
    return `<rect x="${x}" y="${y}" width="${width}" height="${most("ascent") + most("descent")}"/>`;
  }).join("");
}

/** The measured parts of a line, one for each style. */
function runsOf(element: SvgElement): ReturnType<typeof measureText>[] {
  return Array.from(element.childNodes).flatMap((child) => {
    if (child.nodeType === 1) return runsOf(child as unknown as SvgElement);
    const style = {
      size: parseFloat(inherited(element, "font-size")),
      bold: /bold|[6-9]00/.test(inherited(element, "font-weight")),
    };
    return measureText(child.nodeValue ?? "", style);
  });
}

/** A property from the element's style or attributes, else from its parents. */
function inherited(element: SvgElement | null, name: string): string {
  if (element === null) return "";
  const inStyle = element.getAttribute("style")?.match(new RegExp(`(?:^|;)\\s*${name}:\\s*([^;]+)`))?.[1];
  return inStyle ?? element.getAttribute(name) ?? inherited(element.parentElement, name);
}

/** Gives the window a canvas: plotly paints heatmaps on it and puts them into the SVG as PNG. */
function giveCanvas(prototype: { getContext: unknown; toDataURL: unknown }): void {
  prototype.getContext = function (this: { width: number; height: number; painted: Canvas }, kind: string) {
    if (kind !== "2d") return null;
    this.painted = createCanvas(this.width, this.height);
    return this.painted.getContext("2d");
  };
  prototype.toDataURL = function (this: { painted: Canvas }) {
    return this.painted.toDataURL("image/png");
  };
}

if (parentPort) plotlyWindow(); // loads while the first figure is still being computed
