/** One look for all figures: white, thin grid, a title that says the finding, the source under it. */
import { fontStack, textWidth, wrapText } from "../support/plotly/font.ts";
import { escapeMarkup } from "../support/format.ts";
import { ink } from "./palette.ts";

/** What every figure takes. */
export interface FigureOptions {
  /** The finding in a sentence: "Two thirds of the images are nevi". */
  title: string;
  /** What it was computed from, and how to read it: the quiet line under the title. */
  source?: string;
  /** Draws "SYNTHETIC stand-in data" on the figure. Default false. */
  synthetic?: boolean;
  /** The figure in words, for those who don't see it. Default: made from title and data. */
  alt?: string;
  /** Pixels. Default 900. */
  width?: number;
  /** Pixels. Default: what the data needs. */
  height?: number;
}

/** What a figure of drawn stand-in images must show. */
export const syntheticMark = "SYNTHETIC stand-in data";

/** Pixels a figure is wide unless told. */
export const defaultWidth = 900;

const sizes = { title: 19, source: 13, axis: 13, tick: 13, badge: 13 };
/** Pixels between the figure's edge and what is drawn. */
export const edge = 18;
const firstBaseline = 36;
const titleLine = 1.3 * sizes.title; // plotly's line height, also for the smaller lines under the title

/** Text sizes in pixels. */
export const textSizes = { ...sizes, label: 13, small: 11.5 };

/** Pixels from the figure's top to its plot area: room for the title, the source and, where given, `above`. */
export function topMargin(options: FigureOptions, above = 0): number {
  const { title, source } = wrapHead(options);
  return Math.round(firstBaseline + (title.length + source.length - 1) * titleLine + 22 + above);
}

/**
 * A plotly layout in the project's look. `layout` is laid over it: axes (`xaxis`, `yaxis2`, …) get the theme's lines and
 * letters first, `margin` and `annotations` are joined.
 */
export function themed(
  options: FigureOptions & { height: number },
  layout: Record<string, unknown>,
): Record<string, unknown> {
  const margin = { t: topMargin(options), r: edge + 6, b: 46, l: 60, ...layout.margin as object };
  const head = wrapHead(options);
  const lines = [
    ...head.title.map((line) => `<b>${escapeMarkup(line)}</b>`),
    ...head.source.map((line) =>
      `<span style="font-size:${sizes.source}px;color:${ink.quiet}">${escapeMarkup(line)}</span>`
    ),
  ];
  const result: Record<string, unknown> = {
    paper_bgcolor: ink.paper,
    plot_bgcolor: ink.paper,
    font: { family: fontStack, size: sizes.tick, color: ink.text },
    showlegend: false,
    hoverlabel: { font: { family: fontStack } },
    ...layout,
    title: {
      text: lines.join("<br>"),
      font: { size: sizes.title, color: ink.text },
      x: 0,
      xref: "container",
      xanchor: "left",
      // Anchored by the first line's baseline: with "top" plotly places one line and several differently.
      y: 1 - firstBaseline / options.height,
      yref: "container",
      yanchor: "bottom",
      pad: { l: edge },
    },
    margin,
    annotations: [
      ...layout.annotations as object[] ?? [],
      ...options.synthetic ? [badge(margin)] : [],
    ],
  };
  for (const [name, axis] of Object.entries(layout)) {
    if (/^[xy]axis\d*$/.test(name)) result[name] = themedAxis(axis as Record<string, unknown>);
  }
  return result;
}

function themedAxis(axis: Record<string, unknown>): Record<string, unknown> {
  const { title: given, ...rest } = axis;
  const title = typeof given === "string" ? { text: given } : given as object | undefined;
  return {
    automargin: true,
    ...axis.showgrid === false ? {} : { gridcolor: ink.grid, gridwidth: 1 },
    zeroline: false,
    showline: false,
    ticks: "",
    tickfont: { size: sizes.tick, color: ink.text },
    fixedrange: true,
    ...rest,
    ...title ? { title: { font: { size: sizes.axis, color: ink.quiet }, standoff: 12, ...title } } : {},
  };
}

/** Title and source, broken into lines; the title's leave room for the synthetic mark. */
function wrapHead(options: FigureOptions): { title: string[]; source: string[] } {
  const { title, source, synthetic, width = defaultWidth } = options;
  const badgeWidth = synthetic ? textWidth(syntheticMark, { size: sizes.badge, bold: true }) + 40 : 0;
  const room = (width - 2 * edge) * 0.97; // front ends with other fonts need a little more
  return {
    title: wrapText(title, room - badgeWidth, { size: sizes.title, bold: true }),
    source: source ? wrapText(source, room, { size: sizes.source }) : [], // runs below the mark
  };
}

function badge(margin: { t: number; r: number }): Record<string, unknown> {
  return {
    text: `<b>${syntheticMark}</b>`,
    font: { size: sizes.badge, color: ink.warning },
    bgcolor: ink.warningPaper,
    bordercolor: ink.warning,
    borderwidth: 1,
    borderpad: 5,
    showarrow: false,
    xref: "paper",
    x: 1,
    xanchor: "right",
    xshift: margin.r - edge,
    yref: "paper",
    y: 1,
    yanchor: "top",
    yshift: margin.t - 13,
  };
}
