/** Loss and accuracy over the epochs, several runs in one figure. */
import { type Figure, figure } from "./figure.ts";
import { textWidth } from "../support/plotly/font.ts";
import { escapeMarkup, percent } from "../support/format.ts";
import { legendLine } from "./legend.ts";
import { ink, seriesColors } from "./palette.ts";
import { panelTitle, spread } from "./panel.ts";
import { defaultWidth, type FigureOptions, textSizes, themed, topMargin } from "./theme.ts";

/** One epoch as training reports it; accuracies are shares from 0 to 1. */
export interface EpochPoint {
  epoch: number;
  loss: number;
  accuracy: number;
  validationLoss?: number;
  validationAccuracy?: number;
}

/** One training run. `chosen` is the epoch whose weights were kept; default: the last. */
export interface Curve {
  name: string;
  history: EpochPoint[];
  chosen?: number;
  color?: string;
}

/** One of the two panels: the axes' suffix, the span of the plot's width, and how values are read and written. */
interface Panel {
  title: string;
  suffix: "" | "2";
  domain: [number, number];
  train: (point: EpochPoint) => number;
  validation: (point: EpochPoint) => number | undefined;
  tickSuffix: string;
}

/**
 * Two panels, loss and accuracy. Training is a thin dotted line, validation a solid one with the run's name at its end,
 * and the chosen epoch a dot on it.
 *
 * @throws RangeError for a run without epochs
 */
