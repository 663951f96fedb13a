/** One look for all figures: white, thin grid, a title that says the finding, the source under it. */
import { escapeMarkup } from "../support/format.ts";
import { fontStack, textWidth, wrapText } from "../support/plotly/letters.ts";
import { ink } from "./palette.ts";
import { syntheticMark } from "./show.ts";

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

/** Default width of a figure, in pixels. */
export const defaultWidth = 900;
/** The longest side of a figure, in pixels. If there are many classes, their rows get lower to fit. */
export const mostPixels = 5000;

/** On figures narrower than this, in pixels (on a phone), parts go below each other instead of side by side. */
export const narrow = 600;

/** Pixels between the figure's edge and what is drawn. */
export const edge = 18;

/** Text sizes in pixels. */
export const textSizes = { title: 19, source: 13, axis: 13, tick: 13, badge: 13, label: 13, small: 11.5 };

const firstBaseline = 36;
const titleLine = 1.3 * textSizes.title; // plotly's line height, also for the smaller lines under the title

/** Pixels from the figure's top to its plot area: room for the title, the source and `above` more pixels. */
export function topMargin(options: FigureOptions, above = 0): number {
  const { title, source } = wrapHead(options);
  return Math.round(firstBaseline + (title.length + source.length - 1) * titleLine + 22 + above);
}

/**
 * A plotly layout in the project's look. The fields of `layout` override it. Its axes (`xaxis`, `yaxis2`, …) get the theme's lines
 * and letters as defaults; `margin` and `annotations` are merged.
 */
export function themed(
  options: FigureOptions & { height: number },
  layout: Record<string, unknown>,
): Record<string, unknown> {
  const margin = { t: topMargin(options), r: edge + 6, b: 46, l: 60, ...layout.margin as object };
  const head = wrapHead(options);
  const lines = [
    ...head.title.map((line) => `<b>${escapeMarkup(line)}</b>`),
    ...head.source.map((line) => quiet(escapeMarkup(line), textSizes.source)),
  ];
  const axes = Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name))
    .map(([name, axis]) => [name, themedAxis(axis as Record<string, unknown>)]);
  return {
    paper_bgcolor: ink.paper,
    plot_bgcolor: ink.paper,
    font: { family: fontStack, size: textSizes.tick, color: ink.text },
    showlegend: false,
    hoverlabel: { font: { family: fontStack } },
    ...layout,
    ...Object.fromEntries(axes),
    title: {
      text: lines.join("<br>"),
      font: { size: textSizes.title, color: ink.text },
      ...{ x: 0, xref: "container", xanchor: "left", pad: { l: edge } },
      // Anchored by the first line's baseline: with "top" plotly places one line and several differently.
      ...{ y: 1 - firstBaseline / options.height, yref: "container", yanchor: "bottom" },
    },
    margin,
    annotations: [
      ...layout.annotations as object[] ?? [],
      ...options.synthetic ? [badge(margin)] : [],
    ],
  };
}

function themedAxis({ title: given, ...axis }: Record<string, unknown>): Record<string, unknown> {
  const title = typeof given === "string" ? { text: given } : given as object | undefined;
  return {
    automargin: true,
    ...axis.showgrid === false ? {} : { gridcolor: ink.grid, gridwidth: 1 },
    zeroline: false,
    showline: false,
    ticks: "",
    tickfont: { size: textSizes.tick, color: ink.text },
    fixedrange: true,
    ...axis,
    ...title ? { title: { font: { size: textSizes.axis, color: ink.quiet }, standoff: 12, ...title } } : {},
  };
}

/** Title and source, broken into lines; the title's leave room for the synthetic mark. */
function wrapHead(options: FigureOptions): { title: string[]; source: string[] } {
  const { title, source, synthetic, width = defaultWidth } = options;
  const badgeWidth = synthetic ? textWidth(syntheticMark, { size: textSizes.badge, bold: true }) + 40 : 0;
  const room = (width - 2 * edge) * 0.97; // front ends with other fonts need a little more
  return {
    title: wrapText(title, room - badgeWidth, { size: textSizes.title, bold: true }),
    source: source ? wrapText(source, room, { size: textSizes.source }) : [], // the source is below the mark
  };
}

function badge(margin: { t: number; r: number }): Record<string, unknown> {
  return note(`<b>${syntheticMark}</b>`, {
    font: { size: textSizes.badge, color: ink.warning },
    ...{ bgcolor: ink.warningPaper, bordercolor: ink.warning, borderwidth: 1, borderpad: 5 },
    ...{ xref: "paper", x: 1, xanchor: "right", xshift: margin.r - edge },
    ...{ yref: "paper", y: 1, yanchor: "top", yshift: margin.t - 13 },
  });
}

