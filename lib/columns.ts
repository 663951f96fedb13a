/** Columns of the metadata table, and other tables' names for them and for diagnoses. */

/** HAM10000's column names. The rest of the code uses no others. */
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

/** Another table's names by HAM10000's: `{ image_id: "image", dx: "diagnosis" }`. A column left out has HAM10000's name. */
export type ColumnNames = Readonly<Partial<Record<MetadataColumn, string>>>;

/**
 * Names of these columns in well-known tables (ISIC's challenges and archive, PAD-UFES-20), as {@linkcode foldName} writes them.
 * A column is found by them only if the table has exactly one of its names.
 */
export const usualNames: Readonly<Record<MetadataColumn, readonly string[]>> = {
  lesion_id: ["lesion"],
  image_id: ["image", "image_name", "isic_id", "img_id", "file", "filename", "file_name", "image_path"],
  dx: ["diagnosis", "diagnostic"],
  dx_type: ["diagnosis_confirm_type"],
  age: ["age_approx"],
  sex: ["gender"],
  localization: ["localisation", "anatom_site_general", "anatom_site_general_challenge"],
};

/** A column's name for comparison: in lower case, with blanks and hyphens as underscores. */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/[\s-]+/g, "_");
}

/** The largest number of classes: labels are bytes, and one value stays free. */
export const mostClasses = 255;

/**
 * Splits a list of names from the command line: `nv, "Melanoma, NOS"` → ["nv", "Melanoma, NOS"]. As in CSV, a name with a comma
 * stands in double quotes, and a double quote inside it is written twice.
 *
 * @throws {RangeError} if a quote is not closed
 */
export function parseNames(flag: string, text: string): string[] {
  const items = [""];
  let quoted = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    if (letter === "," && !quoted) items.push("");
    else items[items.length - 1] += letter;
  }
  if (quoted) {
    throw new RangeError(`${flag}: each " that opens a name must be closed by another. Received: ${text}`);
  }
  return items.map((item) => item.trim().replace(/"("?)/g, "$1").trim());
}

/**
 * Parses the pairs of a flag: `image_id=image,dx=diagnosis` → { image_id: "image", dx: "diagnosis" }. A pair or a name with a
 * comma stands in double quotes, see {@linkcode parseNames}.
 *
 * @param words for error messages: `pairs`, how a pair is written; `left`, what stands on its left
 * @throws {RangeError} if an item has no "=" or nothing before it, or if two items have the same text before it
 */
export function parsePairs(
  flag: string,
  text: string,
  { pairs, left }: { pairs: string; left: string },
): Record<string, string> {
  const found = new Map<string, string>();
  for (const item of parseNames(flag, text)) {
    const at = item.indexOf("=");
    if (at < 1) throw new RangeError(`${flag} is a list of ${pairs}. Received: ${JSON.stringify(item)}`);
    const name = item.slice(0, at).trim();
    if (found.has(name)) throw new RangeError(`${flag} names each ${left} once. Received: ${name} twice`);
    found.set(name, item.slice(at + 1).trim());
  }
  return Object.fromEntries(found);
}

/** Parses the value of `--columns`. Does not check the names, see {@linkcode checkColumns}. */
export function parseColumns(text: string): ColumnNames {
  const pairs = "HAM10000's name=the table's name, as in image_id=image,dx=diagnosis";
  return parsePairs("--columns", text, { pairs, left: "column" });
}

/** @throws {RangeError} if a column is not HAM10000's, has no name or shares its name with another */
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

/** @throws {RangeError} unless there are 2 to 255 different classes, none empty; with `joinCase` different in more than case */
export function checkClasses(classes: readonly string[], joinCase = false): void {
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
  if (joinCase && new Set(classes.map((name) => name.toLowerCase())).size !== distinct) {
    throw new RangeError(
      `Configuration: classes must differ in more than case, because joinCase merges classes that differ only in case. ` +
        `Received: ${JSON.stringify(classes)}`,
    );
  }
}
