/** What each kind of figure shows, and what it says in words and titles. */
import assert from "node:assert/strict";
import { sexSiteBars } from "../../lib/figures/bars.ts";
import { claimBars, comparisonBars } from "../../lib/figures/claim.ts";
import { classBars, type ClassSet, comparedClassBars, leakageBars } from "../../lib/figures/class_bars.ts";
import { confusionMatrixFigure } from "../../lib/figures/confusion_matrix.ts";
import { ladderFigure } from "../../lib/figures/cost.ts";
import { decisionFigure, rankingFigure } from "../../lib/figures/clinical_figures.ts";
import type { Figure } from "../../lib/figures/figure.ts";
import { classTable, honestScoreTable } from "../../lib/figures/honest_tables.ts";
import type { HonestScores } from "../../lib/experiment/honest/testing.ts";
import { drawnHonest } from "../experiment/honest/drawn_results.ts";
import { binValues } from "../../lib/figures/histogram.ts";
import { learningCurves } from "../../lib/figures/learning_curves.ts";
import { syntheticMark } from "../../lib/figures/show.ts";
import { spread } from "../../lib/figures/theme.ts";
import { randomFor } from "../../lib/support/random.ts";
import { assertReadable, barsOf, type Box, drawingOf, textsOf, wordsOf } from "./drawing.ts";
import {
  augmented,
  claim,
  counts,
  drawnAges,
  drawnConfusion,
  drawnRun,
  examples,
  ladder,
  leakage,
  leaks,
  strainedExamples,
} from "./examples.ts";

const figures = examples();
const strained = strainedExamples();
const near = (a: number, b: number, tolerance = 0.02) =>
  assert.ok(Math.abs(a - b) <= tolerance * Math.max(Math.abs(b), 1), `${a} is not ${b}`);
const widthOf = ({ left, right }: Box) => right - left;

for (const [name, figure] of Object.entries({ ...figures, ...strained })) {
  Deno.test(`${name}: plotly accepts it, no text is cut off or overlaps another`, () =>
    assertReadable(figure));
}

Deno.test("every figure shows its title and source, and its alt text says more than the title", async () => {
  for (const [name, figure] of Object.entries(figures)) {
    const words = (await wordsOf(figure)).join("\n");
    const [title] = figure.alt.split(". ");
    assert.ok(words.includes(title), name);
    assert.match(words, /HAM10000_metadata\.csv, 10,015 images/, name);
    assert.ok(figure.alt.length > title.length + 20, name);
    assert.ok(!words.includes(syntheticMark), name);
  }
});

Deno.test("every kind of figure says SYNTHETIC for a stand-in run", async () => {
  for (const [name, figure] of Object.entries(examples({ synthetic: true }))) {
    assert.equal((await wordsOf(figure)).filter((text) => text === syntheticMark).length, 1, name);
    await assertReadable(figure);
  }
});

Deno.test("class bars: one bar per class, its length the count, its text count and share", async () => {
  const [bars] = barsOf(await drawingOf(figures.classBars));
  const values = Object.values(counts);
  assert.equal(bars.length, 7);
  bars.forEach((bar, i) => near(widthOf(bar) / widthOf(bars[5]), values[i] / 6705, 0.001));
  const words = await wordsOf(figures.classBars);
  for (const text of ["6,705  ·  66.9\u00a0%", "115  ·  1.1\u00a0%", "melanoma (mel)"]) {
    assert.ok(words.includes(text), text);
  }
});

Deno.test("compared class bars: one trace per set; shares are of the set's own total", async () => {
  const [before, after] = barsOf(await drawingOf(figures.comparedClassBars));
  assert.deepEqual([before.length, after.length], [7, 7]);
  near(widthOf(after[3]) / widthOf(before[3]), augmented.df / counts.df, 0.05);
  for (const { x } of figures.classShares.spec.data) {
    near((x as number[]).reduce((sum, share) => sum + share, 0), 100, 1e-9);
  }
  const sets = [{ name: "a", counts }, { name: "b", counts: { nv: 1 } }] as ClassSet[];
  assert.throws(() => comparedClassBars(sets), /in "b"\. Received: nv/);
});

