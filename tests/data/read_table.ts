/** Tables by their texts, for tests. */
import { readTables, type TableOptions } from "../../lib/data/metadata.ts";
import { knownNames } from "../../lib/data/table/table_columns.ts";
import { parseTable } from "../../lib/data/table/table_text.ts";
import { withFiles as inFolderWith } from "../support/temporary_folder.ts";

/** Reads tables by their texts; no photo is looked for. */
export function read(texts: string | Record<string, string>, options: TableOptions = {}) {
  const tables = Object.entries(typeof texts === "string" ? { "list.csv": texts } : texts);
  const known = knownNames(options.columns ?? null);
  return readTables(tables.map(([name, text]) => parseTable(text, { name, known })), options);
}

/** A folder with these files and the photos P1.jpg and P2.jpg. */
export function withFiles(
  files: Record<string, string | Uint8Array>,
  check: (folder: string) => Promise<void>,
): Promise<void> {
  return inFolderWith({ ...files, "photos/P1.jpg": "", "photos/P2.jpg": "" }, check);
}
