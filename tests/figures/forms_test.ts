/** The static form of each kind of figure beside the interactive one that a browser draws: same axes, ticks, marks, texts. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Figure } from "../../lib/figures/figure.ts";
import { scriptJson } from "../../lib/tasks/report/html.ts";
import { browserTests, watchedPage } from "../tasks/report/chromium.ts";
import { examples, strainedExamples } from "./examples.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Pixels that two forms may differ by: letters are hinted by the browser alone. */
const tolerance = 1.5;

/** A part of a drawing: what it is and its words, and its box from the drawing's upper left corner, in pixels. */
interface Part {
  what: string;
  box: [left: number, top: number, right: number, bottom: number];
}

/** In the browser: the parts of the drawing in an element. Several svg lie over each other in plotly's interactive form. */
const partsOf = `(root) => {
  const origin = root.querySelector("svg").getBoundingClientRect();
  const kinds = {
    "tick": ".xtick text, .ytick text, .x2tick text, .y2tick text, .x3tick text, .y3tick text",
    "axis title": ".g-xtitle text, .g-ytitle text, .g-x2title text, .g-y2title text, .g-x3title text",
    "title": ".g-gtitle text",
    "annotation": ".annotation-text-g text",
    "grid": ".gridlayer path, .zerolinelayer path, .xlines-above, .ylines-above",
    "bar": ".barlayer .point path",
    "bar text": ".barlayer .bartext",
    "line": ".scatterlayer .js-line",
    "point": ".scatterlayer .points path",
    "interval": ".errorbars path, .errorbar path",
    "heat map": ".heatmaplayer image",
  };
  const parts = Object.entries(kinds).flatMap(([kind, selector]) =>
    [...root.querySelectorAll(selector)].filter((node) => {
      const { width, height } = node.getBoundingClientRect();
      const isSeen = kind === "bar" ? width > 0 && height > 0 : width + height > 0; // a bar of 0 is no mark
      return isSeen && getComputedStyle(node).visibility !== "hidden";
    }).map((node) => {
      const { left, top, right, bottom } = node.getBoundingClientRect();
      const [x, y] = [origin.left, origin.top];
      return { what: kind + ": " + node.textContent.trim(), box: [left - x, top - y, right - x, bottom - y] };
    }));
  return [{ what: "drawing", box: [0, 0, origin.width, origin.height] }, ...parts];
}`;

/** Both forms of the figures, drawn by the browser with the figures' own letters. */
async function pageOf(figures: Record<string, Figure>, folder: string): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const assets = {
    "plotly.min.js": "plotly.js-dist-min/plotly.min.js",
    "400.ttf": "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf",
    "600.ttf": "@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf",
  };
  for (const [name, file] of Object.entries(assets)) await Deno.copyFile(resolve(file), join(folder, name));
  const pairs = await Promise.all(
    Object.entries(figures).map(async ([name, figure]) =>
      `<div id="${name}"><div class="static">${await figure.toSvg()}</div><div class="interactive"></div>` +
      `<script type="application/json">${scriptJson(figure.spec)}</script></div>`
    ),
  );
  const html = `<!doctype html><meta charset="utf-8"><style>
@font-face { font-family: Inter; font-weight: 400; src: url(400.ttf); }
@font-face { font-family: Inter; font-weight: 600 700; src: url(600.ttf); }
body { margin: 0; }
</style><script src="plotly.min.js"></script>${pairs.join("\n")}`;
  const path = join(folder, "forms.html");
  await Deno.writeTextFile(path, html);
  return `file://${path}`;
}

browserTests({
  "the static form of every kind has the interactive one's proportions, ticks, marks and texts, also where data strain the layout":
    async (browser) => {
      const usual = examples();
      const figures = { ...usual, ...strainedExamples() };
      await using temporary = await temporaryFolder();
      const folder = temporary.path;
      const { page, misdeeds } = await watchedPage(browser, `file://${folder}`);
      await page.setViewport({ width: 1000, height: 800 });
      await page.goto(await pageOf(figures, folder));
      await page.evaluate(
        `Promise.all([400, 600].map((weight) => document.fonts.load(weight + " 13px Inter")))`,
      );
      for (const name of Object.keys(figures)) {
        const [still, live] = await page.evaluate(`(async () => {
          const pair = document.getElementById(${JSON.stringify(name)});
          const { data, layout, config } = JSON.parse(pair.querySelector("script").textContent);
          const plot = pair.querySelector(".interactive");
          await Plotly.newPlot(plot, data, layout, { ...config, displayModeBar: false });
          return [pair.querySelector(".static"), plot].map(${partsOf});
        })()`) as [Part[], Part[]];
        const marks = still.filter(({ what }) => /^(bar|line|point|heat map): /.test(what));
        assert.ok(marks.length > 0 || !(name in usual), name);
        assert.ok(still.some(({ what }) => what.startsWith("tick: ")), name);
        assert.deepEqual(still.map(({ what }) => what), live.map(({ what }) => what), name);
        still.forEach(({ what, box }, i) => {
          const apart = Math.max(...box.map((edge, j) => Math.abs(edge - live[i].box[j])));
          assert.ok(apart <= tolerance, `${name}, ${what}: ${apart.toFixed(1)} pixels apart`);
        });
      }
      assert.deepEqual(misdeeds, { errors: [], outside: [] });
    },
});
