/** Tables of the experiment's results that several pages show. */
import type { AugmentationRanges } from "../config.ts";
import type { SetScores } from "../evaluation/set_scores.ts";
import { rangeRows } from "../experiment/augmentation_samples.ts";
import type { OptimizerDifference } from "../experiment/fair_comparison.ts";
import type { OfficialResults } from "../experiment/official_testing.ts";
import type { Result, Results } from "../experiment/results.ts";
import type { AllImagesRow } from "../experiment/studies.ts";
import { differenceRow } from "../experiment/study_texts.ts";
import { percent } from "../support/format.ts";
import { type Table, table } from "./table.ts";

/** The ranges of augmentation: how a copy may differ from its photo. */
export function rangeTable(ranges: AugmentationRanges): Table {
  return table(rangeRows(ranges), [
    { value: "operation", title: "operation" },
    { value: "range", title: "range" },
    { value: "distribution", title: "drawn" },
  ], { caption: "What a copy may differ in from its photo" });
}

/** The size of the frozen network's stored activations. */
export function featureTable(
  features: { images: number; numbers: number; megabytes: number },
  options: { synthetic: boolean },
): Table {
  return table([features], [
    { value: "images", title: "images" },
    { value: "numbers", title: "numbers an image" },
    { value: "megabytes", title: "megabytes", format: (value) => Number(value).toFixed(0) },
  ], { caption: "Activations of the frozen network, stored as half floats", ...options });
}

/** The best network's test accuracy by what training has seen of the image, in comparable classes, with n and intervals. */
export function exposureTable({ exposure, synthetic }: Results): Table {
  return table(exposure.rows, [
    { value: "seen", title: "training has seen" },
    { value: "n", title: "test images" },
    {
      value: "accuracy",
      title: "accuracy",
      format: (share) => share === null ? "–" : percent(Number(share)),
      spread: { title: "95 % interval", of: (row) => row.interval },
    },
  ], { caption: `${exposure.run}: test accuracy on ${exposure.classes.join(" and ")}`, synthetic });
}

type Shown = Pick<SetScores, "n" | "balancedAccuracy" | "accuracy" | "macroF1"> & {
  intervals: Pick<SetScores["intervals"], "balancedAccuracy" | "accuracy" | "perClass"> | null;
};

/** Whether a set has all classes. Macro F1 counts 0 for missing ones, so it cannot be compared then. */
function hasAllClasses({ intervals }: Shown): boolean {
  return intervals === null || intervals.perClass.every((metrics) => metrics !== null);
}

/**
 * Each network on its own test and on the official set, with the control for the form of the set's photos. The last row always
 * predicts the commonest class. Rows are compared by balanced accuracy.
 */
export function officialTable({ runs, title }: OfficialResults): Table {
  const row = (network: string, on: string, scores: Shown) => ({ network, on, scores });
  const rows = runs.flatMap(({ name, asWritten, test, unseen, control }) => [
    row(name, "own test", asWritten),
    row(name, title, test),
    ...unseen ? [row(name, "the part that shares nothing with training", unseen)] : [],
    ...control
      ? [
        row(name, "control: own test photos of unseen lesions, as they are", control.asTheyAre),
        row(name, "control: the same photos in that form", control.sameForm),
      ]
      : [],
  ]);
  const { n, baseline } = runs[0].test;
  rows.push(row("always the commonest class", title, { n, ...baseline, intervals: null }));
  const spread = (name: "balancedAccuracy" | "accuracy") => ({
    title: "95 % interval",
    of: ({ scores }: typeof rows[number]) => scores.intervals?.[name],
  });
  return table(rows, [
    { value: "network", title: "network" },
    { value: "on", title: "photos" },
    { value: ({ scores }) => scores.n, title: "n" },
    {
      value: ({ scores }) => scores.balancedAccuracy,
      title: "balanced accuracy",
      format: percent,
      spread: spread("balancedAccuracy"),
    },
    {
      value: ({ scores }) => scores.accuracy,
      title: "accuracy",
      format: percent,
      spread: spread("accuracy"),
    },
    {
      value: ({ scores }) => hasAllClasses(scores) ? scores.macroF1 : null,
      title: "F1 (macro)",
      format: percent,
    },
  ], { caption: "The run's own test beside one that nobody augmented" });
}

/** Paired differences of the optimizers, in points. */
export function differenceTable(
  differences: readonly OptimizerDifference[],
  options: { synthetic: boolean },
): Table {
  return table(differences.map(differenceRow), [
    { value: "pair", title: "difference" },
    { value: "seeds", title: "points, interval over seeds", align: "right" },
    { value: "lesions", title: "interval over lesions", align: "right" },
  ], { caption: "Paired, 95 % intervals: other seeds, other validation lesions", ...options });
}

/** The recipe on the subset and on all images, validated and tested. */
export function allImagesTable(rows: readonly AllImagesRow[], options: { synthetic: boolean }): Table {
  return table(rows, [
    { value: "name", title: "" },
    { value: "epochs", title: "epochs" },
    { value: "copyShare", title: "test images with a copy in training", format: percent },
    { value: "validation", title: "validation", format: percent },
    {
      value: "test",
      title: "test",
      format: percent,
      best: "max",
      spread: { title: "95 % interval", of: (row) => row.interval },
    },
    { value: "minutes", title: "minutes", format: (minutes) => Number(minutes).toFixed(0) },
  ], { caption: "The same recipe, about as many steps", ...options });
}

/** Which diagnosis a network finds most and least often, as the confusion matrix's title. */
export function confusionTitle({ name, test }: Result, codes: readonly string[]): string {
  const found = test.perClass.map(({ recall, support }, label) => ({ dx: codes[label], recall, support }))
    .filter(({ support }) => support > 0).toSorted((a, b) => a.recall - b.recall);
  const [worst, best] = [found[0], found.at(-1)!];
  return `${name}: ${best.dx} is found in ${percent(best.recall)} of its images, ${worst.dx} in ${
    percent(worst.recall)
  }`;
}
