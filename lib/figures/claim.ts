/** Bars that compare what was claimed with what was measured. */
import { type Protocol, protocolText } from "../config.ts";
import { escapeMarkup, percent } from "../support/format.ts";
import { textWidth } from "../support/plotly/letters.ts";
import { labelAxis, labelMargin, outsideTicks } from "./bars.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import {
  defaultWidth,
  edge,
  type FigureOptions,
  legendLine,
  moreLegend,
  narrow,
  note,
  quiet,
  textSizes,
  themed,
  topMargin,
} from "./theme.ts";

/** One accuracy (or another share from 0 to 1). */
export interface ComparisonRow {
  name: string;
  value: number;
  /** An interval around the value; say in `source` which one it is. */
  low?: number;
  high?: number;
  /** "claimed" is drawn as an outline, "ours" and "honest" filled, "baseline" grey. */
  kind: "claimed" | "ours" | "honest" | "baseline";
}

const looks = {
  claimed: { name: "claimed by the write-up", fill: ink.claimedPaper, line: seriesColors[1], mark: "□" },
  ours: { name: "measured here", fill: seriesColors[0], line: seriesColors[0], mark: "■" },
  honest: { name: "measured without a leak", fill: seriesColors[2], line: seriesColors[2], mark: "■" },
  baseline: { name: "baseline", fill: ink.muted, line: ink.muted, mark: "■" },
};

const valueSize = textSizes.label + 1;
/** Pixels between the end of a bar, or of its interval, and the value. */
const valueGap = 8;

/**
 * Horizontal bars from 0 to 100 %, in the order given. Values and intervals are drawn and written.
 *
 * @throws RangeError for a value outside 0 to 1 or an interval that does not contain its value
 */
export function comparisonBars(
  rows: readonly ComparisonRow[],
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
  const isNarrow = width < narrow; // names stand above their bars: beside them they would leave no room
  const labels = rows.map(({ name }) => name);
  const legend = [...new Set(rows.map(({ kind }) => looks[kind]))]
    .map(({ name, line, mark }) => ({ name, color: line, mark }));
  const margin = {
    ...{ l: isNarrow ? edge : labelMargin(labels), r: valueRoom(rows) },
    b: 58,
    t: topMargin(options, 30 + moreLegend(legend, width - 2 * edge)),
  };
  const height = options.height ?? margin.t + rows.length * (isNarrow ? 58 : 38) + margin.b;
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
      margin,
      bargap: isNarrow ? 0.6 : 0.36,
      xaxis: {
        title: valueTitle,
        range: [0, 100],
        dtick: width - margin.l - margin.r < 300 ? 50 : 20,
        ticksuffix: "\u00a0%",
        showgrid: false,
        ...outsideTicks,
        zeroline: true,
        zerolinecolor: ink.axis,
      },
      yaxis: { ...labelAxis(labels), ...isNarrow ? { tickvals: [], ticktext: [] } : {} },
      annotations: [
        ...isNarrow
          ? labels.map((label, y) =>
            note(escapeMarkup(label), { x: 0, xanchor: "left", y, yanchor: "bottom", yshift: 14 })
          )
          : [],
        ...rows.map((row, y) =>
          note(valueText(row), {
            font: { size: valueSize, color: row.kind === "baseline" ? ink.quiet : ink.text },
            ...{ x: 100 * (row.high ?? row.value), xanchor: "left", xshift: valueGap },
            ...{ y, yanchor: "middle" },
          })
        ),
        ...legendLine(legend, { room: width - margin.l - edge, left: margin.l - edge }),
      ],
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ${rows.map(describe).join("; ")}.`,
  });
}

function describe(row: ComparisonRow): string {
  const interval = hasInterval(row) ? ` (${percent(row.low!)} to ${percent(row.high!)})` : "";
  const kind = row.kind === "ours" ? "" : `, ${looks[row.kind].name}`;
  return `${row.name}: ${percent(row.value)}${interval}${kind}`;
}

function hasInterval({ low, high }: ComparisonRow): boolean {
  return low !== undefined && high !== undefined;
}

/** "61.8 – 65.7 %": the interval as it is written after the value. */
function intervalText({ low, high }: ComparisonRow): string {
  return `  ${(100 * low!).toFixed(1)} – ${percent(high!)}`;
}

function valueText(row: ComparisonRow): string {
  const value = row.kind === "baseline" ? percent(row.value) : `<b>${percent(row.value)}</b>`;
  return value + (hasInterval(row) ? quiet(intervalText(row), textSizes.small) : "");
}

/** Pixels that the longest value needs after its bar. */
function valueRoom(rows: readonly ComparisonRow[]): number {
  const widths = rows.map((row) =>
    textWidth(percent(row.value), { size: valueSize, bold: true }) +
    (hasInterval(row) ? textWidth(intervalText(row), { size: textSizes.small }) : 0)
  );
  return Math.ceil(valueGap + Math.max(...widths) + edge);
}

/**
 * Error bars on separate points: on the bars, a row without an interval would get one of length 0. Wider white ones are
 * drawn first, so that the part on the bar stays visible.
 */
function intervals(rows: readonly ComparisonRow[]): Record<string, unknown>[] {
  const known = rows.map((row, y) => ({ ...row, y })).filter(hasInterval);
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
      array: known.map(({ value, high }) => 100 * (high! - value)),
      arrayminus: known.map(({ value, low }) => 100 * (value - low!)),
      width: 5,
      ...line,
    },
    cliponaxis: false,
    hoverinfo: "skip",
  }));
}

/** A measured accuracy. Accuracies are shares from 0 to 1. */
export interface Measured {
  ours: number;
  /** 95 % interval of `ours`. */
  interval: { low: number; high: number };
  optimizer: string;
}

export interface Claim extends Measured {
  claimed: number;
  /** How the test was made. */
  protocol: Protocol;
  /** The network that was trained from `depth` on; null or missing if there is none. */
  trained?: Measured & { depth: string } | null;
  baselines: readonly { name: string; accuracy: number }[];
}

/**
 * The main result as one picture: the claimed accuracy, the measured ones with their intervals, and the baselines, best first.
 *
 * @throws RangeError for a share outside 0 to 1, or an interval that does not contain `ours`
 */
export function claimBars(claim: Claim, options: Partial<FigureOptions> = {}): Figure {
  const { claimed, protocol, ours, optimizer, trained } = claim;
  const measured = (name: string, { ours, interval }: Measured) =>
    ({ name, value: ours, ...interval, kind: "ours" }) as const;
  const baselines = claim.baselines.toSorted((a, b) => b.accuracy - a.accuracy);
  return comparisonBars([
    { name: "the write-up's claim", value: claimed, kind: "claimed" },
    ...trained ? [measured(`trained from ${trained.depth}, ${trained.optimizer}`, trained)] : [],
    measured(`frozen VGG16, ${optimizer}`, claim),
    ...baselines.map(({ name, accuracy }) => ({ name, value: accuracy, kind: "baseline" }) as const),
  ], {
    title: trained
      ? `Claimed ${percent(claimed)}; trained ${percent(trained.ours)}, frozen ${percent(ours)}`
      : `Claimed ${percent(claimed)}, measured ${percent(ours)}`,
    source: `Test accuracy ${
      protocol === "as-written"
        ? "as written, on a test set that leaks"
        : `of the write-up, ${protocolText(protocol)}`
    }. Interval: 95 %, lesions drawn with replacement`,
    valueTitle: "test accuracy",
    ...options,
  });
}
