/**
 * Runs a notebook from its first cell to its last, as a person would in a fresh kernel, and returns it with its outputs.
 *
 * @example
 * const source = parseNotebook(await Deno.readTextFile(path), basename(path));
 * const executed = await executeNotebook(source, { name: basename(path), folder: dirname(path), onProgress: console.log });
 * await writeAtomic(target, serializeNotebook(executed));
 */
import { countOutput, reportUncaughtErrors, startCountingAnew, tooMuchOutput } from "./cell_guards.ts";
import { ExecutionError } from "./execution_error.ts";
import { type CodeCell, kernelProblem, type Notebook } from "./ipynb.ts";
import { type CodeResult, type Kernel, startKernel } from "./kernel.ts";
import type { Message } from "./message.ts";
import { collectOutputs, type OutputLimits } from "./outputs.ts";
import { withStopNotice } from "./stop_notice.ts";
import { explainSyntaxError } from "./syntax_error.ts";
import type { StageProgress } from "../pace.ts";
import type { NotebookProgress } from "../terminal_line.ts";

export { ExecutionError };

export interface ExecuteOptions {
  /** Names the notebook in errors; default "notebook". */
  name?: string;
  /** The kernel's working directory: the notebook's folder, so that its relative imports are found. */
  folder: string;
  /** Environment variables on top of this process's own. */
  env?: Record<string, string>;
  /** Limit for each cell; default: none. */
  timeoutSeconds?: number;
  limits?: OutputLimits;
  /** Called when a cell begins and whenever a cell tells how far it is. */
  onProgress?: (progress: NotebookProgress) => void;
  /** Called after each code cell, the failing one, too, with the notebook as executed so far, for saving it; the failing one's says at its top where it stopped. */
  onCellDone?: (partial: Notebook) => void | Promise<void>;
}

/**
 * Runs all code cells in order in a kernel of their own. Cells without code are passed over; execution counts are 1 … n; old
 * outputs are dropped; the source is not changed. Progress messages are handed to `onProgress` and not kept.
 *
 * A cell fails when it throws, cannot be parsed, runs out of time, ends the kernel, or leaves a rejected promise or a failed
 * timer behind that nobody awaits (which the Deno kernel itself passes over). A failing `Deno.test` does not fail a cell.
 *
 * @throws {ExecutionError} for the first cell that fails; it holds the notebook as executed up to there
 * @throws {SyntaxError} when the notebook is for another kernel
 * @throws {Error} when the kernel does not start
 */
export async function executeNotebook(source: Notebook, options: ExecuteOptions): Promise<Notebook> {
  const { folder, env, name = "notebook" } = options;
  const problem = kernelProblem(source);
  if (problem) throw new SyntaxError(`${name}: ${problem}`);
  const executed: Notebook = {
    ...source,
    cells: source.cells.map((cell) =>
      cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell
    ),
  };
  // Colours mean nothing in a file; Deno.env is read by what a cell starts, too.
  const kernel = await startKernel({ folder, env: { NO_COLOR: "1", ...env } });
  try {
    await runCells(kernel, executed, options);
  } finally {
    await kernel.close();
  }
  return executed;
}

async function runCells(kernel: Kernel, executed: Notebook, options: ExecuteOptions): Promise<void> {
  const { name = "notebook", onProgress = () => {}, onCellDone = () => {} } = options;
  const collector = collectOutputs(options.limits);
  const mostBytes = options.limits?.sent ?? 200e6;
  const isRunnable = (cell: Notebook["cells"][number]): cell is CodeCell =>
    cell.cell_type === "code" && cell.source.trim() !== "";
  const cells = executed.cells.filter(isRunnable);
  await kernel.execute(reportUncaughtErrors);
  await kernel.execute(countOutput(mostBytes));
  for (const [index, cell] of cells.entries()) {
    const position = { cell: index + 1, cells: cells.length };
    onProgress({ ...position, stage: null });
    collector.startCell(index + 1);
    await kernel.execute(startCountingAnew);
    const overflow = new AbortController();
    let [uncaught, sent]: [CodeResult | undefined, number] = [undefined, 0];
    let result = await kernel.execute(cell.source, {
      timeoutSeconds: options.timeoutSeconds,
      stop: overflow.signal,
      onOutput(message) {
        const { progress, uncaught: error, tooMuchOutput: isOver } = ownMetadata(message);
        sent += progress ? 0 : message.bytes;
        if (error) uncaught ??= { status: "error", ...error as Omit<CodeResult, "status"> };
        else if (progress) onProgress({ ...position, stage: progress as StageProgress });
        else if (isOver || sent > mostBytes) overflow.abort(tooMuchOutput(mostBytes));
        else collector.add(message);
      },
    });
    if (result.status === "ok" && uncaught) result = uncaught;
    cell.execution_count = index + 1;
    cell.outputs = collector.outputs();
    if (result.status !== "ok") {
      // A syntax error comes without a word on what and where.
      if (result.evalue === "Execution failed") result = await explainSyntaxError(cell.source) ?? result;
      if (cell.outputs.at(-1)?.output_type !== "error") {
        const { ename, evalue, traceback } = result;
        cell.outputs.push({ output_type: "error", ename, evalue, traceback });
      }
    }
    await onCellDone(result.status === "ok" ? executed : withStopNotice(executed));
    if (result.status !== "ok") {
      throw new ExecutionError({ notebook: name, cell: executed.cells.indexOf(cell) + 1, result, executed });
    }
  }
}

/** What this project's own messages carry in their metadata under `ham10000`. */
function ownMetadata({ content }: Message): { progress?: unknown; uncaught?: unknown; tooMuchOutput?: true } {
  return (content.metadata as { ham10000?: Record<string, unknown> } | undefined)?.ham10000 ?? {};
}
