/** HAM10000's metadata table as it may come: with commas as it was uploaded, or with tabs as a Dataverse keeps tables. */
import { parse as parseCsv } from "csv-parse/sync";
import { metadataColumns } from "../../data/metadata.ts";
import { parse, stringify } from "../../support/csv.ts";

/**
 * The table with commas. One that has them already comes back as it is, byte for byte.
 *
 * @param name what messages call it
 * @throws {SyntaxError} where it is no table with HAM10000's columns
 */
export function tableWithCommas(
  text: string,
  name: string,
): { csv: string; rows: number; converted: boolean } {
  const converted = text.slice(0, text.indexOf("\n") + 1).includes("\t");
  let rows: Record<string, string>[];
  try {
    rows = converted ? parseTabs(text) : parse(text, { skipFirstRow: true });
  } catch (error) {
    throw new SyntaxError(`${name}: ${(error as Error).message}`, { cause: error });
  }
  const columns = Object.keys(rows[0] ?? {});
  if (!metadataColumns.every((column) => columns.includes(column))) {
    throw new SyntaxError(
      `${name}: expected rows with the columns ${metadataColumns.join(", ")}. Received: ${
        columns.join(", ").slice(0, 200) || "none"
      }`,
    );
  }
  return { csv: converted ? stringify(rows, { columns }) : text, rows: rows.length, converted };
}

/** A Dataverse's form: strings in double quotes, backslashes before quotes and backslashes, nothing for a missing value. */
function parseTabs(text: string): Record<string, string>[] {
  return parseCsv(text, { columns: true, bom: true, delimiter: "\t", escape: "\\", skip_empty_lines: true });
}
