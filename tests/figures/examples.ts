/** One figure of each kind with data like the real ones, and such with data that strain the layout. */
import { ladderFigure, type LadderRun } from "../../lib/figures/cost.ts";
import { barChart, sexSiteBars } from "../../lib/figures/bars.ts";
import { type Claim, claimBars, comparisonBars } from "../../lib/figures/claim.ts";
import { classBars, comparedClassBars, leakageBars, perClassBars } from "../../lib/figures/class_bars.ts";
import { confusionMatrixFigure } from "../../lib/figures/confusion_matrix.ts";
import { calibrationFigure, decisionFigure, rankingFigure } from "../../lib/figures/clinical_figures.ts";
import type { Figure } from "../../lib/figures/figure.ts";
import { histogram } from "../../lib/figures/histogram.ts";
import { leakFigure } from "../../lib/figures/leak_figure.ts";
import { type Curve, learningCurves } from "../../lib/figures/learning_curves.ts";
import type { FigureOptions } from "../../lib/figures/theme.ts";
import { normal, randomFor } from "../../lib/support/random.ts";
import { drawnHonest } from "../experiment/honest/drawn_results.ts";

export const counts = { akiec: 327, bcc: 514, bkl: 1099, df: 115, mel: 1113, nv: 6705, vasc: 142 };
export const augmented = { akiec: 5991, bcc: 5991, bkl: 5991, df: 5991, mel: 5991, nv: 6705, vasc: 5990 };
export const codes = Object.keys(counts);
const names = {
  akiec: "actinic keratosis / Bowen's disease",
  bcc: "basal cell carcinoma",
  bkl: "benign keratosis",
  df: "dermatofibroma",
  mel: "melanoma",
  nv: "melanocytic nevus",
  vasc: "vascular lesion",
};

/** A ladder of depths, two of its rungs nearly alike, and another recipe. */
export const ladder: LadderRun[] = ([
  { depth: "head", minutes: 0.1, accuracy: 0.641, bestEpoch: null },
  { depth: "block5", minutes: 4.2, accuracy: 0.72 },
  { depth: "block4", minutes: 9, accuracy: 0.78 },
  { depth: "block3", minutes: 15.6, accuracy: 0.832 },
  { depth: "block2", minutes: 21, accuracy: 0.84 },
  { depth: "block1", minutes: 27, accuracy: 0.838 },
  { label: "another recipe with a long name", depth: "block1", minutes: 55, accuracy: 0.91 },
] as const).map(({ accuracy, ...run }) => ({
  ...{ label: run.depth, bestEpoch: 5, ...run },
  validation: { accuracy },
}));

/** The main result, about as it came out. */
export const claim: Claim = {
  claimed: 0.895,
  protocol: "as-written",
  ours: 0.638,
  interval: { low: 0.618, high: 0.657 },
  optimizer: "nadam",
  baselines: [
    { name: "commonest class", accuracy: 0.157 },
    { name: "logistic regression on colour histograms", accuracy: 0.592 },
  ],
};

const copyShares = { akiec: 0.99, bcc: 0.93, bkl: 0.67, df: 1, mel: 0.66, nv: 0, vasc: 1, all: 0.738 };
/** Copies in the test by class, about as they came out. */
export const leakage = Object.entries(copyShares).map(([dx, copyShare]) => ({ dx, copyShare }));

/** Ages like HAM10000's: multiples of 5, 57 of them missing. */
export function drawnAges(): (number | null)[] {
  const random = randomFor("ages");
  return Array.from({ length: 10015 }, (_, i) => {
    const age = Math.round((52 + 17 * normal(random)) / 5) * 5;
    return i < 57 ? null : Math.min(85, Math.max(0, age));
  });
}

/** A run that ends near `best`; the weights of the epoch `chosen` are restored. */
export function drawnRun(name: string, best: number, epochs = 30, chosen?: number): Curve {
  const random = randomFor("run", name);
  const history = Array.from({ length: epochs }, (_, i) => {
    const done = 1 - Math.exp(-(i + 1) / 5);
    return {
      epoch: i + 1,
      loss: 1.9 - 1.2 * done,
      accuracy: 0.3 + (best - 0.23) * done,
      validationLoss: 1.85 - 0.85 * done + 0.02 * random(),
      validationAccuracy: 0.32 + (best - 0.32) * done + 0.01 * random(),
    };
  });
  return { name, history, chosen };
}

