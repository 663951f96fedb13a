/** A run, read from its folder: executed notebooks, results, times, studies. What a stopped run has not written is null. */
import { join } from "node:path";
import type { FairComparison } from "../../experiment/fair_comparison.ts";
import { type Opening, readOpenings } from "../../experiment/openings.ts";
import { honestModelFolder } from "../../experiment/honest/choice.ts";
import { cardFile, checklistsFile } from "../../experiment/honest/facts.ts";
import { honestFile, type HonestResults } from "../../experiment/honest/results.ts";
import { leakFreeFile, type LeakFreeResults } from "../../experiment/leakage/results.ts";
import { deeperResult, readResults, readRunFile, type Results } from "../../experiment/results.ts";
import type { AllImagesRow, StudyResult } from "../../experiment/studies.ts";
import { type Notebook, parseNotebook } from "../../support/notebook/ipynb.ts";
import { findStop } from "../../support/notebook/stop_notice.ts";
import { nullIfGone } from "../../support/storage_error.ts";
import { studiesNotebook } from "../notebooks.ts";
import { readRunRecord } from "../run_record.ts";

export interface StoredRun {
  /** In the order of their numbers; `name` is the file's name without `.ipynb`. */
  notebooks: { name: string; notebook: Notebook }[];
  /** Names of notebooks in the run's folder that were executed earlier, with other settings or by an older version. */
  strangers: string[];
  results: Results | null;
  /** Seconds by notebook. */
  timings: Record<string, number>;
  /** Seconds of the recipe's training, over all sittings; 0 if none is stored. */
  trainingSeconds: number;
  /** Each opening of the test; if their log is damaged, a text that says how. */
  openings: Opening[] | string;
  /** The results of notebook 6; null if it has not run, or has not compared everything. */
  studies: Studies | null;
  /** What each kind of leak adds; null if notebook 7 has not run. */
  leakFree: LeakFreeResults | null;
  /** The honest model; null if notebook 8 has not run. */
  honest: HonestResults | null;
  /** The honest model's card and checklists in Markdown, if they exist, with the file names that a report uses. */
  documents: { file: string; markdown: string }[];
}

export interface Studies {
  ladder: StudyResult[];
  scaling: StudyResult[];
  deep_optimizers: StudyResult[];
  image_sizes: StudyResult[];
  optimizers: FairComparison;
  all_images: AllImagesRow[];
}

const studyNames = ["ladder", "scaling", "deep_optimizers", "image_sizes", "optimizers", "all_images"];

/**
 * Reads a run's folder (notebooks in `notebooks/`) or a published report (notebooks beside the results).
 *
 * @throws {RangeError} if there is no executed notebook, or results.json is of an older version
 */
export async function readRun(folder: string): Promise<StoredRun> {
  const inside = join(folder, "notebooks");
  const place = await Deno.stat(inside).then(() => inside, () => folder);
  const files = (await Array.fromAsync(Deno.readDir(place)).catch(() => []))
    .map(({ name }) => name).filter((name) => name.endsWith(".ipynb")).sort();
  if (files.length === 0) {
    throw new RangeError(
      `Expected executed notebooks in ${folder}: run deno task reproduce first, then name its folder with --run. ` +
        "Received: none",
    );
  }
  const notebooks = await Promise.all(files.map(async (file) => ({
    name: file.replace(/\.ipynb$/, ""),
    notebook: parseNotebook(await Deno.readTextFile(join(place, file)), file),
  })));
  const { notebooks: records } = await readRunRecord({ out: folder }, () => {}); // a damaged record counts as empty
  const settings = Object.values(records).at(-1)?.fingerprint.configuration; // the last one executed is the last one recorded
  const results = await readResults(folder);
  if (results && !results.exposure) {
    throw new RangeError(`${folder}: results.json is of an older version. Run deno task reproduce again`);
  }
  const deeper = results && deeperResult(results);
  const training = `${deeper?.depth}-${deeper?.configuration?.slice(0, 12)}`;
  const trained = await readRunFile<{ seconds?: number }>(
    join(folder, "trainings", training, "run.seconds.json"),
  );
  const studies = files.includes(`${studiesNotebook}.ipynb`)
    ? await Promise.all(
      studyNames.map(async (name) => [name, await readRunFile(join(folder, "studies", `${name}.json`))]),
    )
    : [];
  return {
    notebooks,
    strangers: notebooks.filter(({ name, notebook }) =>
      records[name]?.fingerprint.configuration !== settings && !findStop(notebook)
    ).map(({ name }) => name),
    results,
    timings: await readRunFile<Record<string, number>>(join(folder, "timings.json")) ?? {},
    trainingSeconds: trained?.seconds ?? 0,
    openings: await readOpenings(folder).catch(({ message }: Error) =>
      message.replaceAll(join(folder, "/"), "")
    ),
    studies: studies.length > 0 && studies.every(([, study]) => study)
      ? Object.fromEntries(studies) as Studies
      : null,
    leakFree: await readRunFile<LeakFreeResults>(join(folder, leakFreeFile)),
    honest: await readRunFile<HonestResults>(join(folder, honestFile)),
    documents: await readDocuments(folder),
  };
}

async function readDocuments(folder: string): Promise<StoredRun["documents"]> {
  const read = (path: string) => Deno.readTextFile(join(folder, path)).catch(nullIfGone);
  const documents = await Promise.all([cardFile, checklistsFile].map(async (name) => {
    const file = name.toLowerCase();
    return { file, markdown: await read(join(honestModelFolder, name)) ?? await read(file) ?? "" };
  }));
  return documents.filter(({ markdown }) => markdown !== "");
}