Deno.test("titles of class comparisons match their numbers, equal or not", () => {
  const sets = (...counts: Record<string, number>[]) =>
    counts.map((counts, i) => ({ name: "abc"[i], counts }));
  const [small, equal, skewed] = [{ mel: 10, nv: 30 }, { mel: 40, nv: 120 }, { mel: 100, nv: 100 }];
  const cases = [
    [sets(small, equal), "shares", "Class shares in a and b differ by 0.00 points at most."],
    [sets(small, equal, skewed), "shares", "Class shares in a, b, and c differ by 25.00 points at most."],
    [sets(small, skewed), "counts", "A: 10 to 30 images a class; b: 100."],
    [sets(skewed, small), "counts", "A: 100 images a class; b: 10 to 30."],
  ] as const;
  for (const [compared, show, title] of cases) {
    assert.ok(comparedClassBars(compared, { show }).alt.startsWith(title), title);
  }
});

Deno.test("figures with many classes stay within the maximum height; those with few keep their row height", () => {
  const heightOf = ({ spec }: Figure) => (spec.layout as { height: number }).height;
  const matrix = (k: number) => {
    const codes = Array.from({ length: k }, (_, i) => `class ${i}`);
    return confusionMatrixFigure(codes.map((_, i) => codes.map((_, j) => Number(i === j))), codes, {
      title: "",
    });
  };
  const bars = (k: number) => {
    const counts = Object.fromEntries(Array.from({ length: k }, (_, i) => [`class ${i}`, i + 1]));
    return comparedClassBars(["a", "b", "c"].map((name) => ({ name, counts })));
  };
  for (const figure of [matrix, bars]) {
    assert.ok(heightOf(figure(120)) <= 5000);
    assert.equal(heightOf(figure(9)) - heightOf(figure(8)), figure === matrix ? 62 : 71);
  }
  const many = Array.from({ length: 200 }, (_, i) => `class ${i}`);
  for (const width of [900, 400]) assert.ok(heightOf(leaks({ width }, many)) <= 5000, `${width}`);
});

Deno.test("names wider than their columns are vertical above the matrix; small cells show only the count, tiny ones nothing", () => {
  const layoutOf = (names: string[]) => {
    const matrix = names.map(() => names.map(() => 12));
    return confusionMatrixFigure(matrix, names, { title: "t" }).spec.layout as {
      xaxis: { tickangle?: number };
      margin: { t: number };
      annotations: { text: string }[];
    };
  };
  const named = (k: number, name: string) => Array.from({ length: k }, (_, i) => `${name} ${i}`);
  const [short, long] = [layoutOf(named(7, "c")), layoutOf(named(7, "basal cell carcinoma"))];
  assert.deepEqual([short.xaxis.tickangle, long.xaxis.tickangle], [undefined, -90]);
  assert.ok(long.margin.t > short.margin.t + 80);
  const textsOf = (k: number) =>
    new Set(layoutOf(named(k, "c")).annotations.map(({ text }) => text.replace(/<[^>]*>/g, "")));
  assert.ok([...textsOf(7)].some((text) => text.includes("%")));
  assert.deepEqual(textsOf(25), new Set(["12"]));
  assert.deepEqual(textsOf(60), new Set([""]));
});

Deno.test("curves that reuse a colour are dashed, also in the legend", () => {
  const { clinical } = drawnHonest();
  const classes = ["AK", "BCC", "BKL", "DF", "MEL", "NV", "SCC", "VASC"]
    .map((code) => ({ ...clinical.classes[0], code }));
  const { data, layout } = rankingFigure({ ...clinical, classes }).spec as {
    data: { name: string; line: { color: string; dash?: string } }[];
    layout: { annotations: { text: string }[] };
  };
  const looks = data.filter(({ name }) => name !== "chance").map((
    { name, line },
  ) => [name, `${line.color} ${line.dash}`]);
  assert.equal(
    new Set(looks.map(([, look]) => look)).size,
    classes.length,
    "each class has a look of its own",
  );
  const legend = layout.annotations.filter(({ text }) => text.includes("- -")).map(({ text }) => text);
  assert.deepEqual(legend.map((text) => text.split("> ").at(-1)!.trim()), ["SCC", "VASC"]);
});

