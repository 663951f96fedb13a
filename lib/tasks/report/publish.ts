/** A run as files that may be published: executed notebooks without photos, the results, the course of trainings, a summary. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomic } from "../../support/atomic.ts";
import { serializeNotebook } from "../../support/notebook/ipynb.ts";
import { assertNoPhotos, withoutPhotos } from "../../support/notebook/photos.ts";
import { withStopNotice } from "../../support/notebook/stop_notice.ts";
import { withoutMachinePaths } from "./machine_paths.ts";
import { resultFigure } from "./result_figure.ts";
import { readRunFolder } from "./run_folder.ts";
import { summaryMarkdown } from "./summary.ts";

const files = ["results.json", "timings.json", "run.json", "test_openings.jsonl"];

/**
 * Copies what may be published to `target` and returns the names of what it wrote. A run that stopped half way is published as
 * far as it got, and says so.
 *
 * @throws {Error} for a notebook with a picture that carries no tag: before anything is written
 * @throws {RangeError} where the run has no executed notebook
 */
export async function publish(run: string, target: string): Promise<string[]> {
  const stored = await readRunFolder(run);
  const contents = new Map<string, string | Uint8Array>();
  for (const { name, notebook } of stored.notebooks) {
    const clean = withStopNotice(withoutMachinePaths(await withoutPhotos(notebook)));
    assertNoPhotos(clean, { name });
    contents.set(`${name}.ipynb`, serializeNotebook(clean));
  }
  for (const name of [...files, ...await trainingRecords(run)]) {
    const text = await Deno.readTextFile(join(run, name)).catch(() => null);
    if (text !== null) contents.set(name, text);
  }
  const figure = stored.results && resultFigure(stored.results);
  if (figure) contents.set("claim.png", await figure.toPng());
  contents.set("summary.md", summaryMarkdown(stored, { picture: figure ? "claim.png" : undefined }));
  for (const [name, content] of contents) await writeAtomic(join(target, name), content);
  return [...contents.keys()];
}

/** What studies came to, and each recipe's course, epoch by epoch; no weights. */
async function trainingRecords(run: string): Promise<string[]> {
  const studies = (await namesIn(join(run, "studies"))).filter((name) => name.endsWith(".json"));
  const trainings = (await namesIn(join(run, "trainings"))).filter((name) => name !== "stages");
  return [
    ...studies.map((name) => `studies/${name}`),
    ...trainings.flatMap((name) => ["history.jsonl", "run.json"].map((file) => `trainings/${name}/${file}`)),
  ];
}

/** Sorted; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).then((names) => names.sort(), () => []);
}
