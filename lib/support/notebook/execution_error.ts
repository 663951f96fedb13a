/** The error of a notebook whose cell failed. */
import type { CodeCell, Notebook } from "./ipynb.ts";
import type { CodeResult } from "./kernel.ts";

/** Says which cell of which notebook failed, and how. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";
  readonly notebook: string;
  /** 1-based, among all cells, Markdown ones, too. */
  readonly cell: number;
  /** The cell's first line of code. */
  readonly firstLine: string;
  /** Name and text of the cell's error. `CellTimeout`, `KernelDied`: the cell itself threw nothing. */
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
  /** The notebook as executed up to there, outputs of the failing cell included. */
  readonly partial: Notebook;

  constructor(options: { notebook: string; cell: number; result: CodeResult; executed: Notebook }) {
    const { notebook, cell, result: { ename, evalue, traceback }, executed } = options;
    const { source } = executed.cells[cell - 1] as CodeCell;
    const lines = source.split("\n").map((line) => line.trim());
    const firstLine = lines.find((line) => line !== "" && !line.startsWith("//")) ?? lines[0];
    // The traceback repeats name and text of the error in its first lines.
    const rest = traceback.join("\n").replace(`${ename}: ${evalue}`, "").trim();
    super(
      `${notebook}, cell ${cell} (${firstLine}): ${ename}: ${evalue}${
        rest && `\n    ${rest.replaceAll("\n", "\n    ")}`
      }`,
    );
    this.notebook = notebook;
    this.cell = cell;
    this.firstLine = firstLine;
    this.ename = ename;
    this.evalue = evalue;
    this.traceback = traceback;
    this.partial = executed;
  }
}
