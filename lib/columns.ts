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

/**
 * Names that well-known tables give these columns (ISIC's challenges and archive, PAD-UFES-20), as {@linkcode foldName} writes
 * them. What such a name stands for is read where a table has one of them alone.
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

/** A column's name as it is compared: without its case, blanks and hyphens as underscores. */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/[\s-]+/g, "_");
}

/** Labels are bytes; one value stays free. */
export const mostClasses = 255;

/**
 * A list of names on the command line: `nv, "Melanoma, NOS"` → ["nv", "Melanoma, NOS"]. As in CSV, a name with a comma stands in
 * double quotes, and a double quote in it is written twice.
 *
 * @throws {RangeError} when a quote is left open
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
 * What a flag's pairs give: `image_id=image,dx=diagnosis` → { image_id: "image", dx: "diagnosis" }. A pair or a name with a comma
 * stands in double quotes, see {@linkcode parseNames}.
 *
 * @param words for errors: `pairs`, how they are written; `left`, what stands on the left
 * @throws {RangeError} when an item has no "=" or nothing before it, or two have the same before it
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

/** What `--columns` gives. Names are not checked here, see {@linkcode checkColumns}. */
export function parseColumns(text: string): ColumnNames {
  const pairs = "HAM10000's name=the table's name, as in image_id=image,dx=diagnosis";
  return parsePairs("--columns", text, { pairs, left: "column" });
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

/** @throws {RangeError} when there are not 2 to 255 classes, one is empty or there twice, or two are one when case is joined */
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
      `Configuration: classes must differ in more than case where joinCase joins what differs in case alone. ` +
        `Received: ${JSON.stringify(classes)}`,
    );
  }
}
