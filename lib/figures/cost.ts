/** Accuracy against minutes of training: one point per run, with its name beside it. */
import type { StudyResult } from "../experiment/studies.ts";
import { escapeMarkup, percent } from "../support/format.ts";
import { textWidth } from "../support/plotly/letters.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import { defaultWidth, type FigureOptions, note, spread, textSizes, themed, topMargin } from "./theme.ts";

/** A run of the ladder: a rung, if its label is its depth, else another recipe. */
export type LadderRun = Pick<StudyResult, "label" | "depth" | "bestEpoch" | "minutes"> & {
  readonly validation: { readonly accuracy: number };
};

interface CostPoint {
  readonly name: string;
  readonly minutes: number;
  /** A share from 0 to 1. */
  readonly accuracy: number;
  /** Whether the line leaves it out: it is only there for comparison. */
  readonly apart: boolean;
}

/**
 * Validation accuracy and cost of each run, on a logarithmic axis of minutes. A thin line joins the rungs in their order; other
 * recipes stand apart, in another colour. The title is made from the best run.
 *
 * @param options `claimed` is the write-up's accuracy, a share from 0 to 1
 * @throws RangeError without runs, for minutes of 0 or less, or an accuracy outside 0 to 1
 */
export function ladderFigure(
  runs: readonly LadderRun[],
  { claimed, ...given }: Partial<FigureOptions> & { claimed: number },
): Figure {
  if (runs.length === 0) throw new RangeError("The ladder needs at least one run. Received: none");
  const points = runs.map(({ label, depth, minutes, validation: { accuracy } }): CostPoint => {
    if (!(minutes > 0) || !(accuracy >= 0 && accuracy <= 1)) {
      throw new RangeError(
        `"${label}": expected minutes above 0 and an accuracy from 0 to 1. Received: ${minutes}, ${accuracy}`,
      );
    }
    return { name: label, minutes, accuracy, apart: label !== depth };
  });
  const source = `${keptWeights(runs)}; minutes on a logarithmic axis`;
  const options = { title: ladderTitle(points), source, ...given };
  const { width = defaultWidth } = options;
  const margin = { l: 70, r: 30, t: topMargin(options), b: 62 };
  const height = options.height ?? margin.t + 380 + margin.b;
  const plot = { width: width - margin.l - margin.r, height: height - margin.t - margin.b };
  const x = logRange(points, plot.width);
  const y = paddedRange([...points.map(({ accuracy }) => accuracy), claimed].map((share) => 100 * share));
  // The line rises to the right. Names of its runs fit below it, to the right of the points; names of runs apart fit above it.
  const across = ({ minutes }: CostPoint) => (Math.log10(minutes) - x[0]) / (x[1] - x[0]) * plot.width;
  const isLeft = points.map((point) =>
    point.apart && across(point) > Math.min(nameRoom(point), plot.width - across(point))
  );
  const places = points.map(({ accuracy }, i) =>
    (100 * accuracy - y[0]) / (y[1] - y[0]) * plot.height + (isLeft[i] ? 15 : 0)
  );
  // Names on one side must not touch.
  for (const side of [true, false]) {
    const indices = points.map((_, i) => i).filter((i) => isLeft[i] === side);
    spread(indices.map((i) => places[i]), 17).forEach((place, i) => places[indices[i]] = place);
  }
  const trace = (runs: readonly CostPoint[], color: string) => ({
    type: "scatter",
    mode: "markers",
    x: runs.map((run) => run.minutes),
    y: runs.map(({ accuracy }) => 100 * accuracy),
    marker: { color, size: 11, line: { color: ink.paper, width: 2 } },
    text: runs.map(({ name }) => escapeMarkup(name)),
    hovertemplate: "%{text}: %{y:.1f} % in %{x:.1f} min<extra></extra>",
    cliponaxis: false,
  });
  const [joined, apart] = [points.filter((run) => !run.apart), points.filter((run) => run.apart)];
  return figure({
    data: [
      { ...trace(joined, seriesColors[0]), mode: "lines+markers", line: { color: ink.muted, width: 1.4 } },
      ...apart.length > 0 ? [trace(apart, seriesColors[1])] : [],
    ],
    layout: themed({ ...options, height }, {
      margin,
      xaxis: {
        title: "minutes of training",
        type: "log",
        range: x,
        tickvals: minuteTicks,
        ticktext: minuteTicks.map((tick) => tick.toLocaleString("en-US", { maximumFractionDigits: 3 })),
        showgrid: false,
        showline: true,
        linecolor: ink.axis,
      },
      yaxis: { title: "validation accuracy", range: y, nticks: 7, ticksuffix: "\u00a0%" },
      shapes: [{
        ...{ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: 100 * claimed, y1: 100 * claimed },
        line: { color: ink.axis, width: 1.4, dash: "5px,4px" },
      }],
      annotations: [
        ...points.map(({ name, minutes }, i) =>
          note(`<b>${escapeMarkup(name)}</b>`, {
            ...{ xref: "x", x: Math.log10(minutes) },
            ...isLeft[i] ? { xanchor: "right", xshift: 6 } : { xanchor: "left", xshift: 11 },
            ...{ yref: "y", y: y[0], yanchor: "middle", yshift: places[i] },
          })
        ),
        note(`claimed ${percent(claimed)}`, {
          font: { size: textSizes.label, color: ink.quiet },
          ...{ xref: "paper", x: 0, xanchor: "left", xshift: 6 },
          ...{ yref: "y", y: 100 * claimed, yanchor: "top", yshift: -3 },
        }),
      ],
    }),
    width,
    height,
    alt: options.alt ??
      `${options.title}. ${
        points.map(({ name, minutes, accuracy }) =>
          `${name}: ${percent(accuracy)} in ${minutes.toFixed(1)} minutes`
        ).join("; ")
      }.`,
  });
}

