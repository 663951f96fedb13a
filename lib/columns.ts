/** Columns of the metadata table, and how another table names them and its diagnoses. */

/** HAM10000's own names; the rest of the code knows no others. */
export const metadataColumns = [
  "lesion_id",
  "image_id",
  "dx",
  "dx_type",
  "age",
  "sex",
  "localization",
] as const;
export type MetadataColumn = (typeof metadataColumns)[number];

/** Another table's names by HAM10000's: `{ image_id: "image", dx: "diagnosis" }`. What is left out has HAM10000's name. */
export type ColumnNames = Readonly<Partial<Record<MetadataColumn, string>>>;

/** Labels are bytes; one value stays free. */
export const mostClasses = 255;

/**
 * What `--columns` gives: `image_id=image,dx=diagnosis` → { image_id: "image", dx: "diagnosis" }. Names are not checked here, see
 * {@linkcode checkColumns}.
 *
 * @throws {RangeError} when an item has no "=" or a column is there twice
 */
export function parseColumns(text: string): ColumnNames {
  const columns = new Map<string, string>();
  for (const item of text.split(",")) {
    const at = item.indexOf("=");
    if (at < 1) {
      throw new RangeError(
        `--columns is a list of HAM10000's name=the table's name, as in image_id=image,dx=diagnosis. ` +
          `Received: ${JSON.stringify(item)}`,
      );
    }
    const column = item.slice(0, at).trim();
    if (columns.has(column)) {
      throw new RangeError(`--columns names each column once. Received: ${column} twice`);
    }
    columns.set(column, item.slice(at + 1).trim());
  }
  return Object.fromEntries(columns);
}

/** @throws {RangeError} when a column is none of HAM10000's, has no name or shares its name with another */
export function checkColumns(columns: ColumnNames): void {
  for (const [column, name] of Object.entries(columns)) {
    if (!metadataColumns.includes(column as MetadataColumn)) {
      throw new RangeError(
        `Configuration: columns maps HAM10000's names to those of the table, as in image_id=image; expected one of ` +
          `${metadataColumns.join(", ")} on the left. Received: ${column}=${name}`,
      );
    }
    if (typeof name !== "string" || name === "") {
      throw new RangeError(
        `Configuration: columns needs the name that the table has for ${column}. Received: ${
          JSON.stringify(name)
        }`,
      );
    }
  }
  const names = Object.values(columns);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(
      `Configuration: columns names each column of the table once. Received: ${twice} twice`,
    );
  }
}

/** @throws {RangeError} when there are not 2 to 255 classes, or one is empty or there twice */
export function checkClasses(classes: readonly string[]): void {
  const distinct = new Set(classes).size;
  if (
    distinct !== classes.length || classes.includes("") || classes.length < 2 || classes.length > mostClasses
  ) {
    throw new RangeError(
      `Configuration: classes must be 2 to ${mostClasses} different diagnoses, none empty. Received: ${
        JSON.stringify(classes)
      }`,
    );
  }
}
