/** Bars by diagnosis: images, shares of several sets, copies in the test, precision and recall. */
import type { Leakage } from "../data/leakage.ts";
import { capitalized, percent, points, thousands } from "../support/format.ts";
import { type Bar, barChart, barSets, countAndShare } from "./bars.ts";
import type { Figure } from "./figure.ts";
import { classColors, ink, seriesColors } from "./palette.ts";
import type { FigureOptions } from "./theme.ts";

/** Number of images by class code, in the order to show. */
export type ClassCounts = Record<string, number>;

/**
 * One bar per class in its own colour, labelled with count and share. `names` gives full names by code, `valueTitle`
 * says what is counted (default "images").
 */
export function classBars(
  counts: ClassCounts,
  options: FigureOptions & { names?: Record<string, string>; valueTitle?: string },
): Figure {
  const bars = Object.entries(counts).map(([code, value]) => ({
    label: classLabel(code, options.names),
    value,
    text: countAndShare(value, sum(counts)),
    color: classColors[code],
  }));
  return barChart(bars, { valueTitle: "images", ...options });
}

/** A part or a stage of the data, with its number of images by class. */
export interface ClassSet {
  name: string;
  counts: ClassCounts;
}

/**
 * The classes of several sets side by side: counts before and after augmentation, or shares of the parts of a split.
 *
 * @param sets the first is the one that the others are compared with
 * @param options `show`: "counts" (default), or "shares" of each set's own total. `title`: by default how large the classes
 * are, or how far their shares are apart
 * @throws RangeError if the sets do not have the same classes
 */
export function comparedClassBars(
  sets: ClassSet[],
  options: Partial<FigureOptions> & { show?: "counts" | "shares"; names?: Record<string, string> } = {},
): Figure {
  const codes = Object.keys(sets[0]?.counts ?? {});
  for (const { name, counts } of sets) {
    if (Object.keys(counts).sort().join() !== [...codes].sort().join()) {
      throw new RangeError(
        `All sets need the same classes: expected ${codes.join(", ")} in "${name}". Received: ` +
          Object.keys(counts).join(", "),
      );
    }
  }
  const isPercent = options.show === "shares";
  const colors = sets.length === 2 ? ["#9fb3c2", seriesColors[0]] : seriesColors; // two: grey against blue
  const drawn = sets.map(({ name, counts }, i) => {
    const shares = codes.map((code) => counts[code] / sum(counts));
    return {
      name: `${name} (${thousands(sum(counts))})`,
      color: colors[i],
      values: isPercent ? shares.map((share) => 100 * share) : codes.map((code) => counts[code]),
      texts: isPercent
        ? shares.map((share) => percent(share, 2))
        : codes.map((code) => thousands(counts[code])),
    };
  });
  return barSets(codes.map((code) => ({ label: classLabel(code, options.names) })), drawn, {
    title: isPercent ? sharesTitle(sets, codes) : sizesTitle(sets),
    valueTitle: isPercent ? "share of the set" : "images",
    isPercent,
    ...options,
  });
}

/** "Before: 115 to 6,705 images a class; after: 5,990 to 6,705". */
function sizesTitle(sets: ClassSet[]): string {
  return capitalized(
    sets.map(({ name, counts }, i) => {
      const [least, most] = [Math.min, Math.max].map((extreme) =>
        thousands(extreme(...Object.values(counts)))
      );
      return `${name}: ${least === most ? least : `${least} to ${most}`}${i === 0 ? " images a class" : ""}`;
    }).join("; "),
  );
}

/** A title with the largest difference of a class' share between two sets, in percentage points. */
function sharesTitle(sets: ClassSet[], codes: string[]): string {
  const apart = codes.map((code) => {
    const shares = sets.map(({ counts }) => counts[code] / sum(counts));
    return Math.max(...shares) - Math.min(...shares);
  });
  const most = Math.max(...apart);
  const names = new Intl.ListFormat("en").format(sets.map(({ name }) => name));
  return `Class shares in ${names} differ by ${points(most)} points at most`;
}

type LeakageRow = Pick<Leakage, "dx" | "copyShare">;

/**
 * The share of test images with a copy in training, from 0 to 100 %: one bar per diagnosis, which may have no test images. The last
 * row is for all diagnoses and is set apart.
 *
 * @throws RangeError without rows, or for a share outside 0 to 1
 */
export function leakageBars(rows: readonly LeakageRow[], options: Partial<FigureOptions> = {}): Figure {
  const all = rows.at(-1);
  if (!all) throw new RangeError("Leakage needs a row a diagnosis and one for all. Received: no rows");
  for (const { dx, copyShare } of rows) {
    if (copyShare < 0 || copyShare > 1) {
      throw new RangeError(`"${dx}": expected a share from 0 to 1. Received: ${copyShare}`);
    }
  }
  const isKnown = ({ copyShare }: LeakageRow) => Number.isFinite(copyShare);
  const texts = rows.map((row) => isKnown(row) ? percent(row.copyShare) : "no test images");
  const title = isKnown(all)
    ? `Training has seen a copy of ${percent(all.copyShare)} of the test images`
    : "There are no test images";
  return barChart(
    rows.map((row, i): Bar => ({
      label: row.dx,
      value: isKnown(row) ? 100 * row.copyShare : 0,
      text: texts[i],
      ...row === all ? { color: ink.text, role: "total" } : { color: classColors[row.dx] },
    })),
    {
      title,
      source: "A copy: the photo itself, or another image that augmentation made of it",
      valueTitle: "share of the test images with a copy among those trained on",
      ...{ isPercent: true, most: 100 },
      ...options,
    },
  );
}

/** One class: shares from 0 to 1, and `support`, its number of images. */
export interface ClassScores {
  code: string;
  precision: number;
  recall: number;
  f1: number;
  support: number;
}

const metrics = [
  { key: "precision", name: "precision", color: seriesColors[0] },
  { key: "recall", name: "recall", color: seriesColors[4] },
  { key: "f1", name: "F1", color: "#6b6b6b" },
] as const;

/** Precision, recall and F1 of each class, beside its number of images. */
export function perClassBars(scores: readonly ClassScores[], options: FigureOptions): Figure {
  const rows = scores.map(({ code, support }) => ({ label: `${code} (${thousands(support)})` }));
  const sets = metrics.map(({ key, name, color }) => ({
    ...{ name, color },
    values: scores.map((score) => 100 * score[key]),
    texts: scores.map((score) => percent(score[key])),
  }));
  const valueTitle = "share of the images; in brackets: how many are of the class";
  return barSets(rows, sets, { valueTitle, isPercent: true, most: 100, ...options });
}

/** "melanoma (mel)", or only the code if the name is not given. */
function classLabel(code: string, names?: Record<string, string>): string {
  return names?.[code] ? `${names[code]} (${code})` : code;
}

function sum(counts: ClassCounts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
