/** Horizontal bars with their values written beside them: one set, or several side by side. */
import { escapeMarkup, percent, thousands } from "../support/format.ts";
import { textWidth } from "../support/plotly/letters.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import {
  defaultWidth,
  edge,
  type FigureOptions,
  legendLine,
  mostPixels,
  textSizes,
  themed,
  topMargin,
} from "./theme.ts";

export interface Bar {
  label: string;
  value: number;
  /** Written beside the bar. Default: the value with thousands separators. */
  text?: string;
  color?: string;
  /** Its label is bold. A heading has no bar; a total is half a row apart. */
  role?: "heading" | "total";
}

/** One bar for each label; `texts` are written beside the bars. */
export interface BarSet {
  name: string;
  values: number[];
  texts: string[];
  /** One colour for all bars, or one for each. */
  color: string | string[];
}

export interface BarOptions extends FigureOptions {
  /** Title of the axis: what the values are. */
  valueTitle?: string;
  /** Whether the values are percentages from 0 to 100. Default: counts. */
  isPercent?: boolean;
  /** The largest value that must fit on the axis, with its text. Default: that of the data. */
  most?: number;
  /** Height of a row in pixels. Default: what its bars need. */
  rowHeight?: number;
}

/**
 * Horizontal bars, the first on top.
 *
 * @example barChart([{ label: "male", value: 5406 }, { label: "female", value: 4552 }], { title: "…" })
 */
export function barChart(bars: readonly Bar[], options: BarOptions): Figure {
  const texts = bars.map(({ text, value }) => text ?? thousands(value));
  const values = bars.map(({ value }) => value);
  const color = bars.map(({ color }) => color ?? seriesColors[0]);
  const said = bars.flatMap(({ label, role }, i) => role === "heading" ? [] : [`${label} ${texts[i]}`]);
  return barSets(bars, [{ name: "", values, texts, color }], {
    alt: `${options.title}. Bars: ${said.join(", ")}.`,
    ...options,
  });
}

