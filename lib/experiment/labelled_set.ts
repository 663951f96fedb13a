/** Photos with diagnoses on which a trained model is tested. Their table's classes are matched with the model's by name. */
import { basename, join } from "node:path";
import { type DiagnosisClass, lackingCodes } from "../data/diagnosis.ts";
import { openTable, type TableOptions } from "../data/metadata.ts";
import { countText, thousands } from "../support/format.ts";

export interface LabelledPhoto {
  readonly imageId: string;
  readonly path: string;
  /** The photo's own id if the table names no lesions. */
  readonly lesionId: string;
  /** Index of its class among the model's. */
  readonly label: number;
}

export interface LabelledSet {
  /** The table's file, without folders. */
  readonly name: string;
  /** In the table's order. */
  readonly photos: readonly LabelledPhoto[];
  /** False if each photo counts as a lesion of its own. */
  readonly knowsLesions: boolean;
  /** What readers must know about how the table was read. */
  readonly notes: readonly string[];
  readonly matching: Matching;
  /** Codes of the model's classes without a photo in the set. */
  readonly lacking: readonly string[];
}

/** How a table's classes were matched with the model's. */
export interface Matching {
  /** Classes that were matched although their names differ: here only in case, below by `rename`. */
  readonly sameButCase: readonly (readonly [table: string, model: string])[];
  readonly renamed: readonly (readonly [table: string, model: string])[];
  /** The table's classes that the model does not know, with their number of photos. They are left out. */
  readonly unknown: readonly { readonly code: string; readonly photos: number }[];
}

export interface LabelledSetOptions extends TableOptions {
  /** The model's name by the table's: `{ SCC: "akiec" }`. It takes precedence over equal names. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Leave out photos of classes that the model does not know. Default: they are an error. */
  readonly skipUnknown?: boolean;
}

/**
 * Opens a folder of photos with their table, which may have any classes, and finds each photo's class in the model. Classes match
 * if they have the same name, if `rename` says so, or if their names differ only in case and there is no other candidate.
 *
 * @throws as `openTable`
 * @throws {RangeError} if the model does not know a class and `skipUnknown` is not set, if no photo is left, or if `rename` is
 * wrong
 */
export async function openLabelledSet(
  folder: string,
  classes: readonly DiagnosisClass[],
  options: LabelledSetOptions = {},
): Promise<LabelledSet> {
  // With `columns` given, even empty, a table may have any classes and only the columns that are needed
  const table = await openTable(folder, { ...options, columns: options.columns ?? {} });
  const codes = classes.map(({ code }) => code);
  const name = table.paths.map((path) => basename(path)).join(" and ");
  const counts = new Map(table.classes.map(({ code }) => [code, 0]));
  for (const { dx } of table.samples) counts.set(dx, counts.get(dx)! + 1);
  const { labels, matching } = matchClasses(name, counts, codes, options);
  const photos = table.samples.flatMap(({ imageId, imagePath, lesionId, dx }) => {
    const label = labels.get(dx);
    return label === undefined ? [] : [{ imageId, lesionId, label, path: join(folder, imagePath) }];
  });
  if (photos.length === 0) {
    throw new RangeError(
      `${name} has no photo of a class that the model knows. The model knows ${codes.join(", ")}. ` +
        `Name them alike with --rename, as in --rename MEL=mel. Received: ${[...counts.keys()].join(", ")}`,
    );
  }
  return {
    ...{ name, photos, matching, knowsLesions: table.knowsLesions, notes: table.notes },
    lacking: lackingCodes(classes, photos.map(({ label }) => label)),
  };
}

/** @param counts number of the table's photos in each class */
function matchClasses(
  name: string,
  counts: ReadonlyMap<string, number>,
  codes: readonly string[],
  { rename = {}, skipUnknown = false }: LabelledSetOptions,
): { labels: Map<string, number>; matching: Matching } {
  const renamed = Object.entries(rename);
  const names = new Map(renamed);
  for (const [from, to] of renamed) {
    const wrong = !counts.has(from)
      ? `on the left a class of ${name}, out of ${[...counts.keys()].join(", ")}`
      : !codes.includes(to)
      ? `on the right a class of the model, out of ${codes.join(", ")}`
      : null;
    if (wrong) throw new RangeError(`--rename needs ${wrong}. Received: ${from}=${to}`);
  }
  const alike = (code: string) => (other: string) => other.toLowerCase() === code.toLowerCase();
  const labels = new Map<string, number>();
  const sameButCase: [string, string][] = [];
  const unknown: { code: string; photos: number }[] = [];
  for (const [code, photos] of counts) {
    const own = codes.indexOf(names.get(code) ?? code);
    const near = codes.filter(alike(code));
    const rivals = [...counts.keys()].filter((other) => !names.has(other)).filter(alike(code));
    if (own >= 0) labels.set(code, own);
    else if (near.length === 1 && rivals.length === 1) {
      labels.set(code, codes.indexOf(near[0]));
      sameButCase.push([code, near[0]]);
    } else if (photos > 0) unknown.push({ code, photos });
  }
  if (unknown.length > 0 && !skipUnknown) {
    const likeliest = codes.find(alike(unknown[0].code)) ?? codes[0];
    const received = unknown.map(({ code, photos }) => `${code} (${countText(photos, "photo")})`).join(", ");
    throw new RangeError(
      `${name} has classes that the model does not know. The model knows ${
        codes.join(", ")
      }. Give the model's name of ` +
        `each with --rename, as in --rename ${
          unknown[0].code
        }=${likeliest}, or leave these photos out with ` +
        `--skip-unknown. Received: ${received}`,
    );
  }
  return { labels, matching: { sameButCase, renamed, unknown } };
}

/** Sentences for readers: what the set is, how its classes were matched, what was left out, and which classes it lacks. */
export function describeSet(set: Omit<LabelledSet, "photos">, counts: SetCounts): string[] {
  const { name, knowsLesions, notes, matching: { sameButCase, renamed, unknown }, lacking } = set;
  const pairs = (list: Matching["renamed"]) => list.map(([table, model]) => `${table} → ${model}`).join(", ");
  const leftOut = unknown.reduce((sum, { photos }) => sum + photos, 0);
  return [
    `${name}: ${countText(counts.photos, "photo")}${
      knowsLesions ? ` of ${countText(counts.lesions, "lesion")}` : ", each counted as a lesion of its own"
    }.`,
    ...notes.map((note) => `${note}.`),
    ...sameButCase.length > 0 ? [`Matched without regard to case: ${pairs(sameButCase)}.`] : [],
    ...renamed.length > 0 ? [`Renamed: ${pairs(renamed)}.`] : [],
    ...leftOut > 0
      ? [
        `${countText(leftOut, "photo")} left out, of classes that the model does not know: ${
          unknown.map(({ code, photos }) => `${code} ${thousands(photos)}`).join(", ")
        }.`,
      ]
      : [],
    ...lacking.length > 0
      ? [
        `The set has no photo of ${
          lacking.join(", ")
        }: the balanced accuracy is the mean over the other classes; the macro ` +
        "averages include these classes with 0.",
      ]
      : [],
  ];
}

/** How many photos of a set the model answered, and of how many lesions. */
export interface SetCounts {
  readonly photos: number;
  readonly lesions: number;
}
