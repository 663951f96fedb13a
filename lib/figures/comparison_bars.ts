/** What was claimed beside what was measured. */
import { labelAxis, labelMargin } from "./bar_chart.ts";
import { type Figure, figure } from "./figure.ts";
import { escapeMarkup, percent } from "../support/format.ts";
import { textWidth } from "../support/plotly/font.ts";
import { legendLine } from "./legend.ts";
import { ink, seriesColors } from "./palette.ts";
import { defaultWidth, edge, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";

/** One accuracy (or another share from 0 to 1). */
export interface ComparisonRow {
  name: string;
  value: number;
  /** Ends of an interval around the value; say in `source` which one it is. */
  low?: number;
  high?: number;
  /** "claimed" is drawn as an outline, "ours" filled, "baseline" grey. */
  kind: "claimed" | "ours" | "baseline";
}

const looks = {
  claimed: { name: "claimed by the write-up", fill: "#fbe3d6", line: seriesColors[1], mark: "□" },
  ours: { name: "measured here", fill: seriesColors[0], line: seriesColors[0], mark: "■" },
  baseline: { name: "baseline", fill: ink.muted, line: ink.muted, mark: "■" },
};

/**
 * Horizontal bars from 0 to 100 %, in the order given, with intervals and values; both are written as well.
 *
 * @throws RangeError for a value outside 0 to 1 or an interval that does not hold its value
 */
export function comparisonBars(
  rows: ComparisonRow[],
  options: FigureOptions & { valueTitle?: string },
): Figure {
  for (const { name, value, low = value, high = value } of rows) {
    if (!(0 <= low && low <= value && value <= high && high <= 1)) {
      throw new RangeError(
        `"${name}": expected 0 ≤ low ≤ value ≤ high ≤ 1. Received: ${low}, ${value}, ${high}`,
      );
    }
  }
  const { valueTitle = "accuracy", width = defaultWidth } = options;
  const top = topMargin(options, 30);
  const isNarrow = width < narrow;
  const rowHeight = isNarrow ? 58 : 38;
  const height = options.height ?? top + rows.length * rowHeight + 58;
  const labels = rows.map(({ name }) => name);
  const left = isNarrow ? edge : labelMargin(labels);
  const right = textMargin(rows, width - left);
  const kinds = (["claimed", "ours", "baseline"] as const).filter((kind) =>
    rows.some((row) => row.kind === kind)
  );
  return figure({
    data: [{
      type: "bar",
      orientation: "h",
      x: rows.map(({ value }) => 100 * value),
      y: rows.map((_, i) => i),
      marker: {
        color: rows.map(({ kind }) => looks[kind].fill),
        line: { color: rows.map(({ kind }) => looks[kind].line), width: 1.5 },
      },
      customdata: rows.map(({ name, value }) => `${escapeMarkup(name)}: ${percent(value)}`),
      hovertemplate: "%{customdata}<extra></extra>",
    }, ...intervals(rows)],
    layout: themed({ ...options, height }, {
      margin: { l: left, t: top, r: right, b: 58 },
      bargap: isNarrow ? 0.6 : 0.36,
      xaxis: {
        title: valueTitle,
        range: [0, 100],
        dtick: width - left - right < 300 ? 50 : 20,
        ticksuffix: "\u00a0%",
        showgrid: false,
        ticks: "outside",
        ticklen: 4,
        tickcolor: ink.axis,
        zeroline: true,
        zerolinecolor: ink.axis,
      },
      yaxis: isNarrow ? { ...labelAxis(labels), tickvals: [], ticktext: [] } : labelAxis(labels),
      annotations: [
        ...isNarrow ? labels.map((label, i) => labelAbove(label, i)) : [],
        ...rows.map((row, i) => ({
          text: valueText(row),
          font: { size: valueSize, color: row.kind === "baseline" ? ink.quiet : ink.text },
          showarrow: false,
          x: 100 * (row.high ?? row.value),
          xanchor: "left",
          xshift: valueGap,
          y: i,
          yanchor: "middle",
          borderpad: 0,
        })),
        ...legendLine(
          kinds.map((kind) => ({ name: looks[kind].name, color: looks[kind].line, mark: looks[kind].mark })),
          { room: width - left - edge },
        ),
      ],
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` + rows.map((row) => {
          const said = hasInterval(row) ? ` (${percent(row.low!)} to ${percent(row.high!)})` : "";
          const kind = row.kind === "ours" ? "" : `, ${looks[row.kind].name}`;
          return `${row.name}: ${percent(row.value)}${said}${kind}`;
        }).join("; ") +
        ".",
  });
}

/** In a figure less wide than this, in pixels, the names stand over their bars: beside them they would leave no room. */
const narrow = 600;

function labelAbove(label: string, row: number): Record<string, unknown> {
  return {
    text: escapeMarkup(label),
    font: { size: textSizes.label, color: ink.text },
    showarrow: false,
    x: 0,
    xanchor: "left",
    y: row,
    yanchor: "bottom",
    yshift: 14,
    borderpad: 0,
  };
}

const valueSize = textSizes.label + 1;
/** Pixels between a bar's end, or its interval's, and the value. */
const valueGap = 8;

function hasInterval({ low, high }: ComparisonRow): boolean {
  return low !== undefined && high !== undefined;
}

/** "61.8 – 65.7 %": the interval as it is written behind the value. */
function intervalText({ low, high }: ComparisonRow): string {
  return `  ${(100 * low!).toFixed(1)} – ${percent(high!)}`;
}

function valueText(row: ComparisonRow): string {
  const value = row.kind === "baseline" ? percent(row.value) : `<b>${percent(row.value)}</b>`;
  if (!hasInterval(row)) return value;
  return value +
    `<span style="font-size:${textSizes.small}px;color:${ink.quiet}">${intervalText(row)}</span>`;
}

/** The right margin in pixels that keeps every value inside; `room` is the width without the left margin. */
function textMargin(rows: ComparisonRow[], room: number): number {
  const margins = rows.map((row) => {
    const end = row.high ?? row.value;
    const interval = hasInterval(row) ? textWidth(intervalText(row), { size: textSizes.small }) : 0;
    const text = valueGap + textWidth(percent(row.value), { size: valueSize, bold: true }) + interval + edge;
    // The text starts at end × (room − margin), so that margin ≥ (end × room + text − room) / end.
    return end > 0 ? (end * room + text - room) / end : 0;
  });
  const lastTick = textWidth(percent(1, 0), { size: textSizes.tick }) / 2;
  return Math.ceil(Math.max(edge + lastTick, ...margins));
}

/**
 * Error bars on points of their own: on the bars, a row without an interval would get one of length 0. The white
 * ones below keep in sight the part that lies on the bar.
 */
function intervals(rows: ComparisonRow[]): Record<string, unknown>[] {
  const known = rows.flatMap(({ value, low, high }, y) =>
    low === undefined && high === undefined ? [] : [{ value, low: low ?? value, high: high ?? value, y }]
  );
  if (known.length === 0) return [];
  return [{ color: ink.paper, thickness: 4 }, { color: ink.text, thickness: 1.6 }].map((line) => ({
    type: "scatter",
    mode: "markers",
    x: known.map(({ value }) => 100 * value),
    y: known.map(({ y }) => y),
    marker: { color: line.color, size: line.thickness, line: { width: 0 } },
    error_x: {
      type: "data",
      symmetric: false,
      array: known.map(({ value, high }) => 100 * (high - value)),
      arrayminus: known.map(({ value, low }) => 100 * (value - low)),
      width: 5,
      ...line,
    },
    cliponaxis: false,
    hoverinfo: "skip",
  }));
}
