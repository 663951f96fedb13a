/** A legend in one line between title and plot: it takes no width from the plot and reads in the bars' order. */
import { textWidth } from "../support/plotly/font.ts";
import { escapeMarkup } from "../support/format.ts";
import { ink } from "./palette.ts";
import { textSizes } from "./theme.ts";

/** One entry: a name, and the mark that stands before it. */
export interface LegendEntry {
  name: string;
  color: string;
  /** Drawn before the name: a text, or one in `<b>`. Default "■". */
  mark?: string;
}

/** Pixels between two entries. */
const gap = 22;

/**
 * Annotations for a layout; `left` moves the line right of the plot's left edge, `up` lifts it, in pixels. A line
 * longer than `room`, the pixels from the plot's left edge to the figure's right one, begins further left.
 */
export function legendLine(
  entries: LegendEntry[],
  options: { left?: number; up?: number; room?: number } = {},
): Record<string, unknown>[] {
  const { left = 0, up = 10, room = Infinity } = options;
  const widths = entries.map(({ name, mark = "■" }) =>
    textWidth(`${mark.replace(/<.*?>/g, "")} ${name}`, { size: textSizes.label }) * 1.04 + gap
  );
  let x = Math.min(left, room + gap - widths.reduce((sum, width) => sum + width, 0));
  return entries.map(({ name, color, mark = "■" }, i) => {
    const entry = {
      text: `<span style="color:${color}">${mark}</span> ${escapeMarkup(name)}`,
      font: { size: textSizes.label, color: ink.text },
      showarrow: false,
      xref: "paper",
      x: 0,
      xanchor: "left",
      xshift: x,
      yref: "paper",
      y: 1,
      yanchor: "bottom",
      yshift: up,
      borderpad: 0,
    };
    x += widths[i];
    return entry;
  });
}