/** Sets of bars under the same labels, the first label on top; several sets get a legend. */
export function barSets(
  rows: readonly Pick<Bar, "label" | "role">[],
  sets: readonly BarSet[],
  options: BarOptions,
): Figure {
  const { width = defaultWidth, valueTitle } = options;
  const isGrouped = sets.length > 1;
  const labels = rows.map(({ label }) => label);
  const places = rows.map(({ role }, i) => role === "total" ? i + 0.5 : i);
  const end = places.at(-1)! + 0.5;
  const margin = {
    ...{ l: labelMargin(labels), r: edge + 6 },
    ...{ t: topMargin(options, isGrouped ? 30 : 0), b: valueTitle ? 58 : 36 },
  };
  const usual = isGrouped ? 19 * sets.length + 14 : 34;
  const { rowHeight = Math.min(usual, (mostPixels - margin.t - margin.b) / (end + 0.5)) } = options;
  const height = options.height ??
    Math.min(mostPixels, Math.round(margin.t + (end + 0.5) * rowHeight + margin.b));
  const legend = sets.map(({ name, color }) => ({ name, color: `${color}` }));
  return figure({
    data: sets.map(({ name, values, texts, color }) => ({
      type: "bar",
      orientation: "h",
      name: escapeMarkup(name),
      x: values,
      y: places,
      ...isGrouped ? {} : { width: 0.72 },
      marker: { color },
      text: texts.map(escapeMarkup),
      textposition: "outside",
      textfont: { size: isGrouped ? textSizes.small : textSizes.label, color: ink.text },
      cliponaxis: false,
      constraintext: "none",
      hovertemplate: `%{customdata}<extra>${escapeMarkup(name)}</extra>`,
      customdata: labels.map((label, i) => escapeMarkup(`${label}: ${texts[i]}`)),
    })),
    layout: themed({ ...options, height }, {
      margin,
      barmode: "group",
      bargap: 0.28,
      bargroupgap: isGrouped ? 0.06 : 0,
      xaxis: valueAxis(sets, { ...options, length: width - margin.l - margin.r }),
      yaxis: {
        ...labelAxis(labels),
        tickvals: places,
        ticktext: rows.map(({ label, role }) =>
          role ? `<b>${escapeMarkup(label)}</b> ` : `${escapeMarkup(label)} `
        ),
        range: [end, -0.5],
      },
      annotations: isGrouped ? legendLine(legend, { room: width - margin.l - edge }) : [],
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` + sets.map(({ name, texts }) => {
          const said = labels.map((label, i) => `${label} ${texts[i]}`);
          return `${name}: ${said.join(", ")}.`;
        }).join(" "),
  });
}

/** Numbers of images by sex and by localization. */
export interface SexSiteCounts {
  sex: Record<string, number>;
  site: Record<string, number>;
}

/**
 * Counts and shares by sex, then by place on the body, the largest first, "unknown" last.
 *
 * @param options `countTitle` says what is counted (default "images")
 */
export function sexSiteBars(
  { sex, site }: SexSiteCounts,
  { countTitle = "images", ...options }: FigureOptions & { countTitle?: string },
): Figure {
  const groups = { "Sex": sortedBars(sex), "Place on the body": sortedBars(site) };
  const said = Object.entries(groups).map(([name, bars]) =>
    `${name}: ${bars.map(({ label, text }) => `${label} ${text.replace("  ·  ", ", ")}`).join("; ")}.`
  );
  return barChart(
    Object.entries(groups).flatMap(([label, bars]): Bar[] => [
      { label, value: 0, text: "", role: "heading" },
      ...bars,
    ]),
    { valueTitle: countTitle, rowHeight: 26, alt: `${options.title}. ${said.join(" ")}`, ...options },
  );
}

function sortedBars(counts: Record<string, number>) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return Object.entries(counts)
    .sort(([a, m], [b, n]) => Number(a === "unknown") - Number(b === "unknown") || n - m || (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value, text: countAndShare(value, total) }));
}

/** "6,705  ·  66.9 %". */
export function countAndShare(count: number, total: number): string {
  return `${thousands(count)}  ·  ${percent(count / total)}`;
}

/** An axis from 0 that leaves room for the texts after the bars; `length` is its approximate length in pixels. */
function valueAxis(
  sets: readonly BarSet[],
  options: { valueTitle?: string; length: number; isPercent?: boolean; most?: number },
): Record<string, unknown> {
  const { length, isPercent, most } = options;
  // Every bar and its text must end before the axis does: value / end × length + width ≤ length.
  const endOf = (value: number, text: string) => {
    const width = textWidth(text, { size: textSizes.label }) + 12;
    return Math.max(value, 0) / Math.max(1 - width / length, 0.2);
  };
  const ends = most === undefined
    ? sets.flatMap(({ values, texts }) => values.map((value, i) => endOf(value, texts[i])))
    : [endOf(most, percent(1))];
  const end = Math.max(...ends, Number.MIN_VALUE);
  return {
    title: options.valueTitle,
    range: [0, end],
    tickformat: isPercent ? "" : ",d",
    ticksuffix: isPercent ? "\u00a0%" : "",
    showgrid: false, // every bar shows its value: grid lines would only cross the texts
    ...outsideTicks,
    zeroline: true,
    zerolinecolor: ink.axis,
    zerolinewidth: 1,
    ...isPercent ? { nticks: 6 } : countTicks(end),
  };
}

export const outsideTicks = { ticks: "outside", ticklen: 4, tickcolor: ink.axis };

/** About six ticks at most on an axis of counts, all at whole numbers: a short axis has 0, 1, 2. */
export function countTicks(end: number): Record<string, unknown> {
  return end <= 6 ? { dtick: 1 } : { nticks: 6 };
}

/** The left margin in pixels that the labels of a `labelAxis` need, measured as if all were bold. */
export function labelMargin(labels: readonly string[]): number {
  const style = { size: textSizes.tick, bold: true };
  return Math.ceil(edge + Math.max(...labels.map((label) => textWidth(`${label}  `, style))));
}

/** An axis of labels at 0, 1, 2, …, the first on top. */
export function labelAxis(labels: readonly string[]): Record<string, unknown> {
  return {
    tickvals: labels.map((_, i) => i),
    ticktext: labels.map((label) => `${escapeMarkup(label)} `),
    range: [labels.length - 0.5, -0.5],
    showgrid: false,
  };
}
