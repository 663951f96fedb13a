/**
 * `MODEL_CARD.md`: what the honest model is, what it is and is not for, and its results. The form follows M. Mitchell et al., "Model
 * Cards for Model Reporting", FAT* 2019, doi:10.1145/3287560.3287596. Every number comes from the run. Markdown.
 */
import { join } from "node:path";
import { sizeText } from "../../image_size.ts";
import { medicalNotice } from "../../model/saved_model.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { escapeMarkdown, percent, thousands } from "../../support/format.ts";
import { checklists, placesText, syntheticWarning } from "./checklists.ts";
import { readOpenings } from "../openings.ts";
import { honestFolder, honestModelFolder, weighsAlike } from "./choice.ts";
import {
  aboutHonest,
  alignedTable,
  cardFile,
  checklistsFile,
  choiceText,
  drawingText,
  type HonestAbout,
  markdownList,
  parametersOf,
  planText,
  scoreText,
  trainingText,
} from "./facts.ts";
import type { HonestResults } from "./results.ts";
import type { HonestSelection } from "./selection.ts";
import { evaluationData, leaks, trainingData } from "./model_card_data.ts";
import { analyses } from "./model_card_scores.ts";
import { adjustmentText } from "./texts.ts";

/**
 * Writes the model card and the checklists into the honest model's folder, and returns the card's text. Call `saveHonestModel` first,
 * because it replaces that folder.
 *
 * @throws {StorageError} if a file cannot be written; an older file is then unchanged
 */
export async function saveModelCard(selection: HonestSelection, results: HonestResults): Promise<string> {
  const { out } = selection.experiment.config;
  const about = aboutHonest(selection, await readOpenings(join(out, honestFolder)));
  const folder = join(out, honestModelFolder);
  const card = modelCard(results, about);
  await writeAtomic(join(folder, checklistsFile), checklists(results, about));
  await writeAtomic(join(folder, cardFile), card);
  return card;
}

export function modelCard(results: HonestResults, about: HonestAbout): string {
  return `${
    [
      "# Model card: the honest model",
      ...results.synthetic ? [syntheticWarning] : [],
      ...about.base.source === "random"
        ? ["> **RANDOM BASE: it started from random weights, not ImageNet's. Its answers mean nothing.**"]
        : [],
      `> **${medicalNotice}**`,
      `In the form of M. Mitchell et al., “Model Cards for Model Reporting”, 2019, ` +
      `[doi:10.1145/3287560.3287596](https://doi.org/10.1145/3287560.3287596). Made from the numbers of one run. ${placesText}`,
      ...details(results, about),
      ...uses,
      ...factors,
      ...metricsOf(results, about),
      ...evaluationData(results, about),
      ...trainingData(results, about),
      ...analyses(results, about),
      ...leaks(results),
      ...ethics(about),
      ...caveats(results, about),
      ...digests(results, about),
    ].join("\n\n")
  }\n`;
}

function details(results: HonestResults, about: HonestAbout): string[] {
  const { choice, adjustment } = results;
  const { trained, all } = parametersOf(results, about);
  const base = {
    imagenet:
      "ImageNet's weights as Keras publishes them (Visual Geometry Group, University of Oxford; CC BY 4.0; " +
      "ported by F. Chollet)",
    random: "seeded random weights",
    other: "weights of a file that the user named",
  }[about.base.source];
  const { length } = about.seeds;
  return [
    "## Model details",
    markdownList(
      `**Kind**: VGG16 (K. Simonyan, A. Zisserman, 2014) without its top, and a softmax. ${
        thousands(all)
      } parameters in float32.`,
      `**Reads**: one dermatoscopic photo, RGB 0–255, resized to ${
        sizeText(about.size)
      } pixels; scaling is part of the model.`,
      `**Gives**: a probability for each of ${about.classes.length} classes: ${
        about.classes.map(({ code, name }) =>
          code === name ? escapeMarkdown(code) : `${escapeMarkdown(code)} (${escapeMarkdown(name)})`
        ).join("; ")
      }. It knows no others and cannot say “none of these”.`,
      `**Started from**: ${base}.`,
      `**Trained**: ${choice.depth} to the end and the softmax, ${
        thousands(trained)
      } parameters; the rest is as it came. ${
        length === 1
          ? "One network was trained"
          : `${length} networks were trained, with the seeds ${about.seeds.join(" and ")}`
      }; ${
        choice.soup ? "this one has the mean of their weights" : `this one is that of seed ${about.seeds[0]}`
      }.`,
      `**Training**: ${trainingText(results)}. ${drawingText(results)}.`,
      `**Choice**: ${choiceText(results)}.${about.own ? "" : ` ${planText}`}`,
      ...adjustment ? [`**Logits**: ${adjustmentText(adjustment)}.`] : [],
      `**How to ask it**: \`deno task classify photo.jpg --model FOLDER\`, with the folder \`honest_model\` of a run, which has the weights${
        choice.orientations === 1
          ? ""
          : `; its numbers hold for the mean answer over ${choice.orientations} orientations, which classify takes by itself`
      }. \`about.json\` says how TensorFlow.js and Keras read it.`,
      `**Version**: the digest \`${results.model}\`; there are no other version numbers.`,
      `**Licence**: MIT for the code. ${
        about.own
          ? "For the model: what the licence of your photos says."
          : "HAM10000's photos are CC BY-NC 4.0, so do not use a model of them commercially."
      }`,
    ),
  ];
}