/** A confusion matrix with a heavy diagonal and one empty cell. */
export function drawnConfusion(): number[][] {
  const random = randomFor("confusion");
  const matrix = codes.map((_, i) => codes.map((_, j) => Math.round(i === j ? 750 : 140 * random())));
  matrix[3][0] = 0;
  return matrix;
}

const scores = codes.map((code, i) => ({
  code,
  precision: 0.55 + i / 20,
  recall: 1 - i / 12,
  f1: 0.6,
  support: 1198,
}));

/** The figures by name; `options` are laid over the titles given here. */
export function examples(options: Partial<FigureOptions> = {}): Record<string, Figure> {
  const with_ = (title: string) => ({ title, source: "HAM10000_metadata.csv, 10,015 images", ...options });
  return {
    barChart: barChart(
      [{ label: "back", value: 2192 }, { label: "chest", value: 407 }, { label: "acral", value: 7 }],
      { ...with_("Most lesions are on the back"), valueTitle: "images" },
    ),
    classBars: classBars(counts, { ...with_("Two thirds of the images are nevi"), names }),
    comparedClassBars: comparedClassBars(
      [{ name: "original", counts }, { name: "augmented", counts: augmented }],
      { ...with_("Augmentation makes 42,650 images of 10,015"), names },
    ),
    classShares: comparedClassBars(
      [{ name: "train", counts: augmented }, { name: "validation", counts }, {
        name: "test",
        counts: augmented,
      }],
      { ...with_("All parts have the same shares"), show: "shares" },
    ),
    histogram: histogram(drawnAges(), { ...with_("Most patients are 35 to 70"), valueTitle: "age in years" }),
    sexSiteBars: sexSiteBars({
      sex: { male: 5406, female: 4552, unknown: 57 },
      site: {
        back: 2192,
        "lower extremity": 2077,
        unknown: 234,
        trunk: 1404,
        "upper extremity": 1118,
        acral: 7,
      },
    }, with_("Backs and legs first")),
    learningCurves: learningCurves(
      [drawnRun("nadam", 0.638, 30, 22), drawnRun("adam", 0.637, 30, 22), drawnRun("rmsprop", 0.631, 30, 22)],
      with_("The optimizers end within one point"),
    ),
    comparisonBars: comparisonBars([
      { name: "Write-up: VGG16, nadam", value: 0.895, kind: "claimed" },
      { name: "Ours, as written: nadam", value: 0.638, low: 0.628, high: 0.648, kind: "ours" },
      { name: "Always the commonest class (nv)", value: 0.157, low: 0.149, high: 0.165, kind: "baseline" },
    ], { ...with_("The write-up claims 89.5 %; we measure 63.8 %"), valueTitle: "test accuracy" }),
    confusionMatrix: confusionMatrixFigure(drawnConfusion(), codes, with_("Melanoma is missed most often")),
    perClassBars: perClassBars(scores, with_("Rare classes score best")),
    claimBars: claimBars(claim, with_("A quarter less than claimed")),
    trainedClaim: claimBars(
      {
        ...claim,
        trained: { ours: 0.91, interval: { low: 0.901, high: 0.919 }, optimizer: "nadam", depth: "block1" },
      },
      with_("Trained, it passes the claim"),
    ),
    ladder: ladderFigure(ladder, {
      ...with_("Each block trained adds accuracy and minutes"),
      claimed: 0.895,
    }),
    leakageBars: leakageBars(leakage, with_("Rare classes leak most")),
    leakFigure: leaks(with_("Copies add more than other photos")),
    rankingFigure: rankingFigure(clinical, with_("Vascular lesions are told apart best")),
    calibrationFigure: calibrationFigure(clinical, with_("A temperature helps")),
    decisionFigure: decisionFigure(clinical, with_("Worth more than all or none")),
  };
}

const { clinical } = drawnHonest();

/** What copies and other photos of the lesions add, and the official test set. */
export function leaks(options: Partial<FigureOptions>, own = codes): Figure {
  const measured = (value: number) => ({ value, low: value - 0.06, high: value + 0.05 });
  const [seen, unseen, effect] = [0.61, 0.54, 0.07].map(measured);
  const one = { photos: 20, seen, unseen, effect };
  const common = { depth: "head", pairs: 15, photos: 5379, reached: 1640, deviation: 0.02 } as const;
  const official = ["nothing leaks", "lesions leak", "copies leak"].map((label) => ({
    ...{ rung: "none", depth: "head", label, networks: 15, score: measured(0.49) } as const,
    ...{ gain: null, unrelated: null, control: null },
  }));
  return leakFigure(
    (["copy", "lesion"] as const).map((kind) => ({
      ...{ ...common, kind, seen, unseen, effect },
      perClass: own.map((code) => code === "df" && kind === "lesion" ? null : one),
    })),
    official,
    { codes: own, depth: "head", ...options },
  );
}

