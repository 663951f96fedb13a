import assert from "node:assert/strict";
import { aboutRun, display, markdown } from "../../lib/figures/show.ts";
import { decimals, differenceText, escapeMarkup, percent, thousands } from "../../lib/support/format.ts";
import { table } from "../../lib/figures/table.ts";

const rows = [
  { run: "nadam", images: 8530, accuracy: 0.638, loss: 1.01 },
  { run: `<script>alert("x")</script> & | *_`, images: 10015, accuracy: 0.637, loss: 1 },
  { run: "always nv", images: 8530, accuracy: 0.157, loss: null },
];
const drawn = table(rows, [
  { value: "run", title: "run" },
  { value: "images", title: "images" },
  { value: "accuracy", title: "accuracy", format: (value) => percent(value as number), best: "max" },
  { value: "loss", title: "loss", best: "min" },
  { value: (row) => row.images > 9000, title: "large?" },
], { caption: "Test part", synthetic: true });

Deno.test("HTML is escaped and styles only alignment; numbers are right-aligned, the best is bold", () => {
  const { html } = drawn;
  assert.ok(!/<script|<style|class=/.test(html));
  for (const [, align, style] of html.matchAll(/align="(\w+)" style="(.*?)"/g)) {
    assert.equal(style, `text-align: ${align}`);
  }
  assert.match(html, /&lt;script&gt;alert\("x"\)&lt;\/script&gt; &amp; \| \*_/);
  assert.equal(html.match(/<tr>/g)?.length, 4);
  assert.equal(html.match(/<td align="right" style/g)?.length, 9);
  assert.equal(html.match(/<td align="left" style/g)?.length, 6);
  assert.deepEqual(html.match(/<b>.*?<\/b>/g), ["<b>63.8\u00a0%</b>", "<b>1.000</b>"]);
  assert.match(html, /<td align="right"[^>]*>10,015<\/td>/);
  assert.match(html, /<td align="right"[^>]*>–<\/td>/);
  assert.match(html, /^<p>SYNTHETIC stand-in data: Test part<\/p>/);
});

Deno.test("Markdown has equally many cells in every line, whatever they contain", () => {
  const lines = drawn.markdown.split("\n").slice(2);
  assert.equal(lines.length, 5);
  for (const line of lines) assert.equal(line.match(/(?<!\\)\|/g)?.length, 6, line);
  assert.equal(lines[1], "| :-- | --: | --: | --: | :-- |");
  assert.match(lines[2], /\*\*63\.8\u00a0%\*\*/);
  assert.match(lines[3], /\\<script\\>/);
});

Deno.test("plain text has aligned columns", () => {
  const [caption, head, rule, ...body] = drawn.text.split("\n");
  assert.equal(caption, "SYNTHETIC stand-in data: Test part");
  assert.match(rule, /^─+( {2}─+){4}$/);
  const end = head.indexOf("images") + "images".length;
  for (const line of body) assert.match(line.slice(0, end), /[\d,]+$/);
  assert.match(body[0], /63\.8\u00a0% \*/);
});

Deno.test("a notebook gets HTML, Markdown and plain text", () => {
  assert.deepEqual(drawn[Symbol.for("Jupyter.display") as typeof display](), {
    "text/html": drawn.html,
    "text/markdown": drawn.markdown,
    "text/plain": drawn.text,
  });
});

Deno.test("an interval or a spread has its own column, in the number's format, and is never marked as best", () => {
  const { markdown } = table([
    { name: "a", accuracy: 0.638, spread: { low: 0.618, high: 0.657 } },
    { name: "b", accuracy: 0.6, spread: 0.004 },
    { name: "c", accuracy: 0.5, spread: null },
  ], [
    { value: "name", title: "run" },
    {
      value: "accuracy",
      title: "test",
      format: percent,
      best: "max",
      spread: { title: "95 % interval", of: (row) => row.spread },
    },
  ]);
  assert.deepEqual(markdown.replaceAll("\u00a0", " ").split("\n"), [
    "| run | test | 95 % interval |",
    "| :-- | --: | --: |",
    "| a | **63.8 %** | 61.8 – 65.7 % |",
    "| b | 60.0 % | ± 0.4 % |",
    "| c | 50.0 % | – |",
  ]);
  const differences = table([{ low: -0.18, high: -0.02 }, { low: 0.01, high: 0.2 }], [
    { value: "high", title: "points", spread: { title: "interval", of: (row) => row } },
  ]).markdown.split("\n");
  assert.deepEqual(differences.slice(2).map((line) => line.split(" | ")[1]), [
    "−0.180\u00a0to\u00a0−0.020 |",
    "0.010\u00a0to\u00a00.200 |",
  ], "no dash in a column with a minus");
});

Deno.test("a table without rows has its header; ties are all best; a single value is not", () => {
  assert.match(
    table([], [{ value: "x", title: "x" }] as never).html,
    /<th scope="col" align="left"[^>]*>x<\/th>/,
  );
  const ties = table([{ x: 1 }, { x: 1 }, { x: 0 }], [{ value: "x", title: "x", best: "max" }]);
  assert.equal(ties.html.match(/<b>/g)?.length, 2);
  assert.ok(!table([{ x: 1 }], [{ value: "x", title: "x", best: "max" }]).html.includes("<b>"));
});

Deno.test("numbers are written in the project's format", () => {
  assert.equal(percent(0.638), "63.8\u00a0%");
  assert.equal(percent(1), "100.0\u00a0%");
  assert.equal(percent(0.6384, 2), "63.84\u00a0%");
  assert.equal(thousands(42650), "42,650");
  assert.equal(thousands(115), "115");
  assert.equal(decimals(-1.23456), "−1.235");
  assert.equal(decimals(-0.0002), "0.000");
  assert.equal(differenceText({ value: -0.00001, low: -0.004, high: 0.0021 }), "0.00 (−0.40 to +0.21)");
  for (const format of [percent, thousands, decimals]) assert.equal(format(NaN), "–");
  assert.equal(escapeMarkup("<b> & 'c'"), "&lt;b&gt; &amp; 'c'");
});

Deno.test("Markdown is shown as given, or as text if a front end does not support it", () => {
  const text = "- **63.8 %** of `test`\n- *next*";
  assert.deepEqual(markdown(text)[display](), { "text/markdown": text, "text/plain": text });
  assert.deepEqual(markdown("**a**", "a")[display](), { "text/markdown": "**a**", "text/plain": "a" });
});

Deno.test("a run is described line by line; synthetic data and random weights are bold, the rest is escaped", () => {
  const lines = ["SYNTHETIC stand-in data: 300 drawn images", "folder *my_photos*, SEEDED RANDOM weights"];
  assert.deepEqual(aboutRun(...lines)[display](), {
    "text/markdown": "**SYNTHETIC** stand-in data: 300 drawn images  \n" +
      "folder \\*my\\_photos\\*, **SEEDED RANDOM** weights",
    "text/plain": lines.join("\n"),
  });
});