export function learningCurves(curves: Curve[], options: FigureOptions): Figure {
  for (const { name, history } of curves) {
    if (history.length === 0) {
      throw new RangeError(`The run "${name}" needs an epoch at least. Received: none`);
    }
  }
  const { width = defaultWidth } = options;
  const top = topMargin(options, 50);
  const height = options.height ?? top + 330 + 58;
  const nameWidths = curves.map(({ name }) => textWidth(`■ ${name}`, { size: textSizes.label, bold: true }));
  const margin = { l: 66, r: Math.ceil(31 + Math.max(0, ...nameWidths)), t: top, b: 58 };
  const gap = (margin.r + 52) / (width - margin.l - margin.r);
  const panels: Panel[] = [{
    title: "Loss (cross-entropy)",
    suffix: "",
    domain: [0, (1 - gap) / 2],
    train: (point) => point.loss,
    validation: (point) => point.validationLoss,
    tickSuffix: "",
  }, {
    title: "Accuracy",
    suffix: "2",
    domain: [(1 + gap) / 2, 1],
    train: (point) => 100 * point.accuracy,
    validation: (point) =>
      point.validationAccuracy === undefined ? undefined : 100 * point.validationAccuracy,
    tickSuffix: "\u00a0%",
  }];
  const colored = curves.map((curve, i) => ({
    ...curve,
    chosen: chosenOf(curve),
    color: curve.color ?? seriesColors[i % seriesColors.length],
  }));
  const drawn = panels.map((panel) => drawPanel(colored, panel, height - margin.t - margin.b));
  const marks = [
    { name: "validation", color: ink.text, mark: "<b>——</b>" },
    { name: "training", color: ink.text, mark: "<b>·····</b>" },
    { name: "chosen epoch", color: ink.text, mark: "●" },
  ];
  const isValidated = curves.some(({ history }) =>
    history.some(({ validationLoss }) => validationLoss !== undefined)
  );
  return figure({
    data: drawn.flatMap(({ data }) => data),
    layout: themed({ ...options, height }, {
      ...Object.assign({}, ...drawn.map(({ axes }) => axes)),
      margin,
      annotations: [
        ...drawn.flatMap(({ annotations }) => annotations),
        ...legendLine(isValidated ? marks : marks.slice(1, 2), { up: 28 }),
      ],
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ${curves.map(describe).join(" ")}`,
  });
}

function drawPanel(curves: (Curve & { color: string })[], panel: Panel, height: number) {
  const { suffix, train, validation, domain } = panel;
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  const points = curves.flatMap(({ history }) => history);
  const values = [...points.map(train), ...points.map(validation)]
    .filter((value): value is number => value !== undefined && Number.isFinite(value));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const padding = (most - least || 1) * 0.06;
  const range = [least - padding, most + padding];
  // Seven ticks at most: as many decimals as tell their steps apart.
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10((range[1] - range[0]) / 7))));
  const lastEpoch = Math.max(...points.map(({ epoch }) => epoch));
  // A run that has diverged has its name beside its last number.
  const end = ({ history }: Curve) =>
    history.map((point) => validation(point) ?? train(point)).findLast(Number.isFinite) ?? least;
  const places = spread(
    curves.map((curve) => (end(curve) - range[0]) / (range[1] - range[0]) * height || 0),
    17,
  );
  return {
    data: curves.flatMap((curve) => curveTraces(curve, panel)),
    annotations: [
      panelTitle(panel.title, domain[0]),
      ...curves.map(({ name, history, color }, i) => ({
        // The colour is the mark's: letters in it would be too pale to read, on white or on black.
        text: `<span style="color:${color}">■</span> <b>${escapeMarkup(name)}</b>`,
        font: { size: textSizes.label, color: ink.text },
        showarrow: false,
        xref: axes.xaxis,
        x: history.at(-1)!.epoch,
        xanchor: "left",
        xshift: 11, // clear of a dot on the last epoch
        yref: axes.yaxis,
        y: range[0],
        yanchor: "middle",
        yshift: places[i],
        borderpad: 0,
      })),
    ],
    axes: {
      [`xaxis${suffix}`]: {
        title: "epoch",
        domain,
        anchor: axes.yaxis,
        range: [0.8, Math.max(lastEpoch, 2) + 0.2],
        tickvals: epochTicks(lastEpoch),
        showgrid: false,
        showline: true,
        linecolor: ink.axis,
      },
      [`yaxis${suffix}`]: {
        anchor: axes.xaxis,
        range,
        nticks: 7,
        tickformat: `.${decimals}f`,
        ticksuffix: panel.tickSuffix,
      },
    },
  };
}

function curveTraces(curve: Curve & { color: string }, panel: Panel): Record<string, unknown>[] {
  const { name, history, chosen, color } = curve;
  const { suffix, train, validation } = panel;
  const common = {
    type: "scatter",
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    hovertemplate: `epoch %{x}: %{y:.${panel.tickSuffix ? 1 : 3}f}${panel.tickSuffix}<extra>${
      escapeMarkup(name)
    }</extra>`,
  };
  const lines = { ...common, mode: "lines", x: history.map(({ epoch }) => epoch) };
  const traces: Record<string, unknown>[] = [
    { ...lines, y: history.map(train), line: { color, width: 1.4, dash: "2px,2.5px" } },
  ];
  if (history.every((point) => validation(point) === undefined)) return traces;
  traces.push({ ...lines, y: history.map(validation), line: { color, width: 2.4 } });
  const point = history.find(({ epoch }) => epoch === chosen);
  if (point) {
    const marker = { color, size: 10, line: { color: ink.paper, width: 2 } };
    const place = { x: [point.epoch], y: [validation(point)] };
    traces.push({ ...common, mode: "markers", ...place, marker, cliponaxis: false });
  }
  return traces;
}

/** 1 and the multiples of a round step. */
function epochTicks(last: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((candidate) => last / candidate <= 6) ?? Math.ceil(last / 6);
  const ticks = [1];
  for (let epoch = step; epoch <= last; epoch += step) if (epoch > 1) ticks.push(epoch);
  return ticks;
}

/** The epoch whose weights were kept. */
function chosenOf({ chosen, history }: Curve): number {
  return chosen ?? history.at(-1)!.epoch;
}

function describe(curve: Curve): string {
  const { name, history } = curve;
  const chosen = chosenOf(curve);
  const { accuracy, validationAccuracy } = history.find(({ epoch }) => epoch === chosen) ?? history.at(-1)!;
  const part = validationAccuracy === undefined ? "training" : "validation";
  return `${name}: ${
    percent(validationAccuracy ?? accuracy)
  } ${part} accuracy at the chosen epoch, ${chosen} of ` +
    `${history.at(-1)!.epoch}.`;
}
