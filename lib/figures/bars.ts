/** Horizontal bars with their values written beside them: one set, several side by side, or two panels. */
import { escapeMarkup, percent, thousands } from "../support/format.ts";
import { textWidth } from "../support/plotly/letters.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import {
  defaultWidth,
  edge,
  type FigureOptions,
  legendLine,
  panelTitle,
  textSizes,
  themed,
  topMargin,
} from "./theme.ts";

/** One bar. */
export interface Bar {
  label: string;
  value: number;
  /** Written beside the bar. Default: the value with thousands separators. */
  text?: string;
  color?: string;
}

/** A bar for each label; `texts` are written beside them. */
export interface BarSet {
  name: string;
  values: number[];
  texts: string[];
  /** One for all, or one each. */
  color: string | string[];
}

export interface BarOptions extends FigureOptions {
  /** What the values are: the axis' title. */
  valueTitle?: string;
  /** The values are percents. Default: counts. */
  isPercent?: boolean;
  /** Where the axis ends. Default: what the values and texts need. */
  most?: number;
  /** The last row stands for all others: bold, with a gap above it. Default false. */
  hasTotal?: boolean;
}

const rightMargin = edge + 6;

/**
 * Horizontal bars, the first on top.
 *
 * @example barChart([{ label: "male", value: 5406 }, { label: "female", value: 4552 }], { title: "…" })
 */
export function barChart(bars: Bar[], options: BarOptions): Figure {
  const set = barSet(bars);
  const said = bars.map(({ label }, i) => `${label} ${set.texts[i]}`).join(", ");
  return barSets(bars.map(({ label }) => label), [set], {
    alt: `${options.title}. Bars: ${said}.`,
    ...options,
  });
}

/** Sets of bars under the same labels, the first label on top; several sets get a legend. */
export function barSets(labels: string[], sets: BarSet[], options: BarOptions): Figure {
  const { width = defaultWidth, valueTitle, hasTotal = false } = options;
  const isGrouped = sets.length > 1;
  const places = labels.map((_, i) => hasTotal && i === labels.length - 1 ? i + 0.5 : i);
  const margin = {
    ...{ l: labelMargin(labels), t: topMargin(options, isGrouped ? 30 : 0) },
    ...{ r: rightMargin, b: valueTitle ? 58 : 36 },
  };
  const rows = places.at(-1)! + 1;
  const height = options.height ??
    margin.t + rows * (isGrouped ? 19 * sets.length + 14 : 34) + margin.b;
  return figure({
    data: barTraces(labels, sets, places),
    layout: themed({ ...options, height }, {
      margin,
      barmode: "group",
      bargap: 0.28,
      bargroupgap: isGrouped ? 0.06 : 0,
      xaxis: valueAxis(sets, { ...options, length: width - margin.l - margin.r }),
      yaxis: labelAxis(labels, places),
      annotations: isGrouped
        ? legendLine(sets.map(({ name, color }) => ({ name, color: `${color}` })), {
          room: width - margin.l - edge,
        })
        : [],
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` +
        sets.map(({ name, texts }) =>
          `${name}: ${labels.map((label, i) => `${label} ${texts[i]}`).join(", ")}.`
        )
          .join(" "),
  });
}

/** Numbers of images by sex and by localization. */
export interface SexSiteCounts {
  sex: Record<string, number>;
  site: Record<string, number>;
}

/**
 * Two panels side by side, sex on the left, place on the body on the right: counts and shares, the largest first, "unknown"
 * last. `countTitle` says what is counted (default "images").
 */
export function sexSiteBars(
  { sex, site }: SexSiteCounts,
  options: FigureOptions & { countTitle?: string },
): Figure {
  const { countTitle = "images", width = defaultWidth } = options;
  const panels = [{ name: "Sex", counts: sex }, { name: "Place on the body", counts: site }].map(
    ({ name, counts }) => ({ name, bars: sortedBars(counts) }),
  );
  const rows = Math.max(...panels.map(({ bars }) => bars.length));
  const [left, middle] = panels.map(({ bars }) => labelMargin(bars.map(({ label }) => label)));
  const margin = { l: left, t: topMargin(options, 22), r: rightMargin, b: 58 };
  const plot = width - left - rightMargin;
  const domains = [[0, 0.36], [0.36 + middle / plot, 1]];
  const height = options.height ?? margin.t + rows * 26 + margin.b;
  const drawn = panels.map(({ bars }, i) => {
    const [labels, sets, suffix] = [bars.map(({ label }) => label), [barSet(bars)], i === 0 ? "" : "2"];
    const [start, end] = domains[i];
    const shared = { valueTitle: countTitle, length: (end - start) * plot, ticks: 5 };
    return {
      data: barTraces(labels, sets).map((trace) => ({ ...trace, xaxis: `x${suffix}`, yaxis: `y${suffix}` })),
      axes: {
        [`xaxis${suffix}`]: { ...valueAxis(sets, shared), domain: domains[i], anchor: `y${suffix}` },
        // Bars of one thickness in both panels.
        [`yaxis${suffix}`]: {
          ...labelAxis(labels),
          domain: [1 - bars.length / rows, 1],
          anchor: `x${suffix}`,
        },
      },
    };
  });
  return figure({
    data: drawn.flatMap(({ data }) => data),
    layout: themed({ ...options, height }, {
      margin,
      bargap: 0.28,
      ...drawn[0].axes,
      ...drawn[1].axes,
      annotations: panels.map(({ name }, i) => panelTitle(name, domains[i][0])),
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` +
        panels.map(({ name, bars }) =>
          `${name}: ${bars.map(({ label, text }) => `${label} ${text.replace("  ·  ", ", ")}`).join("; ")}.`
        ).join(" "),
  });
}

/** "6,705  ·  66.9 %". */
export function countAndShare(count: number, total: number): string {
  return `${thousands(count)}  ·  ${percent(count / total)}`;
}

function sortedBars(counts: Record<string, number>) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return Object.entries(counts)
    .sort(([a, m], [b, n]) => Number(a === "unknown") - Number(b === "unknown") || n - m || (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value, text: countAndShare(value, total) }));
}

