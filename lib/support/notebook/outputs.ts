/** Collects the outputs of a cell as Jupyter's front ends do, within limits. */
import { stripVTControlCharacters } from "node:util";
import type { DisplayOutput, ErrorOutput, Metadata, MimeBundle, Output } from "./ipynb.ts";
import type { Message } from "./kernel.ts";

export interface OutputLimits {
  /** Characters of text per cell; of longer text, the beginning and the end are kept. Default 10 million. */
  text?: number;
  /** Characters of displays and results per cell, including Base64; later ones are left out. Default 100 million. */
  displays?: number;
  /**
   * Bytes a cell may send, including envelopes. A cell that sends more is stopped, because the kernel holds unsent output in
   * memory. Default 200 million, or nearly 50,000 short lines.
   */
  sent?: number;
}

/** The outputs of one notebook's cells, one cell after the other. */
export interface OutputCollector {
  /** Begins the next cell. */
  startCell(executionCount: number): void;
  add(message: Pick<Message, "type" | "content">): void;
  /** Outputs of the current cell so far. */
  outputs(): Output[];
}

interface Stream {
  output_type: "stream";
  name: "stdout" | "stderr";
  text: BoundedText;
}

type Piece = Exclude<Output, { output_type: "stream" }> | Stream;

/** If there are more pieces than this, streams are joined out of order: nobody looks at a million of them. */
const mostPieces = 1000;

/**
 * Turns the kernel's messages into nbformat's outputs. Neighbouring texts of one stream are joined. `clear_output` clears.
 * `update_display_data` changes all displays with that identifier in place, including those of earlier cells. Colour codes are
 * removed.
 */
export function collectOutputs(limits: OutputLimits = {}): OutputCollector {
  const { text: textLimit = 10e6, displays: displayLimit = 100e6 } = limits;
  const displays = new Map<string, DisplayOutput[]>();
  let pieces: Piece[] = [];
  let [executionCount, displayed, clearsNext] = [0, 0, false];

  const addText = (name: Stream["name"], text: string) => {
    const isOurs = (piece?: Piece): piece is Stream => piece?.output_type === "stream" && piece.name === name;
    const last = pieces.at(-1);
    let stream = isOurs(last) ? last : pieces.length >= mostPieces ? pieces.findLast(isOurs) : undefined;
    if (!stream) {
      const used = pieces.reduce((sum, piece) => sum + ("text" in piece ? piece.text.length : 0), 0);
      stream = { output_type: "stream", name, text: new BoundedText(Math.max(textLimit - used, 10_000)) };
      pieces.push(stream);
    }
    stream.text.add(text);
  };
  /** Whether there is room for one more display; if there is none, a note is added. */
  const fits = (data: MimeBundle): boolean => {
    const size = JSON.stringify(data).length;
    displayed += size;
    if (displayed <= displayLimit && pieces.length < mostPieces) return true;
    const count = size.toLocaleString("en");
    addText("stderr", `[An output of ${count} characters left out: the cell shows too much]\n`);
    return false;
  };

  return {
    startCell(count) {
      [pieces, executionCount, displayed, clearsNext] = [[], count, 0, false];
    },
    add({ type, content }) {
      const id = (content.transient as { display_id?: string } | undefined)?.display_id ?? "";
      if (type === "clear_output") {
        clearsNext = content.wait === true;
        if (!clearsNext) [pieces, displayed] = [[], 0];
        return;
      }
      if (type === "update_display_data") {
        for (const display of displays.get(id) ?? []) Object.assign(display, shownBy(content));
        return;
      }
      if (clearsNext) [pieces, displayed, clearsNext] = [[], 0, false];
      if (type === "stream") {
        addText(content.name === "stderr" ? "stderr" : "stdout", String(content.text));
      } else if (type === "error") {
        const { ename, evalue, traceback } = content as unknown as ErrorOutput;
        pieces.push({ output_type: type, ename, evalue, traceback: traceback.map(stripVTControlCharacters) });
      } else if (type === "display_data" && fits(content.data as MimeBundle)) {
        const display: DisplayOutput = { output_type: type, ...shownBy(content) };
        if (id) displays.set(id, [...displays.get(id) ?? [], display]);
        pieces.push(display);
      } else if (type === "execute_result" && fits(content.data as MimeBundle)) {
        pieces.push({ output_type: type, ...shownBy(content), execution_count: executionCount });
      }
    },
    outputs: () =>
      pieces.map((piece) =>
        piece.output_type === "stream"
          ? { ...piece, text: stripVTControlCharacters(piece.text.toString()) }
          : piece
      ),
  };
}

function shownBy(content: Message["content"]): { data: MimeBundle; metadata: Metadata } {
  const data = { ...content.data as MimeBundle };
  const text = data["text/plain"];
  if (typeof text === "string") data["text/plain"] = stripVTControlCharacters(text);
  return { data, metadata: { ...content.metadata as Metadata } };
}

/** Text of any length. Beyond the limit, half of the limit is kept at its beginning and half at its end. */
export class BoundedText {
  #head = "";
  #tail = "";
  #leftOut = 0;
  readonly #half: number;

  /** @param limit in characters (UTF-16 units); up to half as much more, and one added piece, may be held */
  constructor(limit: number) {
    this.#half = Math.floor(limit / 2);
  }

  /** Characters held. */
  get length(): number {
    return this.#head.length + this.#tail.length;
  }

  add(text: string): void {
    const room = this.#half - this.#head.length;
    this.#head += text.slice(0, room);
    this.#tail += text.slice(room);
    if (this.#tail.length > 2 * this.#half + 1000) this.#cut();
  }

  /** The text, with a note in the place of what was left out. */
  toString(): string {
    this.#cut();
    if (this.#leftOut === 0) return this.#head + this.#tail;
    return `${this.#head}\n[… ${this.#leftOut.toLocaleString("en")} characters left out …]\n${this.#tail}`;
  }

  #cut(): void {
    const more = Math.max(this.#tail.length - this.#half, 0);
    this.#tail = this.#tail.slice(more);
    this.#leftOut += more;
  }
}
