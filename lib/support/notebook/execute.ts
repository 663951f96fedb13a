/**
 * Runs a notebook from its first cell to its last in a fresh kernel, as a person would, and returns it with its outputs.
 *
 * @example
 * const source = await readNotebook(path);
 * const executed = await executeNotebook(source, { name: basename(path), folder: dirname(path), onProgress: console.log });
 * await writeAtomic(target, serializeNotebook(executed));
 */
import type { StageProgress } from "../pace.ts";
import type { NotebookProgress } from "../terminal_line.ts";
import { formatText } from "./formatter.ts";
import { drawnByRunner } from "../plotly/render_plotly.ts";
import { type CodeCell, type MimeBundle, type Notebook, withoutOutputs } from "./ipynb.ts";
import { type CodeError, type Kernel, startKernel } from "./kernel.ts";
import { collectOutputs, type OutputLimits } from "./outputs.ts";
import { firstLineOf, withStopNotice } from "./stop_notice.ts";

export interface ExecuteOptions {
  /** The notebook's name in errors; default "notebook". */
  name?: string;
  /** The kernel's working directory: the notebook's folder, so that its relative imports are found. */
  folder: string;
  /** Environment variables on top of this process's own. */
  env?: Record<string, string>;
  /** Time limit for each cell; default: none. */
  timeoutSeconds?: number;
  limits?: OutputLimits;
  /**
   * Adds the picture to a figure's output, while the next cell runs. The kernel then draws nothing and does not load plotly.
   * Default: the kernel draws.
   */
  draw?: (output: MimeBundle) => Promise<MimeBundle>;
  /** Called when a cell begins and whenever a cell reports its progress. */
  onProgress?: (progress: NotebookProgress) => void;
  /**
   * Called after each code cell, to save the notebook as executed so far. After a failing cell, the notebook says at its top
   * where it stopped.
   */
  onCellDone?: (partial: Notebook) => void | Promise<void>;
}

/** Says which cell of which notebook failed, and how. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";
  /** Name of the cell's error; `CellTimeout`, `TooMuchOutput` or `KernelDied` if the cell itself threw nothing. */
  readonly ename: string;
  readonly evalue: string;

  /**
   * @param notebook its name
   * @param cell 1-based among all cells, including Markdown ones
   * @param partial the notebook as executed up to there, including the outputs of the failing cell
   */
  constructor(
    readonly notebook: string,
    readonly cell: number,
    { ename, evalue, traceback }: CodeError,
    readonly partial: Notebook,
  ) {
    // The traceback repeats name and text of the error in its first lines.
    const rest = traceback.join("\n").replace(`${ename}: ${evalue}`, "").trim().replaceAll("\n", "\n    ");
    const line = firstLineOf(partial.cells[cell - 1].source);
    super(`${notebook}, cell ${cell} (${line}): ${ename}: ${evalue}${rest && `\n    ${rest}`}`);
    this.ename = ename;
    this.evalue = evalue;
  }
}

/**
 * Runs all code cells in order in a kernel of their own. Cells without code are skipped, execution counts are 1 … n, and old
 * outputs are dropped. The source is not changed. Progress messages go to `onProgress` and are not kept.
 *
 * A cell fails if it throws, cannot be parsed, runs out of time, sends too much output, or ends the kernel. It also fails if it
 * leaves behind a rejected promise that nobody awaits or a timer that throws (which the Deno kernel itself ignores). A failing
 * `Deno.test` does not fail a cell.
 *
 * @throws {ExecutionError} for the first cell that fails
 * @throws {Error} if the kernel does not start
 */
export async function executeNotebook(source: Notebook, options: ExecuteOptions): Promise<Notebook> {
  const { folder, env } = options;
  const executed = withoutOutputs(source);
  // A file needs no colours. Programs that a cell starts see these variables, too.
  const kernel = await startKernel({ folder, env: { NO_COLOR: "1", ...env } });
  try {
    await runCells(kernel, executed, options);
  } finally {
    await kernel.close();
  }
  return executed;
}

