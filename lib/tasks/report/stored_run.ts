/** A run as its folder holds it: executed notebooks, results, times, studies. What a stopped run has not written is null. */
import { join } from "node:path";
import type { FairComparison } from "../../experiment/fair_comparison.ts";
import { countOpenings, readOpenings } from "../../experiment/openings.ts";
import { deeperResult, readResults, type Results } from "../../experiment/results.ts";
import type { AllImagesRow, StudyResult } from "../../experiment/studies.ts";
import { type Notebook, parseNotebook } from "../../support/notebook/ipynb.ts";
import { furtherNotebook } from "../notebooks.ts";

export interface StoredRun {
  /** In the order of their numbers; the name is the file's without `.ipynb`. */
  notebooks: { name: string; notebook: Notebook }[];
  results: Results | null;
  /** Seconds by notebook. */
  timings: Record<string, number>;
  /** Of the recipe's training, over all sittings; 0 without one. */
  trainingSeconds: number;
  /** How often each network has seen each test set. */
  openings: { name: string; times: number }[];
  configuration: { columns?: unknown; classes?: unknown };
  /** What the executed further notebook has come to; null without it, or where it has not compared everything. */
  studies: Studies | null;
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
 * @throws {RangeError} where there is no executed notebook
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
  const record = await readJson<{ configuration?: StoredRun["configuration"] }>(join(folder, "run.json"));
  const results = await readResults(folder);
  const trained = results && deeperResult(results);
  const training = `${trained?.depth}-${trained?.configuration?.slice(0, 12)}`;
  const times = await readJson<{ seconds: number }>(join(folder, "trainings", training, "run.seconds.json"));
  const studies = files.includes(`${furtherNotebook}.ipynb`)
    ? await Promise.all(
      studyNames.map(async (name) => [name, await readJson(join(folder, "studies", `${name}.json`))]),
    )
    : [];
  return {
    notebooks,
    results,
    timings: await readJson<Record<string, number>>(join(folder, "timings.json")) ?? {},
    trainingSeconds: times?.seconds ?? 0,
    openings: countOpenings(await readOpenings(folder)),
    configuration: record?.configuration ?? {},
    studies: studies.length > 0 && studies.every(([, study]) => study)
      ? Object.fromEntries(studies) as Studies
      : null,
  };
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new SyntaxError(
      `${path} is not JSON: run deno task reproduce again. Received: ${(error as Error).message}`,
    );
  }
}
