/** Precision, recall and F1 of each class. */
import { type Figure, figure } from "./figure.ts";
import { escapeMarkup, thousands } from "../support/format.ts";
import { legendLine } from "./legend.ts";
import { ink, seriesColors } from "./palette.ts";
import { defaultWidth, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";

/** One class: shares from 0 to 1, and `support`, its number of images. */
export interface ClassScores {
  code: string;
  precision: number;
  recall: number;
  f1: number;
  support: number;
}

const metrics = [
  { key: "precision", name: "precision", color: seriesColors[0] },
  { key: "recall", name: "recall", color: seriesColors[4] },
  { key: "f1", name: "F1", color: "#6b6b6b" },
] as const;

/** Three bars a class, with the value in percent over each. */
export function perClassBars(scores: ClassScores[], options: FigureOptions): Figure {
  const { width = defaultWidth } = options;
  const top = topMargin(options, 30);
  const height = options.height ?? top + 320 + 60;
  const x = scores.map((_, i) => i);
  return figure({
    data: metrics.map(({ key, name, color }) => ({
      type: "bar",
      name,
      x,
      y: scores.map((score) => 100 * score[key]),
      marker: { color },
      text: scores.map((score) => (score[key] * 100).toFixed(1)),
      textposition: "outside",
      textangle: 0,
      textfont: { size: textSizes.small, color: ink.text },
      constraintext: "none",
      cliponaxis: false,
      hovertemplate: `%{y:.1f}\u00a0%<extra>${name}</extra>`,
    })),
    layout: themed({ ...options, height }, {
      margin: { l: 62, t: top, b: 60 },
      barmode: "group",
      bargap: 0.2,
      bargroupgap: 0.08,
      xaxis: {
        tickvals: x,
        ticktext: scores.map(({ code, support }) =>
          `<b>${escapeMarkup(code)}</b><br><span style="color:${ink.quiet}">${
            thousands(support)
          } images</span>`
        ),
        range: [-0.5, scores.length - 0.5],
        showgrid: false,
      },
      yaxis: {
        range: [0, 105],
        dtick: 20,
        ticksuffix: "\u00a0%",
        showgrid: false,
        zeroline: true,
        zerolinecolor: ink.axis,
      },
      annotations: legendLine(metrics.map(({ name, color }) => ({ name, color }))),
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` +
        scores.map((s) =>
          `${s.code}: ${metrics.map((m) => `${m.name} ${(s[m.key] * 100).toFixed(1)} %`).join(", ")}`
        )
          .join("; ") +
        ".",
  });
}
