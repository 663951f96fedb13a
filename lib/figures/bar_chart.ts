/** Horizontal bars with the values written beside them. */
import { type Figure, figure } from "./figure.ts";
import { escapeMarkup, thousands } from "../support/format.ts";
import { ink, seriesColors } from "./palette.ts";
import { defaultWidth, edge, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";
import { textWidth } from "../support/plotly/font.ts";

/** One bar. */
export interface Bar {
  label: string;
  value: number;
  /** Written beside the bar. Default: the value with thousands separators. */
  text?: string;
  color?: string;
}

/**
 * Horizontal bars, the first on top.
 *
 * @example barChart([{ label: "male", value: 5406 }, { label: "female", value: 4552 }], { title: "…" })
 */
export function barChart(bars: Bar[], options: FigureOptions & { valueTitle?: string }): Figure {
  const { valueTitle, width = defaultWidth } = options;
  const texts = bars.map((bar) => bar.text ?? thousands(bar.value));
  const height = options.height ?? topMargin(options) + bars.length * 34 + (valueTitle ? 58 : 36);
  const labels = bars.map((bar) => bar.label);
  const layout = themed({ ...options, height }, {
    bargap: 0.28,
    margin: { l: labelMargin(labels), b: valueTitle ? 58 : 36 },
    xaxis: valueAxis(bars.map((bar) => bar.value), texts, { title: valueTitle, length: width * 0.75 }),
    yaxis: labelAxis(labels),
  });
  const said = bars.map((bar, i) => `${bar.label} ${texts[i]}`).join(", ");
  return figure({
    data: [barTrace(bars, texts)],
    layout,
    width,
    height,
    alt: options.alt ?? `${options.title}. Bars: ${said}.`,
  });
}

/** The trace of `barChart`, for a figure of several panels. */
export function barTrace(bars: Bar[], texts: string[]): Record<string, unknown> {
  return {
    type: "bar",
    orientation: "h",
    x: bars.map((bar) => bar.value),
    y: bars.map((_, i) => i),
    marker: { color: bars.map((bar) => bar.color ?? seriesColors[0]) },
    text: texts.map(escapeMarkup),
    textposition: "outside",
    textfont: { size: textSizes.label, color: ink.text },
    cliponaxis: false,
    constraintext: "none",
    hovertemplate: "%{customdata}<extra></extra>",
    customdata: bars.map((bar, i) => `${escapeMarkup(bar.label)}: ${escapeMarkup(texts[i])}`),
  };
}

/** An axis from 0 that leaves room for the texts after the bars; `length` is about its length in pixels, `percent` says that the values are. */
export function valueAxis(
  values: number[],
  texts: string[],
  options: { title?: string; length: number; percent?: boolean; ticks?: number },
): Record<string, unknown> {
  const widths = texts.map((text) => textWidth(text, { size: textSizes.label }) + 12);
  // Every bar and its text must end before the axis does: value / end × length + width ≤ length.
  const end = Math.max(
    ...values.map((value, i) => Math.max(value, 0) / Math.max(1 - widths[i] / options.length, 0.2)),
    Number.MIN_VALUE,
  );
  return {
    title: options.title,
    range: [0, end],
    tickformat: options.percent ? "" : ",d",
    ticksuffix: options.percent ? "\u00a0%" : "",
    showgrid: false, // every bar has its value: lines would only cross the texts
    ticks: "outside",
    ticklen: 4,
    tickcolor: ink.axis,
    zeroline: true,
    zerolinecolor: ink.axis,
    zerolinewidth: 1,
    ...options.percent ? { nticks: 6 } : countTicks(end, options.ticks),
  };
}

/** At most so many ticks on an axis of counts, whole numbers all: a short one has 0, 1, 2. */
export function countTicks(end: number, ticks = 6): Record<string, unknown> {
  return end <= ticks ? { dtick: 1 } : { nticks: ticks };
}

/** The left margin in pixels that the labels of a `labelAxis` need. */
export function labelMargin(labels: string[]): number {
  return Math.ceil(
    edge + Math.max(...labels.map((label) => textWidth(`${label}  `, { size: textSizes.tick }))),
  );
}

/** An axis of labels at 0, 1, 2, …, the first on top. */
export function labelAxis(labels: string[]): Record<string, unknown> {
  return {
    tickvals: labels.map((_, i) => i),
    ticktext: labels.map((label) => `${escapeMarkup(label)} `),
    range: [labels.length - 0.5, -0.5],
    showgrid: false,
  };
}
