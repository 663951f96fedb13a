/** A run as files that may be published: notebooks without photos and machine paths, the results, the course of trainings, a summary. */
import { homedir } from "node:os";
import { join } from "node:path";
import { claimOf } from "../../experiment/conclusion.ts";
import { claimBars } from "../../figures/claim.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { type Notebook, readNotebook, serializeNotebook } from "../../support/notebook/ipynb.ts";
import { parametersCell, withParameters } from "../../support/notebook/parameters.ts";
import { assertNoPhotos, withoutPhotos } from "../../support/notebook/photos.ts";
import { withStopNotice } from "../../support/notebook/stop_notice.ts";
import { projectRoot } from "../../support/project.ts";
import { summaryMarkdown } from "./sections.ts";
import { readRun } from "./stored_run.ts";

/**
 * Copies what may be published to `target` and returns the names of what it wrote. A run that stopped half way is published as
 * far as it got, and says so.
 *
 * @throws {Error} for a notebook with a picture that carries no tag: before anything is written
 * @throws {RangeError} where the run has no executed notebook
 */
export async function publish(run: string, target: string): Promise<string[]> {
  const stored = await readRun(run);
  const contents = new Map<string, string | Uint8Array>();
  for (const { name, notebook } of stored.notebooks) {
    const plain = await withSourceParameters(notebook, name);
    const clean = withStopNotice(withoutMachinePaths(await withoutPhotos(plain)));
    await assertNoPhotos(clean, { name });
    contents.set(`${name}.ipynb`, serializeNotebook(clean));
  }
  const records = ["results.json", "timings.json", "run.json", "test_openings.jsonl"];
  for (const name of [...records, ...await trainingRecords(run)]) {
    const text = await Deno.readTextFile(join(run, name)).catch(() => null);
    if (text !== null) contents.set(name, text);
  }
  const { results } = stored;
  const picture = results ? "claim.png" : undefined;
  if (results) {
    contents.set("claim.png", await claimBars(claimOf(results), { synthetic: results.synthetic }).toPng());
  }
  contents.set("summary.md", summaryMarkdown(stored, { picture }));
  for (const [name, content] of contents) await writeAtomic(join(target, name), content);
  return [...contents.keys()];
}

/** With the parameters cell of the notebook's source: a run's own names folders of its machine. */
async function withSourceParameters(notebook: Notebook, name: string): Promise<Notebook> {
  const path = join(projectRoot, "notebooks", `${name}.ipynb`);
  const source = await readNotebook(path).catch(() => null); // not one of this project
  return source ? withParameters(notebook, parametersCell(source, name).source, name) : notebook;
}

/** What studies came to, and each recipe's course, epoch by epoch; no weights. */
async function trainingRecords(run: string): Promise<string[]> {
  const studies = (await namesIn(join(run, "studies"))).filter((name) => name.endsWith(".json"));
  const trainings = (await namesIn(join(run, "trainings"))).filter((name) => name !== "stages");
  const files = ["history.jsonl", "run.json", "run.seconds.json"];
  return [
    ...studies.map((name) => `studies/${name}`),
    ...trainings.flatMap((name) => files.map((file) => `trainings/${name}/${file}`)),
  ];
}

/** Sorted; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder)).catch(() => [])).map(({ name }) => name).sort();
}

/**
 * A copy of any JSON value in whose texts the project's folder is left out and the home folder is `~`: a failed cell's traceback
 * is full of them.
 */
export function withoutMachinePaths<T>(value: T, places = { root: projectRoot, home: homedir() }): T {
  const root = places.root.replace(/\/$/, "");
  const home = places.home.replace(/\/$/, "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const homeFolder = new RegExp(`(?:file://)?${home}(?=[/\\\\\\s"':)]|$)`, "g"); // /root is not in /roots
  const clean = (text: string) => {
    const inside = text.replaceAll(`file://${root}/`, "").replaceAll(`${root}/`, "").replaceAll(root, ".");
    return home ? inside.replace(homeFolder, "~") : inside;
  };
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return clean(item);
    if (Array.isArray(item)) return item.map(walk);
    if (item === null || typeof item !== "object") return item;
    return Object.fromEntries(Object.entries(item).map(([key, part]) => [key, walk(part)]));
  };
  return walk(value) as T;
}
