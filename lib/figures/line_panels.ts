/** Curves in panels side by side. */
import { escapeMarkup } from "../support/format.ts";
import { outsideTicks } from "./bars.ts";
import { type Figure, figure } from "./figure.ts";
import { ink } from "./palette.ts";
import {
  axisNumber,
  defaultWidth,
  edge,
  type FigureOptions,
  legendLine,
  moreLegend,
  panelTitle,
  themed,
  topMargin,
} from "./theme.ts";

export interface Line {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [number, number])[];
  /** Default: a line without marks. */
  readonly mode?: "lines" | "lines+markers";
  readonly isThin?: boolean;
  readonly isDashed?: boolean;
}

export interface Panel {
  readonly title: string;
  /** Axes' titles. */
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  /** Ends of the axes. Default: 0 and 1. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
}

/** Panels with one legend for all curves, so lines of the same name must have the same colour. */
export function linePanels(
  panels: readonly Panel[],
  options: FigureOptions & { legend: readonly Pick<Line, "name" | "color" | "isDashed">[] },
): Figure {
  const { width = defaultWidth } = options;
  const legend = options.legend.map(({ name, color, isDashed }) => ({
    ...{ name, color },
    mark: isDashed ? "<b>- -</b>" : "<b>—</b>",
  }));
  const margin = { l: 66, r: 24, t: topMargin(options, 54 + moreLegend(legend, width - 2 * edge)), b: 58 };
  const height = options.height ?? margin.t + 330 + margin.b;
  const gap = 78 / (width - margin.l - margin.r);
  const share = (1 - gap * (panels.length - 1)) / panels.length;
  const left = (panel: number) => panel * (share + gap);
  return figure({
    data: panels.flatMap(({ lines }, panel) =>
      lines.map(({ name, color, points, mode = "lines", isThin, isDashed }) => ({
        ...{ type: "scatter", mode, name: escapeMarkup(name) },
        ...{ xaxis: `x${axisNumber(panel)}`, yaxis: `y${axisNumber(panel)}` },
        x: points.map(([x]) => x),
        y: points.map(([, y]) => y),
        line: { color, width: isThin ? 1.2 : 2.2, ...isDashed && { dash: "4px,3px" } },
        ...mode === "lines" ? {} : { marker: { color, size: 7 }, cliponaxis: false }, // whole dots at the edge, too
        hovertemplate: `%{x:.3f}, %{y:.3f}<extra>${escapeMarkup(name)}</extra>`,
      }))
    ),
    layout: themed({ ...options, height }, {
      ...Object.fromEntries(panels.flatMap(({ x, y, xRange = [0, 1], yRange = [0, 1] }, panel) => [
        [`xaxis${axisNumber(panel)}`, {
          ...{ title: x, range: xRange, domain: [left(panel), left(panel) + share] },
          anchor: `y${axisNumber(panel)}`,
          nticks: 6,
          showline: true,
          linecolor: ink.axis,
          ...outsideTicks,
        }],
        [`yaxis${axisNumber(panel)}`, {
          title: y,
          range: yRange,
          anchor: `x${axisNumber(panel)}`,
          nticks: 6,
        }],
      ])),
      margin,
      annotations: [
        ...panels.map(({ title }, panel) => panelTitle(title, left(panel))),
        ...legendLine(legend, { up: 30, room: width - margin.l - edge, left: margin.l - edge }),
      ],
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. Panels: ${panels.map(({ title }) => title).join(", ")}.`,
  });
}
