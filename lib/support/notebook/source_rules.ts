/** What a notebook must be like to be kept in `notebooks/`. */
import { formatText } from "./formatter.ts";
import { kernelProblem, type Notebook, parseNotebook, serializeNotebook, withoutOutputs } from "./ipynb.ts";
import { parametersCell } from "./parameters.ts";

/** One thing to put right. */
export interface Problem {
  /** 1-based among all cells; null: the whole notebook. */
  cell: number | null;
  /** 1-based in the cell; null: the whole cell. */
  line: number | null;
  message: string;
}

/** What a folder's notebooks are asked for. */
export interface SourceRules {
  /** The one module that cells may import from; null: any. */
  onlyImport: string | null;
  /** The first code cell is tagged `parameters`. */
  asksForParameters: boolean;
}

/** What this project's notebooks are asked for. */
const sourceRules: SourceRules = { onlyImport: "../lib/mod.ts", asksForParameters: true };

/** A code cell has at most so many lines that are not empty. */
const mostLines = 10;

/**
 * All problems that the file itself shows, without looking at what its code means.
 *
 * @param text the file's text
 * @param options.folder its folder, whose deno.json says how code is formatted
 */
export async function checkSource(
  text: string,
  notebook: Notebook,
  options: { folder: string; rules?: SourceRules },
): Promise<Problem[]> {
  const { onlyImport, asksForParameters } = options.rules ?? sourceRules;
  const problems: Problem[] = [];
  const add = (message: string, cell: number | null = null, line: number | null = null) =>
    problems.push({ cell, line, message });

  const kernel = kernelProblem(notebook);
  if (kernel) add(kernel);
  if (asksForParameters) {
    try {
      parametersCell(notebook);
    } catch (error) {
      add((error as Error).message.replace("notebook: ", ""));
    }
  }
  const tidied = await tidiedSource(notebook, options);
  const tidy = parseNotebook(tidied);
  for (const [index, cell] of notebook.cells.entries()) {
    const lines = cell.source.split("\n");
    const addHere = (message: string, line: number | null = null) => add(message, index + 1, line);
    if (cell.source !== tidy.cells[index].source) {
      const formatted = tidy.cells[index].source.split("\n");
      const differs = lines.findIndex((line, number) => line !== formatted[number]);
      addHere(
        `expected the cell as deno fmt formats it. ${fix}`,
        differs < 0 ? lines.length : differs + 1,
      );
    }
    if (cell.cell_type !== "code") continue;
    if (cell.outputs.length > 0 || cell.execution_count !== null) {
      addHere(`expected no outputs and no execution count: notebooks are sources. ${fix}`);
    }
    const code = cell.source.replace(/^(?:\/\/ deno-fmt-ignore\n)?import \{[^}]*\} from .*$/m, ""); // names, not work
    const count = code.split("\n").filter((line) => line.trim() !== "").length;
    if (count > mostLines) {
      addHere(
        `expected at most ${mostLines} lines: move the work to lib/, or split the cell. Received: ${count}`,
      );
    }
    for (const [number, line] of lines.entries()) {
      const code = line.replace(/\/\/ .*/, "");
      if (/\bimport\.meta\b/.test(code)) {
        addHere("import.meta does not work in a cell: take projectRoot from lib/", number + 1);
      }
      if (/\bDeno\.test\b/.test(code)) {
        addHere("a Deno.test that fails does not fail the notebook: throw instead", number + 1);
      }
      const [, specifier] = code.match(/\b(?:from|import|import\()\s*"([^"]+)"/) ?? [];
      if (specifier && onlyImport && specifier !== onlyImport) {
        addHere(
          `expected imports from "${onlyImport}" alone: export it there. Received: "${specifier}"`,
          number + 1,
        );
      }
    }
  }
  if (problems.length === 0 && text !== tidied) {
    add(`expected the file in Jupyter's own form (one space a level, sorted keys). ${fix}`);
  }
  return problems;
}

const fix = "Run deno run -A lib/tasks/check_notebooks.ts --fix";

/**
 * The file's text as it should be kept: without outputs, in Jupyter's own form, each cell as `deno fmt` formats it. One that it
 * cannot parse stays as it is.
 */
export async function tidiedSource(notebook: Notebook, options: { folder: string }): Promise<string> {
  const source = withoutOutputs(notebook);
  const formatted = parseNotebook(await formatText(serializeNotebook(source), "ipynb", options.folder)).cells;
  const cells = source.cells.map((cell, index) => ({ ...cell, source: formatted[index].source }));
  return serializeNotebook({ ...source, cells });
}
