/** One line of a terminal that changes; plain lines now and then where the output is no terminal. */
import { paceTexts, percentDone, secondsNow, type StageProgress } from "./pace.ts";

export interface TerminalLine {
  /** Shows this text in the place of the one before. Without a terminal: a line of its own, at most every 10 s. */
  show(text: string): void;
  /** Leaves the last state standing (without a terminal: writes it where it was passed over) and goes to the next line. */
  end(): void;
  /** Takes the changing line away. */
  clear(): void;
}

/** Where the line is written: `Deno.stdout`, `Deno.stderr`. */
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
  let writtenAt = secondsNow(); // a step that is done in less than the interval writes one line at its end

  const write = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  };
  return {
    show(text) {
      if (isTerminal) {
        // A line that wraps could not be taken back.
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

/** How far a notebook is. */
export interface NotebookProgress {
  /** The code cell that runs, 1 … cells. */
  cell: number;
  /** Code cells that hold code. */
  cells: number;
  /** The step that the cell last told about; null at the start of a cell. */
  stage: StageProgress | null;
}

/** The line of one notebook. Disposing of it (`using`) takes the line away. */
export interface NotebookLine extends Disposable {
  update(progress: NotebookProgress): void;
}

/**
 * A line for a notebook that runs, as `3/5 03_split  cell 4/12  Activations ━━━━━━──────  45 %  54 a second  2 min 10 s left`. Where
 * stdout is no terminal: plain lines without bar. Nothing is coloured.
 *
 * @param place which of the notebooks to run this is: index 0 … count − 1
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
