/**
 * `deno task classify FILE…`: prints a trained model's class probabilities for photos (--help for flags).
 * Exit code 1: the model or a photo cannot be used, or the table cannot be written. 2: a flag is wrong.
 */
import { dirname, join } from "node:path";
import { photoExtensionsText } from "../support/photo_kinds.ts";
import { atPrevalence, withTemperature } from "../evaluation/calibration.ts";
import { listPhotos } from "../data/photo_files.ts";
import type { DiagnosisClass } from "../data/diagnosis.ts";
import { sizeText } from "../image_size.ts";
import type { Orientations, PhotoAnswer } from "../model/predictor.ts";
import {
  type AssessedScore,
  type Assessment,
  hasModel,
  loadModel,
  medicalNotice,
  type TrainedModel,
  warningsOf,
} from "../model/saved_model.ts";
import { writeAtomic } from "../support/atomic.ts";
import { stringify } from "../support/csv.ts";
import { countText, intervalText, percent } from "../support/format.ts";
import { projectRoot } from "../support/project.ts";
import { terminalLine } from "../support/terminal_line.ts";
import { checkPaths, parseFlags, pathForCaller, runTask } from "./caller.ts";

/** The folders in which runs save models, the preferred first: models tested without a leak, then those trained as written. */
const usualModels = [
  "outputs/honest/honest_model",
  "outputs/write-up/honest_model",
  "outputs/quick/honest_model",
  "outputs/write-up/model",
  "outputs/quick/model",
  "outputs/smoke/model",
];

/** For --help. */
export const usualModelsText = `the model (default: that of notebook 8 in outputs/honest,
                   outputs/write-up or outputs/quick; else outputs/write-up/model,
                   outputs/quick/model, outputs/smoke/model)`;

export const usage = `deno task classify FILE… [flags]

Prints the probabilities that a trained model gives to each class, for each photo. FILE is a photo,
or a folder whose photos are taken at any depth:
${photoExtensionsText}.

  --model FOLDER   ${usualModelsText}
  --csv FILE       write a table too: path, predicted class, and a column for each class
  --orientations N 1: classify each photo as it is; 8: average the probabilities of its four
                   rotations by 90 degrees and their mirror images (default: as the model was
                   tested, 1 if it does not say)
  --help           this page

Exit codes: 0 done; 1 the model or a photo cannot be used, or the table not be written; 2 a flag
is not valid.

${medicalNotice}
`;

/** @throws {RangeError} for a wrong flag, with what was expected */
export function parseClassifyFlags(args: string[]) {
  const text = { type: "string" } as const;
  const options = { model: text, csv: text, orientations: text };
  const { values, positionals } = parseFlags({ args, options, allowPositionals: true }, usage);
  const { model, csv, orientations } = values;
  if (positionals.length === 0 || positionals.includes("")) {
    const received = positionals.length === 0 ? "none" : "an empty text";
    throw new RangeError(`Name the photos, or folders of photos. Received: ${received}\n\n${usage}`);
  }
  checkPaths(values, "model", "csv");
  return {
    /** Files and folders. */
    paths: positionals,
    /** Null: the first of `usualModels` that exists. */
    model: model ?? null,
    /** Null: no table. */
    csv: csv ?? null,
    orientations: parseOrientations(orientations),
  };
}

/** The number given with `--orientations`; null: as the model was tested. @throws {RangeError} if it is not 1 or 8 */
export function parseOrientations(text: string | undefined): Orientations | null {
  if (text === undefined) return null;
  if (text === "1" || text === "8") return Number(text) as Orientations;
  throw new RangeError(
    `--orientations is 1, the photo as it is, or 8, all its turns by quarters and their mirror images. Received: ${text}`,
  );
}

type ClassifyFlags = ReturnType<typeof parseClassifyFlags>;

/**
 * Classifies photos and prints each result at once.
 *
 * @returns a sentence for each path that could not be used
 * @throws {Error} if the model cannot be used, or the table cannot be written
 */
