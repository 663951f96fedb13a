/** Notebook files that cannot run: each error names the file and what to do, before any kernel starts. */
import assert from "node:assert/strict";
import { readNotebook, serializeNotebook } from "../../lib/support/notebook/ipynb.ts";
import { executeNotebook } from "../../lib/support/notebook/execute.ts";
import { notebookOf } from "../support/notebook/run_cells.ts";

const sound = serializeNotebook(notebookOf("const a = 1;\na + 1;"));
const changed = (change: (notebook: Record<string, unknown>) => void) => {
  const notebook = JSON.parse(sound);
  change(notebook);
  return JSON.stringify(notebook);
};

const faults: Record<string, { text: string | null; error: RegExp }> = {
  "missing": { text: null, error: /cannot be read\. Restore the file.*No such file/ },
  "empty": { text: "", error: /expected a notebook, which is JSON\. Restore the file/ },
  "cut": {
    text: sound.slice(0, sound.length >> 1),
    error: /expected a notebook, which is JSON\. Restore the file/,
  },
  "merge marks": {
    text: sound.replace("\n", "\n<<<<<<< HEAD\n=======\n>>>>>>> other\n"),
    error: /marks of an unresolved merge\. Restore the file/,
  },
  "nbformat 3": {
    text: changed((notebook) => notebook.nbformat = 3),
    error: /expected nbformat 4\.5.*JupyterLab or VS Code and save it\. Received: 3\.5/,
  },
  "no cells": { text: changed((notebook) => delete notebook.cells), error: /expected cells to be a list/ },
  "no kernelspec": {
    text: changed((notebook) => notebook.metadata = {}),
    error: /expected the kernel "deno"\. Open .* choose Deno and save\. Received: no kernel/,
  },
  "Python's kernel": {
    text: changed((notebook) => notebook.metadata = { kernelspec: { name: "python3" } }),
    error: /expected the kernel "deno"\. Open .* choose Deno and save\. Received: "python3"/,
  },
};

Deno.test("a notebook file that cannot run is named with what to do; a sound one is read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/01_eda.ipynb`;
    for (const [fault, { text, error }] of Object.entries(faults)) {
      if (text !== null) await Deno.writeTextFile(path, text);
      await assert.rejects(readNotebook(path), ({ name, message }: Error) => {
        assert.equal(name, "SyntaxError", fault);
        assert.ok(message.startsWith("01_eda.ipynb: "), message);
        assert.match(message, error, fault);
        return true;
      });
      assert.equal(text, text === null ? null : await Deno.readTextFile(path), "the file is left as it is");
    }
    await Deno.writeTextFile(path, sound);
    assert.equal(serializeNotebook(await readNotebook(path)), sound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a notebook for another kernel is not executed", async () => {
  const notebook = notebookOf("print(1)");
  notebook.metadata = {};
  await assert.rejects(executeNotebook(notebook, { folder: ".", name: "x.ipynb" }), {
    name: "SyntaxError",
    message: /^x\.ipynb: expected the kernel "deno"/,
  });
});