const uses = [
  "## Intended use",
  markdownList(
    "**For**: research and teaching. It shows how well a known network does on new lesions when nothing leaks.",
    "**Users**: students and researchers of machine learning.",
    "**Not for**: judging anybody's lesion, alone or beside a doctor; screening; triage; an app.",
    "**Not for**: other skin than the collection's, other cameras, photos without a dermatoscope, lesions without pigment, " +
      "diagnoses that it does not know.",
  ),
];

const factors = [
  "## Factors",
  markdownList(
    "**Looked at**: age, sex, site of the body, and how the diagnosis was confirmed.",
    "**Not known**: skin tone, patient, clinic and camera. No column that is read names them, so nothing can be said by them.",
  ),
];

const metricsOf = ({ choice }: HonestResults, { own }: HonestAbout) => [
  "## Metrics",
  markdownList(
    "**Balanced accuracy** comes first: the mean of the classes' recalls. Rare diagnoses count like common ones.",
    `**Accuracy** is shown beside what always giving one answer reaches.${
      weighsAlike(choice)
        ? " The network's predictions weigh all classes alike, which costs accuracy where one diagnosis is common."
        : ""
    }`,
    "**AUC and average precision** say how well one class is ranked against the rest.",
    `**Sensitivity and specificity** hold for thresholds that validation has fixed.${
      own
        ? ""
        : " The way they are fixed was corrected once, after this project had opened HAM10000's tests (docs/METHOD.md · The honest model)."
    }`,
    "**Expected calibration error (ECE), Brier score and log loss** say whether probabilities can be believed. For them, and for thresholds, " +
      "probabilities are corrected to the shares of the diagnoses among training's lesions.",
    "**Intervals** are 95 %, from a bootstrap that draws lesions 2,000 times. They do not include the variation between trainings.",
  ),
];

function ethics({ own }: HonestAbout): string[] {
  return [
    "## Ethical considerations",
    markdownList(
      "**Harm**: a missed melanoma can cost a life, and a false alarm an operation. So no answer of this model may reach a patient.",
      "**Skin tone**: photos of dark skin are rare in public collections (D. Wen et al., Lancet Digital Health 2022, " +
        "[doi:10.1016/S2589-7500(21)00252-1](https://doi.org/10.1016/S2589-7500%2821%2900252-1)). The model may fail there, and " +
        "these data cannot show it.",
      "**People**: ages, sexes and sites are known, names and patients are not. The network reads pixels alone. " +
        (own
          ? "Consent and approval are for who made the table to say."
          : "Consent and approval are those of the collection: read its descriptor."),
      "**Photos**: published notebooks show drawings in their place. The folder has digests of the photos trained on, and none of them.",
      "**Patients and the public** took no part in this study.",
    ),
  ];
}

function caveats({ own, clinical }: HonestResults, about: HonestAbout): string[] {
  const melanoma = clinical.detections.find(({ name }) => name === "melanoma");
  const rare = about.classes.map(({ code }, label) => ({ code, n: own.perClass[label].support }))
    .filter(({ n }) => n < 100);
  return [
    "## Caveats and recommendations",
    markdownList(
      "**No skin-tone labels**: nobody can say from these data for whom it fails.",
      "**Patients are not known**: intervals draw lesions, so they are too narrow where patients have several.",
      ...about.own ? [] : [
        "**Two places**: Austria and Australia. Other countries, clinics and cameras are another question.",
      ],
      `**Prevalence${about.own ? "" : " of a referral clinic"}**: ${
        melanoma
          ? `${percent(melanoma.n / own.n)} of the test's lesions are melanomas, which`
          : "the mixture of diagnoses"
      } is the share in this collection, not in a screening. Predictive values do not hold elsewhere.`,
      ...rare.length > 0
        ? [
          `**Few photos of rare classes**: ${
            rare.map(({ code, n }) => `${escapeMarkdown(code)} ${n}`).join(", ")
          } in the test.`,
        ]
        : [],
      `**Small photos**: ${sizeText(about.size)} pixels hide what a doctor looks for.`,
      "**The training's own chance**: intervals tell of other lesions, not of other seeds.",
      `**Before anything else** it would need photos with skin tones and patients, other clinics, doctors beside it, and a trial. Its number to quote: ${
        scoreText(own)
      }.`,
    ),
  ];
}

function digests({ model }: HonestResults, { base, dataDigest, seed, versions }: HonestAbout): string[] {
  return [
    "## Digests and versions",
    alignedTable(["of", "SHA-256"], [
      ["the model", `\`${model}\``],
      ["the weights that it started from", `\`${base.digest}\``],
      ["the table and all photos", `\`${dataDigest}\``],
    ]),
    `Seed of the parts and intervals: ${seed}. Deno ${versions.deno}, @tensorflow/tfjs ${
      versions["@tensorflow/tfjs"]
    }, @tensorflow/tfjs-node ${versions["@tensorflow/tfjs-node"]}, sharp ${versions.sharp}.`,
  ];
}
