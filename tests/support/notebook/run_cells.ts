import type { Cell, CodeCell, Notebook, Output } from "../../../lib/support/notebook/ipynb.ts";
import {
  executeNotebook,
  type ExecuteOptions,
  ExecutionError,
} from "../../../lib/support/notebook/execute.ts";
import { isParametersCell } from "../../../lib/support/notebook/parameters.ts";

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

/**
 * The numbers (1-based, among all cells) of code cells that show nothing after a run: they have no output, or only progress or
 * empty ones. The parameters cell, which shows its values as code, and cells without code are left out.
 */
export function silentCells(executed: Notebook): number[] {
  return executed.cells.flatMap((cell, index) => {
    const isSilent = cell.cell_type === "code" && cell.source.trim() !== "" &&
      !cell.outputs.some((output) => {
        if (output.output_type === "stream") return output.text.trim() !== "";
        if (output.output_type === "error") return true;
        const { progress } = (output.metadata.ham10000 ?? {}) as { progress?: unknown };
        return !progress && Object.keys(output.data).length > 0;
      });
    return isSilent && !isParametersCell(cell) ? [index + 1] : [];
  });
}
