/** Loss and accuracy over the epochs, several runs in one figure. */
import { escapeMarkup, percent } from "../support/format.ts";
import type { EpochRecord } from "../training/training_loop.ts";
import { textWidth } from "../support/plotly/letters.ts";
import { countTicks } from "./bars.ts";
import { type Figure, figure } from "./figure.ts";
import { ink, seriesColors } from "./palette.ts";
import {
  axisNumber,
  defaultWidth,
  type FigureOptions,
  legendLine,
  note,
  panelTitle,
  spread,
  textSizes,
  themed,
  topMargin,
} from "./theme.ts";

type EpochPoint = Omit<EpochRecord, "learningRate">;

/** One training run. */
export interface Curve {
  name: string;
  history: readonly EpochPoint[];
  /** The epoch whose weights were restored at the end; the figure marks it. Null or missing if the last epoch's were kept. */
  chosen?: number | null;
  color?: string;
}

/** One of the two panels: its span of the plot's width, and how values are read and written. */
interface Panel {
  title: string;
  domain: [number, number];
  unit: string;
  train(point: EpochPoint): number;
  validation(point: EpochPoint): number | undefined;
}

/**
 * Two panels: loss and accuracy by epoch. Training is a thin dotted line, validation a solid one. Beside its end is the part of the
 * run's name that differs from the other runs'. A dot marks the epoch whose weights were restored, if any.
 *
 * @throws RangeError for a run without epochs
 */
export function learningCurves(curves: readonly Curve[], options: FigureOptions): Figure {
  for (const { name, history } of curves) {
    if (history.length === 0) {
      throw new RangeError(`The run "${name}" needs an epoch at least. Received: none`);
    }
  }
  const { width = defaultWidth } = options;
  const top = topMargin(options, 50);
  const height = options.height ?? top + 330 + 58;
  const labels = labelsOf(curves.map(({ name }) => name));
  const labelWidths = labels.map((label) =>
    label ? textWidth(`■ ${label}`, { size: textSizes.label, bold: true }) : 0
  );
  const margin = { l: 66, r: Math.ceil(31 + Math.max(0, ...labelWidths)), t: top, b: 58 };
  const gap = (margin.r + 52) / (width - margin.l - margin.r);
  const panels: Panel[] = [{
    title: "Loss (cross-entropy)",
    domain: [0, (1 - gap) / 2],
    unit: "",
    train: ({ loss }) => loss,
    validation: ({ validationLoss }) => validationLoss,
  }, {
    title: "Accuracy",
    domain: [(1 + gap) / 2, 1],
    unit: "\u00a0%",
    train: ({ accuracy }) => 100 * accuracy,
    validation: ({ validationAccuracy: share }) => share === undefined ? undefined : 100 * share,
  }];
  const colored = curves.map((curve, i) => ({
    ...curve,
    label: labels[i],
    color: curve.color ?? seriesColors[i % seriesColors.length],
  }));
  const drawn = panels.map((panel, i) =>
    drawPanel(colored, panel, { suffix: axisNumber(i), height: height - margin.t - margin.b })
  );
  const isValidated = curves.some(({ history }) =>
    history.some(({ validationLoss }) => validationLoss !== undefined)
  );
  const legend = [
    ...isValidated ? [{ name: "validation", color: ink.text, mark: "<b>——</b>" }] : [],
    { name: "training, during the epoch", color: ink.text, mark: "<b>·····</b>" },
    ...curves.some(chosenPoint)
      ? [{ name: "best epoch, whose weights are kept", color: ink.text, mark: "●" }]
      : [],
  ];
  return figure({
    data: drawn.flatMap(({ data }) => data),
    layout: themed({ ...options, height }, {
      ...Object.assign({}, ...drawn.map(({ axes }) => axes)),
      margin,
      annotations: [...drawn.flatMap(({ annotations }) => annotations), ...legendLine(legend, { up: 28 })],
    }),
    width,
    height,
    alt: options.alt ?? `${options.title}. ${curves.map(describe).join(" ")}`,
  });
}

/** The part of each name that differs: the title says what all names begin with. A single run gets an empty label. */
function labelsOf(names: readonly string[]): string[] {
  if (names.length < 2) return names.map(() => "");
  const parts = names.map((name) => name.split(", "));
  const shared = parts[0].findIndex((part, i) =>
    parts.some((own) => own[i] !== part || i === own.length - 1)
  );
  return parts.map((own) => own.slice(shared).join(", "));
}