function barSet(bars: Bar[]): BarSet {
  return {
    name: "",
    values: bars.map(({ value }) => value),
    texts: bars.map(({ text, value }) => text ?? thousands(value)),
    color: bars.map(({ color }) => color ?? seriesColors[0]),
  };
}

function barTraces(labels: string[], sets: BarSet[], places = labels.map((_, i) => i)) {
  const isGrouped = sets.length > 1;
  return sets.map(({ name, values, texts, color }) => ({
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
  }));
}

/** An axis from 0 that leaves room for the texts after the bars; `length` is about its length in pixels. */
function valueAxis(
  sets: readonly BarSet[],
  options: { valueTitle?: string; length: number; isPercent?: boolean; most?: number; ticks?: number },
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
    showgrid: false, // every bar has its value: lines would only cross the texts
    ...outsideTicks,
    zeroline: true,
    zerolinecolor: ink.axis,
    zerolinewidth: 1,
    ...isPercent ? { nticks: 6 } : countTicks(end, options.ticks),
  };
}

/** Ticks outside of the plot. */
export const outsideTicks = { ticks: "outside", ticklen: 4, tickcolor: ink.axis };

/** At most so many ticks on an axis of counts, whole numbers all: a short one has 0, 1, 2. */
export function countTicks(end: number, ticks = 6): Record<string, unknown> {
  return end <= ticks ? { dtick: 1 } : { nticks: ticks };
}

/** The left margin in pixels that the labels of a `labelAxis` need, were they all bold. */
export function labelMargin(labels: string[]): number {
  const style = { size: textSizes.tick, bold: true };
  return Math.ceil(edge + Math.max(...labels.map((label) => textWidth(`${label}  `, style))));
}

/** An axis of labels, the first on top; a last place that is half a row lower is that of the total, in bold. */
export function labelAxis(labels: string[], places = labels.map((_, i) => i)): Record<string, unknown> {
  return {
    tickvals: places,
    ticktext: labels.map((label, i) => {
      const text = escapeMarkup(label);
      return `${Number.isInteger(places[i]) ? text : `<b>${text}</b>`} `;
    }),
    range: [places.at(-1)! + 0.5, -0.5],
    showgrid: false,
  };
}
