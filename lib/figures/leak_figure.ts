/** What each kind of leak adds: recall of the same test photos, seen and unseen, and the official test set beside it. */
import type { Measured } from "../evaluation/intervals.ts";
import type { LeakEffect } from "../experiment/leakage/effects.ts";
import type { OfficialRow } from "../experiment/leakage/results.ts";
import type { Depth } from "../recipe.ts";
import { percent, signedPoints, thousands } from "../support/format.ts";
import { labelAxis, labelMargin, outsideTicks } from "./bars.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import {
  defaultWidth,
  edge,
  type FigureOptions,
  legendLine,
  panelTitle,
  themed,
  topMargin,
} from "./theme.ts";

const looks = {
  unseen: { name: "by networks that have not seen it", color: ink.axis },
  seen: { name: "by networks that have seen it", color: seriesColors[1] },
};

/**
 * A panel a kind of leak, a row a class, the mean over the classes last; one panel for the official test set.
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
  const trained = depth === "head" ? "" : `, trained from ${depth} on`;
  const title = options.title ?? `Points of recall that a leak adds${trained}: ${added.join(", ")}`;
  const head = { title, ...options };
  const margin = { l: labelMargin(rows), r: edge + 6, t: topMargin(head, 54), b: 58 };
  const height = options.height ?? margin.t + 30 * rows.length + margin.b;
  const panels = effects.length + (official.length > 0 ? 1 : 0);
  const gap = 0.06;
  const officialGap = labelMargin(official.map(({ label }) => label)) / (width - margin.l - margin.r);
  const share = (1 - gap * (effects.length - 1) - (official.length > 0 ? officialGap : 0)) / panels;
  const left = (panel: number) => panel * (share + gap) + (panel === effects.length ? officialGap - gap : 0);
  const axis = (panel: number) => ({
    domain: [left(panel), left(panel) + share],
    anchor: `y${panel + 1}`,
    ...{
      range: [0, 100],
      tickvals: [0, 50, 100],
      ticktext: [0, 50, 100].map((share) => percent(share / 100, 0)),
      title: panel < effects.length ? "recall" : "balanced accuracy",
    },
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
    ...effects.map((_, panel) => [`xaxis${panel + 1}`, axis(panel)]),
    ...effects.map((_, panel) => [`yaxis${panel + 1}`, {
      ...labelAxis(rows),
      anchor: `x${panel + 1}`,
      showticklabels: panel === 0,
    }]),
    ...official.length > 0
      ? [
        [`xaxis${panels}`, axis(effects.length)],
        [`yaxis${panels}`, { ...labelAxis(official.map(({ label }) => label)), anchor: `x${panels}` }],
      ]
      : [],
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
      ? `Copies leak (${thousands(photos)} photos)`
      : `Other photos leak (${thousands(reached)} photos)`
  );
  return figure({
    data: drawn,
    layout: themed({ ...head, height }, {
      ...axes,
      margin,
      annotations: [
        ...names.map((name, panel) => panelTitle(name, left(panel))),
        ...official.length > 0 ? [panelTitle("Official test set", left(effects.length))] : [],
        ...legendLine(Object.values(looks).map((look) => ({ ...look, mark: "●" })), { up: 30 }),
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

/** Dots with their intervals, a little above or below the row's middle. */
function points(
  rows: readonly { label: string; score: Measured | null }[],
  { name, color, panel, shift }: { name: string; color: string; panel: number; shift: number },
): Record<string, unknown> {
  const shown = rows.flatMap(({ label, score }, i) => score ? [{ label, score, y: i + shift }] : []);
  const share = (of: (score: Measured) => number) => shown.map(({ score }) => 100 * of(score));
  return {
    ...{ type: "scatter", mode: "markers", name },
    ...{ xaxis: `x${panel + 1}`, yaxis: `y${panel + 1}` },
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
