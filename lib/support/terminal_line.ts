/** A terminal line that changes in place. If the output is no terminal, plain lines now and then. */
import { paceTexts, percentDone, secondsNow, type StageProgress } from "./pace.ts";

export interface TerminalLine {
  /** Replaces the text shown before. Without a terminal: writes a line of its own, at most every 10 s. */
  show(text: string): void;
  /** Keeps the last state and goes to the next line. Without a terminal: writes the last state if it was skipped. */
  end(): void;
  /** Removes the changing line. */
  clear(): void;
}

/** The output stream: `Deno.stdout` or `Deno.stderr`. */
export interface TextStream {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/** Seconds between plain lines. */
const interval = 10;

/** A line for texts that replace each other. */
export function terminalLine(
  { stream }: { stream: TextStream },
): TerminalLine {
  const isTerminal = stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
  let shown = "";
  let passedOver = "";
  let writtenAt = secondsNow(); // a step shorter than the interval writes one line, at its end

  const write = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  };
  return {
    show(text) {
      if (isTerminal) {
        // A line that wraps could not be overwritten.
        const line = [...text].slice(0, Math.max(terminalColumns() - 1, 10)).join("");
        if (line === shown) return;
        write(`\r${line}\x1b[K`);
        shown = line;
      } else if (secondsNow() - writtenAt >= interval) {
        writtenAt = secondsNow();
        passedOver = "";
        write(`${text}\n`);
      } else {
        passedOver = text;
      }
    },
    end() {
      if (shown || passedOver) write(`${passedOver}\n`);
      [shown, passedOver] = ["", ""];
    },
    clear() {
      if (shown) write("\r\x1b[K");
      [shown, passedOver] = ["", ""];
    },
  };
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

/** The progress of a notebook. */
export interface NotebookProgress {
  /** Number of the code cell that runs, 1 … cells. */
  cell: number;
  /** Number of code cells that are not empty. */
  cells: number;
  /** The step that the cell last reported; null at the start of a cell. */
  stage: StageProgress | null;
}

/** The progress line of one notebook. Disposing of it (`using`) removes the line. */
export interface NotebookLine extends Disposable {
  update(progress: NotebookProgress): void;
}

/**
 * The progress line of a running notebook, such as
 * `3/5 03_split  cell 4/12  Activations ━━━━━━──────  45 %  54 a second  2 min 10 s left`. If stdout is no terminal: plain lines
 * without a bar. Nothing is coloured.
 *
 * @param place the notebook's position among those to run: index 0 … count − 1
 */
export function notebookLine(
  name: string,
  place: { index: number; count: number },
  stream: TextStream = Deno.stdout,
): NotebookLine {
  const line = terminalLine({ stream });
  return {
    update({ cell, cells, stage }) {
      const parts = [`${place.index + 1}/${place.count} ${name}`, `cell ${cell}/${cells}`];
      if (stage) {
        const percent = percentDone(stage.done, stage.total);
        const filled = Math.round(percent * 12 / 100);
        const bar = stream.isTerminal() ? ` ${"━".repeat(filled)}${"─".repeat(12 - filled)}` : "";
        parts.push(`${stage.stage}${bar}`, `${percent} %`, ...paceTexts(stage));
      }
      line.show(parts.join("  "));
    },
    [Symbol.dispose]: line.clear,
  };
}
