/** The line that the headless run shows while notebooks run. */
import type { NotebookProgress } from "./execute.ts";
import { paceTexts, percentDone } from "./progress_text.ts";
import { terminalLine, type TextStream } from "./terminal_line.ts";

/** To be disposed of (`using`) when the notebook is done: that takes the line away. */
export interface TerminalProgress extends Disposable {
  update(progress: NotebookProgress): void;
  /** Writes a line that stays. */
  print(text: string): void;
}

/**
 * A line for one notebook, as `3/5 03_split  cell 4/12  Activations ━━━━━━──────  45 %  54 a second  2 min 10 s left`. Where stdout is no
 * terminal: plain lines without bar, at most one every 10 s. Nothing is coloured.
 *
 * @param place which of the notebooks to run this is: index 0 … count − 1
 * @param options for tests
 */
export function terminalProgress(
  name: string,
  place: { index: number; count: number },
  options: { stream?: TextStream; columns?: () => number; now?: () => number } = {},
): TerminalProgress {
  const { stream = Deno.stdout } = options;
  const line = terminalLine({ ...options, stream });
  const withBar = stream.isTerminal();
  return {
    update: (progress) =>
      line.show(`${place.index + 1}/${place.count} ${name}  ${notebookText(progress, { withBar })}`),
    print: line.print,
    [Symbol.dispose]: line.clear,
  };
}

function notebookText({ cell, cells, stage }: NotebookProgress, options: { withBar: boolean }): string {
  const parts = [`cell ${cell}/${cells}`];
  if (stage) {
    const percent = percentDone(stage.done, stage.total);
    const filled = Math.round(percent * 12 / 100);
    const bar = options.withBar ? ` ${"━".repeat(filled)}${"─".repeat(12 - filled)}` : "";
    parts.push(`${stage.stage}${bar}`, `${percent} %`, ...paceTexts(stage));
  }
  return parts.join("  ");
}
