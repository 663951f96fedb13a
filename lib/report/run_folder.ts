/** A run as its folder holds it: executed notebooks, results, times. What a stopped run has not written is null. */
import { join } from "node:path";
import { type Notebook, parseNotebook } from "../notebook/ipynb.ts";
import type { Results } from "./results.ts";

export interface RunFolder {
  /** In the order of their numbers; the name is the file's without `.ipynb`. */
  notebooks: { name: string; notebook: Notebook }[];
  results: Results | null;
  /** Seconds by notebook; `earlierTraining`: of the recipe's training, before the notebooks ran. */
  timings: Record<string, number>;
  configuration: { columns?: unknown; classes?: unknown; preset?: string };
}

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
  };
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
