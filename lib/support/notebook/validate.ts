/** Checks on a notebook file's content; each error names the cell and what to do. */
import type { Cell, MimeBundle, Notebook, Output } from "./ipynb.ts";

/**
 * Checks a parsed file and joins its lists of lines.
 *
 * @param name the file's name, for errors
 * @throws {SyntaxError} when it is not a notebook of format 4.5
 */
export function parseNotebookObject(value: unknown, name: string): Notebook {
  const fail: Fail = failIn(name);
  if (!isObject(value) || !("nbformat" in value)) {
    fail(`expected a notebook: an object with nbformat, cells and metadata`, value);
  }
  const { nbformat, nbformat_minor, cells, metadata } = value;
  if (nbformat !== 4 || typeof nbformat_minor !== "number" || nbformat_minor < 5) {
    fail(
      "expected nbformat 4.5, the first in which cells have identifiers. Open it in a current JupyterLab or VS Code and " +
        "save it",
      `${nbformat}.${nbformat_minor}`,
    );
  }
  if (!isObject(metadata)) fail("expected metadata to be an object", metadata);
  if (!Array.isArray(cells)) fail("expected cells to be a list", cells);
  const ids = new Map<string, number>();
  const parsed = cells.map((cell, index) => {
    const result = parseCell(cell, failIn(`${name}, cell ${index + 1}`));
    const before = ids.get(result.id);
    if (before !== undefined) {
      fail(
        `expected each cell to have an id of its own; cells ${before} and ${index + 1} share one`,
        result.id,
      );
    }
    ids.set(result.id, index + 1);
    return result;
  });
  return { ...value, cells: parsed, metadata, nbformat: 4, nbformat_minor };
}

type Fail = (expected: string, received: unknown) => never;

function failIn(place: string): Fail {
  return (expected, received) => {
    const shown = typeof received === "string" ? received : JSON.stringify(received) ?? "nothing";
    throw new SyntaxError(
      `${place}: ${expected}. Received: ${shown.length > 100 ? `${shown.slice(0, 100)}…` : shown}`,
    );
  };
}

function parseCell(cell: unknown, fail: Fail): Cell {
  if (!isObject(cell)) return fail("expected an object", cell);
  const { cell_type, id, metadata, attachments, outputs, execution_count } = cell;
  if (cell_type !== "code" && cell_type !== "markdown" && cell_type !== "raw") {
    return fail("expected cell_type to be code, markdown or raw", cell_type);
  }
  if (typeof id !== "string" || !/^[a-zA-Z0-9_-]{1,64}$/.test(id)) {
    return fail(
      `expected an id of 1–64 letters, digits, "-" or "_". Saving the notebook in JupyterLab or VS Code adds one`,
      id,
    );
  }
  if (!isObject(metadata)) return fail("expected metadata to be an object", metadata);
  const source = joinLines(cell.source);
  if (typeof source !== "string") return fail("expected source to be a text or a list of lines", cell.source);
  if (cell_type !== "code") {
    if (attachments === undefined) return { ...cell, cell_type, id, metadata, source };
    if (!isObject(attachments) || !Object.values(attachments).every(isObject)) {
      return fail("expected attachments by name, each with contents by MIME type", attachments);
    }
    const entries = Object.entries(attachments) as [string, MimeBundle][];
    const joined = Object.fromEntries(entries.map(([name, bundle]) => [name, joinBundle(bundle)]));
    return { ...cell, cell_type, id, metadata, source, attachments: joined };
  }
  if (!Array.isArray(outputs)) return fail("expected a code cell's outputs to be a list", outputs);
  if (execution_count !== null && !Number.isInteger(execution_count)) {
    return fail("expected execution_count to be a whole number or null", execution_count);
  }
  return {
    ...cell,
    cell_type,
    id,
    metadata,
    source,
    outputs: outputs.map((output) => parseOutput(output, fail)),
    execution_count: execution_count as number | null,
  };
}

function parseOutput(output: unknown, fail: Fail): Output {
  if (isObject(output)) {
    const { output_type, data, metadata, name, traceback } = output;
    const text = joinLines(output.text);
    if (output_type === "stream" && typeof name === "string" && typeof text === "string") {
      return { ...output, text } as Output;
    }
    if (
      (output_type === "display_data" || output_type === "execute_result") && isObject(data) &&
      isObject(metadata)
    ) {
      return { ...output, data: joinBundle(data) } as Output;
    }
    if (output_type === "error" && Array.isArray(traceback)) return output as unknown as Output;
  }
  return fail(
    "expected each output to be a stream, display_data, execute_result or error with its fields. Clear the outputs",
    output,
  );
}

function joinBundle(bundle: MimeBundle): MimeBundle {
  const isJson = (mime: string) =>
    mime === "application/json" || (mime.startsWith("application/") && mime.endsWith("+json"));
  return Object.fromEntries(
    Object.entries(bundle).map(([mime, value]) => [mime, isJson(mime) ? value : joinLines(value)]),
  );
}

/** A list of texts as one text; anything else as it is. */
function joinLines(value: unknown): unknown {
  return Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("") : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
