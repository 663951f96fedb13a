/** The honest model on the first page and in the summary. */
import type { HonestResults } from "../../experiment/honest/results.ts";
import { describeClinical, honestSentence } from "../../experiment/honest/texts.ts";
import { deeperResult, type Results } from "../../experiment/results.ts";
import {
  classTable,
  detectionTable,
  honestScoreTable,
  honestStepTable,
} from "../../figures/honest_tables.ts";
import { rankingFigure } from "../../figures/clinical_figures.ts";
import type { Figure } from "../../figures/figure.ts";
import { intervalText, percent, thousands } from "../../support/format.ts";

/** What VGG16 is worth on lesions that it has not seen: of the own test, and on the official test set where it was there. */
export function honestGlance(
  { own, official }: HonestResults,
): { name: string; value: string; what: string }[] {
  const row = (name: string, where: string, { balancedAccuracy, intervals, n }: HonestResults["own"]) => ({
    ...{ name, value: percent(balancedAccuracy) },
    what: `balanced accuracy on ${where}, n = ${thousands(n)}; 95 % interval ${
      intervalText(intervals.balancedAccuracy)
    }`,
  });
  return [
    row("Without a leak", "new lesions", own),
    ...official ? [row("Without a leak, elsewhere", official.title, official.scores)] : [],
  ];
}

/** What came out, how it was chosen, and what it is worth to a clinician. @param results of the same run; null: it has none yet */
export function honestSection(
  honest: HonestResults,
  results: Results | null,
): { title: string; text: string; figure: (size?: { width: number }) => Figure } {
  const { synthetic } = honest;
  const deeper = results && deeperResult(results);
  return {
    title: "What it is worth on new lesions",
    text: [
      honestSentence(honest),
      ...deeper
        ? [
          `The network as written, trained from ${deeper.depth} on, has an accuracy of ${
            percent(deeper.test.accuracy)
          } and a balanced accuracy of ${
            percent(deeper.test.balancedAccuracy)
          } on its own test: that test shows it copies of what it was trained on.`,
        ]
        : [],
      honestScoreTable(honest, { asWritten: results?.official?.runs.at(-1), synthetic }).markdown,
      classTable(honest, { synthetic }).markdown,
      describeClinical(honest),
      detectionTable(honest.clinical, { synthetic }).markdown,
      "Beside this page lie the [model card](model_card.md) and the [reporting checklists](checklists.md). How it was chosen, on " +
      "validation alone:",
      honestStepTable(honest.steps, { synthetic }).markdown,
    ].join("\n\n"),
    figure: (size) => rankingFigure(honest.clinical, { synthetic, ...size }),
  };
}
