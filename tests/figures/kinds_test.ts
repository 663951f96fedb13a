import assert from "node:assert/strict";
import { claimBars } from "../../lib/figures/claim_bars.ts";
import { classBars, comparedClassBars } from "../../lib/figures/class_bars.ts";
import { comparisonBars } from "../../lib/figures/comparison_bars.ts";
import { confusionMatrixFigure } from "../../lib/figures/confusion_matrix.ts";
import { binValues } from "../../lib/figures/histogram.ts";
import { leakageBars } from "../../lib/figures/leakage_bars.ts";
import { learningCurves } from "../../lib/figures/learning_curves.ts";
import type { Box } from "../../lib/support/plotly/matrix.ts";
import { contrast, rgb, shareColor } from "../../lib/figures/palette.ts";
import { spread } from "../../lib/figures/panel.ts";
import { sexSiteBars } from "../../lib/figures/sex_site.ts";
import { pageBox } from "../../lib/support/plotly/svg_geometry.ts";
import { syntheticMark } from "../../lib/figures/theme.ts";
import { randomFor } from "../../lib/support/random.ts";
import {
  augmented,
  claim,
  codes,
  counts,
  drawnAges,
  drawnConfusion,
  drawnRun,
  examples,
  leakage,
  strainedExamples,
} from "./examples.ts";
import { assertReadable, assertValid, barsOf, parse, textsOf } from "./inspect_svg.ts";

const figures = examples();
const svgOf = async (name: string) => parse(await figures[name].toSvg());
const near = (a: number, b: number, tolerance = 0.02) =>
  assert.ok(Math.abs(a - b) <= tolerance * Math.max(Math.abs(b), 1), `${a} is not ${b}`);

for (const [name, figure] of Object.entries({ ...figures, ...strainedExamples() })) {
  Deno.test(`${name}: plotly accepts it, no text is cut or covers another`, async () => {
    assertValid(figure);
    assertReadable(parse(await figure.toSvg()));
  });
}

Deno.test("every kind shows its title and its source, and says them in words", async () => {
  for (const [name, figure] of Object.entries(figures)) {
    const texts = textsOf(parse(await figure.toSvg())).map(({ text }) => text).join("\n");
    const [title] = figure.alt.split(". ");
    assert.ok(texts.includes(title) || name === "comparisonBars", name);
    assert.match(texts, /HAM10000_metadata\.csv, 10,015 images/, name);
    assert.ok(figure.alt.length > title.length + 20, name);
    assert.ok(!texts.includes(syntheticMark), name);
  }
});

Deno.test("every kind of a stand-in run says SYNTHETIC on the figure", async () => {
  for (const [name, figure] of Object.entries(examples({ synthetic: true }))) {
    const document = parse(await figure.toSvg());
    assert.equal(textsOf(document).filter(({ text }) => text === syntheticMark).length, 1, name);
    assertReadable(document);
  }
});

Deno.test("class bars: one bar a class, its length the count, its text count and share", async () => {
  const document = await svgOf("classBars");
  const [bars] = barsOf(document);
  const values = Object.values(counts);
  assert.equal(bars.length, 7);
  const unit = (bars[5].right - bars[5].left) / 6705;
  bars.forEach((bar, i) => near(bar.right - bar.left, values[i] * unit));
  const texts = textsOf(document).map(({ text }) => text);
  for (const text of ["6,705  ·  66.9\u00a0%", "115  ·  1.1\u00a0%", "melanoma (mel)"]) {
    assert.ok(texts.includes(text), text);
  }
});

Deno.test("compared class bars: a trace a set; shares are of the set's own total", async () => {
  const traces = barsOf(await svgOf("comparedClassBars"));
  assert.deepEqual(traces.map((bars) => bars.length), [7, 7]);
  const [before, after] = traces.map((bars) => bars[3].right - bars[3].left);
  near(after / before, augmented.df / counts.df, 0.05);
  const shares = figures.classShares.spec.data.map(({ x }) =>
    (x as number[]).reduce((sum, share) => sum + share, 0)
  );
  shares.forEach((sum) => near(sum, 100, 1e-9));
  assert.throws(
    () => comparedClassBars([{ name: "a", counts }, { name: "b", counts: { nv: 1 } }], { title: "" }),
    /in "b"\. Received: nv/,
  );
});

Deno.test("bins are half open, start at multiples of the width and lose nothing", () => {
  assert.deepEqual(binValues([0, 4.9, 5, null, 14], 5), {
    start: 0,
    width: 5,
    counts: [2, 1, 1],
    missing: 1,
  });
  assert.deepEqual(binValues([-1], 5), { start: -5, width: 5, counts: [1], missing: 0 });
  const bins = binValues(drawnAges(), 5);
  assert.equal(bins.counts.reduce((sum, count) => sum + count, 0) + bins.missing, 10015);
  assert.throws(() => binValues([NaN], 5), RangeError);
  assert.throws(() => binValues([1], 0), RangeError);
});

