/**
 * Notebook files, nbformat 4.5 (nbformat.readthedocs.io/en/5.11/format_description.html). In memory a text is one string; a
 * file holds it as a list of lines, as nbformat's Python writer leaves it.
 */
import { basename } from "node:path";
import { sortedJson, splitLines } from "./python_json.ts";
import { parseNotebookObject } from "./validate.ts";

/** Contents of one output by MIME type: text, Base64 of binary data, or JSON for `application/json` and `…+json`. */
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
  /** null where the cell has not run. */
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

export interface StreamOutput {
  output_type: "stream";
  name: "stdout" | "stderr";
  text: string;
}

export interface DisplayOutput {
  output_type: "display_data";
  data: MimeBundle;
  metadata: Metadata;
}

export interface ResultOutput {
  output_type: "execute_result";
  data: MimeBundle;
  metadata: Metadata;
  execution_count: number;
}

export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Metadata of a notebook for Deno's kernel: front ends choose kernel and colours by it. */
export const denoMetadata: Metadata = {
  kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
  language_info: {
    codemirror_mode: "typescript",
    file_extension: ".ts",
    mimetype: "text/x.typescript",
    name: "typescript",
    nbconvert_exporter: "script",
    pygments_lexer: "typescript",
  },
};

/** Says what to do about a notebook that is for no kernel or another's; null where it is for Deno's. */
export function kernelProblem(notebook: Notebook): string | null {
  const { name } = (notebook.metadata.kernelspec ?? {}) as { name?: unknown };
  if (name === "deno") return null;
  const received = name === undefined ? "no kernel" : JSON.stringify(name);
  return `expected the kernel "deno". Open the notebook in VS Code or JupyterLab, choose Deno and save. Received: ${received}`;
}

/**
 * Reads and checks a notebook that is to run.
 *
 * @throws {SyntaxError} when the file is missing, no notebook of format 4.5 or not for Deno's kernel; it names the file and what to do
 */
export async function readNotebook(path: string): Promise<Notebook> {
  const name = basename(path);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new SyntaxError(
      `${name}: cannot be read. Restore the file from the project. Received: ${(cause as Error).message}`,
      { cause },
    );
  }
  const notebook = parseNotebook(text, name);
  const problem = kernelProblem(notebook);
  if (problem) throw new SyntaxError(`${name}: ${problem}`);
  return notebook;
}

/**
 * Reads a notebook file's text.
 *
 * @param name the file's name, for errors
 * @throws {SyntaxError} when it is not JSON or not a notebook of format 4.5: it names the cell and what to do
 */
export function parseNotebook(text: string, name = "notebook"): Notebook {
  let value: unknown;
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
  return parseNotebookObject(value, name);
}

/**
 * A notebook file's text in Jupyter's own form, to the byte what Python's `nbformat.write` writes: one space a level, sorted
 * keys, texts as lists of lines, a line feed at the end. (Numbers are written as JavaScript does: 1 for Python's 1.0.)
 */
export function serializeNotebook(notebook: Notebook): string {
  const { orig_nbformat: _1, orig_nbformat_minor: _2, signature: _3, ...metadata } = notebook.metadata;
  return sortedJson({ ...notebook, metadata, cells: notebook.cells.map(cellForFile) }) + "\n";
}

/** A copy without outputs and execution counts, as notebooks are kept in `notebooks/`. */
export function withoutOutputs(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell): Cell =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell
  );
  return { ...notebook, cells };
}

/** A notebook for Deno's kernel, from texts. Identifiers are `cell-1`, `cell-2`, … */
export function createNotebook(cells: { type: "code" | "markdown"; source: string }[]): Notebook {
  return {
    cells: cells.map(({ type, source }, index): Cell => {
      const common = { id: `cell-${index + 1}`, metadata: {}, source };
      return type === "code"
        ? { cell_type: type, ...common, outputs: [], execution_count: null }
        : { cell_type: type, ...common };
    }),
    metadata: structuredClone(denoMetadata),
    nbformat: 4,
    nbformat_minor: 5,
  };
}

function cellForFile(cell: Cell): unknown {
  const { trusted: _, ...metadata } = cell.metadata;
  const common = { ...cell, metadata, source: splitLines(cell.source) };
  if (cell.cell_type === "code") return { ...common, outputs: cell.outputs.map(outputForFile) };
  if (!cell.attachments) return common;
  const attachments = Object.entries(cell.attachments).map(([name, bundle]) => [name, bundleForFile(bundle)]);
  return { ...common, attachments: Object.fromEntries(attachments) };
}

function outputForFile(output: Output): unknown {
  if (output.output_type === "stream") return { ...output, text: splitLines(output.text) };
  return output.output_type === "error" ? output : { ...output, data: bundleForFile(output.data) };
}

/** Texts are split, as they make readable differences between versions; Base64 and JSON stay whole. */
function bundleForFile(bundle: MimeBundle): MimeBundle {
  const isText = (mime: string) =>
    mime.startsWith("text/") || mime === "application/javascript" || mime === "image/svg+xml";
  return Object.fromEntries(
    Object.entries(bundle).map((
      [mime, value],
    ) => [mime, isText(mime) && typeof value === "string" ? splitLines(value) : value]),
  );
}
