/**
 * CLAIM, answered for the honest model: A. S. Tejani et al., "Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024
 * Update", Radiology: Artificial Intelligence 6(4), 2024, doi:10.1148/ryai.240300. Item numbers are CLAIM's; topics are in our own words.
 */
import { sizeText } from "../../../image_size.ts";
import {
  countText,
  intervalText,
  measuredText,
  percent,
  sampleText,
  signedPoints,
  thousands,
} from "../../../support/format.ts";
import {
  choiceText,
  confirmedText,
  drawingText,
  type HonestAbout,
  parametersOf,
  partsText,
  planText,
  relativesOf,
  scoreText,
  trainingText,
} from "../facts.ts";
import type { HonestResults } from "../results.ts";
import { answered, type ChecklistItem } from "./item.ts";

export function claim(results: HonestResults, about: HonestAbout): ChecklistItem[] {
  const { own, official, corrected, clinical, choice, photos } = results;
  const { trained, all } = parametersOf(results, about);
  const control = official?.control?.difference.balancedAccuracy;
  const found = clinical.detections.map(({ name, n, sensitivity, specificity }) =>
    `${name} (${sampleText(n)}): sensitivity ${measuredText(sensitivity.value, sensitivity)}, specificity ${
      measuredText(specificity.value, specificity)
    }`
  ).join("; ");
  const bySubgroup = clinical.subgroups.filter(({ sensitivity }) => sensitivity).length;
  const [worst] = clinical.errors;
  const wrong = Math.round(clinical.n * (1 - corrected.own.value));
  const right = own.confusion.reduce((sum, row, label) => sum + row[label], 0);
  const noOfficial = "The official test set of ISIC 2018 was not there in this run.";

  // deno-fmt-ignore
  return answered([
    ["1", "kind of AI is named", "done", `Deep learning: VGG16, a convolutional network, trained from ${choice.depth} on.`, "notebook 8", "model card · Model details"],
    ["2", "structured summary", "in part", "There is no article and so no abstract; the model card has purpose, data, results and limits under a heading each.", "model card", "README.md"],
    ["3", "background, and what the AI is for", "done", "It shows how well a known network does on new lesions once nothing leaks; it has no role in a clinic.", "notebook 8", "model card · Intended use", "README.md"],
    ["4", "aims and hypotheses", "done", "The aim is an honest balanced accuracy; no hypothesis is tested, and the changes to try stand in a plan.", "notebook 8 · The plan"],
    ["5", "prospective or retrospective", "done", "Retrospective: all photos and diagnoses were there before the study began.", "model card · Training data"],
    ["6", "goal of the study", "done", "To make a classifier and to test it, for research and teaching.", "model card · Intended use"],
    ["7", "sources of the data", "done", `${about.own ? "A table of the user's own" : "HAM10000"} with ${countText(about.photos, "photo")}${official ? `, and ${official.title} with ${thousands(official.scores.n)}` : ""}.`, "model card · Training data", "model card · Evaluation data", "docs/DATA.md · HAM10000 and the weights"],
    ["8", "what was included and excluded", "done", `All photos of the table are taken${about.skipped > 0 ? `, but ${thousands(about.skipped)} that cannot be decoded` : ""}; the collection's descriptor says how they were collected.`, "docs/METHOD.md · Data", "notebook 1 · The table"],
    ["9", "preprocessing", "done", `The whole photo is resized to ${sizeText(about.size)} pixels and scaled as ImageNet's were; nothing else is done to it.`, "docs/METHOD.md · Images"],
    ["10", "parts of the data that are used", "done", `No region is cut out; the test takes one photo of each of its lesions and leaves ${thousands(relativesOf(results, about))} others out.`, "notebook 8 · Parts that cannot leak"],
    ["11", "de-identification", "in part", "It was done by the collectors; the table has no names, and published notebooks show drawings in place of photos.", "model card · Ethical considerations", "data/README.md"],
    ["12", "missing data", "done", "Missing ages and unknown sexes are valid, since the network reads pixels alone; in subgroups they count as unknown.", "docs/METHOD.md · Data", "notebook 1 · Whose skin"],
    ["13", "how images were taken", "in part", "They are dermatoscopic photos; the columns that are read name no device and no setting, so nothing is said by device.", "model card · Caveats and recommendations", "notebook 1 · What a photo looks like"],
    ["14", "how the reference diagnosis was made", "done", `${confirmedText(about)}; melanoma is also measured by each way of confirming.`, "notebook 8 · Melanoma in subgroups", "honest_model.json · clinical.subgroups"],
    ["15", "why this reference", "in part", "It is the collection's own, and there is no other; what a stricter one would give, a subgroup shows.", "notebook 8 · Melanoma in subgroups"],
    ["16", "who made the annotations", "in part", "The collectors' experts; the table does not say who, so nothing more is known here.", "model card · Training data"],
    ["17", "annotation of the test set", "done", "The test's labels are the collection's, like all others; nobody labelled anything anew.", "notebook 8 · The tests, opened last"],
    ["18", "how much annotators differ", "not done", "The table has one diagnosis for a lesion and no second reading, so no variability can be computed."],
    ["19", "how data were divided", "done", `At random within each class, 70 % train, 10 % validation, 20 % test of the groups. ${partsText(results, about)}.`, "notebook 8 · Parts that cannot leak", "docs/METHOD.md · What each kind of leak adds"],
    ["20", "level at which parts are disjoint", "done", "By lesion, by equal pixels and by near-duplicates; not by patient, since none is named.", "notebook 7 · Photos that belong together", "model card · Leaks, and how they are kept out"],
    ["21", "planned sample size", "in part", `No size was calculated: the parts take what the table has, and the test one photo of each lesion; the interval of balanced accuracy says what ${thousands(own.n)} test photos can tell: ${intervalText(own.intervals.balancedAccuracy)}.`, "honest_model.json · own.intervals"],
    ["22", "the network in detail", "done", `VGG16 without its top and a softmax of ${about.classes.length} classes: ${thousands(all)} parameters, of which ${thousands(trained)} are trained.`, "notebook 4 · The network", "model card · Model details"],
    ["23", "software", "done", `Deno ${about.versions.deno} and TensorFlow.js ${about.versions["@tensorflow/tfjs"]}; all versions are pinned.`, "model card · Digests and versions"],
    ["24", "initial weights", "done", `${about.base.source === "imagenet" ? "ImageNet's, as Keras publishes them" : about.base.source === "random" ? "Seeded random ones" : "A file that the user named"}; the softmax starts from zeros.`, "model card · Model details", "data/README.md"],
    ["25", "training", "done", `${trainingText(results)}. ${drawingText(results)}.`, "notebook 8 · The plan", "honest_model.json · choice"],
    ["26", "how the final model was chosen", "done", `By validation alone. ${choiceText(results)}.${about.own ? "" : ` ${planText}`}`, "notebook 8 · What each change adds", "honest_model.json · steps"],
    ["27", "ensembles", "done", `One network answers${choice.soup ? `, whose weights are the mean of ${about.seeds.length}` : ""}; ${choice.orientations === 1 ? "each photo is asked about once" : `its answer is the mean over ${choice.orientations} orientations of a photo`}.`, "model card · Model details"],
    ["28", "metrics", "done", "Balanced accuracy first; recall, F1, AUC, average precision, sensitivity, specificity, net benefit and calibration beside it.", "model card · Metrics", "docs/METHOD.md · Evaluation"],
    ["29", "uncertainty", "done", "95 % intervals from a bootstrap that draws lesions, 2,000 times; differences are paired.", "docs/METHOD.md · Evaluation"],
    ["30", "robustness", control ? "done" : "in part", control ? `The form of the official photos changes the balanced accuracy on ${thousands(official!.control!.photos)} own test photos by ${signedPoints(control.difference, 1)} points (${signedPoints(control.low, 1)} to ${signedPoints(control.high, 1)}).` : "Changes of the training are compared on validation; there is no control for another form of photos in this run.", "notebook 8 · The tests, opened last", "model card · Quantitative analyses"],
    ["31", "explanation of answers", "in part", "Grad-CAM is shown for right and wrong answers; it was not checked against what doctors look at.", "notebook 8 · The most confident errors"],
    ["32", "test on internal data", "done", `On new lesions of the same collection: ${scoreText(own)}.`, "notebook 8 · The tests, opened last", "honest_model.json · own"],
    ["33", "test on external data", official ? "in part" : "not done", official ? `On ${official.title}: ${scoreText(official.scores)}; its scores are not divided by clinic, so how far it is from the collection's own clinics is open.` : `${noOfficial} Without it there are no other photos.`, ...official ? ["notebook 8 · The tests, opened last", "docs/DATA.md · The official test set of ISIC 2018"] : []],
    ["34", "trial registration", "does not apply", "Nobody was treated or examined for this study, so there was no trial to register."],
    ["35", "numbers included and excluded", "done", `${partsText(results, about)}; patients are not named, so they cannot be counted.`, "notebook 8 · Parts that cannot leak", "honest_model.json · photos"],
    ["36", "who is in each part", "in part", `The whole table by age, sex and site, ${clinical.subgroups.length > 0 ? ` and the test's melanomas by the same and by how the diagnosis was confirmed, in ${countText(clinical.subgroups.length, "subgroup")}` : ""}; training and validation are not described in this way, since the parts are drawn at random.`, "notebook 1 · Whose skin", "notebook 8 · Melanoma in subgroups"],
    ["37", "performance with uncertainty", "done", `Own test: ${scoreText(own)}. ${official ? `Official set: ${scoreText(official.scores)}` : noOfficial.replace(/\.$/, "")}; each class and subgroup beside it (${bySubgroup} with enough melanomas).`, "notebook 8 · Each diagnosis", "model card · Quantitative analyses"],
    ["38", "diagnostic accuracy", clinical.detections.length > 0 ? "done" : "in part", clinical.detections.length > 0 ? `At thresholds fixed on validation, ${found}.` : "Recall of each class; there is no class to find by a threshold.", "notebook 8 · Melanoma, and malignant against benign", "honest_model.json · clinical.detections"],
    ["39", "failures", "done", `${thousands(own.n - right)} of ${thousands(own.n)} answers are wrong${worst ? `; by probabilities corrected to the diagnoses' shares ${thousands(wrong)}, the surest of them with ${percent(worst.probability)}` : ""}; the confusion matrix and the surest errors are listed.`, "notebook 8 · The most confident errors", "honest_model.json · own.confusion", "honest_model.json · clinical.errors"],
    ["40", "limits", "done", "No skin tones, no patients, one collection, small photos, rare classes with few photos.", "model card · Caveats and recommendations"],
    ["41", "what follows for practice", "done", "Nothing: it is no medical device. Use in a clinic would need studies that this project cannot do.", "model card · Intended use"],
    ["42", "full protocol", "done", "Every constant is written down; the plan stands in a cell before the training, and the choice is stored before a test is opened.", "docs/METHOD.md", "notebook 8 · The plan"],
    ["43", "availability", "done", `The code is open (MIT), the run saves the model, and the photos${about.own ? " are the user's" : " can be downloaded (CC BY-NC 4.0)"}; it was trained on ${thousands(photos.train)} of them.`, "docs/DATA.md", "README.md · Licence"],
    ["44", "funding", "not done", "The project names no source of funding and no funder, so there is no role to describe."],
  ]);
}