/** A title with what the best run adds to the first, and what it costs. */
function ladderTitle(points: readonly CostPoint[]): string {
  const [first] = points;
  const best = points.reduce((best, one) => one.accuracy > best.accuracy ? one : best, first);
  if (best === first) return `No run is better than ${first.name}: ${percent(first.accuracy)}`;
  const minutes = best.minutes.toFixed(best.minutes < 10 ? 1 : 0);
  return `From ${percent(first.accuracy)} (${first.name}) to ${percent(best.accuracy)} (${best.name}) ` +
    `in ${minutes} minutes of training`;
}

/** Says which epoch's weights the runs have kept. */
function keptWeights(runs: readonly LadderRun[]): string {
  const last = runs.filter(({ bestEpoch }) => bestEpoch === null).map(({ label }) => label);
  if (last.length === 0) return "Each run with its best epoch";
  if (last.length === runs.length) return "Each run after its last epoch";
  return `${new Intl.ListFormat("en").format(last)} after the last epoch, the others with their best one`;
}

/** 1, 2 and 5 times each power of ten, from 0.001 to 500,000 minutes (about a year). */
const minuteTicks = [-3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) =>
  [1, 2, 5].map((step) => Number(`${step}e${power}`))
);

/** Pixels that a run's name and its mark need. */
function nameRoom({ name }: CostPoint): number {
  return textWidth(name, { size: textSizes.label, bold: true }) + 24;
}

/** The axis' ends as exponents of ten, with room for names right of their points, each at most half of `width` (pixels). */
function logRange(points: readonly CostPoint[], width: number): [number, number] {
  const exponents = points.map(({ minutes }) => Math.log10(minutes));
  const [low, high] = [Math.min(...exponents), Math.max(...exponents)];
  const padding = Math.max(0.06 * (high - low), 0.2);
  const start = low - padding;
  const ends = points.map((point, i) => {
    const share = point.apart ? 0 : Math.min(nameRoom(point) / width, 0.5);
    return start + (exponents[i] - start) / (1 - share);
  });
  return [start, Math.max(high + padding, ...ends)];
}

/** The range of percentages, wider by a tenth, at least one point, on both sides; within 0 to 100. */
function paddedRange(values: readonly number[]): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const padding = Math.max(1, (most - least) * 0.1);
  return [Math.max(0, least - padding), Math.min(100, most + padding)];
}
