/**
 * Notebook files, nbformat 4.5 (nbformat.readthedocs.io/en/5.11/format_description.html). In memory a text is one string; in a
 * file it is a list of lines, as nbformat's Python writer leaves it.
 */
import { basename } from "node:path";
import { isObject } from "../json.ts";

/** Content of one output by MIME type: text, Base64 of binary data, or JSON for `application/json` and `…+json`. */
export type MimeBundle = Record<string, unknown>;
export type Metadata = Record<string, unknown>;

export interface Notebook {
  cells: Cell[];
  metadata: Metadata;
  nbformat: 4;
  nbformat_minor: number;
}

export type Cell = CodeCell | TextCell;

export interface CodeCell {
  cell_type: "code";
  /** 1–64 letters, digits, `-` or `_`; unique in its notebook. */
  id: string;
  metadata: Metadata;
  source: string;
  outputs: Output[];
  /** null if the cell has not run. */
  execution_count: number | null;
}

export interface TextCell {
  cell_type: "markdown" | "raw";
  id: string;
  metadata: Metadata;
  source: string;
  /** Embedded files: name → MIME bundle. */
  attachments?: Record<string, MimeBundle>;
}

export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;
export type StreamOutput = { output_type: "stream"; name: "stdout" | "stderr"; text: string };
export type DisplayOutput = { output_type: "display_data"; data: MimeBundle; metadata: Metadata };
export type ErrorOutput = { output_type: "error"; ename: string; evalue: string; traceback: string[] };
export type ResultOutput = Omit<DisplayOutput, "output_type"> & {
  output_type: "execute_result";
  execution_count: number;
};

/** A copy without outputs and execution counts, as notebooks are kept in `notebooks/`. */
export function withoutOutputs(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell): Cell =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell
  );
  return { ...notebook, cells };
}

/**
 * Reads a notebook file. Errors are those of `parseNotebook`, with the file's name.
 *
 * @throws {SyntaxError} also if the file cannot be read
 */
export async function readNotebook(path: string): Promise<Notebook> {
  const name = basename(path);
  const text = await Deno.readTextFile(path).catch((cause) => {
    const received = (cause as Error).message;
    throw new SyntaxError(
      `${name}: cannot be read. Restore the file from the project. Received: ${received}`,
      { cause },
    );
  });
  return parseNotebook(text, name);
}

/**
 * Reads a notebook file's text.
 *
 * @param name the file's name, for errors
 * @throws {SyntaxError} if it is not JSON, not a notebook of format 4.5 or not for Deno's kernel; says which cell and what to do
 */
