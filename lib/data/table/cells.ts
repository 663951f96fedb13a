/** The cells of a table as they are meant: without blanks around them, known to be missing, written in one case. */
import { listed } from "../../support/format.ts";

/** Blanks of every kind, those of no width among them. */
const around = /^[\s\u200B-\u200D\u2060\u00AD]+|[\s\u200B-\u200D\u2060\u00AD]+$/g;
/** Anything but printable ASCII with single blanks. */
const unusual = /[^\x20-\x7E]| {2}/;

/** A cell without blanks around it, no-break ones and those of no width, too. */
export function stripCell(cell: string): string {
  const text = cell.trim();
  return unusual.test(text) ? text.replace(around, "") : text;
}

/** An image id: stripped, letters with accents as one character (archives made on a Mac have two for them). */
export function idCell(cell: string): string {
  return stripCell(cell).normalize("NFC");
}

/** A name as it is compared: stripped, each run of blanks in it as one, letters with accents as one character. */
export function cleanCell(cell: string): string {
  const text = stripCell(cell);
  return unusual.test(text) ? text.normalize("NFC").replace(/\s+/g, " ") : text;
}

/** What stands for "nothing is known", in lower case: pandas' list, and what people and other programs write. */
const missing = new Set(
  ("|#n/a|#n/a n/a|#na|-1.#ind|-1.#qnan|-nan|1.#ind|1.#qnan|<na>|n/a|na|null|nan|none|-|--|–|—|?|." +
    "|n.a.|n. a.|nil|nat|(null)|(none)|<null>|<none>|missing|not available|not applicable|#null!" +
    "|#ref!|#value!|#name?|#div/0!|#num!|\\n")
    .split("|"),
);

/** Whether a stripped cell stands for a missing value: NA, nan, NULL, -, ?, an empty one and their like, in any case. */
export function isMissing(cell: string): boolean {
  return cell === "" || (cell.length < 16 && missing.has(cell.toLowerCase()));
}

/** Values with one spelling for all that differ in case alone. */
export interface JoinedCase {
  readonly values: readonly string[];
  /** Spellings that count as one, first the one that is taken, which may be a preferred one alone. */
  readonly joined: readonly (readonly string[])[];
}

/**
 * Joins values that differ in case alone under the spelling in `preferred`, else the commonest, else the first.
 *
 * @param preferred spellings that count even where the values have another one only
 */
export function joinCase(values: readonly string[], preferred: readonly string[] = []): JoinedCase {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const wanted = new Map(preferred.map((value) => [value.toLowerCase(), value]));
  const taken = new Map<string, string>();
  const joined: string[][] = [];
  for (const [folded, group] of Map.groupBy(counts.keys(), (value) => value.toLowerCase())) {
    group.sort((a, b) => counts.get(b)! - counts.get(a)!); // stable: of equals the first
    const spelling = wanted.get(folded) ?? group[0];
    for (const value of group) taken.set(value, spelling);
    const others = group.filter((value) => value !== spelling);
    if (others.length > 0) joined.push([spelling, ...others]);
  }
  return { values: values.map((value) => taken.get(value)!), joined };
}

/** What readers are told of joined spellings, in lines of a page. */
export function describeJoined(column: string, { joined }: JoinedCase): string[] {
  if (joined.length === 0) return [];
  const names = joined.map(([taken, ...others]) => `${others.join(", ")} as ${taken}`);
  return [`${column}: names that differ in case alone count as one: ${listed(names, { separator: "; " })}`];
}
