/** Scores of a classifier's answers to a labelled set: all metrics, their 95 % intervals, and a baseline to beat. */
import { countLabels } from "../data/diagnosis.ts";
import { listed, percent } from "../support/format.ts";
import { bootstrap, type Interval, weightedMean } from "./intervals.ts";
import {
  argmaxRows,
  type ClassMetrics,
  confusionMatrix,
  evaluate,
  type Evaluation,
  rightAnswers,
  rowLosses,
  scoresOf,
} from "./metrics.ts";

/** Answers (probabilities) with the true labels. */
export interface AnsweredRows {
  /** n class indices. */
  readonly truth: ArrayLike<number>;
  /** (n, classes), rows sum to 1. */
  readonly probabilities: ArrayLike<number>;
  /** Each row's lesion. */
  readonly groups: readonly string[];
  readonly classes: number;
}

/** Some rows of answers, in the order of `kept`. */
export function pickRows(
  { truth, probabilities, groups, classes }: AnsweredRows,
  kept: readonly number[],
): AnsweredRows {
  const picked = new Float32Array(kept.length * classes);
  kept.forEach((row, i) => {
    for (let label = 0; label < classes; label++) {
      picked[i * classes + label] = probabilities[row * classes + label];
    }
  });
  return {
    truth: kept.map((row) => truth[row]),
    probabilities: picked,
    groups: kept.map((row) => groups[row]),
    classes,
  };
}

/** Joins answers to several sets, or of several networks, into one set. A bootstrap draws rows of equal groups together. */
export function joinRows(all: readonly AnsweredRows[]): AnsweredRows {
  return {
    truth: all.flatMap(({ truth }) => Array.from(truth)),
    probabilities: Float32Array.from(all.flatMap(({ probabilities }) => Array.from(probabilities))),
    groups: all.flatMap(({ groups }) => groups),
    classes: all[0].classes,
  };
}

const scoreNames = ["balancedAccuracy", "macroPrecision", "macroRecall", "macroF1"] as const;
const classScoreNames = ["precision", "recall", "f1"] as const;

/** 95 % bootstrap intervals over groups. */
export interface ScoreIntervals
  extends Readonly<Record<"accuracy" | "loss" | (typeof scoreNames)[number], Interval>> {
  /** In label order; null for a class without rows. */
  readonly perClass: readonly (Readonly<Record<(typeof classScoreNames)[number], Interval>> | null)[];
}

export interface SetScores extends Evaluation {
  /** Number of different groups (lesions). */
  readonly groups: number;
  readonly intervals: ScoreIntervals;
  /** Label of the set's most frequent class, and the metrics of always answering it. */
  readonly baseline:
    & { readonly label: number }
    & Pick<Evaluation, "accuracy" | "loss" | (typeof scoreNames)[number]>;
}

/** All scores of answers, with intervals and baseline. @throws as `evaluate` and `bootstrap` */
export function measureSet(rows: AnsweredRows, { seed }: { seed: number }): SetScores {
  const { truth, probabilities, groups, classes } = rows;
  const counts = countLabels(Array.from(truth), classes);
  const { accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss } = evaluateShares(
    truth,
    counts,
  );
  return {
    ...evaluate(truth, probabilities, classes),
    groups: new Set(groups).size,
    intervals: scoreIntervals(rows, { seed }),
    baseline: {
      label: counts.indexOf(Math.max(...counts)),
      ...{ accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss },
    },
  };
}

/**
 * Metrics of a baseline that gives every row the class shares as probabilities, so it always answers the most frequent class.
 *
 * @param counts number of rows of each class, which give the shares
 */
export function evaluateShares(truth: ArrayLike<number>, counts: readonly number[]): Evaluation {
  const total = counts.reduce((a, b) => a + b, 0);
  const shares = counts.map((count) => count / total);
  const classes = counts.length;
  const answers = Float32Array.from({ length: truth.length * classes }, (_, i) => shares[i % classes]);
  return evaluate(truth, answers, classes);
}

/**
 * Accuracy and loss are means over all rows, so groups are drawn from all. For scores of one class and means over the classes,
 * groups are drawn within the classes, so that no resample lacks a rare class.
 */
function scoreIntervals(rows: AnsweredRows, { seed }: { seed: number }): ScoreIntervals {
  const { truth, probabilities, groups, classes } = rows;
  const right = rightAnswers(truth, argmaxRows(probabilities, classes));
  const losses = rowLosses(truth, probabilities, classes);
  const plain = bootstrap(groups, (times) => ({
    accuracy: weightedMean(right, times),
    loss: weightedMean(losses, times),
  }), { seed });
  const within = bootstrap(groups, drawnScores(rows), { seed, labels: truth });
  const present = new Set(Array.from(truth));
  return {
    ...plain,
    ...pick(scoreNames, (name) => within[name]),
    perClass: Array.from(
      { length: classes },
      (_, label) => present.has(label) ? pick(classScoreNames, (name) => within[`${label} ${name}`]) : null,
    ),
  };
}

/** A statistic for `bootstrap`: means over the classes, accuracy, and scores of each class, named like `4 recall`. */
function drawnScores({ truth, probabilities, classes }: AnsweredRows) {
  const predicted = argmaxRows(probabilities, classes);
  return (times: Uint32Array): Record<string, number> => {
    const confusion = confusionMatrix([], [], classes);
    for (let row = 0; row < predicted.length; row++) confusion[truth[row]][predicted[row]] += times[row];
    const scores = scoresOf(confusion);
    const ofClass = (metrics: ClassMetrics, label: number) =>
      classScoreNames.map((name) => [`${label} ${name}`, metrics[name]] as const);
    return {
      ...pick([...scoreNames, "accuracy"] as const, (name) => scores[name]),
      ...Object.fromEntries(scores.perClass.flatMap(ofClass)),
    };
  };
}

export interface ScoreDifference extends Interval {
  readonly difference: number;
}

/**
 * Second minus first accuracy and balanced accuracy, of answers to the same rows, with paired 95 % intervals. Groups are drawn
 * within the classes, the same for both.
 */
export function compareAnswers(
  first: AnsweredRows,
  second: AnsweredRows,
  { seed }: { seed: number },
): Record<"accuracy" | "balancedAccuracy", ScoreDifference> {
  const names = ["accuracy", "balancedAccuracy"] as const;
  const [a, b] = [drawnScores(first), drawnScores(second)];
  const differences = (times: Uint32Array) => {
    const [before, after] = [a(times), b(times)];
    return pick(names, (name) => after[name] - before[name]);
  };
  const found = differences(Uint32Array.from(first.truth, () => 1));
  const intervals = bootstrap(first.groups, differences, { seed, labels: first.truth });
  return pick(names, (name) => ({ difference: found[name], ...intervals[name] }));
}

function pick<Name extends string, T>(names: readonly Name[], of: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, T>;
}

/**
 * A sentence that names the recalls whose interval has no width; empty if there are none. Such a class is answered all correctly
 * or all wrongly, or has only one group.
 */
export function widthlessText(
  { perClass, intervals }: Pick<SetScores, "perClass" | "intervals">,
  names: readonly string[],
): string[] {
  const stay = names.flatMap((name, label) => {
    const interval = intervals.perClass[label]?.recall;
    return interval && interval.low === interval.high ? [`${name} (${percent(perClass[label].recall)})`] : [];
  });
  if (stay.length === 0) return [];
  const recall = stay.length === 1 ? `recall of ${stay[0]} is` : `recalls of ${listed(stay)} are`;
  return [`The ${recall} the same in each bootstrap resample, which adds no width to the intervals.`];
}
