/** One line of a terminal that changes; plain lines now and then where the output is no terminal. */

export interface TerminalLine {
  /** Shows this text in the place of the one before. Without a terminal: a line of its own, at most every 10 s. */
  show(text: string): void;
  /** Writes a line that stays, above the changing one. */
  print(text: string): void;
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

/**
 * @param options.interval seconds between plain lines, default 10
 * @param options.columns width of the terminal; default: asked each time
 * @param options.now the time in seconds
 */
export function terminalLine(
  options: { stream: TextStream; interval?: number; columns?: () => number; now?: () => number },
): TerminalLine {
  const { stream, interval = 10, columns = terminalColumns, now = () => performance.now() / 1000 } = options;
  const isTerminal = stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
  let shown = "";
  let passedOver = "";
  let writtenAt = now(); // a step that is done in less than the interval writes one line at its end

  const write = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  };
  const erase = () => {
    if (shown) write("\r\x1b[K");
    shown = "";
  };
  return {
    show(text) {
      if (isTerminal) {
        // A line that wraps could not be taken back.
        const line = [...text].slice(0, Math.max(columns() - 1, 10)).join("");
        if (line === shown) return;
        write(`\r${line}\x1b[K`);
        shown = line;
      } else if (now() - writtenAt >= interval) {
        writtenAt = now();
        passedOver = "";
        write(`${text}\n`);
      } else {
        passedOver = text;
      }
    },
    print(text) {
      const line = shown;
      erase();
      write(`${text}\n`);
      if (line) write(line);
      shown = line;
    },
    end() {
      if (shown || passedOver) write(`${passedOver}\n`);
      [shown, passedOver] = ["", ""];
    },
    clear() {
      erase();
      passedOver = "";
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
