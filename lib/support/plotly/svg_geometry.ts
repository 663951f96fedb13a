/** Bounding boxes of SVG elements: what a browser's layout knows and jsdom does not. */
import { type Box, identity, mapBox, type Matrix, multiply, parseTransform, unionBox } from "./matrix.ts";
import { childrenOf, parentOf, type SvgNode } from "./svg_node.ts";
import { layoutText, runBoxes } from "./svg_text.ts";

/** SVG's `getBBox`: the box in the element's own pixels, before its `transform`; null where nothing is drawn. */
export function boundingBox(element: SvgNode): Box | null {
  const number = (name: string) => parseFloat(element.getAttribute(name) ?? "0") || 0;
  switch (element.nodeName) {
    case "text":
    case "tspan":
      return unionBox(runBoxes(layoutText(element)));
    case "rect":
    case "image":
      return {
        left: number("x"),
        top: number("y"),
        right: number("x") + number("width"),
        bottom: number("y") + number("height"),
      };
    case "circle": {
      const [x, y, r] = [number("cx"), number("cy"), number("r")];
      return { left: x - r, top: y - r, right: x + r, bottom: y + r };
    }
    case "line":
      return pointsBox([[number("x1"), number("y1")], [number("x2"), number("y2")]]);
    case "path":
      return pathBox(element.getAttribute("d") ?? "");
    case "g":
    case "svg":
    case "a":
      return unionBox(
        childrenOf(element).flatMap((child) => {
          const box = hides(child) ? null : boundingBox(child);
          return box ? [mapBox(parseTransform(child.getAttribute("transform")), box)] : [];
        }),
      );
    default:
      return null;
  }
}

/** The box on the page, after the transforms of the element and all its parents; null where nothing is drawn. */
export function pageBox(element: SvgNode): Box | null {
  const box = boundingBox(element);
  return box && mapBox(pageMatrix(element), box);
}

/** From the element's own pixels to those of the outermost `svg`. */
export function pageMatrix(element: SvgNode): Matrix {
  let matrix: Matrix = identity;
  for (let node: SvgNode | null = element; node; node = parentOf(node)) {
    matrix = multiply(parseTransform(node.getAttribute("transform")), matrix);
  }
  return matrix;
}

/** Whether neither the element's own style nor a parent's hides it. */
export function isShown(element: SvgNode): boolean {
  for (let node: SvgNode | null = element; node; node = parentOf(node)) {
    if (hides(node)) return false;
  }
  return true;
}

function hides(element: SvgNode): boolean {
  return /display:\s*none|visibility:\s*hidden/.test(element.getAttribute("style") ?? "");
}

function pointsBox(points: number[][]): Box | null {
  return unionBox(points.map(([x, y]) => ({ left: x, right: x, top: y, bottom: y })));
}

/** The box of a path's points. Control points count too and arcs by their ends: never far off in a chart. */
function pathBox(path: string): Box | null {
  const points: number[][] = [];
  let [x, y, startX, startY] = [0, 0, 0, 0];
  for (const [, command, list] of path.matchAll(/([a-df-zA-DF-Z])([^a-df-zA-DF-Z]*)/g)) {
    const n = (list.match(/-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi) ?? []).map(Number);
    const relative = command === command.toLowerCase();
    const kind = command.toUpperCase();
    if (kind === "Z") [x, y] = [startX, startY];
    const step = { H: 1, V: 1, C: 6, S: 4, Q: 4, A: 7 }[kind] ?? 2;
    for (let i = 0; i + step <= n.length; i += step) {
      const [fromX, fromY] = relative ? [x, y] : [0, 0];
      if (kind === "H") x = fromX + n[i];
      else if (kind === "V") y = fromY + n[i];
      else {
        for (let j = kind === "A" ? i + 5 : i; j < i + step; j += 2) {
          [x, y] = [fromX + n[j], fromY + n[j + 1]];
          points.push([x, y]);
        }
      }
      points.push([x, y]);
      if (kind === "M" && i === 0) [startX, startY] = [x, y];
    }
  }
  return pointsBox(points);
}
