/** The model card's sections about photos: evaluation data, training data and leaks. Markdown. */
import { countText, escapeMarkdown, percent, thousands } from "../../support/format.ts";
import { alignedTable, confirmedText, type HonestAbout, markdownList, partsText } from "./facts.ts";
import type { HonestResults } from "./results.ts";

export function evaluationData(
  { own, official }: HonestResults,
  { own: isOwn, testedBefore }: HonestAbout,
): string[] {
  return [
    "## Evaluation data",
    markdownList(
      `**Own test**: ${countText(own.n, "photo")} of ${
        isOwn ? "the table" : "HAM10000"
      }, one of each lesion, at the prevalence among lesions. No lesion and no near-duplicate is in training or validation.`,
      official
        ? `**Another set**: ${escapeMarkdown(official.title)}, ${
          countText(official.scores.n, "photo")
        } that this project never trains on${
          official.unrelated
            ? `; the table has near-duplicates of ${
              thousands(official.scores.n - official.unrelated.n)
            } of them, so scores without those are shown too`
            : ""
        }.`
        : "**Another set**, the official test set of ISIC 2018: it was not there in this run.",
      official?.control
        ? `**Control**: ${
          countText(official.control.photos, "photo")
        } of the own test, as they are and in the form of the official set's copy. The difference is what the form alone does.`
        : "**Control** for another form of the official photos: there is none in this run.",
      `**Opened**: each test once by this network, after the choice was written to \`honest/choice.json\`.${
        testedBefore > 0
          ? ` Before it, ${
            countText(testedBefore, "network")
          } of another training had been tested on the same photos.`
          : ""
      } Each opening is logged.`,
    ),
  ];
}

export function trainingData(results: HonestResults, about: HonestAbout): string[] {
  const { own, official, shares } = results;
  return [
    "## Training data",
    about.own
      ? "Photos of a table that the user named."
      : "HAM10000: P. Tschandl, C. Rosendahl, H. Kittler, Scientific Data 5, 180161 (2018), " +
        "[doi:10.1038/sdata.2018.161](https://doi.org/10.1038/sdata.2018.161); photos " +
        "[doi:10.7910/DVN/DBW86T](https://doi.org/10.7910/DVN/DBW86T), CC BY-NC 4.0. Photos come from a university clinic in " +
        "Vienna, Austria, and a practice for skin cancer in Queensland, Australia.",
    `${partsText(results, about)}.${
      about.lesions === null
        ? " The table names no lesions."
        : ` The table names ${thousands(about.lesions)} lesions.`
    }${
      about.skipped > 0 ? ` Left out, since they cannot be decoded: ${thousands(about.skipped)}.` : ""
    } Diagnoses: ${confirmedText(about)[0].toLowerCase()}${confirmedText(about).slice(1)}.`,
    alignedTable(
      ["diagnosis", "share of training's lesions", "photos in the own test", "photos in the official set"],
      about.classes.map(({ code }, label) => [
        escapeMarkdown(code),
        percent(shares[label]),
        thousands(own.perClass[label].support),
        official ? thousands(official.scores.perClass[label].support) : "–",
      ]),
      { right: [1, 2, 3] },
    ),
  ];
}

/** How training photos are kept out of the tests. */
export function leaks({ own, official }: HonestResults): string[] {
  return [
    "## Leaks, and how they are kept out",
    markdownList(
      "**Copies of a photo**: photos are divided before anything is drawn from them.",
      "**Other photos of a lesion**: photos of one `lesion_id`, and photos with equal pixels, stand on one side.",
      "**Near-duplicates under two lesions**: they are looked for in the pixels, and their lesions are one group. One that is " +
        "zoomed by a fifth is not found.",
      "**The test as an adviser**: changes are chosen on validation alone. Validation's own scores are therefore too good.",
      `**Repeated photos in the test**: it takes one of each lesion, ${thousands(own.n)} in all.`,
      ...official
        ? [
          "**The official set**: near-duplicates of the table's photos in it are counted, and scores without them shown.",
        ]
        : [],
      "**What stays**: different lesions of one patient may be in training and in the test, because patients are not named.",
    ),
    "Each training and each opening of a test checks its parts, by rows and by pixels, and stops where they leak.",
  ];
}
