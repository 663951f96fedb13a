import type { Cell, CodeCell, Notebook, Output } from "../../../lib/support/notebook/ipynb.ts";
import {
  executeNotebook,
  type ExecuteOptions,
  ExecutionError,
} from "../../../lib/support/notebook/execute.ts";

/** The folder of the tests: what the cells import is looked up from here. */
export const testFolder = new URL(".", import.meta.url).pathname;

/** A notebook of code cells for Deno's kernel; a text that starts with `#` is a Markdown cell. Identifiers are `cell-1`, … */
export function notebookOf(...sources: string[]): Notebook {
  const cells = sources.map((source, index): Cell => {
    const common = { id: `cell-${index + 1}`, metadata: {}, source };
    return source.startsWith("#")
      ? { ...common, cell_type: "markdown" }
      : { ...common, cell_type: "code", outputs: [], execution_count: null };
  });
  const metadata = {
    kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
    language_info: { name: "typescript" },
  };
  return { cells, metadata, nbformat: 4, nbformat_minor: 5 };
}

/** Runs code cells through the real kernel. */
export async function run(sources: string[], options: Partial<ExecuteOptions> = {}): Promise<Notebook> {
  return await executeNotebook(notebookOf(...sources), {
    name: "test.ipynb",
    folder: testFolder,
    ...options,
  });
}

/** Runs code cells of which one must fail, and gives the error. */
export async function runToError(
  sources: string[],
  options: Partial<ExecuteOptions> = {},
): Promise<ExecutionError> {
  try {
    await run(sources, options);
  } catch (error) {
    if (error instanceof ExecutionError) return error;
    throw error;
  }
  throw new Error("Expected a cell to fail. Received: a notebook that ran to its end");
}

/** Outputs of the notebook's cell with this number (1-based). */
export function outputsOf(notebook: Notebook, cell: number): Output[] {
  return (notebook.cells[cell - 1] as CodeCell).outputs;
}
