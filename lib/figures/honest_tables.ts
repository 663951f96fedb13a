/** Tables of notebook 8. */
import { protocolText } from "../config.ts";
import { type ClinicalResults, fewest } from "../experiment/honest/clinical.ts";
import type { HonestPlan } from "../experiment/honest/choice.ts";
import type { HonestResults } from "../experiment/honest/results.ts";
import type { HonestScores } from "../experiment/honest/testing.ts";
import { peers } from "../experiment/honest/peers.ts";
import type { HonestRow } from "../experiment/honest/selection.ts";
import type { Measured } from "../evaluation/intervals.ts";
import type { Results } from "../experiment/results.ts";
import { decimals, percent } from "../support/format.ts";
import { type Column, type Table, table } from "./table.ts";

interface Options {
  synthetic: boolean;
}

/** The changes that are tried, in their order. */
export function honestPlanTable({ start, steps, seeds }: HonestPlan, options: Options): Table {
  const rows = [{ label: "to begin with", change: start }, ...steps];
  return table(rows, [
    { value: (row) => rows.indexOf(row), title: "" },
    { value: "label", title: "change" },
    { value: ({ change }) => settingsText(change), title: "settings" },
  ], { caption: `Tried one after the other, ${seeds.length} networks each`, ...options });
}

/** Settings as text, for example `depth block3, size 64, soup`. Settings that are off are left out. */
function settingsText(settings: object): string {
  return Object.entries(settings).filter(([, value]) => value !== null && value !== false && value !== 0)
    .map(([name, value]) => {
      if (value === true) return name;
      if (Array.isArray(value)) return `${name} ${value.join(" to ")}`;
      return typeof value === "object" ? `${name} (${settingsText(value)})` : `${name} ${value}`;
    }).join(", ");
}

/** What each change adds on validation. */
export function honestStepTable(rows: readonly HonestRow[], options: Options): Table {
  const minutesBefore = (row: HonestRow) => rows[rows.indexOf(row) - 1]?.minutes;
  return table(rows, [
    { value: "label", title: "change" },
    { value: "loss", title: "log loss, classes balanced" },
    {
      value: ({ difference }) => difference && difference.value,
      title: "difference",
      format: (value) => `${Number(value) > 0 ? "+" : ""}${decimals(Number(value))}`,
      spread: { title: "95 % interval", of: ({ difference }) => difference },
    },
    { value: "balancedAccuracy", title: "balanced accuracy", format: percent },
    { value: ({ stays, difference }) => difference ? (stays ? "yes" : "no") : "–", title: "stays" },
    {
      value: (row) => (minutesBefore(row) === row.minutes ? null : row.minutes), // the same networks: no training of its own
      title: "minutes of its own training",
      format: (value) => Number(value).toFixed(0),
    },
  ], {
    caption: rows.some(({ change }) => change.orientations)
      ? "What each change adds on validation; below 0 it helps. Orientations are judged with logits fitted on all groups, so the loss " +
        "in their row is a little too low"
      : "What each change adds on validation; below 0 it helps",
    ...options,
  });
}

/** The tests, one per row. @param options.writeUp results of notebook 5 in the same run, to show its last network too */
export function honestScoreTable(
  { own, official }: HonestResults,
  { writeUp, ...options }: Options & { writeUp: Pick<Results, "protocol" | "official"> | null },
): Table {
  const network = writeUp?.official?.runs.at(-1);
  const protocol = writeUp && protocolText(writeUp.protocol);
  const rows = [
    ...network
      ? [
        {
          test: `${network.name}, ${protocol}: own test${
            writeUp?.protocol === "as-written" ? " with leaks" : ""
          }`,
          ...network.asWritten,
        },
        { test: `${network.name}, ${protocol}: official test set`, ...network.test },
      ]
      : [],
    { test: "honest model, own test: new lesions", ...own },
    ...official ? [{ test: "honest model, official test set", ...official.scores }] : [],
    ...official?.unrelated ? [{ test: "… without near-duplicates of training", ...official.unrelated }] : [],
    ...official?.control
      ? [
        { test: `control: own test photos as they are`, ...official.control.asTheyAre },
        { test: "… in the official set's form", ...official.control.sameForm },
      ]
      : [],
  ];
  return table(rows, [
    { value: "test", title: "network and test" },
    { value: "n", title: "photos" },
    {
      value: "balancedAccuracy",
      title: "balanced accuracy",
      format: percent,
      spread: { title: "95 % interval", of: ({ intervals }) => intervals.balancedAccuracy },
    },
    { value: "accuracy", title: "accuracy", format: percent },
    { value: ({ baseline }) => baseline.accuracy, title: "always the commonest class", format: percent },
    // a class without photos counts as 0 in the mean: it could not be compared with the others
    {
      value: ({ macroF1, perClass }) => perClass.every(({ support }) => support > 0) ? macroF1 : null,
      title: "macro F1",
    },
  ], { caption: "The tests, opened after the choice", ...options });
}