Deno.test("the decision figure's title names each range of thresholds and each single one", () => {
  const { clinical } = drawnHonest();
  const titleOf = (...better: number[]) => {
    const decisions = [1, 2, 3, 4, 5, 6].map((n) => ({
      ...{ threshold: n / 100, all: 0 },
      network: better.includes(n) ? 0.1 : -0.1,
    }));
    return decisionFigure({ ...clinical, detections: [{ ...clinical.detections[0], decisions }] }).alt;
  };
  assert.match(titleOf(1, 4, 5, 6), /melanoma at 1.%, from 4.% to 6.%/);
  assert.match(titleOf(), /melanoma nowhere/);
});

Deno.test("macro F1 and a class's recall are left out if a test set lacks the class", () => {
  const results = drawnHonest();
  const without = (scores: HonestScores): HonestScores => ({
    ...scores,
    perClass: scores.perClass.map((one, label) => label === 0 ? { ...one, support: 0, recall: 0 } : one),
  });
  const options = { writeUp: null, synthetic: true };
  const official = { ...results.official!, scores: without(results.official!.scores) };
  const lineOf = (markdown: string, start: string) =>
    markdown.split("\n").find((line) => line.includes(start))!;
  const row = (all: typeof results) =>
    lineOf(honestScoreTable(all, options).markdown, "honest model, official");
  assert.match(row(results), /\d\.\d{3} \|$/);
  assert.match(row({ ...results, official }), /[–|] +\|$/);
  const cells = (all: typeof results) =>
    lineOf(classTable(all, { synthetic: true }).markdown, "akiec").split("|").map((cell) => cell.trim());
  const changed = cells(results).filter((cell, i) => cell !== cells({ ...results, official })[i]);
  assert.equal(changed.length, 1);
  assert.match(changed[0], /%$/);
});

Deno.test("bins are half open, start at multiples of the width and lose nothing", () => {
  const cases = [
    { values: [0, 4.9, 5, null, 14], start: 0, counts: [2, 1, 1], missing: 1 },
    { values: [-1], start: -5, counts: [1], missing: 0 },
    { values: [null], start: 0, counts: [], missing: 1 },
  ];
  for (const { values, ...bins } of cases) assert.deepEqual(binValues(values, 5), { width: 5, ...bins });
  const bins = binValues(drawnAges(), 5);
  assert.equal(bins.counts.reduce((sum, count) => sum + count, 0) + bins.missing, 10015);
  assert.throws(() => binValues([NaN], 5), RangeError);
  assert.throws(() => binValues([1], 0), RangeError);
});

Deno.test("histogram: bars touch each other, and missing values are counted on the axis", async () => {
  const [bars] = barsOf(await drawingOf(figures.histogram));
  bars.slice(1).forEach((bar, i) => near(bar.left, bars[i].right - 1.5, 0.001)); // they share a white line
  assert.ok((await wordsOf(figures.histogram)).includes("age in years, in bins of 5; 57 images without"));
});

Deno.test("sex and site: largest first, unknown last; the caller names what is counted, images by default", async () => {
  const { data: [bars], layout } = figures.sexSiteBars.spec;
  assert.deepEqual(bars.x, [0, 5406, 4552, 57, 0, 2192, 2077, 1404, 1118, 7, 234]);
  const { ticktext } = layout.yaxis as { ticktext: string[] };
  assert.deepEqual([ticktext[0], ticktext[4]], ["<b>Sex</b> ", "<b>Place on the body</b> "]);
  assert.match(
    figures.sexSiteBars.alt,
    /Sex: male 5,406, 54\.0\s%; .*Place on the body: back 2,192, 31\.2\s%; /,
  );
  const counted = { sex: { male: 2 }, site: { back: 2 } };
  const cases = [
    [sexSiteBars(counted, { title: "", countTitle: "photos" }), "photos"],
    [sexSiteBars(counted, { title: "" }), "images"],
    [classBars({ nv: 1 }, { title: "", valueTitle: "photos" }), "photos"],
  ] as const;
  for (const [figure, title] of cases) assert.ok((await wordsOf(figure)).includes(title), title);
});

