import assert from "node:assert/strict";
import { accuracyByCost } from "../../lib/figures/accuracy_by_cost.ts";
import { rungs } from "./examples.ts";

const options = {
  title: "Deeper is better and dearer",
  valueTitle: "validation accuracy",
  level: { name: "claimed", accuracy: 0.895 },
};

Deno.test("cost: a point a run on minutes by powers of ten, every name and the level written", () => {
  const { spec, alt } = accuracyByCost(rungs, options);
  const [{ x, y }] = spec.data as { x: number[]; y: number[] }[];
  assert.deepEqual(x, rungs.map(({ minutes }) => minutes));
  assert.deepEqual(y, rungs.map(({ accuracy }) => 100 * accuracy));
  const { xaxis, yaxis, annotations } = spec.layout as {
    xaxis: { type: string; range: [number, number] };
    yaxis: { range: [number, number] };
    annotations: { text: string }[];
  };
  assert.equal(xaxis.type, "log");
  for (const minutes of x) {
    assert.ok(Math.log10(minutes) > xaxis.range[0] && Math.log10(minutes) < xaxis.range[1], `${minutes}`);
  }
  for (const value of [...y, 89.5]) assert.ok(value > yaxis.range[0] && value < yaxis.range[1], `${value}`);
  const texts = annotations.map(({ text }) => text);
  for (const { name } of rungs) assert.ok(texts.includes(`<b>${name}</b>`), name);
  assert.ok(texts.some((text) => text.startsWith("claimed 89.5")));
  assert.match(alt, /block3: 83\.2\s% in 15\.6 minutes/);
});

Deno.test("cost: runs apart are points of another colour that no line joins, with their names", () => {
  const other = { name: "another recipe", minutes: 50, accuracy: 0.91, apart: true };
  const { spec, alt } = accuracyByCost([...rungs, other], options);
  const [joined, apart] = spec.data as { mode: string; x: number[]; marker: { color: string } }[];
  assert.deepEqual(joined.x, rungs.map(({ minutes }) => minutes));
  assert.deepEqual([apart.mode, apart.x], ["markers", [50]]);
  assert.notEqual(apart.marker.color, joined.marker.color);
  const { annotations } = spec.layout as { annotations: { text: string }[] };
  assert.ok(annotations.some(({ text }) => text === "<b>another recipe</b>"));
  assert.match(alt, /another recipe: 91\.0\s% in 50\.0 minutes/);
});

Deno.test("cost: a name to the left of its mark rises above the marks beside it", () => {
  const rung = (minutes: number, accuracy: number) => ({ name: `${minutes}`, minutes, accuracy });
  const last = { name: "another recipe", minutes: 29, accuracy: 0.85, apart: true };
  const placeBeside = (accuracy: number) => {
    const { spec } = accuracyByCost([rung(1, 0.6), rung(27, accuracy), last], options);
    const { annotations } = spec.layout as { annotations: { text: string; yshift: number }[] };
    return annotations.find(({ text }) => text === "<b>another recipe</b>")!.yshift;
  };
  const alone = placeBeside(0.7);
  assert.ok(placeBeside(0.848) > alone + 10, `${placeBeside(0.848)} above ${alone}`);
});

Deno.test("cost: no run, no minutes and an accuracy that is none are refused, with the run", () => {
  assert.throws(() => accuracyByCost([], options), { name: "RangeError", message: /Received: none/ });
  for (const wrong of [{ minutes: 0 }, { minutes: NaN }, { accuracy: 1.2 }, { accuracy: -0.1 }]) {
    assert.throws(() => accuracyByCost([{ ...rungs[0], ...wrong }], options), {
      name: "RangeError",
      message: /"head": expected minutes above 0/,
    });
  }
});
