/** Notebook files that cannot run: each error names the file and what to do, before any kernel starts. */
import assert from "node:assert/strict";
import { readNotebook, serializeNotebook } from "../../lib/support/notebook/ipynb.ts";
import { notebookOf } from "../support/notebook/run_cells.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const sound = serializeNotebook(notebookOf("# Title", "const a = 1;\na + 1;"));
// deno-lint-ignore no-explicit-any -- what a file holds before it is checked
const changed = (change: (notebook: any) => void) => {
  const notebook = JSON.parse(sound);
  change(notebook);
  return JSON.stringify(notebook);
};

/** A file's text, null where there is no file, and the error. */
const faults: [text: string | null, error: RegExp][] = [
  [null, /cannot be read\. Restore the file.*No such file/],
  ["", /expected a notebook, which is JSON\. Restore the file/],
  [sound.slice(0, sound.length >> 1), /expected a notebook, which is JSON\. Restore the file/],
  [
    sound.replace("\n", "\n<<<<<<< HEAD\n=======\n>>>>>>> other\n"),
    /marks of an unresolved merge\. Restore the file/,
  ],
  ["[1]", /expected a notebook: an object with nbformat.*Received: \[1\]/],
  [
    changed((n) => n.nbformat = 3),
    /expected nbformat 4\.5.*JupyterLab or VS Code and save it\. Received: 3\.5/,
  ],
  [changed((n) => n.nbformat_minor = 4), /expected nbformat 4\.5.*Received: 4\.4/],
  [changed((n) => delete n.cells), /expected cells to be a list\. Received: nothing/],
  [
    changed((n) => delete n.metadata),
    /expected the kernel "deno"\. Open .* choose Deno and save\. Received: no kernel/,
  ],
  [changed((n) => n.metadata.kernelspec.name = "python3"), /expected the kernel "deno".*Received: "python3"/],
  [changed((n) => delete n.cells[1].id), /cell 2: expected an id .* Received: nothing/],
  [changed((n) => n.cells[1].id = "a b"), /cell 2: expected an id .* Received: a b/],
  [changed((n) => n.cells[1].id = "a".repeat(65)), /cell 2: expected an id/],
  [changed((n) => n.cells[1].id = n.cells[0].id), /cells 1 and 2 share one\. Received: cell-1/],
  [changed((n) => n.cells[0].cell_type = "heading"), /cell 1: expected a cell of nbformat 4\.5.*heading/],
  [changed((n) => n.cells[0].source = [1]), /cell 1: expected a cell.*with metadata and source/],
  [changed((n) => delete n.cells[1].outputs), /cell 2: expected a cell.*code with a list of outputs/],
  [changed((n) => n.cells[0].attachments = [1]), /cell 1: expected a cell/],
  [
    changed((n) => n.cells[1].outputs = [{ output_type: "pyout" }]),
    /cell 2: expected each output.*Clear the outputs/,
  ],
];

Deno.test("an invalid notebook file is named, with what to do; a valid one is read", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const path = `${folder}/01_eda.ipynb`;
  for (const [text, error] of faults) {
    if (text !== null) await Deno.writeTextFile(path, text);
    await assert.rejects(readNotebook(path), ({ name, message }: Error) => {
      assert.equal(name, "SyntaxError");
      assert.match(message, /^01_eda\.ipynb[:,] /);
      assert.match(message, error);
      return true;
    });
    if (text !== null) assert.equal(await Deno.readTextFile(path), text, "the file is left as it is");
  }
  await Deno.writeTextFile(path, sound);
  assert.equal(serializeNotebook(await readNotebook(path)), sound);
});
