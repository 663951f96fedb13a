/**
 * A notebook's parameters cell, by papermill's convention: the code cell tagged `parameters` holds the values that a run sets and
 * a person edits.
 */
import type { Cell, CodeCell, Notebook } from "./ipynb.ts";

/**
 * The parameters cell.
 *
 * @param name the notebook's name, for errors
 * @throws {SyntaxError} where no code cell or more than one has the tag, or another code cell comes before it: what to do about it
 */
export function parametersCell(notebook: Notebook, name = "notebook"): CodeCell {
  const tagged = notebook.cells.flatMap((cell, index) => hasTag(cell) ? [{ cell, number: index + 1 }] : []);
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
 * A copy whose parameters cell has this source: the executed copy then says with which values it ran.
 *
 * @throws {SyntaxError} as `parametersCell`
 */
export function withParameters(notebook: Notebook, source: string, name?: string): Notebook {
  const parameters = parametersCell(notebook, name);
  const cells = notebook.cells.map((cell): Cell => cell === parameters ? { ...parameters, source } : cell);
  return { ...notebook, cells };
}

function hasTag(cell: Cell): cell is CodeCell {
  const { tags } = cell.metadata;
  return cell.cell_type === "code" && Array.isArray(tags) && tags.includes("parameters");
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
    return isSilent && !hasTag(cell) ? [index + 1] : [];
  });
}