Deno.test("histogram: bars touch each other, and the missing are counted on the axis", async () => {
  const document = await svgOf("histogram");
  const [bars] = barsOf(document);
  bars.slice(1).forEach((bar, i) => near(bar.left, bars[i].right, 0.001));
  assert.ok(textsOf(document).some(({ text }) => text === "age in years, in bins of 5; 57 images without"));
});

Deno.test("sex and site: the largest first, unknown last", () => {
  const [sex, site] = figures.sexSiteBars.spec.data.map(({ x }) => x);
  assert.deepEqual(sex, [5406, 4552, 57]);
  assert.deepEqual(site, [2192, 2077, 1404, 1118, 7, 234]);
});

Deno.test("what is counted is named by the caller, images else", async () => {
  const counted = { sex: { male: 2 }, site: { back: 2 } };
  const titles = async (figure: { toSvg(): Promise<string> }, title: string) =>
    textsOf(parse(await figure.toSvg())).filter(({ text }) => text === title).length;
  assert.equal(await titles(sexSiteBars(counted, { title: "", countTitle: "photos" }), "photos"), 2);
  assert.equal(await titles(sexSiteBars(counted, { title: "" }), "images"), 2);
  assert.equal(await titles(classBars({ nv: 1 }, { title: "", valueTitle: "photos" }), "photos"), 1);
});

Deno.test("learning curves: without another choice the last epoch is the chosen one", () => {
  const { chosen: _, ...run } = drawnRun("nadam", 0.6, 12);
  const { alt, spec } = learningCurves([run], { title: "Curves" });
  const dots = spec.data.filter(({ mode }) => mode === "markers");
  assert.deepEqual(dots.map(({ x }) => x), [[12], [12]]);
  assert.match(alt, /validation accuracy at the chosen epoch, 12 of 12\./);
});

Deno.test("learning curves: training and validation of each run in both panels, the chosen epoch marked", async () => {
  const document = await svgOf("learningCurves");
  assert.equal(document.querySelectorAll(".scatterlayer .js-line").length, 12);
  assert.equal(document.querySelectorAll(".scatterlayer .point").length, 6);
  for (const name of ["nadam", "adam", "rmsprop"]) {
    assert.equal(textsOf(document).filter(({ text }) => text === `■ ${name}`).length, 2, name);
  }
  const diverged = parse(await strainedExamples().diverged.toSvg());
  const [name] = textsOf(diverged).filter(({ text }) => text === "■ diverged");
  const [tick] = textsOf(diverged).filter(({ text }) => text === "2.00");
  near(name.lines[0].bottom, tick.lines[0].bottom, 0.005); // its last loss that is a number
  assert.throws(
    () => learningCurves([{ name: "none", history: [] }], { title: "" }),
    /"none".*Received: none/,
  );
});

Deno.test("labels are spread apart by the gap, in their order, and stay where they have room", () => {
  assert.deepEqual(spread([10, 50, 90], 17), [10, 50, 90]);
  assert.deepEqual(spread([50, 50, 50], 10), [40, 50, 60]);
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor(seed);
    const wanted = Array.from({ length: 1 + Math.floor(6 * random()) }, () => 100 * random());
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
    const places = spread(wanted, 17);
    order.slice(1).forEach((index, i) =>
      assert.ok(places[index] - places[order[i]] >= 17 - 1e-9, `seed ${seed}`)
    );
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    near(mean(places), mean(wanted), 1e-9);
  }
});

Deno.test("comparison: bars to scale, intervals only where given, values written", async () => {
  const document = await svgOf("comparisonBars");
  const [bars] = barsOf(document);
  const [claimed, ours] = bars.map((bar) => bar.right - bar.left);
  near(ours / claimed, 0.638 / 0.895);
  // Two rows with intervals, each drawn white and dark over it.
  assert.equal(document.querySelectorAll(".errorbar").length, 4);
  const texts = textsOf(document).map(({ text }) => text);
  for (const text of ["89.5\u00a0%", "63.8\u00a0%  62.8 – 64.8\u00a0%", "15.7\u00a0%  14.9 – 16.5\u00a0%"]) {
    assert.ok(texts.includes(text), text);
  }
  for (const wrong of [{ value: 63.8 }, { value: 0.5, low: 0.6 }, { value: NaN }]) {
    assert.throws(
      () => comparisonBars([{ name: "x", kind: "ours", ...wrong }], { title: "" }),
      /"x".*Received/,
    );
  }
});

Deno.test("comparison: a value begins right of its bar and of its interval", async () => {
  const figures = { ...examples(), ...strainedExamples() };
  for (const name of ["comparisonBars", "claimBars", "fullBars", "perfectClaim", "narrowClaim"]) {
    const document = parse(await figures[name].toSvg());
    const [bars] = barsOf(document);
    const whiskers = Array.from(document.querySelectorAll(".errorbar")).map((node) => pageBox(node)!);
    const values = textsOf(document).filter(({ text }) => /^\d+\.\d\u00a0%/.test(text));
    assert.equal(values.length, bars.length, name);
    values.forEach(({ text, lines: [line] }, i) => {
      const beside = (box: Box) => line.top < box.bottom && line.bottom > box.top;
      for (const box of [bars[i], ...whiskers.filter(beside)]) {
        assert.ok(line.left >= box.right + 2, `${name}: ${text} at ${line.left}, ${box.right}`);
      }
    });
  }
});

