import assert from "node:assert/strict";
import type { CodeCell, Notebook } from "../../../lib/support/notebook/ipynb.ts";
import {
  findStop,
  stopText,
  withoutStopNotice,
  withStopNotice,
} from "../../../lib/support/notebook/stop_notice.ts";
import { notebookOf } from "./run_cells.ts";

/** A notebook of which this many code cells have run, the last of them with this error. */
function ran(count: number, sources: string[], error?: { ename: string; evalue: string }): Notebook {
  const notebook = notebookOf(...sources);
  const cells = notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === "code").slice(0, count);
  cells.forEach((cell, i) => cell.execution_count = i + 1);
  if (error) cells.at(-1)!.outputs.push({ output_type: "error", traceback: [], ...error });
  return notebook;
}

const sources = ["# Title", "a();", '// why\nimport {\n  x, y,\n} from "x";\nb();', "c();", "  "];

Deno.test("a notebook that ran to its end has no notice; cells without code need not run", () => {
  const notebook = ran(3, sources);
  assert.equal(findStop(notebook), null);
  assert.equal(withStopNotice(notebook), notebook);
});

Deno.test("an error is named with its cell, the first line of code and the count of cells not run", () => {
  const stop = findStop(ran(2, sources, { ename: "RangeError", evalue: "too\nlarge" }))!;
  assert.deepEqual(stop, { cell: 3, firstLine: "b();", error: "RangeError: too large.", notRun: 1 });
  assert.match(
    stopText(stop),
    /^It stopped in cell 3 \(b\(\);\) with RangeError: too large\. One cell has not run\./,
  );
});

Deno.test("the notice of a run stopped from outside names the next cell", () => {
  const stop = findStop(ran(1, sources))!;
  assert.deepEqual(stop, { cell: 3, firstLine: "b();", error: null, notRun: 2 });
  assert.match(stopText(stop), /^It was stopped before cell 3 \(b\(\);\)\. 2 cells have not run\./);
});

Deno.test("the notice goes into a first text cell, which keeps cell numbers, or into a new cell; it can be removed", () => {
  for (const texts of [sources, sources.slice(1)]) {
    const notebook = ran(1, texts);
    const marked = withStopNotice(notebook);
    assert.match(marked.cells[0].source, /^> \*\*This notebook did not run to its end\.\*\* /);
    assert.equal(marked.cells.length, notebook.cells.length + (texts === sources ? 0 : 1));
    assert.deepEqual(withStopNotice(marked).cells[0], marked.cells[0]);
    assert.deepEqual(withoutStopNotice(marked), notebook);
  }
});

Deno.test("Markdown and HTML in an error are escaped, and a long error is shortened", () => {
  const evil = { ename: "Error", evalue: `</p><script>x</script> [a](b) **c** ${"long ".repeat(200)}` };
  const { source } = withStopNotice(ran(1, sources, evil)).cells[0];
  assert.match(source, /\\<script\\>x\\<\/script\\> \\\[a\\\]\(b\) \\\*\\\*c/);
  assert.ok(source.length < 800, `${source.length}`);
});