/** Published balanced accuracies and accuracies beside this model's. */
export function peerTable({ own, official }: HonestResults, options: Options): Table {
  const ours = (
    test: string,
    { balancedAccuracy, intervals: { balancedAccuracy: { low, high } } }: HonestScores,
  ) => ({
    ...{ who: "this model", test, metric: "balanced accuracy", value: balancedAccuracy },
    ...{ spread: `${decimals(low)}–${decimals(high)}`, differs: null, source: "this notebook" },
  });
  const rows = [
    ours("own test: new lesions", own),
    ...official ? [ours(official.title, official.scores)] : [],
    ...peers,
  ];
  return table(rows, [
    { value: "who", title: "network" },
    { value: "test", title: "test" },
    { value: "metric", title: "metric" },
    { value: "value", title: "value" },
    { value: "spread", title: "as its source gives it", align: "right" },
    { value: "differs", title: "why it is not quite comparable" },
    { value: "source", title: "source" },
  ], { caption: "Beside what others report", ...options });
}

/** Recall, AUC and average precision of each class. */
export function classTable(
  { own, official, clinical, codes }: HonestResults,
  options: Options,
): Table {
  return table(clinical.classes, [
    { value: "code", title: "diagnosis" },
    { value: "n", title: "photos" },
    {
      value: ({ code }) => own.perClass[codes.indexOf(code)].recall,
      title: "recall",
      format: percent,
      spread: {
        title: "95 % interval",
        of: ({ code }) => own.intervals.perClass[codes.indexOf(code)]?.recall,
      },
    },
    ...official
      ? [{
        value: ({ code }: ClinicalResults["classes"][number]) => {
          const found = official.scores.perClass[codes.indexOf(code)];
          return found.support > 0 ? found.recall : null;
        },
        title: "recall, official set",
        format: percent,
      }]
      : [],
    measuredColumn("AUC", ({ auc }) => auc),
    measuredColumn(
      "average precision",
      (row) => row.averagePrecision,
    ),
  ], {
    caption: "Each class against the rest, own test; AUC and average precision of corrected probabilities",
    ...options,
  });
}

function measuredColumn<Row>(
  title: string,
  of: (row: Row) => Measured | null,
  write: (value: number) => string = (value) => decimals(value),
): Column<Row> {
  const format = (value: unknown) => write(Number(value));
  return { value: (row) => of(row)?.value, title, format, spread: { title: "95 % interval", of } };
}

/** Sensitivity and specificity at the thresholds that were fixed on validation. */
export function detectionTable({ detections }: ClinicalResults, options: Options): Table {
  return table(detections, [
    { value: ({ name, codes }) => codes.length > 1 ? `${name} (${codes.join(", ")})` : name, title: "found" },
    { value: "n", title: "photos" },
    { value: "threshold", title: "threshold", format: (value) => percent(Number(value)) },
    {
      value: ({ onValidation }) => onValidation.sensitivity,
      title: "sensitivity, validation",
      format: percent,
    },
    measuredColumn("sensitivity", ({ sensitivity }) => sensitivity, percent),
    measuredColumn("specificity", ({ specificity }) => specificity, percent),
  ], { caption: "At the highest threshold that finds 90 % on validation", ...options });
}

/** Positive and negative predictive values (PPV, NPV) by prevalence. */
export function predictiveTable({ detections }: ClinicalResults, options: Options): Table {
  const rows = detections.flatMap(({ name, atPrevalence }) =>
    atPrevalence.map((values, i) => ({ name, ...values, isOwn: i === atPrevalence.length - 1 }))
  );
  return table(rows, [
    { value: "name", title: "found" },
    { value: "prevalence", title: "prevalence", format: (value) => percent(Number(value)) },
    { value: ({ isOwn }) => isOwn ? "of this test" : "", title: "" },
    { value: "ppv", title: "PPV", format: (value) => percent(Number(value)) },
    { value: "npv", title: "NPV", format: (value) => percent(Number(value)) },
  ], { caption: "Predictive values at these thresholds", ...options });
}

/** Melanoma by age, sex, site and how the diagnosis was confirmed. */
export function subgroupTable({ subgroups }: ClinicalResults, options: Options): Table {
  return table(subgroups, [
    { value: ({ column, value }) => `${column}: ${value}`, title: "part" },
    { value: "melanomas", title: "melanomas" },
    { value: "others", title: "others" },
    measuredColumn("sensitivity", ({ sensitivity }) => sensitivity, percent),
    measuredColumn("specificity", ({ specificity }) => specificity, percent),
    measuredColumn("AUC", ({ auc }) => auc),
  ], {
    caption: `Melanoma in parts of the own test; nothing is stated of fewer than ${fewest} photos`,
    ...options,
  });
}

/** The most confident wrong answers. */
export function errorTable({ errors }: ClinicalResults, options: Options): Table {
  return table(errors, [
    { value: "imageId", title: "photo" },
    { value: "dx", title: "diagnosis" },
    { value: "answer", title: "answer" },
    { value: "probability", title: "probability", format: percent },
  ], { caption: "The most confident errors", ...options });
}