async function runCells(kernel: Kernel, executed: Notebook, options: ExecuteOptions): Promise<void> {
  const { name = "notebook", timeoutSeconds, onProgress = () => {}, onCellDone = () => {} } = options;
  const { draw = null } = options;
  const mostBytes = options.limits?.sent ?? 200e6;
  const collector = collectOutputs(options.limits);
  const cells = executed.cells.filter((cell): cell is CodeCell =>
    cell.cell_type === "code" && cell.source.trim() !== ""
  );
  let uncaught: CodeError | null = null; // may come between two cells: then it fails the next one
  let [position, sent, stop] = [{ cell: 0, cells: cells.length }, 0, new AbortController()];
  kernel.onOutput = (message) => {
    const own = (message.content.metadata as { ham10000?: OwnMetadata } | undefined)?.ham10000 ?? {};
    if (!own.progress) sent += message.bytes;
    if (own.uncaught) uncaught ??= own.uncaught;
    else if (own.progress) onProgress({ ...position, stage: own.progress });
    else if (own.tooMuchOutput || sent > mostBytes) {
      stop.abort(named("TooMuchOutput", tooMuchOutput(mostBytes)));
    } else collector.add(message);
  };
  await kernel.execute(guards(mostBytes));
  if (draw) await kernel.execute(`globalThis[Symbol.for("${drawnByRunner.description}")] = true;`);
  const failure = (cell: CodeCell, error: CodeError) =>
    new ExecutionError(name, executed.cells.indexOf(cell) + 1, error, executed);
  const drawPictures = async (cell: CodeCell) => {
    if (!draw) return;
    try {
      for (const output of cell.outputs) if ("data" in output) output.data = await draw(output.data);
    } catch (error) {
      const { name: ename, message: evalue, stack } = error as Error;
      throw failure(cell, { ename, evalue, traceback: [stack ?? ""] });
    }
  };
  let finished = Promise.resolve();
  for (const [index, cell] of cells.entries()) {
    [position, sent, stop] = [{ ...position, cell: index + 1 }, 0, new AbortController()];
    onProgress({ ...position, stage: null });
    collector.startCell(index + 1);
    const evalue = `The cell ran longer than its limit of ${timeoutSeconds} s and was stopped`;
    const timer = timeoutSeconds &&
      setTimeout(() => stop.abort(named("CellTimeout", evalue)), timeoutSeconds * 1000);
    await kernel.execute(startCountingAnew);
    let error = await kernel.execute(cell.source, stop.signal) ?? uncaught;
    clearTimeout(timer);
    if (error?.evalue === "Execution failed") error = await explainSyntaxError(cell.source) ?? error;
    cell.execution_count = index + 1;
    cell.outputs = collector.outputs();
    if (error && cell.outputs.at(-1)?.output_type !== "error") {
      cell.outputs.push({ output_type: "error", ...error });
    }
    await finished;
    finished = drawPictures(cell).then(() => onCellDone(error ? withStopNotice(executed) : executed));
    finished.catch(() => {}); // it is awaited after the next cell
    if (!error) continue;
    await finished;
    throw failure(cell, error);
  }
  await finished;
}

/** The metadata of this project's own messages, under `ham10000`. */
interface OwnMetadata {
  progress?: StageProgress;
  uncaught?: CodeError;
  tooMuchOutput?: true;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function tooMuchOutput(limit: number): string {
  return `The cell sent more than ${limit / 1e6} MB of output and was stopped. What came first is kept. ` +
    "Print less, or write to a file";
}

/** Runs before each cell, because the limit of output is per cell. */
const startCountingAnew = `globalThis[Symbol.for("ham10000.newCell")]?.();`;

/**
 * Code that a kernel runs before the first cell, so that failing cells are noticed early.
 *
 * - Deno 2.9.6's kernel ignores errors of timers and of promises that nobody awaits, and after an error in a timer it is stuck
 *   for 30 s. So they are reported here; `preventDefault` keeps it from being stuck.
 * - Printed output is counted where it is printed, and more than `limit` bytes throw. Counting where it arrives is too late: the
 *   kernel accepts short lines ten times faster than it sends them and holds the rest in memory, up to 9 kB a line. A loop that
 *   prints took 7 GB in a minute. So each line counts 4 kB on top of its length.
 */
function guards(limit: number): string {
  return `{
  const tell = (ham10000) =>
    Deno.jupyter.broadcast("display_data", { data: {}, metadata: { ham10000 }, transient: {} });
  const report = (event, error) => {
    event.preventDefault();
    const isError = error instanceof Error;
    tell({ uncaught: {
      ename: isError ? error.name : "Error",
      evalue: (isError ? error.message : String(error)) + " (in a timer or a promise that nobody awaits)",
      traceback: String((isError && error.stack) || error).split("\\n"),
    } });
  };
  addEventListener("error", (event) => report(event, event.error));
  addEventListener("unhandledrejection", (event) => report(event, event.reason));

  let [sent, told] = [0, false];
  globalThis[Symbol.for("ham10000.newCell")] = () => void ([sent, told] = [0, false]);
  for (const name of ["log", "info", "warn", "error", "debug", "dir", "table", "trace"]) {
    const print = console[name];
    console[name] = (...values) => {
      sent += 4000;
      for (const value of values) if (typeof value === "string") sent += value.length;
      if (sent > ${limit}) {
        if (!told) tell({ tooMuchOutput: true }); // the cell may catch the error
        told = true;
        throw Object.assign(new Error(${JSON.stringify(tooMuchOutput(limit))}), { name: "TooMuchOutput" });
      }
      print.apply(console, values);
    };
  }
}`;
}

/** Finds a syntax error with Deno's formatter, because the kernel answers only "Execution failed"; null if it finds none. */
async function explainSyntaxError(code: string): Promise<CodeError | null> {
  const problem = await formatText(code, "ts").then(() => null, (error: Error) => error.message);
  if (problem === null) return null;
  const [, line, column] = problem.match(/_stdin\.ts:(\d+):(\d+)/) ?? [];
  const [first, ...traceback] = problem.split("\n").filter((line) => !line.includes("_stdin.ts"));
  const place = line ? ` (line ${line}, column ${column} of the cell)` : "";
  return { ename: "SyntaxError", evalue: first + place, traceback };
}
