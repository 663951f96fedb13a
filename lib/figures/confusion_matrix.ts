/** Which class was taken for which. */
import { type Figure, figure } from "./figure.ts";
import { textWidth } from "../support/plotly/font.ts";
import { escapeMarkup, percent, thousands } from "../support/format.ts";
import { ink, shareColor, shareScale, textOn } from "./palette.ts";
import { edge, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";

/**
 * The confusion matrix: each cell has its count and its share of the row, the true class; the shade is the share.
 *
 * @param matrix counts, rows true, columns predicted (scikit-learn's order)
 * @param codes one a row and column
 * @throws TypeError where the matrix is not `codes.length` × `codes.length`
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
  const shares = matrix.map((row, i) => row.map((count) => totals[i] ? count / totals[i] : 0));
  const top = topMargin({ ...options, width }, 46);
  const height = options.height ?? top + Math.max(codes.length, 4) * 62 + 20;
  const labels = codes.map((code, i) => `<b>${escapeMarkup(code)}</b>  ${thousands(totals[i])} `);
  const left = edge + 28 + Math.max(
    ...codes.map((code, i) =>
      textWidth(`${code}  ${thousands(totals[i])}  `, { size: textSizes.tick, bold: true })
    ),
  );
  const indices = codes.map((_, i) => i);
  const cells = matrix.flatMap((row, i) =>
    row.map((count, j) => ({
      text: count === 0 ? "0" : `${i === j ? `<b>${thousands(count)}</b>` : thousands(count)}<br>` +
        `<span style="font-size:${textSizes.small}px">${percent(shares[i][j])}</span>`,
      font: {
        size: textSizes.label + 1,
        color: count === 0 ? ink.axis : textOn(shareColor(shares[i][j])),
      },
      showarrow: false,
      x: j,
      y: i,
      borderpad: 0,
    }))
  );
  return figure({
    data: [{
      type: "heatmap",
      z: shares,
      x: indices,
      y: indices,
      zmin: 0,
      zmax: 1,
      colorscale: shareScale,
      showscale: false,
      xgap: 2,
      ygap: 2,
      customdata: matrix.map((row, i) =>
        row.map((count, j) =>
          `true ${codes[i]}, predicted ${codes[j]}: ${thousands(count)} (${percent(shares[i][j])})`
        )
      ),
      hovertemplate: "%{customdata}<extra></extra>",
    }],
    layout: themed({ ...options, width, height }, {
      margin: { l: Math.ceil(left), t: top, b: 20 },
      xaxis: {
        title: "predicted class",
        side: "top",
        tickvals: indices,
        ticktext: codes.map((code) => `<b>${escapeMarkup(code)}</b>`),
        range: [-0.5, codes.length - 0.5],
        showgrid: false,
      },
      yaxis: {
        title: "true class, with its number of images",
        tickvals: indices,
        ticktext: labels,
        range: [codes.length - 0.5, -0.5],
        showgrid: false,
      },
      annotations: cells,
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ` + codes.map((code, i) => {
          const said = codes.map((other, j) => ({ other, count: matrix[i][j], share: shares[i][j] }))
            .filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)
            .map(({ other, count, share }) => `${other} ${thousands(count)} (${percent(share)})`);
          return `True ${code} (${thousands(totals[i])}) predicted as: ${said.join(", ") || "nothing"}.`;
        }).join(" "),
  });
}
