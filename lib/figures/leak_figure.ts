/** What each kind of leak adds: recall of the same test photos, seen and unseen, beside scores on the official test set. */
import type { Measured } from "../evaluation/intervals.ts";
import type { LeakEffect } from "../experiment/leakage/effects.ts";
import type { OfficialRow } from "../experiment/leakage/results.ts";
import { trainedText } from "../experiment/leakage/texts.ts";
import type { Depth } from "../recipe.ts";
import { countText, percent, signedPoints } from "../support/format.ts";
import { labelAxis, labelMargin, outsideTicks } from "./bars.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import {
  axisNumber,
  defaultWidth,
  edge,
  type FigureOptions,
  legendLine,
  moreLegend,
  mostPixels,
  narrow,
  panelTitle,
  themed,
  topMargin,
} from "./theme.ts";

const looks = {
  unseen: { name: "by networks that have not seen it", color: ink.axis },
  seen: { name: "by networks that have seen it", color: seriesColors[1] },
};

/**
 * One panel per kind of leak, with one row per class and their mean last, and one panel for the official test set.
 *
 * @param options.codes of the classes, in label order
 * @param options.depth of the networks that are shown
 */
export function leakFigure(
  allEffects: readonly LeakEffect[],
  allOfficial: readonly OfficialRow[],
  { codes, depth, ...options }: Partial<FigureOptions> & { codes: readonly string[]; depth: Depth },
): Figure {
  const effects = allEffects.filter((effect) => effect.depth === depth);
  const official = allOfficial.filter((row) => row.depth === depth);
  const { width = defaultWidth } = options;
  const rows = [...codes, "all classes"];
  const added = effects.map(({ kind, effect }) =>
    `${kind === "copy" ? "copies of the photo" : "other photos of the lesion"} ${signedPoints(effect.value)}`
  );
  const title = options.title ??
    `Points of recall that a leak adds, ${trainedText(depth)}: ${added.join(", ")}`;
  const head = { title, ...options };
  const legend = Object.values(looks).map((look) => ({ ...look, mark: "●" }));
  const officialLabels = official.map(({ label }) => label);
  const rowsOf = [...effects.map(() => rows), ...official.length > 0 ? [officialLabels] : []];
  const stacked = width < narrow;
  const margin = {
    ...{ l: labelMargin(stacked ? [...rows, ...officialLabels] : rows), r: edge + 6, b: 58 },
    t: topMargin(head, 54 + moreLegend(legend, width - 2 * edge)),
  };
  const most = mostPixels - margin.t - margin.b;
  const { places, plotHeight } = stacked
    ? below(rowsOf, most)
    : beside(rowsOf, { room: width - margin.l - margin.r, most });
  const height = options.height ?? Math.floor(margin.t + plotHeight + margin.b);
  const axis = (panel: number) => ({
    domain: places[panel].x,
    anchor: `y${axisNumber(panel)}`,
    range: [0, 100],
    tickvals: [0, 50, 100],
    ticktext: [0, 50, 100].map((share) => percent(share / 100, 0)),
    title: panel < effects.length ? "recall" : "balanced accuracy",
    ...outsideTicks,
  });
  const drawn = effects.flatMap((effect, panel) =>
    (["unseen", "seen"] as const).map((side) =>
      points(
        rows.map((label, i) => {
          const own = i < codes.length ? effect.perClass[i] : effect;
          return { label, score: own?.[side] ?? null };
        }),
        { ...looks[side], panel, shift: side === "seen" ? -0.16 : 0.16 },
      )
    )
  );
  const axes = Object.fromEntries([
    ...rowsOf.map((_, panel) => [`xaxis${axisNumber(panel)}`, axis(panel)]),
    ...rowsOf.map((labels, panel) => [`yaxis${axisNumber(panel)}`, {
      ...labelAxis(labels),
      ...{ anchor: `x${axisNumber(panel)}`, domain: places[panel].y },
      ...stacked || panel === 0 || labels === officialLabels ? {} : { tickvals: [], ticktext: [] },
    }]),
  ]);
  if (official.length > 0) {
    drawn.push(
      points(official, {
        name: "official test set",
        color: seriesColors[0],
        panel: effects.length,
        shift: 0,
      }),
    );
  }
  const names = effects.map(({ kind, reached, photos }) =>
    kind === "copy"
      ? `Copies leak (${countText(photos, "photo")})`
      : `Other photos leak (${countText(reached, "photo")})`
  );
  return figure({
    data: drawn,
    layout: themed({ ...head, height }, {
      ...axes,
      margin,
      annotations: [
        ...places.map(({ x, y }, panel) => panelTitle(names[panel] ?? "Official test set", x[0], y[1])),
        ...legendLine(legend, { up: 30, room: width - margin.l - edge, left: margin.l - edge }),
      ],
    }),
    width,
    height,
    alt: options.alt ??
      `${title}. ` + effects.map(({ kind, seen, unseen, perClass }) =>
          `${kind}: all classes ${percent(unseen.value)} unseen, ${percent(seen.value)} seen; ` +
          perClass.flatMap((own, label) =>
            own ? [`${codes[label]} ${percent(own.unseen.value)}, ${percent(own.seen.value)}`] : []
          ).join("; ")
        ).join(". ") +
        (official.length > 0
          ? `. Official test set: ${
            official.map(({ label, score }) =>
              `${label} ${percent(score.value)}`
            ).join(", ")
          }.`
          : "."),
  });
}

