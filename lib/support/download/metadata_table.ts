/** HAM10000's metadata table as it may come: with commas as uploaded, or as a Dataverse keeps tables, with tabs. */
import { parse, stringify } from "../csv.ts";
import { metadataColumns } from "../../columns.ts";

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
  const header = text.slice(0, text.indexOf("\n") + 1);
  const converted = header.includes("\t");
  const rows = converted ? parseTabs(text, name) : parse(text, { skipFirstRow: true });
  const columns = Object.keys(rows[0] ?? {});
  const missing = metadataColumns.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new SyntaxError(
      `${name}: expected rows with the columns ${metadataColumns.join(", ")}. Received: ${
        columns.join(", ").slice(0, 200) || "none"
      }`,
    );
  }
  return { csv: converted ? stringify(rows, { columns }) : text, rows: rows.length, converted };
}

/**
 * A Dataverse's tab-separated form: a header line, strings in double quotes with backslashes before quotes and backslashes,
 * numbers bare, nothing for a missing value.
 */
function parseTabs(text: string, name: string): Record<string, string>[] {
  const [header, ...lines] = text.replace(/^\uFEFF/, "").split(/\r?\n/).filter((line) => line !== "");
  const columns = header.split("\t").map(unquoted);
  return lines.map((line, index) => {
    const values = line.split("\t").map(unquoted);
    if (values.length !== columns.length) {
      throw new SyntaxError(
        `${name}, row ${index + 2}: expected ${columns.length} values. Received: ${values.length}`,
      );
    }
    return Object.fromEntries(columns.map((column, i) => [column, values[i]]));
  });
}

function unquoted(field: string): string {
  if (!/^".*"$/.test(field) || field.length < 2) return field;
  const meant: Record<string, string> = { n: "\n", t: "\t", r: "\r" };
  return field.slice(1, -1).replace(/\\(.)/g, (_, mark: string) => meant[mark] ?? mark);
}
