/** Affine maps of the plane as SVG's `transform` attribute writes them. */

/** (x, y) → (a x + c y + e, b x + d y + f). */
export type Matrix = [a: number, b: number, c: number, d: number, e: number, f: number];

/** A rectangle by its edges, in pixels. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Leaves every point where it is. */
export const identity: Matrix = [1, 0, 0, 1, 0, 0];

/** First `inner`, then `outer`. */
export function multiply(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f] = outer;
  const [p, q, r, s, t, u] = inner;
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f];
}

/** Reads translate, scale, rotate and matrix; anything else is left out. */
export function parseTransform(text: string | null): Matrix {
  let result = identity;
  for (const [, name, list] of (text ?? "").matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const n = list.split(/[\s,]+/).filter((part) => part !== "").map(Number);
    if (name === "translate") result = multiply(result, [1, 0, 0, 1, n[0], n[1] ?? 0]);
    if (name === "scale") result = multiply(result, [n[0], 0, 0, n[1] ?? n[0], 0, 0]);
    if (name === "matrix") result = multiply(result, n as Matrix);
    if (name === "rotate") {
      const [angle, x = 0, y = 0] = [n[0] * Math.PI / 180, n[1], n[2]];
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      result = multiply(result, [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y]);
    }
  }
  return result;
}

/** The upright rectangle around a mapped one. */
export function mapBox(matrix: Matrix, box: Box): Box {
  const [a, b, c, d, e, f] = matrix;
  const corners = [[box.left, box.top], [box.right, box.top], [box.left, box.bottom], [
    box.right,
    box.bottom,
  ]];
  const x = corners.map(([x, y]) => a * x + c * y + e);
  const y = corners.map(([x, y]) => b * x + d * y + f);
  return { left: Math.min(...x), top: Math.min(...y), right: Math.max(...x), bottom: Math.max(...y) };
}

/** The rectangle around all boxes, or null where there is none. */
export function unionBox(boxes: Box[]): Box | null {
  if (boxes.length === 0) return null;
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}
