/** Parts of a figure of several panels. */
import { escapeMarkup } from "../support/format.ts";
import { ink } from "./palette.ts";
import { textSizes } from "./theme.ts";

/** A panel's name over its upper left corner; `x` is the panel's left edge as a share of the plot's width. */
export function panelTitle(name: string, x: number): Record<string, unknown> {
  return {
    text: `<b>${escapeMarkup(name)}</b>`,
    font: { size: textSizes.label, color: ink.text },
    showarrow: false,
    xref: "paper",
    x,
    xanchor: "left",
    yref: "paper",
    y: 1,
    yanchor: "bottom",
    yshift: 4,
    borderpad: 0,
  };
}

/**
 * Moves wanted places apart until none is nearer than `gap` to the next, as little as possible (pool adjacent
 * violators); their order stays.
 */
export function spread(places: number[], gap: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  // With i × gap taken off, "apart by gap" is "not falling", and the nearest such sequence is a run of means.
  const blocks: { sum: number; count: number }[] = [];
  order.forEach((index, i) => {
    blocks.push({ sum: places[index] - i * gap, count: 1 });
    while (blocks.length > 1 && mean(blocks.at(-2)!) > mean(blocks.at(-1)!)) {
      const last = blocks.pop()!;
      blocks.at(-1)!.sum += last.sum;
      blocks.at(-1)!.count += last.count;
    }
  });
  const sorted = blocks.flatMap((block) => new Array<number>(block.count).fill(mean(block)));
  const result = new Array<number>(places.length);
  order.forEach((index, i) => result[index] = sorted[i] + i * gap);
  return result;
}

function mean(block: { sum: number; count: number }): number {
  return block.sum / block.count;
}
