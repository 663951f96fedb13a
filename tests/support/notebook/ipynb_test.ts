import assert from "node:assert/strict";
import {
  type CodeCell,
  parseNotebook,
  serializeNotebook,
  withoutOutputs,
} from "../../../lib/support/notebook/ipynb.ts";
import { notebookOf } from "./run_cells.ts";

const golden = Deno.readTextFileSync(new URL("../../fixtures/notebook/golden.ipynb.txt", import.meta.url));

Deno.test("a file that Python's nbformat wrote is read and written back to the byte", () => {
  const notebook = parseNotebook(golden);
  assert.equal(serializeNotebook(notebook), golden);
  assert.equal(notebook.cells[2].source, "const a = 1;\nconst b = `x\r\ny`;\na + 1;");
  const [stream, , display] = (notebook.cells[2] as CodeCell).outputs;
  assert.equal(stream.output_type === "stream" && stream.text, "one\ntwo\r\n\u0000\u001b[33mthree\u007f");
  assert.equal(display.output_type === "display_data" && display.data["text/plain"], "plain\ntext");
  assert.deepEqual(display.output_type === "display_data" && display.data["application/json"], {
    b: ["x\n", "y"],
    a: 0.1,
  });
});

Deno.test("text is split at each of Python's line ends, as by str.splitlines", () => {
  // Made with Python 3.11.7: [len(line) for line in "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\rj\r\nk\n".splitlines(True)]
  const source = "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\rj\r\nk\n";
  const text = serializeNotebook(notebookOf(source));
  const lines: string[] = JSON.parse(text).cells[0].source;
  assert.deepEqual(lines.map((line) => line.length), [2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2]);
  assert.equal(parseNotebook(text).cells[0].source, source);
});

Deno.test("keys that look like numbers are sorted as text; fields that Jupyter does not keep are left out", () => {
  const notebook = notebookOf("# x");
  notebook.metadata = { "9": 1, "10": 2, signature: "s", orig_nbformat: 3 };
  notebook.cells[0].metadata = { trusted: true, b: [], a: {} };
  const text = serializeNotebook(notebook);
  assert.match(text, /"metadata": \{\n {2}"10": 2,\n {2}"9": 1\n \}/);
  assert.match(text, /"metadata": \{\n {4}"a": \{\},\n {4}"b": \[\]\n {3}\}/);
  assert.ok(text.endsWith("}\n") && !text.includes("trusted") && !text.includes("orig_nbformat"));
});

Deno.test("withoutOutputs returns a copy without outputs and counts; the original is unchanged", () => {
  const notebook = parseNotebook(golden);
  const cleared = withoutOutputs(notebook);
  for (const cell of cleared.cells) {
    if (cell.cell_type === "code") assert.deepEqual([cell.outputs, cell.execution_count], [[], null]);
  }
  assert.deepEqual(cleared.cells.map(({ source }) => source), notebook.cells.map(({ source }) => source));
  assert.equal(serializeNotebook(notebook), golden);
});
