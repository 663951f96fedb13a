/** The honest model on the first page and in the summary. */
import { protocolText } from "../../config.ts";
import type { SetScores } from "../../evaluation/set_scores.ts";
import type { HonestResults } from "../../experiment/honest/results.ts";
import { describeClasses, describeClinical, honestSentence } from "../../experiment/honest/texts.ts";
import { deeperResult, type Results } from "../../experiment/results.ts";
import {
  classTable,
  detectionTable,
  honestScoreTable,
  honestStepTable,
  predictiveTable,
} from "../../figures/honest_tables.ts";
import { comparisonBars } from "../../figures/claim.ts";
import type { Figure } from "../../figures/figure.ts";
import { escapeMarkdown, intervalText, percent, sampleText } from "../../support/format.ts";
import { formText } from "./official_section.ts";
import type { StoredRun } from "./stored_run.ts";

/** Balanced accuracy on lesions that VGG16 has not seen: on the own test, and on the official test set if it was there. */
export function honestGlance(
  { own, official }: HonestResults,
): { name: string; value: string; what: string }[] {
  const row = (
    name: string,
    where: string,
    { balancedAccuracy, intervals, n }: HonestResults["own"],
    ...more: string[]
  ) => ({
    ...{ name, value: percent(balancedAccuracy) },
    what: [
      `balanced accuracy on ${where}, ${sampleText(n)}`,
      `95 % interval ${intervalText(intervals.balancedAccuracy)}`,
      ...more,
    ].join("; "),
  });
  return [
    row("Without a leak", "new lesions", own),
    ...official
      ? [
        row("Without a leak, official test set", official.title, official.scores, formText(official.control)),
      ]
      : [],
  ];
}

/** What is left of the claim on new lesions. @param results of the same run; null if it has none yet */
export function worthSection(
  honest: HonestResults,
  results: Results | null,
): { title: string; text: string } {
  const deeper = results?.protocol === "as-written" ? deeperResult(results) : null;
  return {
    title: "What it is worth on new lesions",
    text: [
      honestSentence(honest),
      ...deeper
        ? [
          `The network that was trained from ${deeper.depth} on, on the parts as written, has an accuracy of ${
            percent(deeper.test.accuracy)
          } and a balanced accuracy of ${
            percent(deeper.test.balancedAccuracy)
          } on its own test: that test shows it copies of what it was trained on.`,
          ...besideText(honest, results!),
        ]
        : [],
    ].join("\n\n"),
  };
}

/** Both networks on the official test set, if it was there. Accuracy and balanced accuracy may rank them differently. */
function besideText({ official, codes }: HonestResults, results: Results): string[] {
  const written = results.official?.runs.at(-1);
  if (!official || !written) return [];
  const { label } = written.test.baseline;
  const numbers = ({ balancedAccuracy, accuracy, perClass }: SetScores) =>
    `a balanced accuracy of ${percent(balancedAccuracy)}, an accuracy of ${
      percent(accuracy)
    } and a recall of ${escapeMarkdown(codes[label])}, the commonest diagnosis there, of ${
      percent(perClass[label].recall)
    }`;
  return [
    `On ${escapeMarkdown(official.title)} that network has ${numbers(written.test)}; the honest model has ${
      [official.scores.balancedAccuracy, official.scores.accuracy].map((share) => percent(share)).join(", ")
    } and ${
      percent(official.scores.perClass[label].recall)
    }. Balanced accuracy weighs all diagnoses alike, accuracy all photos.`,
  ];
}

/** What the honest model is worth to a clinician, and how it was chosen. */
export function honestSection(
  honest: HonestResults,
  { results, documents }: Pick<StoredRun, "results" | "documents">,
): { title: string; text: string } {
  const { synthetic } = honest;
  const named: Record<string, string> = {
    "model_card.md": "model card",
    "checklists.md": "reporting checklists",
  };
  const links = documents.map(({ file }) => `the [${named[file]}](${file})`);
  const beside = links.length > 0 ? `Beside this page: ${links.join(" and ")}. ` : "";
  return {
    title: "The honest model",
    text: [
      honestScoreTable(honest, { writeUp: results, synthetic }).markdown,
      classTable(honest, { synthetic }).markdown,
      describeClasses(honest),
      describeClinical(honest),
      detectionTable(honest.clinical, { synthetic }).markdown,
      predictiveTable(honest.clinical, { synthetic }).markdown,
      `${beside}How it was chosen, on validation alone:`,
      honestStepTable(honest.steps, { synthetic }).markdown,
    ].join("\n\n"),
  };
}

/** Bars of balanced accuracy: the claim, the write-up's network, and the honest model without a leak. */
export function worthFigure(
  { own, official, synthetic }: HonestResults,
  results: Results | null,
  size?: { width: number },
): Figure {
  const writeUp = results?.official?.runs.at(-1);
  const deeper = results && deeperResult(results);
  const trained = deeper ? `fine-tuned from ${deeper.depth} on` : "frozen";
  const written = results?.protocol === "as-written" && deeper
    ? trained // not "as written": the write-up's own network is frozen
    : results && `${protocolText(results.protocol)}, ${trained}`;
  const bar = (
    name: string,
    kind: "ours" | "honest",
    { balancedAccuracy: value, intervals: { balancedAccuracy: { low, high } } }: SetScores,
  ) => ({ name, kind, value, low, high });
  return comparisonBars([
    ...results
      ? [{ name: "the write-up's claim", kind: "claimed", value: results.claimed.accuracy } as const]
      : [],
    ...writeUp
      ? [
        bar(`${written}, own test`, "ours", writeUp.asWritten),
        bar(`${written}, official test set`, "ours", writeUp.test),
      ]
      : [],
    bar("honest model, new lesions", "honest", own),
    ...official ? [bar("honest model, official test set", "honest", official.scores)] : [],
    { name: "always one answer", kind: "baseline", value: own.baseline.balancedAccuracy },
  ], {
    title: `${results ? `Claimed ${percent(results.claimed.accuracy)}; on` : "On"} new lesions ${
      percent(own.balancedAccuracy)
    }`,
    source:
      "Balanced accuracy; on a test with classes of about equal size, like the write-up's, it is nearly the accuracy. The honest model has a " +
      "recipe of its own and no leak. Interval: 95 %",
    valueTitle: "balanced accuracy",
    synthetic,
    ...size,
  });
}