/** Long names, zeros, ties, extremes, single values. */
export function strainedExamples(): Record<string, Figure> {
  const options = {
    title:
      "A finding that needs more words than fit in one line of the figure, so that it is broken into two lines",
    source:
      "HAM10000_metadata.csv, 10,015 images of 7,470 lesions; a source that is long as well, with all that has " +
      "to be said about how the numbers were computed and what they do not show",
    synthetic: true,
  };
  const zero = Object.fromEntries(codes.map((code) => [code, 0]));
  const large = Object.fromEntries(codes.map((code) => [code, 123_456_789]));
  const thirty = Array.from({ length: 30 }, (_, i) => `a diagnosis by its name ${i}`);
  return {
    oneBar: barChart([{ label: "all", value: 1 }], options),
    zeroBars: classBars({ ...zero, nv: 1 }, options),
    largeBars: comparedClassBars(
      [{ name: "before", counts: zero }, { name: "after", counts: large }],
      options,
    ),
    narrow: classBars(counts, { ...options, width: 480 }),
    oneAge: histogram([40, null], { ...options, valueTitle: "age in years" }),
    noAge: histogram([null], { ...options, valueTitle: "age in years" }),
    oneEpoch: learningCurves([drawnRun("nadam", 0.6, 1, 1)], options),
    sameRuns: learningCurves(
      [1, 2, 3, 4, 5].map((i) => ({ ...drawnRun("same", 0.6), name: `run with a long name ${i}` })),
      options,
    ),
    trainingOnly: learningCurves([{
      name: "head",
      history: [{ epoch: 1, loss: 2, accuracy: 0.1 }, { epoch: 2, loss: 1, accuracy: 0.9 }],
    }], options),
    diverged: learningCurves([
      {
        name: "diverged",
        history: [{ epoch: 1, loss: 2, accuracy: 0.1 }, { epoch: 2, loss: NaN, accuracy: 0.1 }],
      },
      {
        name: "sound",
        history: [{ epoch: 1, loss: 2, accuracy: 0.1 }, { epoch: 2, loss: 1.9, accuracy: 0.6 }],
      },
    ], options),
    fullBars: comparisonBars([
      { name: "perfect", value: 1, low: 1, high: 1, kind: "ours" },
      { name: "none", value: 0, low: 0, high: 0.01, kind: "baseline" },
    ], options),
    perfectClaim: claimBars({
      claimed: 1,
      protocol: "split-first",
      ours: 1,
      interval: { low: 0.001, high: 1 },
      optimizer: "an optimizer with a long name",
      baselines: [{ name: "a baseline whose name fills a third of the figure", accuracy: 1 }],
    }, options),
    oneCost: ladderFigure([{ ...ladder[0], minutes: 250, validation: { accuracy: 1 } }], {
      ...options,
      claimed: 0.895,
    }),
    narrowLadder: ladderFigure(ladder, { ...options, claimed: 0.895, width: 480 }),
    narrowClaim: claimBars(claim, { ...options, width: 520 }),
    narrowLegend: comparisonBars(
      (["claimed", "ours", "honest", "baseline"] as const).map((kind) => ({ name: kind, value: 0.6, kind })),
      { ...options, width: 340 },
    ),
    narrowLeaks: leaks({ ...options, width: 340 }),
    noLeakage: leakageBars([{ dx: "nv", copyShare: NaN }, { dx: "all", copyShare: NaN }], options),
    onlyAll: leakageBars([{ dx: "all", copyShare: 1 }], { ...options, width: 480 }),
    emptyMatrix: confusionMatrixFigure([[0, 0], [0, 0]], ["nv", "mel"], options),
    namedMatrix: confusionMatrixFigure(
      codes.map(() => codes.map(() => 99)),
      Object.values(names),
      options,
    ),
    manyClasses: confusionMatrixFigure(
      thirty.map(() => thirty.map((_, i) => i)),
      thirty,
      options,
    ),
    longCurves: rankingFigure({
      ...clinical,
      classes: thirty.slice(0, 8).map((code) => ({ ...clinical.classes[0], code })),
    }, options),
    largeMatrix: confusionMatrixFigure(codes.map(() => codes.map(() => 88_888)), codes, options),
    zeroScores: perClassBars(
      codes.map((code) => ({ code, precision: 0, recall: 1, f1: 0, support: 0 })),
      options,
    ),
  };
}
