/**
 * A notebook's parameters cell, by papermill's convention: the code cell with the tag `parameters` holds the values that a run
 * sets and a person edits.
 */
import type { Cell, CodeCell, Notebook } from "./ipynb.ts";

/**
 * The parameters cell.
 *
 * @param name the notebook's name, for errors
 * @throws {SyntaxError} if no code cell or more than one has the tag, or another code cell comes before it; says what to do
 */
export function parametersCell(notebook: Notebook, name = "notebook"): CodeCell {
  const tagged = notebook.cells.flatMap((cell, index) =>
    isParametersCell(cell) ? [{ cell, number: index + 1 }] : []
  );
  const first = notebook.cells.find((cell) => cell.cell_type === "code");
  const numbers = tagged.map(({ number }) => number).join(" and ");
  if (tagged.length !== 1) {
    throw new SyntaxError(
      `${name}: expected one code cell with the tag "parameters". In JupyterLab open the cell's tags in the property inspector, ` +
        `in VS Code run "Notebook: Add Cell Tag". Received: ${numbers ? `cells ${numbers}` : "none"}`,
    );
  }
  if (tagged[0].cell !== first) {
    throw new SyntaxError(
      `${name}: expected the cell with the tag "parameters" to be the first code cell: what comes before it would not use a ` +
        `run's values. Move it up. Received: cell ${numbers}`,
    );
  }
  return first;
}

/**
 * A copy whose parameters cell has this source, so that the executed copy shows the values that it ran with.
 *
 * @throws {SyntaxError} as `parametersCell`
 */
export function withParameters(notebook: Notebook, source: string, name?: string): Notebook {
  const parameters = parametersCell(notebook, name);
  const cells = notebook.cells.map((cell): Cell => cell === parameters ? { ...parameters, source } : cell);
  return { ...notebook, cells };
}

/** Whether a cell is a code cell with the tag. */
export function isParametersCell(cell: Cell): cell is CodeCell {
  const { tags } = cell.metadata;
  return cell.cell_type === "code" && Array.isArray(tags) && tags.includes("parameters");
}
