/** The confusion matrix as a figure. */
import { escapeMarkup, percent, thousands } from "../support/format.ts";
import { textWidth } from "../support/plotly/letters.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, shareScale, textOn } from "./palette.ts";
import { edge, type FigureOptions, mostPixels, note, textSizes, themed, topMargin } from "./theme.ts";

/**
 * The confusion matrix. Each cell shows its count and its share of the row (the true class), if there is room. The shade is the share.
 *
 * @param matrix counts, rows true, columns predicted (scikit-learn's order)
 * @param codes of the classes, one per row and column
 * @throws TypeError if the matrix is not `codes.length` × `codes.length`
 */
export function confusionMatrixFigure(
  matrix: readonly (readonly number[])[],
  codes: readonly string[],
  options: FigureOptions,
): Figure {
  if (matrix.length !== codes.length || matrix.some((row) => row.length !== codes.length)) {
    throw new TypeError(
      `The confusion matrix needs ${codes.length} rows of ${codes.length} counts. Received: ${matrix.length} rows of ` +
        `${[...new Set(matrix.map((row) => row.length))].join(" or ")}`,
    );
  }
  const { width = 780 } = options;
  const totals = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const cells = matrix.map((row, i) =>
    row.map((count, j) => ({ i, j, count, share: totals[i] ? count / totals[i] : 0 }))
  );
  const labelStyle = { size: textSizes.tick, bold: true };
  const labelWidths = codes.map((code, i) => textWidth(`${code}  ${thousands(totals[i])}  `, labelStyle));
  const left = Math.ceil(edge + 28 + Math.max(...labelWidths));
  const cellWidth = (width - left - edge - 6) / codes.length;
  const fits = (text: string, size: number) => textWidth(text, { size, bold: true }) + 4 <= cellWidth;
  const showsCounts = fits(thousands(Math.max(...matrix.flat())), textSizes.label + 1);
  const showsShares = showsCounts && fits(percent(0.888), textSizes.small);
  const longest = Math.max(...codes.map((code) => textWidth(code, labelStyle)));
  const isUpright = longest + 8 > cellWidth; // column names are turned upright if one is wider than its column
  const margin = {
    l: left,
    t: topMargin({ ...options, width }, isUpright ? Math.ceil(longest) + 36 : 46),
    b: 20,
  };
  const rowHeight = Math.min(showsShares ? 62 : 24, (mostPixels - margin.t - margin.b) / codes.length);
  const height = options.height ?? Math.floor(margin.t + Math.max(codes.length, 4) * rowHeight + margin.b);
  const indices = codes.map((_, i) => i);
  const bold = codes.map((code) => `<b>${escapeMarkup(code)}</b>`);
  return figure({
    data: [{
      type: "heatmap",
      z: cells.map((row) => row.map(({ share }) => share)),
      x: indices,
      y: indices,
      zmin: 0,
      zmax: 1,
      colorscale: shareScale,
      showscale: false,
      xgap: 2,
      ygap: 2,
      customdata: cells.map((row) =>
        row.map(({ i, j, count, share }) =>
          escapeMarkup(`true ${codes[i]}, predicted ${codes[j]}: ${thousands(count)} (${percent(share)})`)
        )
      ),
      hovertemplate: "%{customdata}<extra></extra>",
    }],
    layout: themed({ ...options, width, height }, {
      margin,
      xaxis: {
        title: "predicted class",
        side: "top",
        ...isUpright && { tickangle: -90 },
        tickvals: indices,
        ticktext: bold,
        range: [-0.5, codes.length - 0.5],
        showgrid: false,
      },
      yaxis: {
        title: "true class, with its number of images",
        tickvals: indices,
        ticktext: bold.map((code, i) => `${code}  ${thousands(totals[i])} `),
        range: [codes.length - 0.5, -0.5],
        showgrid: false,
      },
      annotations: cells.flat().map(({ i, j, count, share }) => {
        const number = i === j ? `<b>${thousands(count)}</b>` : thousands(count);
        const small = `<span style="font-size:${textSizes.small}px">${percent(share)}</span>`;
        const text = !showsCounts ? "" : count === 0 ? "0" : showsShares ? `${number}<br>${small}` : number;
        return note(text, {
          font: { size: textSizes.label + 1, color: count === 0 ? ink.axis : textOn(share) },
          x: j,
          y: i,
        });
      }),
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` + cells.map((row, i) => {
          const said = row.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)
            .map(({ j, count, share }) => `${codes[j]} ${thousands(count)} (${percent(share)})`);
          return `True ${codes[i]} (${thousands(totals[i])}) predicted as: ${said.join(", ") || "nothing"}.`;
        }).join(" "),
  });
}