async function classifyPhotos({ paths, model: given, csv, ...flags }: ClassifyFlags): Promise<string[]> {
  if (csv !== null) await checkWritable("--csv", csv);
  const { model, about } = await openModel(given);
  const usual = usualOrientations(model);
  const orientations = flags.orientations ?? usual;
  const isAsTested = orientations === usual;
  console.log([
    ...about,
    ...orientations === 8 ? ["Each answer is the mean of eight orientations."] : [],
    ...model.provenance.assessment && !isAsTested ? [otherOrientations(orientations, usual)] : [],
    "",
  ].join("\n"));

  const { photos, problems, notes } = await listPhotos(paths);
  if (notes.length > 0) console.error(`${notes.join("\n")}\n`);
  if (photos.length === 0) return problems;
  const { classify } = await import("../model/predictor.ts"); // starts the engine: only if there is work
  const line = terminalLine({ stream: Deno.stderr });
  const answers: PhotoAnswer[] = [];
  for await (const answer of classify(model, photos, { orientations })) {
    line.clear();
    if (answer.problem === null) {
      console.log(
        answerText(answer, model.classes, isAsTested ? model.provenance.assessment : undefined) + "\n",
      );
    } else problems.push(answer.problem);
    answers.push(answer);
    if (answers.length < photos.length) line.show(`${answers.length} of ${photos.length} photos`);
  }
  const done = answers.filter(({ problem }) => problem === null).length;
  if (csv !== null && done > 0) {
    await writeAtomic(csv, answersCsv(answers, model.classes)).catch((error) => {
      throw notWritable("--csv", csv, error.cause ?? error);
    });
    console.log(`${csv}: ${countText(done, "photo")}`);
  }
  return problems;
}

/** A model, with lines that describe it and warn if its answers mean nothing. @param given null: the default one */
export async function openModel(given: string | null): Promise<{ model: TrainedModel; about: string[] }> {
  const name = given ?? pathForCaller(await findModel());
  const model = await loadModel(name);
  const { provenance } = model;
  return {
    model,
    about: [
      `Model: ${name}, ${describeModel(model)}`,
      ...provenance.assessment ? [describeAssessment(provenance.assessment)] : [],
      ...warningsOf(provenance),
    ],
  };
}

/** The default number of orientations: that of the model's test, else 1. */
export function usualOrientations({ provenance }: Pick<TrainedModel, "provenance">): Orientations {
  return provenance.assessment?.orientations ?? 1;
}

function otherOrientations(asked: Orientations, tested: Orientations): string {
  const used = (count: Orientations) =>
    count === 8 ? "with the mean of eight orientations" : "with photos as they are";
  return `It was tested ${used(tested)}, and is used here ${
    used(asked)
  }: its accuracy and melanoma's threshold do not apply.`;
}

/** The model's balanced accuracy in its tests without a leak. */
function describeAssessment({ own, official }: Assessment): string {
  const score = ({ balancedAccuracy, low, high, photos }: AssessedScore) =>
    `${percent(balancedAccuracy)} (${intervalText({ low, high })}; ${countText(photos, "photo")})`;
  return `Tested without a leak: balanced accuracy ${score(own)} on new lesions` +
    (official ? `, ${score(official)} on the official test set of ISIC 2018.` : ".");
}

/** The path of the first of `usualModels` that exists below `root`. @throws {Error} if none does */
export async function findModel(root = projectRoot): Promise<string> {
  const folders = usualModels.map((folder) => join(root, folder));
  for (const folder of folders) if (await hasModel(folder)) return folder;
  throw new Error(
    `There is no trained model. Received: nothing in ${folders.map(pathForCaller).join(", ")}. ` +
      "Make one with `deno task reproduce`, or name its folder with --model",
  );
}

/** One line: the network, its weights, what was trained, the seed, the size of the images. */
export function describeModel(
  { size, provenance: { base, depth, seed } }: Pick<TrainedModel, "size" | "provenance">,
): string {
  const trained = depth === "head" ? "softmax trained" : `trained from ${depth} on`;
  const weights = base === "imagenet" ? "ImageNet's" : base;
  return `VGG16, ${weights} weights, ${trained}, seed ${seed}, ${sizeText(size)} pixels`;
}