function drawPanel(
  curves: (Curve & { color: string; label: string })[],
  panel: Panel,
  { suffix, height }: { suffix: string; height: number },
) {
  const { train, validation, domain } = panel;
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  const points = curves.flatMap(({ history }) => history);
  const values = [...points.map(train), ...points.map(validation)]
    .filter((value): value is number => value !== undefined && Number.isFinite(value));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const padding = (most - least || 1) * 0.06;
  const range = [least - padding, most + padding];
  // There are at most seven ticks; they need enough decimals to differ.
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10((range[1] - range[0]) / 7))));
  const lastEpoch = Math.max(...points.map(({ epoch }) => epoch));
  // The label of a run that has diverged is beside its last finite value.
  const end = ({ history }: Curve) =>
    history.map((point) => validation(point) ?? train(point)).findLast(Number.isFinite) ?? least;
  const places = spread(
    curves.map((curve) => (end(curve) - range[0]) / (range[1] - range[0]) * height || 0),
    17,
  );
  return {
    data: curves.flatMap((curve) => curveTraces(curve, panel).map((trace) => ({ ...trace, ...axes }))),
    annotations: [
      panelTitle(panel.title, domain[0]),
      ...curves.flatMap(({ label, history, color }, i) =>
        // Only the mark is coloured: coloured letters would be too pale to read, on white or on black.
        label === "" ? [] : note(`<span style="color:${color}">■</span> <b>${escapeMarkup(label)}</b>`, {
          ...{ xref: axes.xaxis, x: history.at(-1)!.epoch, xanchor: "left" },
          xshift: 11, // clear of a dot on the last epoch
          ...{ yref: axes.yaxis, y: range[0], yanchor: "middle", yshift: places[i] },
        })
      ),
    ],
    axes: {
      [`xaxis${suffix}`]: {
        title: "epoch",
        domain,
        anchor: axes.yaxis,
        range: [0.8, Math.max(lastEpoch, 2) + 0.2],
        ...countTicks(lastEpoch),
        showgrid: false,
        showline: true,
        linecolor: ink.axis,
      },
      [`yaxis${suffix}`]: {
        anchor: axes.xaxis,
        range,
        nticks: 7,
        tickformat: `.${decimals}f`,
        ticksuffix: panel.unit,
      },
    },
  };
}

function curveTraces(curve: Curve & { color: string }, panel: Panel): Record<string, unknown>[] {
  const { name, history, color } = curve;
  const { train, validation, unit } = panel;
  const epochs = { x: history.map(({ epoch }) => epoch), mode: "lines" };
  const marked = chosenPoint(curve);
  const traces = [
    { ...epochs, y: history.map(train), line: { color, width: 1.4, dash: "2px,2.5px" } },
    ...history.some((point) => validation(point) !== undefined)
      ? [{ ...epochs, y: history.map(validation), line: { color, width: 2.4 } }]
      : [],
    ...marked
      ? [{
        x: [marked.epoch],
        y: [validation(marked) ?? train(marked)],
        mode: "markers",
        marker: { color, size: 10, line: { color: ink.paper, width: 2 } },
        cliponaxis: false,
      }]
      : [],
  ];
  const said = `epoch %{x}: %{y:.${unit ? 1 : 3}f}${unit}<extra>${escapeMarkup(name)}</extra>`;
  return traces.map((trace) => ({ type: "scatter", hovertemplate: said, ...trace }));
}

function chosenPoint({ chosen, history }: Curve): EpochPoint | undefined {
  return history.find(({ epoch }) => epoch === chosen);
}

function describe(curve: Curve): string {
  const { name, history } = curve;
  const marked = chosenPoint(curve);
  const last = history.at(-1)!;
  const { epoch, accuracy, validationAccuracy } = marked ?? last;
  const part = validationAccuracy === undefined ? "training" : "validation";
  const place = marked ? `at the best epoch, ${epoch} of ${last.epoch}` : `after the last epoch, ${epoch}`;
  return `${name}: ${percent(validationAccuracy ?? accuracy)} ${part} accuracy ${place}.`;
}
