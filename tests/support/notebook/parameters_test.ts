import assert from "node:assert/strict";
import type { CodeCell, Notebook, Output } from "../../../lib/support/notebook/ipynb.ts";
import { parametersCell, withParameters } from "../../../lib/support/notebook/parameters.ts";
import { notebookOf, outputsOf, run, silentCells } from "./run_cells.ts";
import { executeNotebook } from "../../../lib/support/notebook/execute.ts";

/** A notebook whose cells with these numbers are tagged. */
function tagged(sources: string[], ...numbers: number[]): Notebook {
  const notebook = notebookOf(...sources);
  for (const number of numbers) notebook.cells[number - 1].metadata = { tags: ["other", "parameters"] };
  return notebook;
}

const sources = ["# Title", `const preset = "quick";`, "preset"];

Deno.test("a run's values replace the parameters cell's source, and the executed copy carries them", async () => {
  const notebook = tagged(sources, 2);
  const before = structuredClone(notebook);
  assert.equal(parametersCell(notebook), notebook.cells[1]);
  const set = withParameters(notebook, `const preset = "smoke";`);
  const executed = await executeNotebook(set, { folder: import.meta.dirname! });
  assert.equal(executed.cells[1].source, `const preset = "smoke";`);
  assert.deepEqual(executed.cells[1].metadata, before.cells[1].metadata);
  const [shown] = outputsOf(executed, 3);
  assert.deepEqual(shown.output_type === "execute_result" && shown.data, { "text/plain": `"smoke"` });
  assert.deepEqual(notebook, before);
});

Deno.test("a missing, duplicate or late parameters cell is an error that says what to do", () => {
  const faults: [Notebook, RegExp][] = [
    [tagged(sources), /^01_eda: expected one code cell with the tag.*VS Code run.*Received: none$/],
    [tagged(sources, 1), /Received: none$/], // a Markdown cell
    [tagged(sources, 2, 3), /Received: cells 2 and 3$/],
    [tagged(sources, 3), /to be the first code cell.*Move it up\. Received: cell 3$/],
  ];
  for (const [notebook, message] of faults) {
    assert.throws(() => withParameters(notebook, "", "01_eda"), { name: "SyntaxError", message });
  }
});

Deno.test("cells that show nothing, only progress or only empty text are silent", async () => {
  const executed = await run(["# Title", "const a = 1;", "a", `console.log("x");`, `console.log("");`, "  "]);
  assert.deepEqual(silentCells(executed), [2, 5]);
  const progress: Output = {
    output_type: "display_data",
    data: { "text/plain": "Activations 45 %" },
    metadata: { ham10000: { progress: { stage: "Activations" } } },
  };
  (executed.cells[1] as CodeCell).outputs.push(progress);
  assert.deepEqual(silentCells(executed), [2, 5]);
  (executed.cells[1] as CodeCell).outputs.push({ ...progress, metadata: {} });
  assert.deepEqual(silentCells(executed), [5]);
  executed.cells[4].metadata = { tags: ["parameters"] };
  assert.deepEqual(silentCells(executed), []);
});
