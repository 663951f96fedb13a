/** A figure's forms: SVG, PNG, plotly's JSON and words. */
import assert from "node:assert/strict";
import { figure, withPicture } from "../../lib/figures/figure.ts";
import { display } from "../../lib/figures/show.ts";
import { drawnByRunner, renderPlotly } from "../../lib/support/plotly/render_plotly.ts";
import { drawingOf, pngSize } from "./drawing.ts";
import { examples } from "./examples.ts";

const snapshot = new URL("../fixtures/figures/comparison_bars.svg.snapshot", import.meta.url);

Deno.test("the same figure gives the same bytes: again, in parallel, beside others, after a failure", async () => {
  const { comparisonBars, confusionMatrix, learningCurves } = examples();
  const svg = await comparisonBars.toSvg();
  const again = await Promise.all([confusionMatrix, comparisonBars, learningCurves, examples().comparisonBars]
    .map((one) => one.toSvg()));
  assert.deepEqual([again[1], again[3]], [svg, svg]);
  assert.equal(await confusionMatrix.toSvg(), again[0]);
  const broken = {
    data: [],
    layout: {
      get title(): never {
        throw new Error("broken");
      },
    },
  };
  await assert.rejects(renderPlotly(broken, { width: 100, height: 100, alt: "" }), /broken/);
  assert.equal(await comparisonBars.toSvg(), svg);
  assert.deepEqual(await comparisonBars.toPng(), await examples().comparisonBars.toPng());
});

Deno.test("the picture matches the snapshot (make_snapshot.ts renews it)", async () => {
  assert.equal(await examples().comparisonBars.toSvg(), await Deno.readTextFile(snapshot));
});

Deno.test("drawing leaves the figure and the process as they were", async () => {
  const { histogram } = examples();
  const before = JSON.stringify(histogram.spec);
  const random = Math.random;
  await histogram.toSvg();
  assert.equal(JSON.stringify(histogram.spec), before);
  assert.equal(Math.random, random);
});

Deno.test("the PNG has twice the figure's width and height, or the scale asked for; the SVG has the alt text", async () => {
  const { confusionMatrix } = examples();
  const { width, height } = confusionMatrix.spec.layout as { width: number; height: number };
  assert.deepEqual(pngSize(await confusionMatrix.toPng()), { width: 2 * width, height: 2 * height });
  assert.deepEqual(pngSize(await confusionMatrix.toPng({ scale: 1 })), { width, height });
  for (const alt of [confusionMatrix.alt, 'a < b & "c" $& $1']) {
    const { documentElement } = await drawingOf(figure({ data: [], layout: {}, width, alt }));
    assert.equal(documentElement.getAttribute("width"), String(width));
    assert.equal(documentElement.getAttribute("aria-label"), alt);
  }
});

Deno.test("a colour bar narrows the plot only by its own width", async () => {
  const width = async (showscale: boolean) => {
    const data = [{ type: "heatmap", z: [[1, 2], [3, 4]], showscale }];
    const drawing = await drawingOf(
      figure({ data, layout: { margin: { l: 50, r: 50, t: 50, b: 50 } }, alt: "" }),
    );
    const [map] = drawing.querySelectorAll(".heatmaplayer image");
    const { left, right } = map.getBoundingClientRect();
    return right - left;
  };
  const [without, with_] = [await width(false), await width(true)];
  assert.ok(without > 780 && without <= 800, `${without}`);
  assert.ok(with_ < without - 20 && with_ > without - 120, `${with_} of ${without}`);
});

Deno.test("a notebook gets plotly's JSON, the picture in Base64 and the alt text", async () => {
  const { classBars } = examples();
  const bundle = await classBars[Symbol.for("Jupyter.display") as typeof display]();
  assert.deepEqual(Object.keys(bundle), ["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
  const { data, layout, config } = bundle["application/vnd.plotly.v1+json"] as typeof classBars.spec;
  assert.deepEqual([data.length, layout.width, config?.displaylogo], [1, 900, false]);
  assert.deepEqual(Uint8Array.fromBase64(bundle["image/png"] as string), await classBars.toPng());
  assert.equal(bundle["text/plain"], classBars.alt);
  const { metadata } = await classBars.message();
  assert.deepEqual(metadata, { "image/png": { width: 900, height: classBars.spec.layout.height } });
});

Deno.test("a figure's sides are whole pixels, from 50 to 5000", () => {
  for (const side of [0, 49, 5001, 100.5, NaN]) {
    assert.throws(() => figure({ data: [], layout: {}, width: side, alt: "" }), RangeError);
    assert.throws(() => figure({ data: [], layout: {}, height: side, alt: "" }), /height.*Received/);
  }
});

Deno.test("a figure that the notebook runner draws from the kernel's message is the same picture", async () => {
  const { classBars, confusionMatrix, learningCurves, leakFigure } = examples();
  for (const one of [classBars, confusionMatrix, learningCurves, leakFigure]) {
    const whole = await one.message();
    (globalThis as Record<symbol, unknown>)[drawnByRunner] = true;
    const sent = await one.message().finally(() =>
      delete (globalThis as Record<symbol, unknown>)[drawnByRunner]
    );
    assert.equal("image/png" in sent.data, false);
    assert.deepEqual(await withPicture(JSON.parse(JSON.stringify(sent.data))), whole.data);
    assert.deepEqual(sent.metadata, whole.metadata);
  }
  const words = { "text/markdown": "**x**", "text/plain": "x" };
  const notOurs = { "application/vnd.plotly.v1+json": { data: [] }, "text/plain": "x" };
  for (const other of [words, notOurs]) assert.equal(await withPicture(other), other);
});
