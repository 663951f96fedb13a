import {
  type CodeCell,
  createNotebook,
  type Notebook,
  type Output,
} from "../../../lib/support/notebook/ipynb.ts";
import {
  executeNotebook,
  type ExecuteOptions,
  ExecutionError,
} from "../../../lib/support/notebook/execute.ts";

/** The folder of the tests: what the cells import is looked up from here. */
export const testFolder = new URL(".", import.meta.url).pathname;

/** A notebook of code cells; a text that starts with `#` is a Markdown cell. */
export function notebookOf(...sources: string[]): Notebook {
  return createNotebook(
    sources.map((source) => ({ type: source.startsWith("#") ? "markdown" : "code", source })),
  );
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
