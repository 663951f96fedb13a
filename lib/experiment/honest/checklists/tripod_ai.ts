/**
 * TRIPOD+AI, answered for the honest model: G. S. Collins et al., "TRIPOD+AI statement: updated guidance for reporting clinical
 * prediction models that use regression or machine learning methods", BMJ 385, e078378, 2024, doi:10.1136/bmj-2023-078378. Item
 * numbers are TRIPOD+AI's; topics are in our own words.
 */
import { pixelsIn, sizeText } from "../../../image_size.ts";
import {
  countText,
  decimals,
  intervalText,
  measuredText,
  percent,
  thousands,
} from "../../../support/format.ts";
import {
  choiceText,
  confirmedText,
  drawingText,
  type HonestAbout,
  partsText,
  scoreText,
  trainingText,
} from "../facts.ts";
import type { HonestResults } from "../results.ts";
import { answered, type ChecklistItem } from "./item.ts";

export function tripodAi(results: HonestResults, about: HonestAbout): ChecklistItem[] {
  const { own, official, clinical, choice, photos, adjustment } = results;
  const { temperature, before, after } = clinical.calibration;
  const classes = about.classes.map(({ code }, label) => ({ code, n: own.perClass[label].support }));
  const counts = classes.map(({ code, n }) => `${code} ${thousands(n)}`).join(", ");
  const collection = about.own ? "the user's own table" : "HAM10000";
  const melanoma = clinical.detections.find(({ name }) => name === "melanoma");
  const known = clinical.subgroups.filter(({ sensitivity }) => sensitivity)
    .map(({ sensitivity }) => sensitivity!.value);
  const range = known.length > 1
    ? `melanoma's sensitivity lies between ${percent(Math.min(...known))} and ${
      percent(Math.max(...known))
    } in ${known.length} subgroups`
    : "no two subgroups have enough melanomas to compare";

  // deno-fmt-ignore
  return answered([
    ["1", "what is predicted, in whom", "done", `A network for ${about.classes.length} diagnoses of photographed skin lesions is made and tested.`, "notebook 8", "model card"],
    ["2", "abstract", "in part", "There is no article and so no abstract; the model card has its content under headings.", "model card"],
    ["3a", "medical context, why, earlier models", "in part", "It is about diagnosis from one photo. It is compared with the write-up's network and with published results, hardly any of them on the same photos.", "notebook 8 · Beside others", "README.md"],
    ["3b", "for whom, and who uses it", "done", "For people who study such methods; there is no place for it in care.", "model card · Intended use"],
    ["3c", "known inequalities in health", "in part", "Dark skin is rare in public collections; here its share is not known at all.", "model card · Ethical considerations"],
    ["4", "aims: development, evaluation", "done", "Both: a model is trained, and tested on new lesions and on the official test set of ISIC 2018.", "notebook 8"],
    ["5a", "sources of the data", "done", `Training and own test are ${collection}; the other test is ${official ? official.title : "the official set of ISIC 2018, which was not there"}.`, "model card · Training data", "model card · Evaluation data"],
    ["5b", "dates", "not done", "The columns that are read give no date of any photo, so neither the beginning nor the end of the collection can be checked."],
    ["6a", "setting and centres", "in part", about.own ? "Only who made the table can say; it has no column for it." : "A university clinic in Vienna, Austria, and a practice for skin cancer in Queensland, Australia; the columns that are read do not say which photo is whose.", "model card · Training data"],
    ["6b", "who could take part", "in part", "Photos in the collection, all of them; whom the clinics photographed is their choice.", "docs/METHOD.md · Data"],
    ["6c", "treatments", "does not apply", "A diagnosis is made before treatment; the table has none."],
    ["7", "preparing and checking data", "done", `Each row is checked; photos become ${sizeText(about.size)} pixels, alike for all people.`, "notebook 1 · The table", "docs/METHOD.md · Images"],
    ["8a", "outcome", "done", `The lesion's diagnosis; there is no time horizon. ${confirmedText(about)}.`, "notebook 1 · Seven diagnoses, very unequal", "notebook 8 · Melanoma in subgroups"],
    ["8b", "who judged the outcome", "in part", "The collectors' experts; who they were the table does not say.", "model card · Training data"],
    ["8c", "blinding of the outcome", "does not apply", "Diagnoses were made before there was a model."],
    ["9a", "choice of predictors", "done", "Pixels alone; age, sex and site are known and deliberately not used.", "model card · Model details"],
    ["9b", "definition of predictors", "done", `${thousands(3 * pixelsIn(about.size))} RGB values of 0–255 of one dermatoscopic photo.`, "docs/METHOD.md · Images"],
    ["9c", "who judged predictors", "does not apply", "Pixels are measured by a camera and need nobody's judgement."],
    ["10", "sample size", "in part", `No size was planned: the parts take what the table has, and the test one photo of each lesion; with ${thousands(own.n)} test photos the interval of balanced accuracy is ${intervalText(own.intervals.balancedAccuracy)}.`, "honest_model.json · own.intervals"],
    ["11", "missing data", "done", `No pixel is missing; ${about.skipped > 0 ? `${thousands(about.skipped)} photos that cannot be decoded are left out` : "every photo of the table can be decoded"}; a missing age or sex is its own subgroup.`, "docs/METHOD.md · Data"],
    ["12a", "how data were used", "done", `${partsText(results, about)}.`, "notebook 8 · Parts that cannot leak"],
    ["12b", "handling of predictors", "done", `Scaled as ImageNet's pixels. ${drawingText(results)}.`, "docs/METHOD.md · Images", "honest_model.json · choice"],
    ["12c", "kind of model, building, tuning, internal validation", "done", `VGG16 from ${choice.depth} on: ${trainingText(results)}. ${choiceText(results)}.`, "notebook 8 · The plan", "notebook 8 · What each change adds"],
    ["12d", "differences between clusters", "not done", "The columns that are read name no clinic and no patient, so there are no clusters to compare."],
    ["12e", "measures and plots", "done", "Discrimination, calibration and net benefit, with curves and their reasons.", "model card · Metrics", "notebook 8 · Each diagnosis", "notebook 8 · Can its probabilities be believed?"],
    ["12f", "updating after the evaluation", ...(about.own ? ["does not apply", "Nothing was changed after a test; temperature and thresholds are fitted on validation."] as const : ["in part", "No network was changed after a test. How thresholds are fixed was changed once, after this project had opened HAM10000's tests: from validation's class shares to the lesions' shares.", "docs/METHOD.md · The honest model"] as const)],
    ["12g", "how predictions are computed", "done", "By `deno task classify`, TensorFlow.js or Keras from the saved model.", "docs/DATA.md · The trained model", "notebook 8 · The model"],
    ["13", "unequal classes", "done", `${choice.balance > 0 ? "Rare classes are shown more often" : "Classes are shown as often as they occur"}, the loss is ${choice.balancedSoftmax ? "a balanced softmax" : "plain cross-entropy"}${adjustment ? ", logits are adjusted" : ""}; probabilities are corrected to the diagnoses' shares among training's lesions afterwards.`, "notebook 8 · The plan", "notebook 8 · Can its probabilities be believed?"],
    ["14", "fairness", "in part", "Nothing is done in training; melanoma is measured by age, sex and site. Skin tone has no labels.", "notebook 8 · Melanoma in subgroups"],
    ["15", "output and thresholds", "done", `Probabilities of ${about.classes.length} classes${melanoma ? `; melanoma's threshold ${percent(melanoma.threshold)} is the highest that finds ${percent(melanoma.wanted, 0)} on validation` : ""}.`, "notebook 8 · Melanoma, and malignant against benign", "honest_model.json · clinical.detections"],
    ["16", "training and evaluation data, compared", official ? "in part" : "done", `The own test is drawn from the same collection, one photo of each lesion${official ? "; the official set's copy may have another form, which a control measures; its people are not compared" : ""}.`, "notebook 8 · The tests, opened last", "model card · Evaluation data"],
    ["17", "ethics approval and consent", "not done", "Nobody was examined for this study, so it asked for no approval of its own; those of the collection, and patients' consent, can be read in its descriptor alone."],
    ["18a", "funding", "not done", "The project names no source of funding."],
    ["18b", "conflicts of interest", "not done", "The project names neither its authors' interests nor any conflict."],
    ["18c", "protocol", "done", "Every constant is written down, and the plan stands in a cell before the training.", "docs/METHOD.md", "notebook 8 · The plan"],
    ["18d", "registration", "not done", "The study was not registered: it began as the reproduction of a write-up."],
    ["18e", "data", "done", about.own ? "The photos are the user's own." : "HAM10000 from Harvard Dataverse, doi:10.7910/DVN/DBW86T, CC BY-NC 4.0.", "docs/DATA.md · HAM10000 and the weights"],
    ["18f", "code", "done", "All of it, MIT.", "README.md · Licence"],
    ["19", "patients and public", "not done", "No patient and nobody from the public took part in planning, running or writing this."],
    ["20a", "flow of participants", "in part", `${partsText(results, about)}. Patients are not known.`, "honest_model.json · photos"],
    ["20b", "characteristics", "in part", "Age, sex and site of the whole table, and melanomas by them in the test; not by part.", "notebook 1 · Whose skin", "notebook 8 · Melanoma in subgroups"],
    ["20c", "evaluation data beside development data", "in part", `Shares of the classes stand beside each other; the test has ${counts}. Ages and sexes are not compared.`, "model card · Training data", "honest_model.json · shares"],
    ["21", "numbers in each analysis", "done", `${countText(photos.train, "photo")} trained on, ${thousands(photos.validation)} to choose by, ${thousands(own.n)} tested${official ? ` and ${thousands(official.scores.n)} of the official set` : ""}; ${counts}.`, "honest_model.json · own.perClass"],
    ["22", "the whole model", "done", `The run's folder has all weights, the published report none; the digest begins with \`${results.model.slice(0, 12)}\`.`, "notebook 8 · The model", "docs/DATA.md · The trained model"],
    ["23a", "performance with intervals, subgroups too", "done", `${scoreText(own)}${official ? `; on the official set ${scoreText(official.scores)}` : ""}; AUC by the network's own probabilities, mean over the classes, ${decimals(own.macroAuc)}; ${range}.`, "model card · Quantitative analyses", "notebook 8 · Each diagnosis"],
    ["23b", "performance by cluster", "not done", "The columns that are read name no clinic, so scores cannot be given for each."],
    ["24", "result of updating", "does not apply", "No model was updated after its test."],
    ["25", "interpretation", "done", `Accuracy ${measuredText(own.accuracy, own.intervals.accuracy)} has to be read beside ${percent(own.baseline.accuracy)} for always one answer.`, "model card · Quantitative analyses", "notebook 8 · The tests, opened last"],
    ["26", "limits", "done", "One collection, no patients, no skin tones, small photos, few photos of rare classes.", "model card · Caveats and recommendations"],
    ["27a", "bad or missing input", "in part", "A photo that cannot be decoded is refused; a blurred one, or one without a lesion, gets an answer like any other.", "docs/DATA.md · The trained model", "docs/FAULTS.md · Photos"],
    ["27b", "what users must do and know", "done", `They give a dermatoscopic photo; the calibration error is ${percent(before.ece)} before and ${percent(after.ece)} after a temperature of ${decimals(temperature, 2)}, and nobody may decide by it.`, "model card · Intended use"],
    ["27c", "next steps", "done", "Photos with skin tones and patients, other clinics, larger images; then readers beside it.", "model card · Caveats and recommendations"],
  ]);
}
