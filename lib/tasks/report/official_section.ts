/** The official test set on the first page and in the summary. */
import { describeOfficial, pointsText } from "../../experiment/official_texts.ts";
import { deeperResult, type Results } from "../../experiment/results.ts";
import type { FormControl } from "../../experiment/official_testing.ts";
import { officialTable } from "../../figures/result_tables.ts";
import { countText, intervalText, percent, sampleText } from "../../support/format.ts";

/** The last network's score on the official set, always with the effect of the form of its photos. */
export function officialGlance(results: Results): { name: string; value: string; what: string }[] {
  const { official } = results;
  const run = official?.runs.at(-1);
  if (!run) return [];
  const { test: { n, balancedAccuracy, intervals }, control } = run;
  return [{
    name: `${deeperResult(results) ? "Fine-tuned" : "Measured"}, official test set`,
    value: percent(balancedAccuracy),
    what: `balanced accuracy on ${official!.title}, ${sampleText(n)}; 95 % interval ${
      intervalText(intervals.balancedAccuracy)
    }; ${formText(control)}`,
  }];
}

/** The effect of the form of the set's photos. No number of the set should be read without it. */
export function formText(control: Pick<FormControl, "difference" | "asTheyAre"> | null): string {
  if (!control) return "without a control for the form of its photos";
  const { n, perClass } = control.asTheyAre;
  const present = perClass.filter(({ support }) => support > 0).length;
  const some = present < perClass.length ? ` (${present} ${present === 1 ? "diagnosis" : "diagnoses"})` : "";
  return `control: that set's form (crop, retouching) alone changes the score on ${
    countText(n, "photo")
  } of the run's own test${some} by ${pointsText(control)}`;
}

/** The results on the official test set, or how to get the set. */
export function officialSection(results: Results): { title: string; text: string } {
  const { official } = results;
  return {
    title: "On photos that nobody augmented",
    text: [describeOfficial(results), ...official ? [officialTable(official).markdown] : []].join("\n\n"),
  };
}
