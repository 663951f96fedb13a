/** What a notebook must be like to be kept in `notebooks/`. */
import { formatText } from "./formatter.ts";
import { kernelProblem, type Notebook, parseNotebook, serializeNotebook, withoutOutputs } from "./ipynb.ts";

/** One thing to put right. */
export interface Problem {
  /** 1-based among all cells; null: the whole notebook. */
  cell: number | null;
  /** 1-based in the cell; null: the whole cell. */
  line: number | null;
  message: string;
}

/** A code cell has at most so many lines that are not empty. */
export const mostLines = 10;

/** All problems that the file itself shows, without looking at what its code means. */
export async function checkSource(
  text: string,
  notebook: Notebook,
  options: { folder: string },
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const add = (message: string, cell: number | null = null, line: number | null = null) =>
    problems.push({ cell, line, message });

  const problem = kernelProblem(notebook);
  if (problem) add(problem);
  const formatted = await formattedNotebook(notebook, options);
  for (const [index, cell] of notebook.cells.entries()) {
    const number = index + 1;
    if (cell.source !== formatted.cells[index].source) {
      add(
        "expected the cell as deno fmt formats it. Run check_notebooks.ts --fix",
        number,
        firstDifference(cell.source, formatted.cells[index].source),
      );
    }
    if (cell.cell_type !== "code") continue;
    if (cell.outputs.length > 0) {
      add("expected no outputs: notebooks are sources. Run check_notebooks.ts --fix", number);
    }
    if (cell.execution_count !== null) {
      add(
        `expected no execution count. Run check_notebooks.ts --fix. Received: ${cell.execution_count}`,
        number,
      );
    }
    const lines = cell.source.split("\n");
    const count = lines.filter((line) => line.trim() !== "").length;
    if (count > mostLines) {
      add(
        `expected at most ${mostLines} lines: move the work to lib/, or split the cell. Received: ${count}`,
        number,
      );
    }
    for (const [position, line] of lines.entries()) {
      const code = line.replace(/\/\/.*/, "");
      if (/\bimport\.meta\b/.test(code)) {
        add("import.meta does not work in a cell: take projectRoot from lib/config.ts", number, position + 1);
      }
      if (/\bDeno\.test\b/.test(code)) {
        add("a Deno.test that fails does not fail the notebook: throw instead", number, position + 1);
      }
    }
  }
  if (problems.length === 0 && text !== serializeNotebook(notebook)) {
    add(
      "expected the file in Jupyter's own form (one space a level, sorted keys). Run check_notebooks.ts --fix",
    );
  }
  return problems;
}

/** The file's text as it should be kept: formatted, without outputs, in Jupyter's own form. */
export async function tidiedSource(notebook: Notebook, options: { folder: string }): Promise<string> {
  return serializeNotebook(await formattedNotebook(withoutOutputs(notebook), options));
}

/** With each cell as `deno fmt` formats it; one that it cannot parse stays as it is. */
async function formattedNotebook(notebook: Notebook, options: { folder: string }): Promise<Notebook> {
  const { text, problem } = await formatText(serializeNotebook(withoutOutputs(notebook)), {
    extension: "ipynb",
    folder: options.folder,
  });
  if (text === null) throw new Error(`deno fmt could not format a notebook. Received: ${problem}`);
  const formatted = parseNotebook(text).cells;
  return {
    ...notebook,
    cells: notebook.cells.map((cell, index) => ({ ...cell, source: formatted[index].source })),
  };
}

function firstDifference(text: string, expected: string): number {
  const [lines, others] = [text, expected].map((value) => value.split("\n"));
  const index = lines.findIndex((line, position) => line !== others[position]);
  return index < 0 ? lines.length : index + 1;
}