/** A panel's position: shares of the plot's width from the left, and of its height from below. */
interface Place {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Places panels side by side in `room` pixels, at most `most` high. The first and any with rows of its own have labels. */
function beside(
  rowsOf: readonly (readonly string[])[],
  { room, most }: { room: number; most: number },
): { places: Place[]; plotHeight: number } {
  const gaps = rowsOf.map((labels, panel) =>
    panel === 0 ? 0 : labels === rowsOf[0] ? 0.06 : labelMargin(labels) / room
  );
  const share = (1 - gaps.reduce((sum, gap) => sum + gap, 0)) / rowsOf.length;
  let right = 0;
  const places = gaps.map((gap): Place => {
    const left = right + gap;
    return { x: [left, right = left + share], y: [0, 1] };
  });
  return { places, plotHeight: Math.min(30 * rowsOf[0].length, most) };
}

/** Places panels one below the other, at most `most` pixels high. Between two, there is room for an axis and a name. */
function below(
  rowsOf: readonly (readonly string[])[],
  most: number,
): { places: Place[]; plotHeight: number } {
  const gap = 92; // pixels
  const row = Math.min(26, (most - gap * (rowsOf.length - 1)) / rowsOf.flat().length);
  const heights = rowsOf.map((labels) => row * labels.length);
  const plotHeight = heights.reduce((sum, height) => sum + height + gap, -gap);
  let top = plotHeight;
  const places = heights.map((height): Place => {
    const upper = top;
    top -= height + gap;
    return { x: [0, 1], y: [(upper - height) / plotHeight, upper / plotHeight] };
  });
  return { places, plotHeight };
}

/** Dots with their intervals, `shift` rows below the row's middle (above if negative). */
function points(
  rows: readonly { label: string; score: Measured | null }[],
  { name, color, panel, shift }: { name: string; color: string; panel: number; shift: number },
): Record<string, unknown> {
  const shown = rows.flatMap(({ label, score }, i) => score ? [{ label, score, y: i + shift }] : []);
  const share = (of: (score: Measured) => number) => shown.map(({ score }) => 100 * of(score));
  return {
    ...{ type: "scatter", mode: "markers", name },
    ...{ xaxis: `x${axisNumber(panel)}`, yaxis: `y${axisNumber(panel)}` },
    x: share(({ value }) => value),
    y: shown.map(({ y }) => y),
    marker: { color, size: 9 },
    error_x: {
      type: "data",
      symmetric: false,
      array: share(({ high, value }) => high - value),
      arrayminus: share(({ low, value }) => value - low),
      ...{ color, thickness: 1.6, width: 0 },
    },
    hovertemplate: `%{customdata}<extra>${name}</extra>`,
    customdata: shown.map(({ label, score: { value, low, high } }) =>
      `${label}: ${percent(value)} (${percent(low)} to ${percent(high)})`
    ),
    cliponaxis: false,
  };
}
