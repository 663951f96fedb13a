/** The distribution of a number: bars for bins of equal width. */
import { thousands } from "../support/format.ts";
import { countTicks, outsideTicks } from "./bars.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import { defaultWidth, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";

/** Bin i counts the values from `start + i width` (included) to the next bin's start (not included). */
export interface Bins {
  start: number;
  width: number;
  counts: number[];
  /** Number of values that are null. */
  missing: number;
}

/**
 * Sorts values into bins that start at multiples of `width`.
 *
 * @throws RangeError for a width that is not above 0, or a value that is not finite
 */
export function binValues(values: Iterable<number | null>, width: number): Bins {
  if (!(width > 0)) throw new RangeError(`A bin is wider than 0. Received: ${width}`);
  const all = [...values];
  const bins = all.filter((value) => value !== null).map((value) => {
    if (!Number.isFinite(value)) throw new RangeError(`Values are finite or null. Received: ${value}`);
    return Math.floor(value / width);
  });
  const first = bins.reduce((least, bin) => Math.min(least, bin), bins[0] ?? 0);
  const last = bins.reduce((most, bin) => Math.max(most, bin), first - 1);
  const counts: number[] = new Array(last - first + 1).fill(0);
  for (const bin of bins) counts[bin - first]++;
  return { start: first * width, width, counts, missing: all.length - bins.length };
}

/**
 * A histogram. The number of missing values is written below the axis.
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
  const without = missing
    ? `; ${thousands(missing)} ${missing === 1 ? countTitle.replace(/s$/, "") : countTitle} without`
    : "";
  const most = Math.max(...counts, 1);
  const axis = { showgrid: false, ...outsideTicks };
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
    layout: themed({ ...options, height }, {
      margin: { l: 78, b: 60 },
      xaxis: {
        ...axis,
        title: `${valueTitle}, in bins of ${binWidth}${without}`,
        range: [start, start + Math.max(counts.length, 1) * binWidth],
        tick0: 0,
        dtick: binWidth * Math.max(1, Math.round(counts.length / 10)),
      },
      yaxis: {
        ...axis,
        title: { text: countTitle, standoff: 10 },
        range: [0, most * 1.08],
        tickformat: ",d",
        ...countTicks(most),
        zeroline: true,
        zerolinecolor: ink.axis,
      },
    }),
    width,
    height,
    alt: options.alt ??
      `${options.title}. Histogram of ${thousands(total)} values of ${valueTitle}: ` +
        starts.map((value, i) => `from ${value} ${thousands(counts[i])}`).join(", ") +
        `${missing ? `; ${thousands(missing)} missing` : ""}.`,
  });
}
