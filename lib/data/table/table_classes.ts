/** Finds the classes of a table: those of its diagnoses, those that the caller names, or HAM10000's. */
import { mostClasses } from "../../columns.ts";
import { listed } from "../../support/format.ts";
import { describeJoined, isMissing, joinCase } from "./cells.ts";
import { classesOf, diagnoses, type DiagnosisClass, ham10000Classes } from "../diagnosis.ts";
import type { PhotoColumn } from "./joined_table.ts";
import type { TextTable } from "./table_text.ts";

export interface ClassOptions {
  /** The table with the diagnoses. */
  readonly table: TextTable;
  /** False for HAM10000's table: its classes are HAM10000's. */
  readonly own: boolean;
  /** Codes in label order, cleaned by `cleanCell`. Null: those in the table. */
  readonly classes: readonly string[] | null;
  /** Use HAM10000's seven classes if the table has no others. */
  readonly preferHam10000: boolean;
  /** Treat diagnoses that differ only in case as one. */
  readonly joinCase: boolean;
}

/** The classes, each photo's code, and notes for readers. */
export interface TableClasses {
  readonly classes: readonly DiagnosisClass[];
  readonly codes: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Finds the classes of a table and the code of each photo.
 *
 * @throws {SyntaxError} if a diagnosis is missing, none of the classes, or differs from another only in case: with the rows; or
 * if there are not 2 to 255 classes
 */
export function readClasses({ name: column, cells }: PhotoColumn, options: ClassOptions): TableClasses {
  const { table, own } = options;
  const wanted = options.classes ?? (own ? null : diagnoses);
  const isWanted = new Set<string>(wanted ?? []);
  const fail = (expected: string, rows: readonly number[]): never => {
    const received = [...Map.groupBy(rows, (row) => cells[row])].map(([value, rows]) =>
      `${JSON.stringify(value)} in row ${listed(rows.map((row) => table.numbers[row]))}`
    );
    throw new SyntaxError(
      `${table.name}: ${column} must be ${expected}. Received: ${listed(received, { separator: "; " })}`,
    );
  };
  const rowsOf = (is: (value: string) => boolean, values = cells) =>
    [...values.keys()].filter((row) => is(values[row]));

  const empty = rowsOf((value) => !isWanted.has(value) && isMissing(value));
  if (empty.length > 0) {
    fail(
      "given in every row. Correct these rows or leave them out; if this value is the name of a class, name all classes with --classes",
      empty,
    );
  }

  const distinct = new Set([...cells, ...isWanted]);
  const alike = [...Map.groupBy(distinct, (value) => value.toLowerCase()).values()]
    .filter((group) => group.length > 1 && !group.every((value) => isWanted.has(value)));
  if (alike.length > 0 && !options.joinCase) {
    const spellings = new Set(alike.flat());
    fail(
      `written in one way: ${
        listed(alike.map((group) => group.join(" and ")))
      } differ only in case. Write them alike, or let ` +
        `--join-case (in a configuration: joinCase) read them as one class`,
      rowsOf((value) => spellings.has(value)),
    );
  }
  const joined = options.joinCase ? joinCase(cells, wanted ?? diagnoses) : { values: cells, joined: [] };
  const codes = joined.values;
  const notes = describeJoined(column, joined);

  const strays = wanted ? rowsOf((value) => !isWanted.has(value), codes) : [];
  if (strays.length > 0 && !own) {
    throw new SyntaxError(
      `${table.name}, row ${table.numbers[strays[0]]}: ${column} ${
        JSON.stringify(cells[strays[0]])
      } is not one of ` +
        `${diagnoses.join(", ")}.`,
    );
  }
  if (strays.length > 0) {
    fail(
      `one of ${wanted!.join(", ")}. Correct these rows, leave them out or name their classes in --classes`,
      strays,
    );
  }
  if (!own) return { classes: ham10000Classes, codes, notes };
  const present = [...new Set(codes)].sort(compareCodes);
  if (!wanted && options.preferHam10000 && present.every(isHam10000)) {
    const lacking = diagnoses.filter((code) => !present.includes(code));
    if (lacking.length > 0) {
      notes.push(
        `${table.name} has no photo of ${
          lacking.join(", ")
        }: the classes are HAM10000's seven nevertheless, and means over the classes count those as 0; ` +
          `--classes ${present.join(",")} takes only those`,
      );
    }
    return { classes: ham10000Classes, codes, notes };
  }
  const all = wanted ?? present;
  if (all.length < 2 || all.length > mostClasses) {
    throw new SyntaxError(
      `${table.name}: a table must have 2 to ${mostClasses} classes. Is ${column} the column of the diagnoses? ` +
        `Received: ${all.length}, ${listed(all)}`,
    );
  }
  if (!wanted && all.every((code) => isHam10000(code.toLowerCase())) && !all.every(isHam10000)) {
    notes.push("The classes are HAM10000's in another case; --join-case reads them as HAM10000's");
  }
  return { classes: classesOf(all), codes, notes };
}

function isHam10000(code: string): boolean {
  return diagnoses.some((known) => known === code);
}

/** Whole numbers first, by value, then other codes by their characters. JavaScript objects keep keys in this order. */
function compareCodes(a: string, b: string): number {
  const [numberA, numberB] = [a, b].map((code) => /^(0|[1-9]\d{0,8})$/.test(code) ? Number(code) : Infinity);
  if (numberA !== numberB) return numberA - numberB;
  return a < b ? -1 : 1;
}