Deno.test("learning curves: an epoch is marked, in figure, legend and alt text, only if its weights were restored", async () => {
  const [best, last] = [drawnRun("adam", 0.6, 12, 9), drawnRun("nadam", 0.6, 12)];
  const cases = [
    {
      curves: [last],
      dots: [],
      said: [/nadam: [\d.]+\u00a0% validation accuracy after the last epoch, 12\./],
    },
    { curves: [{ ...last, chosen: null }], dots: [], said: [/after the last epoch, 12\./] },
    { curves: [best], dots: [[9], [9]], said: [/adam: .* accuracy at the best epoch, 9 of 12\./] },
    {
      curves: [best, last],
      dots: [[9], [9]],
      said: [/at the best epoch, 9 of 12\./, /nadam: .* after the last epoch, 12\./],
    },
  ];
  for (const { curves, dots, said } of cases) {
    const figure = learningCurves(curves, { title: "Curves" });
    const marked = figure.spec.data.filter(({ mode }) => mode === "markers");
    assert.deepEqual(marked.map(({ x }) => x), dots);
    const legend = (await wordsOf(figure)).filter((text) => /best epoch/.test(text));
    assert.equal(legend.length, dots.length > 0 ? 1 : 0);
    for (const text of said) assert.match(figure.alt, text);
  }
});

Deno.test("learning curves: both panels show training and validation of each run, labelled by how the names differ", async () => {
  const drawing = await drawingOf(figures.learningCurves);
  assert.equal(drawing.querySelectorAll(".scatterlayer .js-line").length, 12);
  const words = await wordsOf(figures.learningCurves);
  for (const name of ["nadam", "adam", "rmsprop"]) {
    assert.equal(words.filter((text) => text === `■ ${name}`).length, 2, name);
  }
  const labelsOf = async (...names: string[]) => {
    const figure = learningCurves(names.map((name) => drawnRun(name, 0.6, 2)), { title: "" });
    return (await wordsOf(figure)).filter((text) => text.startsWith("■")).slice(0, names.length);
  };
  assert.deepEqual(await labelsOf("frozen, adam"), [], "one run needs no name");
  assert.deepEqual(await labelsOf("frozen, adam", "frozen, nadam"), ["■ adam", "■ nadam"]);
  assert.deepEqual(await labelsOf("frozen, adam", "frozen"), ["■ frozen, adam", "■ frozen"]);
  assert.deepEqual(await labelsOf("adam", "adam"), ["■ adam", "■ adam"]);
  const diverged = textsOf(await drawingOf(strained.diverged));
  const bottomOf = (words: string) => diverged.find(({ text }) => text === words)!.lines[0].bottom;
  near(bottomOf("■ diverged"), bottomOf("2.00"), 0.005); // its last loss that is a number
  assert.throws(
    () => learningCurves([{ name: "none", history: [] }], { title: "" }),
    /"none".*Received: none/,
  );
});

Deno.test("labels are spread apart by the gap, keep their order, and do not move if they have room", () => {
  assert.deepEqual(spread([10, 50, 90], 17), [10, 50, 90]);
  assert.deepEqual(spread([50, 50, 50], 10), [40, 50, 60]);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor(seed);
    const wanted = Array.from({ length: 1 + Math.floor(6 * random()) }, () => 100 * random());
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
    const places = spread(wanted, 17);
    order.slice(1).forEach((index, i) =>
      assert.ok(places[index] - places[order[i]] >= 17 - 1e-9, `seed ${seed}`)
    );
    near(mean(places), mean(wanted), 1e-9);
  }
});

Deno.test("comparison: bars to scale, intervals only if given, values as text", async () => {
  const drawing = await drawingOf(figures.comparisonBars);
  const [[claimed, ours]] = barsOf(drawing);
  near(widthOf(ours) / widthOf(claimed), 0.638 / 0.895);
  assert.equal(drawing.querySelectorAll(".errorbar").length, 4); // two intervals, each white and dark over it
  const words = await wordsOf(figures.comparisonBars);
  for (const text of ["89.5\u00a0%", "63.8\u00a0%  62.8 – 64.8\u00a0%", "15.7\u00a0%  14.9 – 16.5\u00a0%"]) {
    assert.ok(words.includes(text), text);
  }
  for (const wrong of [{ value: 63.8 }, { value: 0.5, low: 0.6 }, { value: NaN }]) {
    const rows = [{ name: "x", kind: "ours" as const, ...wrong }];
    assert.throws(() => comparisonBars(rows, { title: "" }), /"x".*Received/);
  }
});

