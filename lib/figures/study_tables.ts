/** Tables of runs that differ in one thing, all with the same columns. */
import type { TunedOptimizer } from "../experiment/fair_comparison.ts";
import type { StudyResult } from "../experiment/studies.ts";
import { percent } from "../support/format.ts";
import { type Column, type Table, table } from "./table.ts";

interface Options {
  caption: string;
  synthetic?: boolean;
}

const columns: Column<StudyResult>[] = [
  { value: "label", title: "run" },
  { value: "images", title: "images" },
  { value: "parameters", title: "trained weights" },
  {
    value: ({ bestEpoch, epochs }) => `${bestEpoch ?? epochs} of ${epochs}`,
    title: "epoch kept",
    align: "right",
  },
  { value: ({ train }) => train.accuracy, title: "train accuracy", format: percent },
  {
    value: ({ validation }) => validation.accuracy,
    title: "validation accuracy",
    format: percent,
    best: "max",
  },
  { value: "minutes", title: "minutes", format: (minutes) => Number(minutes).toFixed(1) },
];

/** What each run has trained, how long it took, and its accuracies. The best validation accuracy is bold. */
export function studyTable(rows: readonly StudyResult[], options: Options): Table {
  return table(rows, columns, options);
}

/** Accuracy by learning rate. */
export function learningRateTable(rows: readonly TunedOptimizer[], options: Options): Table {
  return table(rows, [
    { value: "optimizer", title: "optimizer" },
    ...rows[0].grid.map(({ learningRate }, i): Column<TunedOptimizer> => ({
      value: ({ grid }) => grid[i].accuracy,
      title: `at ${learningRate}`,
      format: percent,
    })),
  ], options);
}

/** Mean and standard deviation over the seeds, each optimizer at its own learning rate. */
export function seedsTable(rows: readonly TunedOptimizer[], options: Options): Table {
  return table(rows, [
    { value: "optimizer", title: "optimizer" },
    { value: ({ learningRate }) => String(learningRate), title: "learning rate", align: "right" },
    {
      value: "mean",
      title: `mean of ${rows[0].accuracies.length} seeds`,
      format: percent,
      best: "max",
      spread: { title: "standard deviation", of: ({ deviation }) => deviation },
    },
  ], options);
}
