/** How much of the test training has seen, by diagnosis. */
import { barTrace, labelAxis, labelMargin, valueAxis } from "./bar_chart.ts";
import { type Figure, figure } from "./figure.ts";
import { escapeMarkup, percent } from "../support/format.ts";
import { classColors, ink } from "./palette.ts";
import { defaultWidth, edge, type FigureOptions, themed, topMargin } from "./theme.ts";

/** Share of the test images, 0 to 1, of which training has seen a copy; NaN where there is no test image. */
export interface LeakageRow {
  /** A diagnosis, or "all". */
  dx: string;
  copyShare: number;
}

/**
 * A bar a diagnosis on an axis from 0 to 100 %; the last row, all of them, stands apart.
 *
 * @throws RangeError without rows, or for a share outside 0 to 1
 */
export function leakageBars(rows: readonly LeakageRow[], options: Partial<FigureOptions> = {}): Figure {
  const all = rows.at(-1);
  if (!all) throw new RangeError("Leakage needs a row a diagnosis and one for all. Received: no rows");
  for (const { dx, copyShare } of rows) {
    if (copyShare < 0 || copyShare > 1) {
      throw new RangeError(`"${dx}": expected a share from 0 to 1. Received: ${copyShare}`);
    }
  }
  const given: FigureOptions = {
    title: `Training has seen a copy of ${percent(all.copyShare)} of the test images`,
    source: "A copy: the photo itself, or another image that augmentation made of it",
    ...options,
  };
  const { width = defaultWidth } = given;
  const texts = rows.map(({ copyShare }) =>
    Number.isFinite(copyShare) ? percent(copyShare) : "no test images"
  );
  const bars = rows.map((row) => ({
    label: row.dx,
    value: Number.isFinite(row.copyShare) ? 100 * row.copyShare : 0,
    color: row === all ? ink.text : classColors[row.dx],
  }));
  const labels = bars.map(({ label }) => label);
  const places = rows.map((row, i) => row === all ? i + apart : i);
  const left = labelMargin(labels) + 4; // the last label is bold
  const height = given.height ?? topMargin(given) + (rows.length + apart) * 34 + 58;
  return figure({
    data: [{ ...barTrace(bars, texts), y: places, width: 0.72 }],
    layout: themed({ ...given, height }, {
      margin: { l: left, b: 58 },
      xaxis: valueAxis([100], [percent(1)], {
        title: "share of the test images with a copy among those trained on",
        length: width - left - edge,
        percent: true,
      }),
      yaxis: {
        ...labelAxis(labels),
        tickvals: places,
        ticktext: labels.map((label, i) =>
          rows[i] === all ? `<b>${escapeMarkup(label)}</b> ` : `${escapeMarkup(label)} `
        ),
        range: [rows.length - 0.5 + apart, -0.5],
      },
    }),
    width,
    height,
    alt: given.alt ?? `${given.title}. ${rows.map(({ dx }, i) => `${dx} ${texts[i]}`).join(", ")}.`,
  });
}

/** Gap over the last row, in rows. */
const apart = 0.5;
