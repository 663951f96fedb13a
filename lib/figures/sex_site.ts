/** Two bar charts side by side: sex on the left, place on the body on the right. */
import { type Bar, barTrace, labelAxis, labelMargin, valueAxis } from "./bar_chart.ts";
import { type Figure, figure } from "./figure.ts";
import { percent, thousands } from "../support/format.ts";
import { panelTitle } from "./panel.ts";
import { defaultWidth, edge, type FigureOptions, themed, topMargin } from "./theme.ts";

/** Numbers of images by sex and by localization; sorted here, the largest first, "unknown" last. */
export interface SexSiteCounts {
  sex: Record<string, number>;
  site: Record<string, number>;
}

/** Bars of both, with counts and shares; `countTitle` says what is counted (default "images"). */
export function sexSiteBars(
  counts: SexSiteCounts,
  options: FigureOptions & { countTitle?: string },
): Figure {
  const { countTitle = "images", width = defaultWidth } = options;
  const panels = [
    { name: "Sex", bars: sortedBars(counts.sex) },
    { name: "Place on the body", bars: sortedBars(counts.site) },
  ];
  const top = topMargin(options, 22);
  const height = options.height ?? top + Math.max(...panels.map(({ bars }) => bars.length)) * 26 + 58;
  const margins = panels.map(({ bars }) => labelMargin(bars.map((bar) => bar.label)));
  const plot = width - margins[0] - edge - 6;
  const ends = [[0, 0.36], [0.36 + margins[1] / plot, 1]];
  const rows = Math.max(...panels.map(({ bars }) => bars.length));
  const axes = panels.flatMap(({ bars }, i) => {
    const suffix = i === 0 ? "" : `${i + 1}`;
    const length = (ends[i][1] - ends[i][0]) * plot;
    const texts = bars.map((bar) => bar.text!);
    return [
      [`xaxis${suffix}`, {
        ...valueAxis(bars.map((bar) => bar.value), texts, {
          title: countTitle,
          length,
          ticks: 5,
        }),
        domain: ends[i],
        anchor: `y${suffix}`,
      }],
      [`yaxis${suffix}`, {
        ...labelAxis(bars.map((bar) => bar.label)),
        domain: [1 - bars.length / rows, 1], // bars of one thickness in both panels
        anchor: `x${suffix}`,
      }],
    ] as [string, Record<string, unknown>][];
  });
  return figure({
    data: panels.map(({ bars }, i) => ({
      ...barTrace(bars, bars.map((bar) => bar.text!)),
      ...i === 0 ? {} : { xaxis: "x2", yaxis: "y2" },
    })),
    layout: themed({ ...options, height }, {
      bargap: 0.28,
      margin: { l: margins[0], t: top, b: 58 },
      ...Object.fromEntries(axes),
      annotations: panels.map(({ name }, i) => panelTitle(name, ends[i][0])),
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` +
        panels.map(({ name, bars }) =>
          `${name}: ${bars.map((bar) => `${bar.label} ${bar.text!.replace("  ·  ", ", ")}`).join("; ")}.`
        ).join(" "),
  });
}

function sortedBars(counts: Record<string, number>): Bar[] {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return Object.entries(counts)
    .sort(([a, m], [b, n]) => Number(a === "unknown") - Number(b === "unknown") || n - m || (a < b ? -1 : 1))
    .map(([label, value]) => ({
      label,
      value,
      text: `${thousands(value)}  ·  ${percent(value / total)}`,
    }));
}
