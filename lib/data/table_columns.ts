/** Rows of a table under HAM10000's column names. */
import { type ColumnNames, type MetadataColumn, metadataColumns } from "../columns.ts";

/** Without them there is nothing to learn; what else is missing counts as unknown. */
const required: readonly MetadataColumn[] = ["image_id", "dx"];

/** HAM10000's name of each column that the table has → the table's own. */
export type FoundColumns = Readonly<Partial<Record<MetadataColumn, string>>>;

/**
 * @param present the table's columns
 * @param options `names`: null where the table is HAM10000's, which has all seven
 * @throws {SyntaxError} when columns are missing: which, those that are there, and the flag that names them
 */
export function findColumns(
  present: readonly string[],
  options: { table: string; names: ColumnNames | null },
): FoundColumns {
  const { table, names } = options;
  const nameOf = (column: MetadataColumn) => names?.[column] ?? column;
  const needed = metadataColumns.filter((column) => !names || names[column] || required.includes(column));
  const missing = needed.filter((column) => !present.includes(nameOf(column)));
  if (missing.length > 0) {
    throw new SyntaxError(
      `${table}: column ${missing.map(nameOf).join(", ")} is missing; expected ${
        needed.map(nameOf).join(", ")
      }. ${adviceFor(present)} Received: ${present.join(", ")}`,
    );
  }
  return Object.fromEntries(
    metadataColumns.filter((column) => present.includes(nameOf(column)))
      .map((column) => [column, nameOf(column)]),
  );
}

function adviceFor(present: readonly string[]): string {
  const separator = present.length === 1 && /[;\t|]/.exec(present[0])?.[0];
  return separator
    ? `The table seems to be divided by ${JSON.stringify(separator)}: save it with commas.`
    : "Columns with other names are named with --columns, as in --columns image_id=image,dx=diagnosis.";
}
