/** Images per class. */
import { barChart, labelAxis, labelMargin, valueAxis } from "./bar_chart.ts";
import { type Figure, figure } from "./figure.ts";
import { escapeMarkup, percent, thousands } from "../support/format.ts";
import { legendLine } from "./legend.ts";
import { classColors, ink, seriesColors } from "./palette.ts";
import { defaultWidth, edge, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";

/** Number of images by class code, in the order to show. */
export type ClassCounts = Record<string, number>;

/**
 * One bar a class in its own colour, labelled with count and share. `names` gives full names by code, `valueTitle`
 * says what is counted (default "images").
 */
export function classBars(
  counts: ClassCounts,
  options: FigureOptions & { names?: Record<string, string>; valueTitle?: string },
): Figure {
  const total = sum(counts);
  const bars = Object.entries(counts).map(([code, value]) => ({
    label: classLabel(code, options.names),
    value,
    text: `${thousands(value)}  ·  ${percent(value / total)}`,
    color: classColors[code],
  }));
  return barChart(bars, { valueTitle: "images", ...options });
}

/**
 * The classes of several sets side by side: counts before and after augmentation, shares of the parts of a split.
 *
 * @param sets first the one that the others are compared with
 * @param options `show`: "counts" (default), or "shares" of each set's own total
 * @throws RangeError where the sets do not have the same classes
 */
export function comparedClassBars(
  sets: { name: string; counts: ClassCounts; color?: string }[],
  options: FigureOptions & { show?: "counts" | "shares"; names?: Record<string, string> },
): Figure {
  const { show = "counts", width = defaultWidth } = options;
  const codes = Object.keys(sets[0]?.counts ?? {});
  for (const { name, counts } of sets) {
    if (Object.keys(counts).sort().join() !== [...codes].sort().join()) {
      throw new RangeError(
        `All sets need the same classes: expected ${codes.join(", ")} in "${name}". Received: ` +
          Object.keys(counts).join(", "),
      );
    }
  }
  const shares = show === "shares";
  const colors = sets.map((set, i) => set.color ?? comparedColors(sets.length)[i]);
  const valuesOf = (set: { counts: ClassCounts }) =>
    codes.map((code) => shares ? 100 * set.counts[code] / sum(set.counts) : set.counts[code]);
  const textsOf = (set: { counts: ClassCounts }) =>
    valuesOf(set).map(shares ? (value) => percent(value / 100) : thousands);
  const labels = codes.map((code) => classLabel(code, options.names));

  const above = 30;
  const top = topMargin(options, above);
  const height = options.height ?? top + codes.length * (sets.length * 19 + 14) + 58;
  const left = labelMargin(labels);
  const layout = themed({ ...options, height }, {
    margin: { l: left, t: top, b: 58 },
    barmode: "group",
    bargap: 0.26,
    bargroupgap: 0.06,
    xaxis: valueAxis(sets.flatMap(valuesOf), sets.flatMap(textsOf), {
      title: shares ? "share of the set" : "images",
      length: width - left - 24,
      percent: shares,
    }),
    yaxis: labelAxis(labels),
    annotations: legendLine(
      sets.map(({ name, counts }, i) => ({ name: `${name} (${thousands(sum(counts))})`, color: colors[i] })),
      { room: width - left - edge },
    ),
  });
  return figure({
    data: sets.map((set, i) => ({
      type: "bar",
      orientation: "h",
      name: escapeMarkup(set.name),
      x: valuesOf(set),
      y: codes.map((_, row) => row),
      marker: { color: colors[i] },
      text: textsOf(set),
      textposition: "outside",
      textfont: { size: textSizes.small, color: ink.text },
      cliponaxis: false,
      constraintext: "none",
      hovertemplate: `%{text}<extra>${escapeMarkup(set.name)}</extra>`,
    })),
    layout,
    width,
    height,
    alt: options.alt ?? `${options.title}. ` + sets.map((set) => {
          const texts = textsOf(set);
          return `${set.name}: ${codes.map((code, i) => `${code} ${texts[i]}`).join(", ")}.`;
        }).join(" "),
  });
}

/** "melanoma (mel)", or the code alone where the name is not given. */
export function classLabel(code: string, names?: Record<string, string>): string {
  return names?.[code] ? `${names[code]} (${code})` : code;
}

/** Two sets: grey against blue. More: the series' colours. */
function comparedColors(sets: number): string[] {
  return sets === 2 ? ["#9fb3c2", seriesColors[0]] : seriesColors;
}

function sum(counts: ClassCounts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