/** A text on the figure: a plotly annotation without an arrow. `rest` has its place and, if not the usual one, its font. */
export function note(text: string, rest: Record<string, unknown>): Record<string, unknown> {
  const font = { size: textSizes.label, color: ink.text };
  return { text, font, showarrow: false, borderpad: 0, ...rest };
}

/** Markup in a smaller size and the quiet colour. */
export function quiet(markup: string, size: number): string {
  return `<span style="font-size:${size}px;color:${ink.quiet}">${markup}</span>`;
}

/** The suffix of plotly's `x`, `y`, `xaxis` and `yaxis` for a panel, from 0: nothing, 2, 3, … */
export const axisNumber = (panel: number): string => (panel === 0 ? "" : `${panel + 1}`);

/** A panel's name above its upper left corner; `x` and `y` are its left and upper edge as shares of the plot's width and height. */
export function panelTitle(name: string, x: number, y = 1): Record<string, unknown> {
  const place = { xref: "paper", x, xanchor: "left", yref: "paper", y, yanchor: "bottom", yshift: 4 };
  return note(`<b>${escapeMarkup(name)}</b>`, place);
}

/** An entry of a legend: a name, and the mark before it (default "■"; it may be in `<b>`). */
export interface LegendEntry {
  name: string;
  color: string;
  mark?: string;
}

/** Pixels between two entries of a legend, and between two of its lines. */
const legendGap = 22;

/** Pixels that an entry takes, with the gap after it. */
function entryWidth({ name, mark = "■" }: LegendEntry): number {
  return textWidth(`${mark.replace(/<.*?>/g, "")} ${name}`, { size: textSizes.label }) * 1.04 + legendGap;
}

const entryWidths = (entries: readonly LegendEntry[]) =>
  entries.reduce((sum, entry) => sum + entryWidth(entry), 0);

/** Breaks the entries into lines of at most `room` pixels; a longer entry has a line of its own. */
function legendLines(entries: readonly LegendEntry[], room: number): LegendEntry[][] {
  const lines: LegendEntry[][] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (last && entryWidths([...last, entry]) - legendGap <= room) last.push(entry);
    else lines.push([entry]);
  }
  return lines;
}

/** Extra pixels that a legend needs if it does not fit into one line of `room` pixels. */
export function moreLegend(entries: readonly LegendEntry[], room: number): number {
  return (legendLines(entries, room).length - 1) * legendGap;
}

/**
 * A legend between title and plot: it takes no width from the plot and reads in the bars' order. `up` lifts it, in pixels.
 *
 * `room` is the pixels from the plot's left edge to the figure's right edge. A line longer than that begins further left, by up to
 * `left` pixels. Entries that still do not fit go into more lines ({@linkcode moreLegend}).
 */
export function legendLine(
  entries: readonly LegendEntry[],
  { up = 10, room = Infinity, left = Infinity }: { up?: number; room?: number; left?: number } = {},
): Record<string, unknown>[] {
  const lines = legendLines(entries, room + left);
  return lines.flatMap((line, n) => {
    const begin = Math.min(0, room + legendGap - entryWidths(line));
    return line.map(({ name, color, mark = "■" }, i) =>
      note(`<span style="color:${color}">${mark}</span> ${escapeMarkup(name)}`, {
        ...{ xref: "paper", x: 0, xanchor: "left", xshift: begin + entryWidths(line.slice(0, i)) },
        ...{ yref: "paper", y: 1, yanchor: "bottom", yshift: up + (lines.length - 1 - n) * legendGap },
      })
    );
  });
}

/**
 * Moves places apart, as little as possible, until each is at least `gap` from the next (pool adjacent violators algorithm). Their
 * order stays.
 */
export function spread(places: number[], gap: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const mean = (block: number[]) => block.reduce((sum, place) => sum + place, 0) / block.length;
  // After subtracting i × gap, the places must only not decrease. The nearest sequence with this property consists of block means.
  const blocks: number[][] = [];
  order.forEach((index, i) => {
    blocks.push([places[index] - i * gap]);
    while (blocks.length > 1 && mean(blocks.at(-2)!) > mean(blocks.at(-1)!)) {
      const last = blocks.pop()!;
      blocks.at(-1)!.push(...last);
    }
  });
  const sorted = blocks.flatMap((block) => block.map(() => mean(block)));
  const result = places.slice();
  order.forEach((index, i) => result[index] = sorted[i] + i * gap);
  return result;
}