/**
 * A photo's path, then a line for each class, the most likely first: `  mel    Melanoma    61.3 %`. A problem is shown as it is.
 *
 * @param assessment if given, a last line says whether melanoma's probability is above its threshold
 */
export function answerText(
  answer: PhotoAnswer,
  classes: readonly DiagnosisClass[],
  assessment?: Assessment,
): string {
  const { path, probabilities, problem } = answer;
  if (!probabilities) return problem ?? path;
  const codeWidth = Math.max(...classes.map(({ code }) => code.length));
  const nameWidth = Math.max(...classes.map(({ name }) => name.length));
  const lines = byProbability(probabilities).map((label) => {
    const { code, name } = classes[label];
    const share = (100 * probabilities[label]).toFixed(1).padStart(5);
    return `  ${code.padEnd(codeWidth)}  ${name.padEnd(nameWidth)}  ${share} %`;
  });
  return [path, ...lines, ...melanomaLines(probabilities, classes, assessment)].join("\n");
}

/** Compares melanoma's probability, corrected to the test's class shares and temperature, with the threshold, if there is one. */
function melanomaLines(
  probabilities: Float32Array,
  classes: readonly DiagnosisClass[],
  assessment?: Assessment,
): string[] {
  if (!assessment?.melanoma) return [];
  const { shares, learnedAt, temperature, melanoma: { threshold, sensitivity, specificity } } = assessment;
  const corrected = withTemperature(
    atPrevalence(probabilities, learnedAt ?? classes.map(() => 1), shares),
    classes.length,
    temperature,
  );
  const own = corrected[classes.findIndex(({ code }) => code === "mel")];
  return [
    `  melanoma: ${percent(own)} at the test's prevalence, ${
      own >= threshold ? "at or above" : "below"
    } the threshold of ${percent(threshold)}. On the test its sensitivity was ${
      percent(sensitivity, 0)
    } and its specificity ${percent(specificity, 0)}.`,
  ];
}

/** CSV: `path`, `predicted` (the most likely class's code), then each class's probability. Photos with problems are left out. */
export function answersCsv(answers: readonly PhotoAnswer[], classes: readonly DiagnosisClass[]): string {
  const columns = ["path", "predicted"];
  // A table's own classes may have any code, also `path`
  const columnOf = ({ code }: DiagnosisClass) => columns.includes(code) ? `class ${code}` : code;
  const rows = answers.flatMap(({ path, probabilities }) => {
    if (!probabilities) return [];
    const [first] = byProbability(probabilities);
    const values = classes.map((each, label) => [columnOf(each), probabilities[label]]);
    return [{ path, predicted: classes[first].code, ...Object.fromEntries(values) }];
  });
  return stringify(rows, { columns: [...columns, ...classes.map(columnOf)] });
}

/** Labels, the most likely first; among equal ones the lower first. */
function byProbability(probabilities: Float32Array): number[] {
  return Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
}

/** Checks before the work that its result can be written. */
export async function checkWritable(flag: string, path: string): Promise<void> {
  try {
    if ((await Deno.stat(path).catch(() => null))?.isDirectory) throw new Error("it is a folder");
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.remove(await Deno.makeTempFile({ dir: dirname(path) }));
  } catch (error) {
    throw notWritable(flag, path, error);
  }
}

function notWritable(flag: string, path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${flag} must be a file in a folder where you may write. Received: ${path} (${reason})`, {
    cause,
  });
}

if (import.meta.main) {
  await runTask(usage, async (args) => {
    const problems = await classifyPhotos(parseClassifyFlags(args));
    if (problems.length > 0) {
      console.error(`${problems.length} could not be used:\n  ${problems.join("\n  ")}\n`);
    }
    console.log(medicalNotice);
    return problems.length > 0 ? 1 : 0;
  });
}