Deno.test("comparison: a value starts to the right of its bar and interval", async () => {
  const { fullBars, perfectClaim, narrowClaim } = strained;
  for (const figure of [figures.comparisonBars, figures.claimBars, fullBars, perfectClaim, narrowClaim]) {
    const drawing = await drawingOf(figure);
    const [bars] = barsOf(drawing);
    const whiskers = Array.from(
      drawing.querySelectorAll(".errorbar path"),
      (node) => node.getBoundingClientRect(),
    );
    const values = textsOf(drawing).filter(({ text }) => /^\d+\.\d\u00a0%/.test(text));
    assert.equal(values.length, bars.length);
    values.forEach(({ text, lines: [line] }, i) => {
      const isBeside = (box: Box) => line.top < box.bottom && line.bottom > box.top;
      for (const box of [bars[i], ...whiskers.filter(isBeside)]) {
        assert.ok(line.left >= box.right + 2, `${text} at ${line.left}, ${box.right}`);
      }
    });
  }
});

Deno.test("claim: the claim first, then ours with its interval, then the baselines, the best first", () => {
  assert.equal(
    claimBars(claim).alt,
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

Deno.test("leakage: bars to scale on an axis to 100 %, the total set apart and named in the title", async () => {
  const figure = leakageBars(leakage);
  await assertReadable(figure);
  const [bars] = barsOf(await drawingOf(figure));
  bars.forEach((bar, i) => near(widthOf(bar), leakage[i].copyShare * widthOf(bars[3]), 0.001));
  const gaps = bars.slice(1).map((bar, i) => bar.top - bars[i].bottom);
  gaps.slice(0, 4).forEach((gap) => near(gap, gaps[0], 0.01));
  assert.ok(gaps[6] > 2 * gaps[0], `${gaps}`);
  const words = await wordsOf(figure);
  for (const text of ["0\u00a0%", "60\u00a0%", "100\u00a0%", "73.8\u00a0%"]) {
    assert.ok(words.includes(text), text);
  }
  assert.match(
    figure.alt,
    /^Training has seen a copy of 73\.8\u00a0% of the test images\. .*akiec 99\.0\u00a0%/,
  );
  assert.match(figure.alt, / nv 0\.0\u00a0%, .* all 73\.8\u00a0%\.$/);
  assert.match(leakageBars([{ dx: "df", copyShare: NaN }, leakage[7]]).alt, /df no test images, all 73/);
  assert.match(leakageBars([{ dx: "all", copyShare: NaN }]).alt, /^There are no test images\./);
  assert.throws(() => leakageBars([]), /no rows/);
  assert.throws(() => leakageBars([{ dx: "all", copyShare: 73.8 }]), /"all".*Received: 73\.8/);
});

Deno.test("confusion matrix: true classes down, predicted across, count and share in each cell", async () => {
  const { confusionMatrix } = figures;
  const matrix = drawnConfusion();
  const drawing = await drawingOf(confusionMatrix);
  const texts = textsOf(drawing);
  const total = matrix[4].reduce((sum, count) => sum + count, 0);
  const textOf = (count: number) => `${count}${(100 * count / total).toFixed(1)}\u00a0%`;
  assert.ok(texts.some(({ text }) => text === textOf(750)));
  assert.equal(drawing.querySelectorAll(".heatmaplayer image").length, 1);
  // The shade is the share of the row, and the axes run as the texts do: the first true class is on top.
  const { data: [heatmap], layout } = confusionMatrix.spec;
  assert.equal((heatmap.z as number[][])[4][1], matrix[4][1] / total);
  assert.deepEqual((layout.yaxis as { range: number[] }).range, [6.5, -0.5]);
  const centre = ({ lines: [first, last = first] }: typeof texts[0]) => ({
    x: (first.left + first.right) / 2,
    y: (first.top + last.bottom) / 2,
  });
  const column = centre(texts.find(({ text }) => text === "bcc")!);
  const row = centre(texts.find(({ text }) => text.startsWith("mel  "))!);
  const cell = texts.find((text) =>
    Math.abs(centre(text).x - column.x) < 20 && Math.abs(centre(text).y - row.y) < 20
  );
  assert.equal(cell?.text, textOf(matrix[4][1]));
  assert.match(confusionMatrix.alt, /True mel \([\d,]+\) predicted as: mel 750/);
  assert.throws(() => confusionMatrixFigure([[1, 2]], ["nv"], { title: "" }), TypeError);
});

Deno.test("per class bars: precision, recall and F1 to scale, on one axis to 100 %", async () => {
  const [precision, recall, f1] = barsOf(await drawingOf(figures.perClassBars));
  assert.deepEqual([precision.length, recall.length, f1.length], [7, 7, 7]);
  near(widthOf(precision[0]) / widthOf(recall[0]), 0.55);
  assert.match(figures.perClassBars.alt, /precision: akiec \(1,198\) 55\.0\u00a0%, /);
});

Deno.test("ladder: a point per rung over minutes on a log scale, the claim as a line, other recipes in another colour", async () => {
  const figure = ladderFigure(ladder, { claimed: 0.895 });
  const [rungs, other] = figure.spec.data as { x: number[]; mode: string; marker: { color: string } }[];
  assert.deepEqual(rungs.x, [0.1, 4.2, 9, 15.6, 21, 27]);
  assert.deepEqual([other.mode, other.x], ["markers", [55]]);
  assert.notEqual(other.marker.color, rungs.marker.color);
  const { xaxis, yaxis } = figure.spec.layout as {
    xaxis: { type: string; range: [number, number] };
    yaxis: { range: [number, number] };
  };
  assert.equal(xaxis.type, "log");
  const isInside = ([low, high]: [number, number], value: number) => low < value && value < high;
  for (const minutes of [0.1, 55]) assert.ok(isInside(xaxis.range, Math.log10(minutes)), `${minutes}`);
  for (const value of [64.1, 91, 89.5]) assert.ok(isInside(yaxis.range, value), `${value}`);
  const words = await wordsOf(figure);
  for (const text of [...ladder.map(({ label }) => label), "claimed 89.5\u00a0%"]) {
    assert.ok(words.includes(text), text);
  }
  assert.match(figure.alt, /block3: 83\.2\s% in 15\.6 minutes; /);
});

Deno.test("the ladder's title and source match its runs", () => {
  const [head, , , deep] = ladder;
  const [last, best] = [{ ...deep, bestEpoch: null }, { ...head, bestEpoch: 2 }];
  const titles = [
    [[head, deep], "From 64.1\u00a0% (head) to 83.2\u00a0% (block3) in 16 minutes of training"],
    [
      [head, { ...deep, minutes: 0.4 }],
      "From 64.1\u00a0% (head) to 83.2\u00a0% (block3) in 0.4 minutes of training",
    ],
    [[deep, head], "No run is better than block3: 83.2\u00a0%"],
    [[deep, { ...deep, label: "same" }], "No run is better than block3: 83.2\u00a0%"],
  ] as const;
  for (const [runs, title] of titles) {
    assert.ok(ladderFigure(runs, { claimed: 0.9 }).alt.startsWith(`${title}.`), title);
  }
  const sources = [
    [[best, deep], /Each run with its best epoch;/],
    [[head, last], /Each run after its last epoch;/],
    [[head, deep], /head after the last epoch, the others with their best one;/],
  ] as const;
  for (const [runs, source] of sources) {
    const { title } = ladderFigure(runs, { claimed: 0.9 }).spec.layout as { title: { text: string } };
    assert.match(title.text, source);
  }
});

Deno.test("ladder: an empty list, invalid minutes and invalid accuracies are refused, with the run", () => {
  const claimed = 0.9;
  assert.throws(() => ladderFigure([], { claimed }), { name: "RangeError", message: /Received: none/ });
  const ofAccuracy = (accuracy: number) => ({ validation: { accuracy } });
  for (const wrong of [{ minutes: 0 }, { minutes: NaN }, ofAccuracy(1.2), ofAccuracy(-0.1)]) {
    assert.throws(() => ladderFigure([{ ...ladder[0], ...wrong }], { claimed }), {
      name: "RangeError",
      message: /"head": expected minutes above 0/,
    });
  }
});
