/**
 * `deno task classify FILE…`: what a trained model says about photos (--help for flags).
 * Exit code 0; 1 where the model or a photo cannot be used, or the table not be written; 2 for flags that cannot be.
 */
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { writeAtomic } from "../support/atomic.ts";
import { projectRoot } from "../support/project.ts";
import { sizeText } from "../image_size.ts";
import { terminalLine } from "../support/notebook/terminal_line.ts";
import { hasModel } from "../model/saved/about.ts";
import { answersCsv, answerText } from "../model/saved/answers.ts";
import type { PhotoAnswer } from "../model/saved/classify.ts";
import { loadModel } from "../model/saved/load_model.ts";
import { medicalNotice, warningsOf } from "../model/saved/notice.ts";
import { listPhotos } from "../model/saved/photo_list.ts";
import type { TrainedModel } from "../model/saved/trained_model.ts";

export interface ClassifyFlags {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Null: the first of `usualModels` that is there. */
  readonly model: string | null;
  /** Null: no table. */
  readonly csv: string | null;
  readonly help: boolean;
}

/** Where runs leave their models, the best first. */
const usualModels = ["outputs/write-up/model", "outputs/quick/model", "outputs/smoke/model"];

export const usage = `deno task classify FILE… [flags]

Prints, for each photo, the probabilities of all classes that a trained model gives. FILE: photos, or folders, whose .jpg,
.jpeg and .png are taken at any depth.

  --model FOLDER   the model (default: outputs/write-up/model, else that of outputs/quick, else of outputs/smoke)
  --csv FILE       write a table as well: path, predicted, a column for each class
  --help           this page

${medicalNotice}
`;

/** @throws {RangeError} for a flag that cannot be, with what was expected */
export function parseClassifyFlags(args: string[]): ClassifyFlags {
  const { values, positionals } = parseOrTeach(args);
  const { model, csv, help = false } = values;
  if (positionals.length === 0 && !help) {
    throw new RangeError(`Name the photos, or folders of photos. Received: none\n\n${usage}`);
  }
  for (const [flag, value] of [["--model", model], ["--csv", csv]]) {
    if (value === "") throw new RangeError(`${flag} needs a path. Received: an empty text`);
  }
  return { paths: positionals, model: model ?? null, csv: csv ?? null, help };
}

/**
 * Prints the answers as they come.
 *
 * @returns what could not be used, a sentence each
 * @throws {Error} when the model cannot be used or the table not be written
 */
export async function run({ paths, model: given, csv }: ClassifyFlags): Promise<string[]> {
  if (csv !== null) await checkWritable(csv);
  const name = given ?? await findModel();
  const model = await loadModel(given ?? join(projectRoot, name));
  console.log([`Model: ${name}, ${describe(model)}`, ...warningsOf(model.provenance), ""].join("\n"));

  const { photos, problems } = await listPhotos(paths);
  if (photos.length === 0) return problems;
  const { classify } = await import("../model/saved/classify.ts"); // starts the engine: only now that there is work for it
  const line = terminalLine({ stream: Deno.stderr });
  const answers: PhotoAnswer[] = [];
  for await (
    const answer of classify(model, photos, {
      onProgress: (done, total) => line.show(`${done} of ${total} photos`),
    })
  ) {
    answers.push(answer);
    line.clear();
    if (answer.problem === null) console.log(answerText(answer, model.classes) + "\n");
    else problems.push(answer.problem);
  }
  line.clear();
  const done = answers.filter(({ problem }) => problem === null).length;
  if (csv !== null && done > 0) {
    await writeAtomic(csv, answersCsv(answers, model.classes)).catch((error) => {
      throw notWritable(csv, error.cause ?? error);
    });
    console.log(`${csv}: ${done} ${done === 1 ? "photo" : "photos"}`);
  }
  return problems;
}

/** The first of `usualModels` that is there, below `root`. @throws {Error} when none is */
export async function findModel(root = projectRoot): Promise<string> {
  for (const folder of usualModels) if (await hasModel(join(root, folder))) return folder;
  throw new Error(
    `There is no trained model. Received: nothing in ${usualModels.join(", ")}. ` +
      "Make one with `deno task reproduce`, or name its folder with --model",
  );
}

function describe({ size, provenance: { base, depth, seed } }: TrainedModel): string {
  const trained = depth === "head" ? "softmax trained" : `trained from ${depth} on`;
  const weights = base === "imagenet" ? "ImageNet's" : base;
  return `VGG16, ${weights} weights, ${trained}, seed ${seed}, ${sizeText(size)} pixels`;
}

/** Before the work rather than after it. */
async function checkWritable(path: string): Promise<void> {
  try {
    if ((await Deno.stat(path).catch(() => null))?.isDirectory) throw new Error("it is a folder");
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.remove(await Deno.makeTempFile({ dir: dirname(path) }));
  } catch (error) {
    throw notWritable(path, error);
  }
}

function notWritable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`--csv must be a file in a folder where you may write. Received: ${path} (${reason})`, {
    cause,
  });
}

function parseOrTeach(args: string[]) {
  const text = { type: "string" } as const;
  const options = { model: text, csv: text, help: { type: "boolean" } } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

if (import.meta.main) {
  let code = 0;
  try {
    const flags = parseClassifyFlags(Deno.args);
    if (flags.help) {
      console.log(usage);
    } else {
      const problems = await run(flags);
      if (problems.length > 0) {
        console.error(`${problems.length} could not be used:\n  ${problems.join("\n  ")}\n`);
        code = 1;
      }
      console.log(medicalNotice);
    }
  } catch (error) {
    console.error((error as Error).message);
    code = error instanceof RangeError ? 2 : 1;
  }
  Deno.exit(code);
}
