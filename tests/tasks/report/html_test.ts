import assert from "node:assert/strict";
import { cleanHtml, pageProse } from "../../../lib/tasks/report/html.ts";
import { tinyPng } from "./drawn_run.ts";

/** What a cell might plant, and what of it would do harm. */
const planted: Record<string, string> = {
  "a script": "<script>planted()</script>",
  "a script by its address": '<script src="https://example.com/planted.js"></script>',
  "an event handler": '<b onclick="planted()" onmouseover=planted()>x</b>',
  "a picture that fails on purpose": '<img src="nowhere" onerror="planted()">',
  "a drawing that runs on load": '<svg onload="planted()"><script>planted()</script></svg>',
  "a link that is a script": '<a href="javascript:planted()">x</a>',
  "such a link in disguise": '<a href=" java&#10;script:planted()">x</a>',
  "a link to a page of its own": '<a href="data:text/html,<script>planted()</script>">x</a>',
  "a frame":
    '<iframe src="https://example.com/planted"></iframe><iframe srcdoc="<script>planted()</script>"></iframe>',
  "an object and an embed": '<object data="planted.swf"></object><embed src="planted.swf">',
  "a picture elsewhere": '<img src="https://example.com/planted.png" srcset="//example.com/planted 2x">',
  "a picture beside the page": '<img src="../../planted.png">',
  "a picture that is a drawing": '<img src="data:image/svg+xml,<svg onload=planted()>">',
  "a style": "<style>@import 'https://example.com/planted.css'; main { display: none }</style>",
  "a style of an element": '<p style="background: url(https://example.com/planted)">x</p>',
  "a style sheet": '<link rel="stylesheet" href="https://example.com/planted.css">',
  "a form":
    '<form action="https://example.com/planted"><input name="planted" autofocus onfocus=planted()></form>',
  "another base": '<base href="https://example.com/planted/">',
  "a refresh": '<meta http-equiv="refresh" content="0;url=https://example.com/planted">',
  "sound and film": '<video src="https://example.com/planted" poster="https://example.com/planted"></video>',
  "a table's background": '<table background="https://example.com/planted"><tr><td>x</td></tr></table>',
  "an identifier that the page's scripts know": '<a id="planted" name="planted">x</a>',
  "the page's own look": '<p class="warning planted">x</p>',
  "a mutation in MathML":
    "<math><mtext><table><mglyph><style><img src=x onerror=planted()></style></table></mtext></math>",
  "a template": "<template><script>planted()</script></template>",
};

Deno.test("everything in a cell's HTML that runs, loads, sends, or looks like the page itself is removed", () => {
  for (const [what, html] of Object.entries(planted)) {
    const clean = cleanHtml(html).innerHTML;
    assert.doesNotMatch(
      clean,
      /planted|example\.com|javascript|class="warning|\son\w+=/i,
      `${what}: ${clean}`,
    );
  }
});

Deno.test("tables, prose, links to the web, small pictures and coloured code stay", () => {
  const html =
    '<table><thead><tr><th align="right" scope="col">n</th></tr></thead><tbody><tr><td align="right"><b>1</b></td>' +
    '</tr></tbody></table><p>x<sup>2</sup> <code class="hljs-keyword">const</code></p>';
  assert.equal(cleanHtml(html).innerHTML, html);
  assert.match(
    cleanHtml('<a href="https://doi.org/10.1038/x">x</a>').innerHTML,
    /^<a .*rel="noopener noreferrer"/,
  );
  assert.match(cleanHtml('<a href="03_split.ipynb#a">x</a>').innerHTML, /href="03_split\.ipynb#a"/);
  assert.match(
    cleanHtml(`<img src="data:image/png;base64,${tinyPng}" alt="dot">`).innerHTML,
    /src="data:image\/png/,
  );
});

Deno.test("a removed picture is replaced by its description, as text", () => {
  assert.equal(
    cleanHtml('<img src="https://example.com/x.png" alt="<b>A curve">').innerHTML,
    "[Picture left out: &lt;b&gt;A curve]",
  );
});

Deno.test("a heading's anchor is made of its words, with a number only if the anchor is already taken", () => {
  const prose = pageProse(new Map());
  for (const text of ["Results of x", "Results 2", "Results", "Results", "Content"]) prose.heading(text, 2);
  assert.deepEqual(prose.headings.map(({ id }) => id), [
    ...["results-of-x", "results-2", "results", "results-3", "contents"],
  ]);
});

Deno.test("each table is named after the heading above it; empty header cells keep their columns", () => {
  const prose = pageProse(new Map());
  const table = '<table><tr><th colspan="2"></th><th>n</th></tr></table>';
  const html = prose.html(`<h2>First</h2>${table}<h2>Second</h2>${table}<h2>Third</h2>`);
  assert.deepEqual([...html.matchAll(/aria-label="([^"]*)"/g)].map(([, name]) => name), [
    "Table: First",
    "Table: Second",
  ]);
  assert.match(html, /<td colspan="2"><\/td><th>n<\/th>/);
});

Deno.test("only in a table with sentences after its first column does each cell carry its column's title, for a phone", () => {
  const sentence = "The columns that are read name no clinic, so scores cannot be given for each.";
  const tableOf = (first: string, second: string) =>
    pageProse(new Map()).markdown(`| item | answer |\n| --- | --: |\n| ${first} | ${second} |`);
  const wordy = tableOf("23b", sentence);
  assert.match(wordy, /<div class="wordy table"/);
  assert.deepEqual([...wordy.matchAll(/<td[^>]*data-title="([^"]*)"/g)].map(([, title]) => title), [
    "item",
    "answer",
  ]);
  const numbers = tableOf(sentence, "0.5");
  assert.match(numbers, /<div class="table"/);
  assert.doesNotMatch(numbers, /data-title/);
});
