/**
 * `deno task evaluate`: tests a trained model on photos whose diagnoses are in a table (--help for flags).
 * Exit code 1: model, table or photos cannot be used, or the result cannot be written. 2: a flag is wrong.
 */
import { dirname } from "node:path";
import { parseColumns, parseNames, parsePairs } from "../columns.ts";
import { tablesIn } from "../metadata_file.ts";
import { openLabelledSet } from "../experiment/labelled_set.ts";
import { findTruthTable } from "../experiment/official_set.ts";
import { medicalNotice } from "../model/saved_model.ts";
import { writeAtomic } from "../support/atomic.ts";
import { checkPaths, parseFlags, runTask } from "./caller.ts";
import {
  checkWritable,
  openModel,
  parseOrientations,
  usualModelsText,
  usualOrientations,
} from "./classify.ts";
import { evaluationHtml, evaluationJson, evaluationText } from "./evaluation_page.ts";

export const usage = `deno task evaluate --metadata TABLE [flags]
deno task evaluate --data FOLDER [flags]

Tests a trained model on photos whose diagnoses are known: accuracy, balanced accuracy, precision,
recall and F1, the loss, each with a 95 % interval over lesions, beside a baseline that always
answers the commonest class; the confusion matrix and each class. Also says how many of the photos
the model was trained on.

  --model FOLDER   ${usualModelsText}
  --metadata FILE  the table of the photos: a CSV file with an id and a diagnosis for each photo.
                   Give the flag again for a table that adds columns by image id
  --data FOLDER    the photos, named by their ids (default: beside the table). Given alone: a folder
                   with HAM10000_metadata.csv, or a table whose name holds GroundTruth
  --columns LIST   what the table calls HAM10000's columns:
                   image_id=image,dx=diagnosis,lesion_id=patient
  --classes LIST   the diagnoses that the table may have (default: those in it). For photos of only
                   one diagnosis, name it and another one
  --rename LIST    what the model calls the table's diagnoses: MEL=mel,SCC=akiec. Names that differ
                   only in case need none
  --join-case      treat diagnoses of the table that differ only in case as one class
  --skip-unknown   leave out photos of diagnoses that the model does not know, and say how many
  --skip-damaged   leave out photos that cannot be decoded, and say which
  --orientations N 1: classify each photo as it is; 8: average the probabilities of its four
                   rotations by 90 degrees and their mirror images (default: as the model was
                   tested, 1 if it does not say)
  --training-photos FOLDER
                   the photos that the model was trained on, at any depth: near-duplicates of them
                   (turned, mirrored, cropped a little, saved again) are looked for in the pixels,
                   named, and left out of the numbers on photos that share nothing with training
  --out FILE       write the result too: FILE.json, a page FILE.html, or without an ending both
  --help           this page

Exit codes: 0 done; 1 the model, the table or photos cannot be used, or the result not be written;
2 the call cannot be carried out as given.

${medicalNotice}
`;

/** @throws {RangeError} for a wrong flag, with what was expected */
export function parseEvaluateFlags(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    ...{ model: text, data: text, columns: text, classes: text, rename: text, out: text },
    ...{ metadata: { ...text, multiple: true }, orientations: text, "training-photos": text } as const,
    ...{ "join-case": flag, "skip-unknown": flag, "skip-damaged": flag },
  };
  const { values } = parseFlags({ args, options }, usage);
  const { model, metadata, data, columns, classes, rename, out } = values;
  const trainingPhotos = values["training-photos"];
  checkPaths(values, "model", "metadata", "data", "out", "training-photos");
  if (metadata === undefined && data === undefined) {
    throw new RangeError(
      `Name the table of the photos with --metadata, or a folder that holds it with --data. Received: neither\n\n${usage}`,
    );
  }
  return {
    /** Null: the default model. */
    model: model ?? null,
    /** Several are joined by image id. Null: HAM10000's table, or one with GroundTruth in its name, in the data folder. */
    metadata: metadata ?? null,
    /** The folder of the photos. */
    data: data ?? dirname(metadata![0]),
    columns: columns === undefined ? null : parseColumns(columns),
    classes: classes === undefined ? null : parseNames("--classes", classes),
    /** Maps the table's diagnoses to the model's classes. */
    rename: rename === undefined ? {} : parseRenaming(rename),
    /** Whether diagnoses that differ only in case are one class. */
    joinCase: values["join-case"] ?? false,
    skipUnknown: values["skip-unknown"] ?? false,
    skipDamaged: values["skip-damaged"] ?? false,
    orientations: parseOrientations(values.orientations),
    /** The folder of the training photos, to find near-duplicates of them. Null: do not look. */
    trainingPhotos: trainingPhotos ?? null,
    /** Files to write, ending in .json or .html. */
    out: out === undefined ? [] : outputFiles(out),
  };
}

function parseRenaming(text: string): Record<string, string> {
  const pairs = "the table's diagnosis=the model's, as in MEL=mel,SCC=akiec";
  return parsePairs("--rename", text, { pairs, left: "diagnosis of the table" });
}

/** `result` → result.json and result.html; a name with one of these endings → itself. @throws {RangeError} for another ending */
function outputFiles(out: string): string[] {
  if (/\.(json|html?)$/i.test(out)) return [out];
  const name = out.slice(out.search(/[^\\/]*$/));
  if (/\.[a-z]{2,5}$/i.test(name) || ["", ".", ".."].includes(name)) {
    throw new RangeError(
      `--out is a file ending in .json or .html, or a name without an ending for both. Received: ${out}`,
    );
  }
  return [`${out}.json`, `${out}.html`];
}

async function run(args: string[]): Promise<void> {
  const flags = parseEvaluateFlags(args);
  for (const file of flags.out) await checkWritable("--out", file);
  const { model, about } = await openModel(flags.model);
  console.log([...about, ""].join("\n"));
  const { data, columns, classes, rename, joinCase, skipUnknown } = flags;
  const metadata = flags.metadata ?? (tablesIn(data).length > 0 ? null : await findTruthTable(data));
  const table = { metadata, columns, classes, joinCase };
  const set = await openLabelledSet(data, model.classes, { ...table, rename, skipUnknown });
  const { evaluateModel } = await import("../experiment/model_evaluation.ts"); // this import starts the engine
  const { skipDamaged, trainingPhotos, orientations } = flags;
  const evaluation = await evaluateModel(model, set, {
    orientations: orientations ?? usualOrientations(model),
    ...{ skipDamaged, trainingPhotos },
  });
  console.log(evaluationText(evaluation));
  for (const file of flags.out) {
    await writeAtomic(file, (/\.json$/i.test(file) ? evaluationJson : evaluationHtml)(evaluation));
    console.log(file);
  }
  console.log(medicalNotice);
}

if (import.meta.main) await runTask(usage, run);
