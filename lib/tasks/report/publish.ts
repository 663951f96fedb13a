/** A run as files that may be published: notebooks without photos and machine paths, results, training histories, a summary. */
import { glob } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeAtomic } from "../../support/atomic.ts";
import { type Notebook, readNotebook, serializeNotebook } from "../../support/notebook/ipynb.ts";
import { assertNoPhotos, withoutPhotos } from "../../support/notebook/photos.ts";
import { withStopNotice } from "../../support/notebook/stop_notice.ts";
import { projectRoot } from "../../support/project.ts";
import { sourcePath, withSourceParameters } from "../notebooks.ts";
import { mainFigure, summaryMarkdown } from "./sections.ts";
import { readRun } from "./stored_run.ts";
import { jsonText } from "../../support/json.ts";

/**
 * Copies what may be published to `target` and returns the names of the written files. A run that stopped is published as far as
 * it got, and its files say so.
 *
 * @throws {Error} if a notebook has a picture without a tag; nothing is written then
 * @throws {RangeError} if the run has no executed notebook
 */
export async function publish(run: string, target: string): Promise<string[]> {
  const stored = await readRun(run);
  const contents = new Map<string, string | Uint8Array>();
  const names = stored.notebooks.map(({ name }) => name);
  for (const { name, notebook } of await Promise.all(stored.notebooks.map(publishable))) {
    assertNoPhotos(notebook, { name });
    contents.set(`${name}.ipynb`, serializeNotebook(withoutDeadLinks(withStopNotice(notebook), names)));
  }
  // The results and the training histories, epoch by epoch; no weights.
  const records = [
    "{results,timings,run,leak_free,honest_model}.json",
    "{,leak_free/,honest/}test_openings.jsonl",
    "honest/{choice.json,history-*.jsonl}",
    "studies/*.json",
  ];
  const courses = ["trainings/*/{history.jsonl,run.json,run.seconds.json}"];
  const lists = ["{near_duplicates,leak_free_parts}.csv", "leak_free/{,answers/}*.csv"];
  for (const name of (await Array.fromAsync(glob([...records, ...courses, ...lists], { cwd: run }))).sort()) {
    contents.set(name, await Deno.readTextFile(join(run, name)));
  }
  for (const { file, markdown } of stored.documents) contents.set(file, markdown);
  const { results, leakFree, honest } = stored;
  if (results && (leakFree || honest)) {
    const all = { ...results, ...leakFree && { leakFree }, ...honest && { honest } };
    contents.set("results.json", jsonText(all));
  }
  const picture = results ? "claim.png" : undefined;
  if (results) contents.set("claim.png", await mainFigure({ results, honest })!().toPng());
  contents.set("summary.md", summaryMarkdown(stored, { picture }));
  for (const [name, content] of contents) await writeAtomic(join(target, name), content);
  return [...contents.keys()];
}

/** A notebook without photos and without paths of this machine. Its parameters are those of its source. */
export async function publishable(
  { name, notebook }: { name: string; notebook: Notebook },
): Promise<{ name: string; notebook: Notebook }> {
  const clean = await withoutPhotos(notebook);
  const source = await readNotebook(sourcePath(name)).catch(() => notebook); // the project no longer has this notebook
  return { name, notebook: withoutMachinePaths(withSourceParameters(clean, source)) };
}

/**
 * A copy of a JSON value without paths of this machine: texts lose the project's folder, and the home folder becomes `~`.
 *
 * The traceback of a failed cell contains many of them, as paths and as file URLs. Pictures stay as they are.
 */
export function withoutMachinePaths<T>(value: T, places = { root: projectRoot, home: homedir() }): T {
  const [root, home] = [places.root, places.home].map(patternsOf);
  const clean = (text: string) => {
    const inside = root ? text.replace(root.within, "").replace(root.itself, ".") : text;
    return home ? inside.replace(home.itself, "~") : inside;
  };
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return clean(item);
    if (Array.isArray(item)) return item.map(walk);
    if (item === null || typeof item !== "object") return item;
    const isPicture = (key: string) => key === "standIn" || /^image\/(?!svg)/.test(key);
    return Object.fromEntries(
      Object.entries(item).map(([key, part]) => [key, isPicture(key) ? part : walk(part)]),
    );
  };
  return walk(value) as T;
}

/** Patterns of a folder in a text: at the start of a longer path, and by itself. /home/me does not match /home/meadow. Null for no folder. */
function patternsOf(path: string): { within: RegExp; itself: RegExp } | null {
  const folder = path.replace(/[\\/]+$/, "");
  if (folder === "") return null;
  const forms = [pathToFileURL(folder).href, `file://${folder}`, folder].map((form) => RegExp.escape(form));
  const any = `(?<![\\w.~%-])(?:${forms.join("|")})`;
  return { within: new RegExp(`${any}[/\\\\]`, "g"), itself: new RegExp(`${any}(?=[/\\\\\\s"':)]|$)`, "g") };
}

/** A copy in which links to notebooks that are not published are replaced by their text. */
function withoutDeadLinks(notebook: Notebook, names: readonly string[]): Notebook {
  const clean = (text: string) =>
    text.replace(
      /\[([^\]]+)\]\(([\w-]+)\.ipynb\)/g,
      (link, words, name) => names.includes(name) ? link : words,
    );
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "markdown" ? { ...cell, source: clean(cell.source) } : cell
  );
  return { ...notebook, cells };
}