export function parseNotebook(text: string, name = "notebook"): Notebook {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const hint = /^(<<<<<<<|=======|>>>>>>>)/m.test(text) ? " It holds marks of an unresolved merge." : "";
    throw new SyntaxError(
      `${name}: expected a notebook, which is JSON.${hint} Restore the file or save it again from Jupyter or VS Code. ` +
        `Received: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const need = checkIn(name);
  need(
    isObject(value) && "nbformat" in value,
    "a notebook: an object with nbformat, cells and metadata",
    value,
  );
  const { nbformat, nbformat_minor, cells, metadata } = value;
  need(
    nbformat === 4 && nbformat_minor >= 5,
    "nbformat 4.5, the first in which cells have identifiers. Open it in a current JupyterLab or VS Code and save it",
    `${nbformat}.${nbformat_minor}`,
  );
  need(Array.isArray(cells), "cells to be a list", cells);
  const kernel = metadata?.kernelspec?.name;
  need(
    kernel === "deno",
    'the kernel "deno". Open the notebook in VS Code or JupyterLab, choose Deno and save',
    kernel === undefined ? "no kernel" : JSON.stringify(kernel),
  );
  const ids = new Map<string, number>();
  const parsed = (cells as unknown[]).map((cell, index) => {
    const result = parseCell(cell, checkIn(`${name}, cell ${index + 1}`));
    const other = ids.get(result.id);
    need(!other, `each cell to have an id of its own; cells ${other} and ${index + 1} share one`, result.id);
    ids.set(result.id, index + 1);
    return result;
  });
  return { ...value, cells: parsed };
}

type Check = (holds: boolean, expected: string, received: unknown) => void;

function checkIn(place: string): Check {
  return (holds, expected, received) => {
    if (holds) return;
    const shown = typeof received === "string" ? received : JSON.stringify(received) ?? "nothing";
    const short = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
    throw new SyntaxError(`${place}: expected ${expected}. Received: ${short}`);
  };
}

function parseCell(cell: unknown, need: Check): Cell {
  const { cell_type, id, metadata, outputs, attachments = {}, ...rest } = isObject(cell) ? cell : {};
  const source = joinLines(rest.source);
  const isCode = cell_type === "code";
  need(
    (isCode ? Array.isArray(outputs) : cell_type === "markdown" || cell_type === "raw") &&
      typeof source === "string" && isObject(metadata) &&
      isObject(attachments) && Object.values(attachments).every(isObject),
    "a cell of nbformat 4.5: cell_type code, markdown or raw, with metadata and source; code with a list of outputs",
    cell,
  );
  need(
    typeof id === "string" && /^[a-zA-Z0-9_-]{1,64}$/.test(id),
    `an id of 1–64 letters, digits, "-" or "_". Saving the notebook in JupyterLab or VS Code adds one`,
    id,
  );
  const common = { ...cell as Cell, source: source as string };
  if (isCode) {
    return {
      ...common,
      outputs: (outputs as unknown[]).map((one) => parseOutput(one, need)),
    } as CodeCell;
  }
  if (!("attachments" in common)) return common;
  return {
    ...common,
    attachments: mapValues(attachments as Record<string, MimeBundle>, joinBundle),
  } as TextCell;
}

function parseOutput(output: unknown, need: Check): Output {
  const { output_type: type, data, metadata, name, traceback, ...rest } = isObject(output) ? output : {};
  const text = joinLines(rest.text);
  const isShown = isObject(data) && isObject(metadata);
  const isOutput: Record<string, boolean> = {
    stream: typeof name === "string" && typeof text === "string",
    display_data: isShown,
    execute_result: isShown,
    error: Array.isArray(traceback),
  };
  need(
    isOutput[String(type)] === true,
    "each output to be a stream, display_data, execute_result or error with its fields. Clear the outputs",
    output,
  );
  if (type === "stream") return { ...output as StreamOutput, text: text as string };
  return isShown ? { ...output as DisplayOutput, data: joinBundle(data) } : output as ErrorOutput;
}

/**
 * A notebook file's text in Jupyter's own form, byte for byte as Python's `nbformat.write` writes it: one space per level, sorted
 * keys, texts as lists of lines, a line feed at the end. (Numbers are written as in JavaScript: 1 for Python's 1.0.)
 */
export function serializeNotebook(notebook: Notebook): string {
  const { orig_nbformat: _1, orig_nbformat_minor: _2, signature: _3, ...metadata } = notebook.metadata;
  const cells = notebook.cells.map((cell) => {
    const { trusted: _, ...metadata } = cell.metadata;
    const common = { ...cell, metadata, source: splitLines(cell.source) };
    if (cell.cell_type === "code") return { ...common, outputs: cell.outputs.map(outputForFile) };
    return cell.attachments ? { ...common, attachments: mapValues(cell.attachments, splitBundle) } : common;
  });
  return sortedJson({ ...notebook, metadata, cells }) + "\n";
}

function outputForFile(output: Output): unknown {
  if (output.output_type === "stream") return { ...output, text: splitLines(output.text) };
  return output.output_type === "error" ? output : { ...output, data: splitBundle(output.data) };
}

/** Splits texts, so that differences between versions are readable; Base64 and JSON stay whole. */
function splitBundle(bundle: MimeBundle): MimeBundle {
  const isText = /^text\/|^application\/javascript$|^image\/svg\+xml$/;
  return mapValues(
    bundle,
    (value, mime) => typeof value === "string" && isText.test(mime) ? splitLines(value) : value,
  );
}

function joinBundle(bundle: MimeBundle): MimeBundle {
  return mapValues(
    bundle,
    (value, mime) => /^application\/(json$|.*\+json$)/.test(mime) ? value : joinLines(value),
  );
}

/** Joins a list of texts to one text; anything else is returned as it is. */
function joinLines(value: unknown): unknown {
  return Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("") : value;
}

/** Like Python's `text.splitlines(True)`, which ends lines at CRLF, LF, CR, VT, FF, FS, GS, RS, NEL, LS and PS. */
function splitLines(text: string): string[] {
  // deno-lint-ignore no-control-regex -- FS, GS and RS are among them
  return text.split(/(?<=\r\n|[\n\v\f\x1c-\x1e\x85\u2028\u2029]|\r(?!\n))/).filter((line) => line !== "");
}

/** Like Python's `json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))`. */
function sortedJson(value: unknown, indent = ""): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = indent + " ";
  const isArray = Array.isArray(value);
  // Not through a sorted object: JavaScript would put keys like "10" first.
  const items = isArray ? value.map((item) => sortedJson(item ?? null, inner)) : Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}: ${sortedJson(item, inner)}`);
  const [open, close] = isArray ? "[]" : "{}";
  return items.length === 0
    ? open + close
    : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
}

function mapValues<T, R>(object: Record<string, T>, change: (value: T, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
