import assert from "node:assert/strict";
import { textWidth } from "../../lib/support/plotly/font.ts";
import { type Box, mapBox, parseTransform } from "../../lib/support/plotly/matrix.ts";
import { boundingBox, isShown, pageBox } from "../../lib/support/plotly/svg_geometry.ts";
import { layoutText, outlineText } from "../../lib/support/plotly/svg_text.ts";
import { boxOf, parse } from "./inspect_svg.ts";

const inSvg = (body: string) =>
  parse(`<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">${body}</svg>`);
const first = (body: string, selector: string) => inSvg(body).querySelectorAll(selector)[0];
const box = (left: number, top: number, right: number, bottom: number): Box => ({ left, top, right, bottom });
const near = (one: number, other: number) =>
  assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

Deno.test("anchors move a text by its width", () => {
  const width = textWidth("nevus", { size: 20 });
  for (const [anchor, left] of [["start", 50], ["middle", 50 - width / 2], ["end", 50 - width]] as const) {
    const text = first(
      `<text x="50" y="30" style="font-size: 20px" text-anchor="${anchor}">nevus</text>`,
      "text",
    );
    const { left: x, right } = boxOf(text);
    near(x, left);
    near(right, left + width);
  }
});

Deno.test("lines of a text: each starts at its own x, em lengths are of the line's size, each is anchored alone", () => {
  const text = first(
    `<g style="font-size:10px"><text x="40" y="20" text-anchor="end"><tspan x="40" y="20" dy="0em">a</tspan>` +
      `<tspan x="40" y="20" dy="1.3em">longer <tspan style="font-weight:bold;font-size:150%">b</tspan></tspan></text></g>`,
    "text",
  );
  const [a, longer, b] = layoutText(text);
  near(a.x, 40 - textWidth("a", { size: 10 }));
  near(a.y, 20);
  near(longer.y, 33);
  near(b.x + b.width, 40);
  near(longer.x + longer.width, b.x);
  assert.deepEqual([b.size, b.bold], [15, true]);
});

Deno.test("a group's box is that of what it shows, after the children's transforms", () => {
  const group = first(
    `<g transform="translate(100,0)"><rect x="1" y="2" width="3" height="4"/>` +
      `<g transform="translate(10,20) scale(2)"><path d="M0,0h5v-3l-1,1Z"/></g>` +
      `<rect style="display: none" width="99" height="99"/><defs><rect width="99" height="99"/></defs></g>`,
    "g",
  );
  assert.deepEqual(boundingBox(group), box(1, 2, 20, 20));
  assert.deepEqual(pageBox(group), box(101, 2, 120, 20));
  assert.equal(boundingBox(first("<g></g>", "g")), null);
  assert.equal(isShown(first(`<g style="visibility: hidden"><rect/></g>`, "rect")), false);
});

Deno.test("paths: absolute and relative commands, arcs by their ends, numbers without separators", () => {
  const cases: [string, Box][] = [
    ["M10,10L20,15H5V0Z", box(5, 0, 20, 15)],
    ["m10,10l10,5h-15v-15z", box(5, 0, 20, 15)],
    ["M0,0C1,9,2,-9,3,0S5,4,6,0", box(0, -9, 6, 9)],
    ["M5,0A5,5 0 1,1 0,-5", box(0, -5, 5, 0)],
    ["M1.5.5L-2-3", box(-2, -3, 1.5, 0.5)],
    ["M1e-7,0L1,1", box(1e-7, 0, 1, 1)],
    ["M1,1 2,2 3,0", box(1, 0, 3, 2)],
  ];
  for (const [path, expected] of cases) {
    assert.deepEqual(boundingBox(first(`<path d="${path}"/>`, "path")), expected, path);
  }
});

Deno.test("transforms: a turn about a point, and a chain from right to left", () => {
  const turned = mapBox(parseTransform("rotate(90,10,10)"), box(10, 0, 14, 10));
  [turned.left - 10, turned.top - 10, turned.right - 20, turned.bottom - 14].forEach((rest) => near(rest, 0));
  assert.deepEqual(mapBox(parseTransform("translate(5) scale(2,3)"), box(1, 1, 2, 2)), box(7, 3, 9, 6));
  assert.deepEqual(mapBox(parseTransform(null), box(1, 1, 2, 2)), box(1, 1, 2, 2));
});

Deno.test("outlined text stands where the text stood, and still says what it says", () => {
  const document = inSvg(
    `<text transform="translate(3,4)" x="10" y="20" style="font-size:10px;fill:red">no <tspan style="fill:blue">mel</tspan></text>`,
  );
  const before = pageBox(document.querySelectorAll("text")[0])!;
  outlineText(document);
  assert.equal(document.querySelectorAll("text").length, 0);
  const group = document.querySelectorAll("g")[0];
  assert.equal(group.getAttribute("aria-label"), "no mel");
  const after = pageBox(group)!;
  assert.ok(after.left >= before.left && after.right <= before.right + 0.5);
  assert.ok(after.top >= before.top && after.bottom <= before.bottom);
  assert.match(document.querySelectorAll("path")[1].getAttribute("style")!, /blue/);
});
