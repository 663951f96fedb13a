/** How a number is spread: bars of equal width, next to each other. */
import { countTicks } from "./bar_chart.ts";
import { type Figure, figure } from "./figure.ts";
import { thousands } from "../support/format.ts";
import { ink, seriesColors } from "./palette.ts";
import { defaultWidth, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";

/** Bin i counts the values from `start + i width` (included) to the next bin's start (not included). */
export interface Bins {
  start: number;
  width: number;
  counts: number[];
  /** Values that are null. */
  missing: number;
}

/**
 * Sorts values into bins that start at multiples of `width`.
 *
 * @throws RangeError for a width that is not above 0, or a value that is not finite
 */
export function binValues(values: Iterable<number | null>, width: number): Bins {
  if (!(width > 0)) throw new RangeError(`A bin is wider than 0. Received: ${width}`);
  const known: number[] = [];
  let missing = 0;
  for (const value of values) {
    if (value === null) missing++;
    else if (!Number.isFinite(value)) throw new RangeError(`Values are finite or null. Received: ${value}`);
    else known.push(Math.floor(value / width));
  }
  const first = known.reduce((least, bin) => Math.min(least, bin), Infinity);
  if (known.length === 0) return { start: 0, width, counts: [], missing };
  const counts: number[] = new Array(known.reduce((most, bin) => Math.max(most, bin), first) - first + 1)
    .fill(0);
  for (const bin of known) counts[bin - first]++;
  return { start: first * width, width, counts, missing };
}

/**
 * A histogram. The number of missing values is said below the axis.
 *
 * @param options `binWidth` in the values' unit (default 5); `valueTitle` names the axis with its unit ("age in years")
 */
export function histogram(
  values: Iterable<number | null>,
  options: FigureOptions & { valueTitle: string; binWidth?: number; countTitle?: string },
): Figure {
  const { binWidth = 5, valueTitle, countTitle = "images", width = defaultWidth } = options;
  const { start, counts, missing } = binValues(values, binWidth);
  const height = options.height ?? topMargin(options) + 320;
  const starts = counts.map((_, i) => start + i * binWidth);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const note = missing ? `; ${thousands(missing)} ${countTitle} without` : "";
  const most = Math.max(...counts, 1);
  const layout = themed({ ...options, height }, {
    margin: { l: 78, b: 60 },
    xaxis: {
      title: `${valueTitle}, in bins of ${binWidth}${note}`,
      range: [start, start + Math.max(counts.length, 1) * binWidth],
      tick0: 0,
      dtick: binWidth * Math.max(1, Math.round(counts.length / 10)),
      showgrid: false,
      ticks: "outside",
      ticklen: 4,
      tickcolor: ink.axis,
    },
    yaxis: {
      title: { text: countTitle, standoff: 10 },
      showgrid: false,
      ticks: "outside",
      ticklen: 4,
      tickcolor: ink.axis,
      range: [0, most * 1.08],
      tickformat: ",d",
      ...countTicks(most),
      zeroline: true,
      zerolinecolor: ink.axis,
    },
  });
  return figure({
    data: counts.length === 0 ? [] : [{
      type: "bar",
      x: starts.map((value) => value + binWidth / 2),
      y: counts,
      width: binWidth,
      marker: { color: seriesColors[0], line: { color: ink.paper, width: 1.5 } },
      text: counts.map((count) => count > 0 ? thousands(count) : ""),
      textposition: "outside",
      textangle: 0,
      constraintext: "none",
      textfont: { size: textSizes.small, color: ink.quiet },
      cliponaxis: false,
      customdata: starts.map((value) => `${value} to under ${value + binWidth}`),
      hovertemplate: "%{customdata}: %{y:,d}<extra></extra>",
    }],
    layout,
    width,
    height,
    alt: options.alt ??
      `${options.title}. Histogram of ${thousands(total)} values of ${valueTitle}: ` +
        starts.map((value, i) => `from ${value} ${thousands(counts[i])}`).join(", ") +
        `${missing ? `; ${thousands(missing)} missing` : ""}.`,
  });
}
