/** All code cells of a notebook as one TypeScript module, for tools that know no notebooks. */
import type { Notebook } from "./ipynb.ts";

/** Where a line of the module comes from. Both are 1-based; the cell counts Markdown cells, too. */
export interface CellPlace {
  cell: number;
  line: number;
}

export interface JoinedModule {
  text: string;
  /** The place of a line (1-based) of `text`; null for what no cell holds. */
  placeOf(line: number): CellPlace | null;
}

/** Joins the code cells in order: what one declares, the later ones see, and no name may be declared twice. */
export function joinCells(notebook: Notebook): JoinedModule {
  const lines: string[] = [];
  const places: CellPlace[] = [];
  for (const [index, { cell_type, source }] of notebook.cells.entries()) {
    if (cell_type !== "code") continue;
    for (const [number, line] of source.split("\n").entries()) {
      lines.push(line);
      places.push({ cell: index + 1, line: number + 1 });
    }
  }
  // A module even where no cell imports: top-level await is allowed in modules only.
  return { text: [...lines, "export {};", ""].join("\n"), placeOf: (line) => places[line - 1] ?? null };
}
