/** A run as its folder holds it: executed notebooks, results, times, studies. What a stopped run has not written is null. */
import { join } from "node:path";
import { type Notebook, parseNotebook } from "../../support/notebook/ipynb.ts";
import type { AllImagesRow } from "../../experiment/all_images.ts";
import type { FairComparison } from "../../experiment/fair_comparison.ts";
import type { StudyResult } from "../../experiment/studies.ts";
import type { Results } from "./results.ts";

export interface RunFolder {
  /** In the order of their numbers; the name is the file's without `.ipynb`. */
  notebooks: { name: string; notebook: Notebook }[];
  results: Results | null;
  /** Seconds by notebook; `earlierTraining`: of the recipe's training, before the notebooks ran. */
  timings: Record<string, number>;
  configuration: { columns?: unknown; classes?: unknown; preset?: string };
  /** What the executed `06_future_work` has come to; null without it. */
  studies: Studies | null;
}

export interface Studies {
  ladder: StudyResult[];
  scaling: StudyResult[];
  deepOptimizers: StudyResult[];
  imageSizes: StudyResult[];
  optimizers: FairComparison;
  allImages: AllImagesRow[];
}

/** Runs by name alone, in sittings of its own. */
export const furtherNotebook = "06_future_work";

/**
 * Reads the run's folder (notebooks in `notebooks/`) or a published report (notebooks beside the results).
 *
 * @throws {RangeError} where there is no executed notebook
 */
export async function readRunFolder(folder: string): Promise<RunFolder> {
  const inside = join(folder, "notebooks");
  const place = await Deno.stat(inside).then(() => inside, () => folder);
  const names = (await Array.fromAsync(Deno.readDir(place)).catch(() => []))
    .filter(({ name }) => name.endsWith(".ipynb")).map(({ name }) => name).sort();
  if (names.length === 0) {
    throw new RangeError(
      `Expected executed notebooks in ${folder}: run deno task reproduce first, then name its folder with --run. ` +
        "Received: none",
    );
  }
  const notebooks = await Promise.all(names.map(async (file) => ({
    name: file.replace(/\.ipynb$/, ""),
    notebook: parseNotebook(await Deno.readTextFile(join(place, file)), file),
  })));
  const record = await readJson<{ configuration?: RunFolder["configuration"] }>(join(folder, "run.json"));
  return {
    notebooks,
    results: await readJson<Results>(join(folder, "results.json")),
    timings: await readJson<Record<string, number>>(join(folder, "timings.json")) ?? {},
    configuration: record?.configuration ?? {},
    studies: names.includes(`${furtherNotebook}.ipynb`) ? await readStudies(join(folder, "studies")) : null,
  };
}

/** Null unless all are there: a notebook that stopped half way has not compared everything. */
async function readStudies(folder: string): Promise<Studies | null> {
  const [ladder, scaling, deepOptimizers, imageSizes, optimizers, allImages] = await Promise.all([
    readJson<StudyResult[]>(join(folder, "ladder.json")),
    readJson<StudyResult[]>(join(folder, "scaling.json")),
    readJson<StudyResult[]>(join(folder, "deep_optimizers.json")),
    readJson<StudyResult[]>(join(folder, "image_sizes.json")),
    readJson<FairComparison>(join(folder, "optimizers.json")),
    readJson<AllImagesRow[]>(join(folder, "all_images.json")),
  ]);
  return ladder && scaling && deepOptimizers && imageSizes && optimizers && allImages
    ? { ladder, scaling, deepOptimizers, imageSizes, optimizers, allImages }
    : null;
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new SyntaxError(
      `${path} is no JSON: run deno task reproduce again. Received: ${(error as Error).message}`,
    );
  }
}
