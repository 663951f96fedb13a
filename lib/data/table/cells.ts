/** Cleans the cells of a table: strips blanks, recognises missing values, and joins spellings that differ only in case. */
import { listed } from "../../support/format.ts";

/** Leading and trailing blanks of every kind, including zero-width ones. */
const around = /^[\s\u200B-\u200D\u2060\u00AD]+|[\s\u200B-\u200D\u2060\u00AD]+$/g;
/** Anything except printable ASCII with single blanks. */
const unusual = /[^\x20-\x7E]| {2}/;

/** A cell without surrounding blanks, including no-break and zero-width ones. */
export function stripCell(cell: string): string {
  const text = cell.trim();
  return unusual.test(text) ? text.replace(around, "") : text;
}

/** An image id: stripped, with each accented letter as one character (archives made on a Mac use two). */
export function idCell(cell: string): string {
  return stripCell(cell).normalize("NFC");
}

/** A name in the form for comparisons: stripped, with each run of blanks as one, and each accented letter as one character. */
export function cleanCell(cell: string): string {
  const text = stripCell(cell);
  return unusual.test(text) ? text.normalize("NFC").replace(/\s+/g, " ") : text;
}

/** Texts that mean a missing value, in lower case: pandas' list, and others that people and programs write. */
const missing = new Set(
  ("|#n/a|#n/a n/a|#na|-1.#ind|-1.#qnan|-nan|1.#ind|1.#qnan|<na>|n/a|na|null|nan|none|-|--|–|—|?|." +
    "|n.a.|n. a.|nil|nat|(null)|(none)|<null>|<none>|missing|not available|not applicable|#null!" +
    "|#ref!|#value!|#name?|#div/0!|#num!|\\n")
    .split("|"),
);

/** Whether a stripped cell means a missing value: empty, NA, nan, NULL, -, ? and similar, in any case. */
export function isMissing(cell: string): boolean {
  return cell === "" || (cell.length < 16 && missing.has(cell.toLowerCase()));
}

/** Values with a common spelling for those that differ only in case. */
export interface JoinedCase {
  readonly values: readonly string[];
  /** Spellings that count as one. The first is the one used, which may be a preferred spelling that no value had. */
  readonly joined: readonly (readonly string[])[];
}

/**
 * Joins values that differ only in case. The spelling in `preferred` is used, else the most frequent one, else the first.
 *
 * @param preferred spellings that are used even if no value has them
 */
export function joinCase(values: readonly string[], preferred: readonly string[] = []): JoinedCase {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const wanted = new Map(preferred.map((value) => [value.toLowerCase(), value]));
  const taken = new Map<string, string>();
  const joined: string[][] = [];
  for (const [folded, group] of Map.groupBy(counts.keys(), (value) => value.toLowerCase())) {
    group.sort((a, b) => counts.get(b)! - counts.get(a)!); // stable: the first of equally frequent ones
    const spelling = wanted.get(folded) ?? group[0];
    for (const value of group) taken.set(value, spelling);
    const others = group.filter((value) => value !== spelling);
    if (others.length > 0) joined.push([spelling, ...others]);
  }
  return { values: values.map((value) => taken.get(value)!), joined };
}

/** Notes for readers on joined spellings. */
export function describeJoined(column: string, { joined }: JoinedCase): string[] {
  if (joined.length === 0) return [];
  const names = joined.map(([taken, ...others]) => `${others.join(", ")} as ${taken}`);
  return [`${column}: names that differ only in case count as one: ${listed(names, { separator: "; " })}`];
}
