/** The numbers of the model card as tables. Markdown. */
import type { Measured } from "../../evaluation/intervals.ts";
import { type SetScores, widthlessText } from "../../evaluation/set_scores.ts";
import {
  capitalized,
  decimals,
  escapeMarkdown,
  percent,
  sampleText,
  signedPoints,
  thousands,
} from "../../support/format.ts";
import { fewest } from "./clinical.ts";
import { alignedTable, type HonestAbout, withInterval } from "./facts.ts";
import type { HonestResults } from "./results.ts";
import type { HonestScores } from "./testing.ts";
import { describeSubgroups } from "./texts.ts";

const share = (value: Measured | null) => value ? withInterval(value, (part) => percent(part)) : "–";
const rank = (value: Measured | null | undefined) =>
  value ? withInterval(value, (part) => decimals(part)) : "–";

/** The card's “Quantitative analyses”: all tests, classes, thresholds, probabilities and subgroups. */
export function analyses(
  { own, official, corrected, clinical }: HonestResults,
  about: HonestAbout,
): string[] {
  const { detections, calibration: { temperature, before, after }, subgroups } = clinical;
  const { scores, unrelated, control } = official ?? {};
  const tests: [name: string, scores: (SetScores & Partial<HonestScores>) | null | undefined][] = [
    ["own test: new lesions", own],
    ["official test set", scores],
    ["… without near-duplicates", unrelated],
    ["control: own photos as they are", control?.asTheyAre],
    ["… in the official form", control?.sameForm],
  ];
  const change = control?.difference.balancedAccuracy;
  const errors = [["before", before], ["after", after]] as const;
  return [
    "## Quantitative analyses",
    "In brackets: 95 % intervals. “Always one” is what answering the commonest class reaches. Macro AUC is of the network's own " +
    "probabilities; AUC and average precision of a diagnosis are of those that are corrected to the diagnoses' shares.",
    "### The tests",
    alignedTable(
      ["test", "n", "balanced accuracy", "always one", "accuracy", "always one", "macro F1", "macro AUC"],
      tests.flatMap(([name, scores]) =>
        scores
          ? [[
            ...[name, thousands(scores.n)],
            share({ value: scores.balancedAccuracy, ...scores.intervals.balancedAccuracy }),
            percent(scores.baseline.balancedAccuracy),
            share({ value: scores.accuracy, ...scores.intervals.accuracy }),
            percent(scores.baseline.accuracy),
            rank({ value: scores.macroF1, ...scores.intervals.macroF1 }),
            scores.macroAuc === undefined ? "–" : decimals(scores.macroAuc),
          ]]
          : []
      ),
      { right: [1, 2, 3, 4, 5, 6, 7] },
    ),
    ...change
      ? [
        `The official form changes the balanced accuracy by ${signedPoints(change.difference, 1)} points (${
          signedPoints(change.low, 1)
        } to ${signedPoints(change.high, 1)}; ${sampleText(control!.photos)}).`,
      ]
      : [],
    "### Each diagnosis, own test",
    alignedTable(
      ["diagnosis", "n", "recall", "precision", "AUC", "average precision", "n, official set", "recall"],
      about.classes.map(({ code }, label) => {
        const { support, recall, precision } = own.perClass[label];
        const intervals = own.intervals.perClass[label];
        const curves = clinical.classes.find((one) => one.code === code);
        const officially = scores?.intervals.perClass[label];
        return [
          ...[escapeMarkdown(code), thousands(support)],
          ...intervals
            ? [
              share({ value: recall, ...intervals.recall }),
              share({ value: precision, ...intervals.precision }),
            ]
            : ["–", "–"],
          ...[rank(curves?.auc), rank(curves?.averagePrecision)],
          scores ? thousands(scores.perClass[label].support) : "–",
          officially ? share({ value: scores!.perClass[label].recall, ...officially.recall }) : "–",
        ];
      }),
      { right: [1, 2, 3, 4, 5, 6, 7] },
    ),
    ...widthlessText(own, about.classes.map(({ code }) => escapeMarkdown(code))),
    "### Found at a threshold, own test",
    ...detections.length === 0 ? ["There is no class to find."] : [
      alignedTable(
        ["found", "n", "threshold", "sensitivity", "specificity", "AUC"],
        detections.map(({ name, codes, n, threshold, sensitivity, specificity, auc }) => [
          `${name} (${codes.map(escapeMarkdown).join(", ")})`,
          ...[thousands(n), percent(threshold), share(sensitivity), share(specificity), rank(auc)],
        ]),
        { right: [1, 2, 3, 4, 5] },
      ),
      detections.map(({ name, wanted, onValidation, atPrevalence }) =>
        `**${name}**: the threshold is the highest that finds ${
          percent(wanted, 0)
        } on validation (sensitivity ${percent(onValidation.sensitivity)}, specificity ${
          percent(onValidation.specificity)
        } there). At a prevalence of ${
          atPrevalence.map(({ prevalence, ppv, npv }) =>
            `${percent(prevalence)}, PPV is ${percent(ppv)} and NPV ${percent(npv)}`
          ).join("; of ")
        }.`
      ).map((line) => `- ${line}`).join("\n"),
    ],
    "### Probabilities, own test",
    `Corrected to the diagnoses' shares among training's lesions, before and after a temperature of ${
      decimals(temperature, 2)
    } that validation has fixed (${sampleText(clinical.n)}). The most likely diagnosis is then right in ${
      share(corrected.own)
    }; always giving one answer, in ${percent(own.baseline.accuracy)}.`,
    alignedTable(
      ["temperature", "ECE", "Brier score", "log loss"],
      errors.map((
        [name, { ece, brier, logLoss }],
      ) => [name, percent(ece), decimals(brier), decimals(logLoss)]),
      { right: [1, 2, 3] },
    ),
    "### Melanoma in subgroups, own test",
    ...subgroups.length === 0 ? ["Melanoma is no class, so there are none."] : [
      [
        `Nothing is stated of fewer than ${fewest} photos.`,
        ...describeSubgroups(clinical).map(capitalized),
      ].join(" "),
      alignedTable(
        ["by", "group", "melanomas", "others", "sensitivity", "specificity", "AUC"],
        subgroups.map(({ column, value, melanomas, others, sensitivity, specificity, auc }) => [
          ...[column, escapeMarkdown(value), thousands(melanomas), thousands(others)],
          ...[share(sensitivity), share(specificity), rank(auc)],
        ]),
        { right: [2, 3, 4, 5, 6] },
      ),
    ],
  ];
}