Deno.test("claim: the claim first, then ours with its interval, then the baselines, the best first", () => {
  const figure = claimBars(claim);
  assert.equal(
    figure.alt,
    "Claimed 89.5\u00a0%, measured 63.8\u00a0%. the write-up's claim: 89.5\u00a0%, claimed by the write-up; " +
      "frozen VGG16, nadam: 63.8\u00a0% (61.8\u00a0% to 65.7\u00a0%); " +
      "logistic regression on colour histograms: 59.2\u00a0%, baseline; commonest class: 15.7\u00a0%, baseline.",
  );
  assert.equal(claim.baselines[0].name, "commonest class"); // the caller's order is left alone
  assert.throws(
    () => claimBars({ ...claim, ours: 0.7 }),
    /"frozen VGG16, nadam".*Received: 0\.618, 0\.7, 0\.657/,
  );
});

Deno.test("leakage: bars to scale on an axis to 100 %, all of them apart and in the title", async () => {
  const figure = leakageBars(leakage);
  const document = parse(await figure.toSvg());
  assertReadable(document);
  const [bars] = barsOf(document);
  bars.forEach((bar, i) =>
    near(bar.right - bar.left, leakage[i].copyShare * (bars[3].right - bars[3].left), 0.001)
  );
  const gaps = [[0, 1], [1, 2], [2, 3], [3, 4], [6, 7]].map(([i, j]) => bars[j].top - bars[i].bottom);
  gaps.slice(0, -1).forEach((gap) => near(gap, gaps[0], 0.01));
  assert.ok(gaps[4] > 2 * gaps[0], `${gaps}`);
  const texts = textsOf(document).map(({ text }) => text);
  assert.equal(texts.filter((text) => text === "73.8\u00a0%").length, 1);
  assert.ok(
    texts.some((text) => text.startsWith("Training has seen a copy of 73.8\u00a0% of the test images")),
  );
  for (const tick of ["0\u00a0%", "60\u00a0%", "100\u00a0%"]) assert.ok(texts.includes(tick), tick);
  assert.match(figure.alt, /akiec 99\.0\u00a0%, .* nv 0\.0\u00a0%, .* all 73\.8\u00a0%\.$/);
  assert.match(leakageBars([{ dx: "df", copyShare: NaN }, leakage[7]]).alt, /df no test images, all 73/);
  assert.throws(() => leakageBars([]), /no rows/);
  assert.throws(() => leakageBars([{ dx: "all", copyShare: 73.8 }]), /"all".*Received: 73\.8/);
});

Deno.test("confusion matrix: true classes down, predicted across, count and share in each cell", async () => {
  const matrix = drawnConfusion();
  const document = await svgOf("confusionMatrix");
  const texts = textsOf(document);
  const total = matrix[4].reduce((sum, count) => sum + count, 0);
  const share = (100 * matrix[4][4] / total).toFixed(1);
  assert.ok(texts.some(({ text }) => text === `750${share}\u00a0%`), share);
  assert.equal(document.querySelectorAll(".heatmaplayer image").length, 1);
  // The shade is the share of the row, and the axes run as the texts do: the first true class is on top.
  const { data: [heatmap], layout } = figures.confusionMatrix.spec;
  assert.equal((heatmap.z as number[][])[4][1], matrix[4][1] / total);
  assert.deepEqual((layout.yaxis as { range: number[] }).range, [6.5, -0.5]);
  const centre = (boxes: Box[], side: "left" | "top", end: "right" | "bottom") =>
    (boxes[0][side] + boxes[0][end]) / 2;
  const column = texts.find(({ text }) => text === "bcc")!;
  const row = texts.find(({ text }) => text.startsWith("mel  "))!;
  const cell = texts.find(({ lines }) =>
    Math.abs(centre(lines, "left", "right") - centre(column.lines, "left", "right")) < 20 &&
    Math.abs(centre(lines, "top", "bottom") - centre(row.lines, "top", "bottom")) < 20
  );
  assert.equal(cell?.text, `${matrix[4][1]}${(100 * matrix[4][1] / total).toFixed(1)}\u00a0%`);
  assert.match(figures.confusionMatrix.alt, /True mel \([\d,]+\) predicted as: mel 750/);
  assert.throws(() => confusionMatrixFigure([[1, 2]], ["nv"], { title: "" }), TypeError);
});

Deno.test("confusion matrix: the text stands out from its cell, whatever the share", () => {
  for (let count = 1; count <= 100; count++) {
    const matrix = [[count, 100 - count], [0, 1]];
    const { layout } = confusionMatrixFigure(matrix, ["a", "b"], { title: "" }).spec;
    const [{ font }] = layout.annotations as { font: { color: string } }[];
    assert.ok(contrast(shareColor(count / 100), rgb(font.color)) >= 4.5, `${count} %`);
  }
});

Deno.test("per class bars: three bars a class", async () => {
  const traces = barsOf(await svgOf("perClassBars"));
  assert.deepEqual(traces.map((bars) => bars.length), [7, 7, 7]);
  assert.equal(codes.length, 7);
});
