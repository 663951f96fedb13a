/** Adds a notice at the top of a notebook that did not run to its end, with the place where it stopped. */
import { escapeMarkdown } from "../format.ts";
import type { CodeCell, ErrorOutput, Notebook } from "./ipynb.ts";

/** Where and why a notebook stopped. */
export interface Stop {
  /** 1-based among all cells: the cell that failed, else the first that has not run. */
  cell: number;
  /** That cell's first line of code. */
  firstLine: string;
  /** Name and text of its error, such as `RangeError: …`; null if it was stopped from outside. */
  error: string | null;
  /** Number of code cells that have not run. */
  notRun: number;
}

const opening = "> **This notebook did not run to its end.**";
const noticeId = "stop-notice";

/** Where an executed notebook stopped, ignoring its notice; null if every cell has run without an error. */
export function findStop(notebook: Notebook): Stop | null {
  const cells = withoutStopNotice(notebook).cells.flatMap((cell, index) =>
    cell.cell_type === "code" && cell.source.trim() !== ""
      ? [{ ...cell, number: index + 1, error: errorOf(cell) }]
      : []
  );
  const notRun = cells.filter((cell) => cell.execution_count === null);
  const stopped = cells.find(({ error }) => error !== null) ?? notRun[0];
  if (!stopped) return null;
  const { number, source, error } = stopped;
  return { cell: number, firstLine: firstLineOf(source), error, notRun: notRun.length };
}

/** A stop in a sentence or two of plain text. */
export function stopText({ cell, firstLine, error, notRun }: Stop): string {
  const where = `cell ${cell} (${firstLine})`;
  const rest = notRun === 0 ? "" : notRun === 1 ? " One cell has not run." : ` ${notRun} cells have not run.`;
  return (error ? `It stopped in ${where} with ${error}` : `It was stopped before ${where}.`) + rest +
    " What follows is what it had rendered until then.";
}

/** A copy that begins with a notice of where it stopped; the notebook itself if it did not stop. */
export function withStopNotice(notebook: Notebook): Notebook {
  const stop = findStop(notebook);
  if (!stop) return notebook;
  const { cells, ...rest } = withoutStopNotice(notebook);
  const source = `${opening} ${escapeMarkdown(stopText(stop))}`;
  const [first, ...others] = cells;
  // Added to the first text, not as a cell of its own: so cells keep their numbers.
  return first?.cell_type === "markdown"
    ? { ...rest, cells: [{ ...first, source: `${source}\n\n${first.source}` }, ...others] }
    : { ...rest, cells: [{ cell_type: "markdown", id: noticeId, metadata: {}, source }, ...cells] };
}

/** A copy without the notice, for callers that show it in a form of their own. */
export function withoutStopNotice(notebook: Notebook): Notebook {
  const [first, ...others] = notebook.cells;
  if (first?.cell_type !== "markdown" || !first.source.startsWith(opening)) return notebook;
  if (first.id === noticeId) return { ...notebook, cells: others };
  return { ...notebook, cells: [{ ...first, source: first.source.replace(/^> [^\n]*\n+/, "") }, ...others] };
}

/** A cell's first line that is neither comment nor import; if there is none, its first line. */
export function firstLineOf(source: string): string {
  const linesOf = (text: string) => text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const doing = linesOf(source.replace(/^import\s[^;]*;/gm, "")).find((line) => !line.startsWith("//"));
  return doing ?? linesOf(source)[0] ?? "";
}

function errorOf(cell: CodeCell): string | null {
  const error = cell.outputs.find((output): output is ErrorOutput => output.output_type === "error");
  if (!error) return null;
  const text = `${error.ename}: ${error.evalue}`.replace(/\s+/g, " ").trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : /[.!?]$/.test(text) ? text : `${text}.`;
}
