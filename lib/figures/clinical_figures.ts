/** Figures for a clinician's questions: ranking, calibration, decisions. */
import { perfectCalibrationError } from "../evaluation/calibration.ts";
import type { Calibration, ClinicalResults } from "../experiment/honest/clinical.ts";
import { countText, decimals, listed, percent } from "../support/format.ts";
import type { Figure } from "./figure.ts";
import { type Line, linePanels } from "./line_panels.ts";
import { classColors, ink, seriesColors } from "./palette.ts";
import type { FigureOptions } from "./theme.ts";

type Options = Partial<FigureOptions>;

/** ROC and precision–recall curves of each class against the rest. */
export function rankingFigure({ classes }: ClinicalResults, options: Options = {}): Figure {
  const least = classes.reduce((a, b) => (b.auc.value < a.auc.value ? b : a));
  const most = classes.reduce((a, b) => (b.auc.value > a.auc.value ? b : a));
  const title = options.title ??
    `Areas under the ROC curves lie between ${decimals(least.auc.value, 2)} (${least.code}) and ${
      decimals(most.auc.value, 2)
    } (${most.code})`;
  const lines = (points: (of: typeof classes[number]) => Line["points"]): Line[] =>
    classes.map((own, i) => ({ name: own.code, ...lookOf(own.code, i), points: points(own) }));
  const said = classes.map(({ code, n, auc, averagePrecision }) =>
    `${code} (${countText(n, "photo")}): AUC ${decimals(auc.value)}, average precision ${
      decimals(averagePrecision.value)
    }`
  );
  return linePanels([
    {
      ...{ title: "ROC", x: "1 − specificity", y: "sensitivity" },
      lines: [
        { name: "chance", color: ink.muted, points: [[0, 0], [1, 1]], isThin: true, isDashed: true },
        ...lines(({ roc }) => roc),
      ],
    },
    {
      title: "Precision–recall",
      x: "recall",
      y: "precision",
      lines: lines(({ precisionRecall }) => precisionRecall),
    },
  ], { title, alt: `${title}. ${said.join("; ")}.`, ...options, legend: lines(() => []) });
}

/** A class' colour. Lines are dashed when the series colours repeat. */
function lookOf(code: string, place: number): Pick<Line, "color" | "isDashed"> {
  const own = classColors[code];
  return own
    ? { color: own }
    : { color: seriesColors[place % seriesColors.length], isDashed: place >= seriesColors.length };
}

/** Reliability diagrams, accuracy against predicted probability, before and after temperature scaling. */
export function calibrationFigure({ calibration }: ClinicalResults, options: Options = {}): Figure {
  const { before, after, temperature } = calibration;
  const title = options.title ??
    `Calibration error ${percent(before.ece)} before, ${
      percent(after.ece)
    } after temperature scaling (perfect: about ${percent(perfectCalibrationError(after.bins))})`;
  const panel = (name: string, { bins }: Calibration) => ({
    ...{ title: name, x: "predicted probability", y: "accuracy" },
    lines: [
      {
        name: "perfect calibration",
        color: ink.muted,
        points: [[0, 0], [1, 1]] as const,
        isThin: true,
        isDashed: true,
      },
      {
        ...{ name: "network", color: seriesColors[0], mode: "lines+markers" as const },
        points: bins.map(({ confidence, accuracy }) => [confidence, accuracy] as const),
      },
    ],
  });
  return linePanels([
    panel("Before", before),
    panel(`After, temperature ${decimals(temperature, 2)}`, after),
  ], {
    title,
    alt: `${title}. Brier score ${decimals(before.brier)} before, ${decimals(after.brier)} after.`,
    ...options,
    legend: [
      { name: "network (equally many photos per dot)", color: seriesColors[0] },
      { name: "perfect calibration", color: ink.muted, isDashed: true },
    ],
  });
}

/** Neighbouring thresholds as one text: `at 5 %` or `from 5 % to 8 %`. */
function stretches<Decision extends { threshold: number }>(
  chosen: readonly Decision[],
  all: readonly Decision[],
): string[] {
  const begins = chosen.filter((one) => !chosen.includes(all[all.indexOf(one) - 1]));
  const ends = chosen.filter((one) => !chosen.includes(all[all.indexOf(one) + 1]));
  return begins.map((begin, i) =>
    begin === ends[i]
      ? `at ${percent(begin.threshold, 0)}`
      : `from ${percent(begin.threshold, 0)} to ${percent(ends[i].threshold, 0)}`
  );
}

/** Decision curves: the net benefit of acting on the network, on all photos and on none, at each threshold. */
export function decisionFigure({ detections }: ClinicalResults, options: Options = {}): Figure {
  const useful = detections.map(({ name, decisions }) => {
    const better = decisions.filter(({ network, all }) => network > Math.max(all, 0));
    if (better.length === 0) return `${name} nowhere`;
    return `${name} ${listed(stretches(better, decisions), { most: 3 })}`;
  });
  const title = options.title ??
    `Thresholds at which the network has a higher net benefit than all or none: ${useful.join("; ")}`;
  const looks = {
    network: { name: "network", color: seriesColors[0] },
    all: { name: "all photos", color: seriesColors[1] },
    none: { name: "no photo", color: ink.axis, isDashed: true },
  };
  return linePanels(
    detections.map(({ name, decisions }) => {
      const most = Math.max(...decisions.map(({ network, all }) => Math.max(network, all)), 0.01);
      return {
        ...{ title: name, x: "threshold probability", y: "net benefit per photo" },
        ...{ xRange: [0, 0.5] as const, yRange: [-most / 3, 1.1 * most] as const },
        lines: [
          { ...looks.none, points: [[0, 0], [0.5, 0]] as const },
          { ...looks.all, points: decisions.map(({ threshold, all }) => [threshold, all] as const) },
          {
            ...looks.network,
            points: decisions.map(({ threshold, network }) => [threshold, network] as const),
          },
        ],
      };
    }),
    { title, ...options, legend: Object.values(looks) },
  );
}
