/**
 * `CHECKLISTS.md`: what reporting guidelines ask of a study like notebook 8, item by item, and where each item is answered. The item
 * numbers are the guidelines'; the wording is ours. Markdown.
 */
import { capitalized, countText } from "../../support/format.ts";
import { claim } from "./checklists/claim.ts";
import type { ChecklistItem } from "./checklists/item.ts";
import { tripodAi } from "./checklists/tripod_ai.ts";
import { alignedTable, type HonestAbout } from "./facts.ts";
import type { HonestResults } from "./results.ts";

/** The warning for a run of drawn pictures instead of photos. */
export const syntheticWarning =
  "> **SYNTHETIC: trained and tested on drawn pictures, not photos. No number here says anything about skin.**";

/** Explains how places are named. They are not links, because a run and a published report have different files. */
export const placesText =
  "Places are named, not linked: “notebook 8 · The plan” is a section of a notebook in this run or report, " +
  "“docs/…” and “README.md” lie in the project's folder, “model card” is MODEL_CARD.md (in a report model_card.md), and " +
  "“honest_model.json” is the file of all numbers in the run's folder, with the field's name.";

export function checklists(results: HonestResults, about: HonestAbout): string {
  return `${
    [
      "# Reporting checklists: the honest model",
      ...results.synthetic ? [syntheticWarning] : [],
      "What two reporting guidelines ask, item by item, and where it is answered. Topics are in our own words: for the items " +
      "themselves read the guidelines. “Not done” always has its reason. A checklist says what is reported, not how good it is.",
      placesText,
      ...section("CLAIM, 2024 update", {
        source:
          "A. S. Tejani et al., “Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 Update”, Radiology: " +
          "Artificial Intelligence, 2024, [doi:10.1148/ryai.240300](https://doi.org/10.1148/ryai.240300).",
        items: claim(results, about),
      }),
      ...section("TRIPOD+AI", {
        source: "G. S. Collins et al., “TRIPOD+AI statement”, BMJ 2024;385:e078378, " +
          "[doi:10.1136/bmj-2023-078378](https://doi.org/10.1136/bmj-2023-078378).",
        items: tripodAi(results, about),
      }),
      "## Guidelines that do not apply",
      [
        "- **DECIDE-AI** (B. Vasey et al., Nature Medicine 2022, [doi:10.1038/s41591-022-01772-9](https://doi.org/10.1038/s41591-022-01772-9)) is about first " +
        "trials of a decision support with its users in a clinic. Nobody in a clinic has used this model, and nobody should.",
        "- **METRICS** (B. Kocak et al., Insights into Imaging 2024, [doi:10.1186/s13244-023-01572-w](https://doi.org/10.1186/s13244-023-01572-w)) scores " +
        "radiomics: features that are computed from a marked region of a scan. Here a network reads whole photos; no region is " +
        "marked and no feature is extracted by hand.",
      ].join("\n"),
    ].join("\n\n")
  }\n`;
}

function section(
  title: string,
  { source, items }: { source: string; items: readonly ChecklistItem[] },
): string[] {
  const counts = [...Map.groupBy(items, ({ status }) => status)]
    .map(([status, { length }]) => `${length} ${status === "does not apply" ? "not applicable" : status}`);
  return [
    `## ${title}`,
    `${source} ${countText(items.length, "item")}: ${counts.join(", ")}.`,
    alignedTable(
      ["item", "topic", "status", "answer", "where"],
      items.map(({ item, topic, status, answer, where }) => [
        ...[item, topic, status, capitalized(answer), where.join("; ") || "–"],
      ]),
    ),
  ];
}
