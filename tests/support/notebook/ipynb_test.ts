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

Deno.test("each of Python's line ends splits a text as str.splitlines does", () => {
  // Made with Python 3.11.7: [len(line) for line in "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\rj\r\nk\n".splitlines(True)]
  const source = "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\rj\r\nk\n";
  const text = serializeNotebook(notebookOf(source));
  const lines: string[] = JSON.parse(text).cells[0].source;
  assert.deepEqual(lines.map((line) => line.length), [2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2]);
  assert.equal(parseNotebook(text).cells[0].source, source);
});

Deno.test("keys that look like numbers are sorted as texts, and what Jupyter does not keep is left out", () => {
  const notebook = notebookOf("# x");
  notebook.metadata = { "9": 1, "10": 2, signature: "s", orig_nbformat: 3 };
  notebook.cells[0].metadata = { trusted: true, b: [], a: {} };
  const text = serializeNotebook(notebook);
  assert.match(text, /"metadata": \{\n {2}"10": 2,\n {2}"9": 1\n \}/);
  assert.match(text, /"metadata": \{\n {4}"a": \{\},\n {4}"b": \[\]\n {3}\}/);
  assert.ok(text.endsWith("}\n") && !text.includes("trusted") && !text.includes("orig_nbformat"));
});

Deno.test("withoutOutputs clears outputs and counts, and leaves the notebook it was given as it was", () => {
  const notebook = parseNotebook(golden);
  const cleared = withoutOutputs(notebook);
  for (const cell of cleared.cells) {
    if (cell.cell_type === "code") assert.deepEqual([cell.outputs, cell.execution_count], [[], null]);
  }
  assert.deepEqual(cleared.cells.map(({ source }) => source), notebook.cells.map(({ source }) => source));
  assert.equal(serializeNotebook(notebook), golden);
});

const valid = serializeNotebook(notebookOf("# a", "b"));
// deno-lint-ignore no-explicit-any -- what a file holds before it is checked
type Change = (notebook: any) => void;
const faults: [fault: string | Change, message: RegExp][] = [
  ["{", /^x\.ipynb: expected a notebook, which is JSON/],
  ["{\n<<<<<<< HEAD\n", /unresolved merge/],
  ["[1]", /expected a notebook: an object with nbformat.*Received: \[1\]/],
  [(n) => n.nbformat = 3, /expected nbformat 4\.5.*Received: 3\.5/],
  [(n) => n.nbformat_minor = 4, /expected nbformat 4\.5.*Received: 4\.4/],
  [(n) => delete n.cells, /expected cells to be a list. Received: nothing/],
  [(n) => delete n.metadata, /expected metadata/],
  [(n) => delete n.cells[1].id, /^x\.ipynb, cell 2: expected an id .* Received: nothing/],
  [(n) => n.cells[1].id = "a b", /cell 2: expected an id .* Received: a b/],
  [(n) => n.cells[1].id = "a".repeat(65), /cell 2: expected an id/],
  [(n) => n.cells[1].id = n.cells[0].id, /cells 1 and 2 share one. Received: cell-1/],
  [(n) => n.cells[0].cell_type = "heading", /cell 1: expected a cell of nbformat 4\.5.*heading/],
  [(n) => n.cells[0].source = [1], /cell 1: expected a cell.*with metadata and source/],
  [(n) => delete n.cells[1].outputs, /cell 2: expected a cell.*code with a list of outputs/],
  [(n) => n.cells[0].attachments = [1], /cell 1: expected a cell/],
  [(n) => n.cells[1].outputs = [{ output_type: "pyout" }], /cell 2: expected each output.*Clear the outputs/],
];

Deno.test("what is no notebook of format 4.5 is refused with a SyntaxError that says where and what to do", () => {
  for (const [fault, message] of faults) {
    const notebook = JSON.parse(valid);
    if (typeof fault === "function") fault(notebook);
    const text = typeof fault === "string" ? fault : JSON.stringify(notebook);
    assert.throws(() => parseNotebook(text, "x.ipynb"), { name: "SyntaxError", message });
  }
});
