/** `run.json`: which notebooks a run's folder holds, what they were made from, and what they wrote. */
import { glob } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { writeAtomic, writerOf } from "../support/atomic.ts";
import { type Config, experimentOf } from "../config.ts";
import { openingsFile } from "../experiment/openings.ts";
import { sha256 } from "../support/digest.ts";
import { pathForCaller } from "./caller.ts";
import { ownedFolders } from "./notebooks.ts";
import { isObject, jsonText } from "../support/json.ts";

/** The lock of what a run of notebooks alone writes, in its folder. */
export const runLock = ".lock";

/** What an executed notebook was made from, as digests. Equal fingerprints give equal results. */
export interface Fingerprint {
  readonly notebook: string;
  readonly code: string;
  readonly configuration: string;
  readonly data: string;
  readonly weights: string;
  readonly deno: string;
  readonly engine: string;
}

export interface NotebookRecord {
  readonly fingerprint: Fingerprint;
  /** SHA-256 of each file that it wrote, by path in the run's folder. */
  readonly files: Record<string, string>;
}

export interface RunRecord {
  notebooks: Record<string, NotebookRecord>;
}

/** The record of a run's folder. A missing one is empty; so is one that cannot be read, and that is told. */
export async function readRunRecord(
  { out }: Pick<Config, "out">,
  onNotice: (message: string) => void = console.warn,
): Promise<RunRecord> {
  const path = join(out, "run.json");
  try {
    const { notebooks } = JSON.parse(await Deno.readTextFile(path));
    const isRecord = (value: unknown) =>
      isObject(value) && isObject(value.fingerprint) && isObject(value.files);
    if (!isObject(notebooks) || !Object.values(notebooks).every(isRecord)) {
      throw new SyntaxError("expected digests under notebooks");
    }
    return { notebooks: notebooks as RunRecord["notebooks"] };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      const why = (error as Error).message;
      onNotice(`${pathForCaller(path)} is damaged (${why}): all notebooks run again, on what else is stored`);
    }
    return { notebooks: {} };
  }
}

/** Writes the record and, beside it, what a reader of the results wants to know. */
export async function writeRunRecord(
  config: Config,
  record: RunRecord,
  more: Record<string, unknown>,
): Promise<void> {
  const content = { configuration: experimentOf(config), ...more, notebooks: record.notebooks };
  await writeAtomic(join(config.out, "run.json"), jsonText(content));
}

/**
 * A notebook's files in a run's folder, with their digests: its executed copy, the results that were written since it began
 * (milliseconds since 1970), and all in its own folders, which it may have taken as they were.
 */
export async function filesOf(
  { out }: Pick<Config, "out">,
  notebook: string,
  began: number,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const owned = ownedFolders[notebook] ?? [];
  const written = glob("**", { cwd: out, exclude: ["store/**"], withFileTypes: true });
  for (const entry of await Array.fromAsync(written)) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(out, path).replaceAll("\\", "/");
    const isAnothers = name.startsWith("notebooks/") && name !== `notebooks/${notebook}.ipynb`;
    if (!entry.isFile() || isBookkeeping(name) || isAnothers) continue;
    const isOwned = owned.some((folder) => name.startsWith(`${folder}/`));
    if (!isOwned && belongsToLater(name, notebook)) continue; // a unit of work may be writing it beside this run
    if (isOwned || (await Deno.stat(path)).mtime!.getTime() >= began) {
      files[name] = sha256(await Deno.readFile(path));
    }
  }
  return files;
}

/** Whether a file lies in a folder that a notebook after this one fills. */
function belongsToLater(name: string, notebook: string): boolean {
  return Object.entries(ownedFolders).some(([owner, folders]) =>
    owner > notebook && folders.some((folder) => name.startsWith(`${folder}/`))
  );
}

/** The files of a record that are missing or no longer have the bytes that were written. */
export async function changedFiles(
  { out }: Pick<Config, "out">,
  record: NotebookRecord,
): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, digest] of Object.entries(record.files)) {
    if (isBookkeeping(name)) continue; // recorded by an earlier version
    const bytes = await Deno.readFile(join(out, name)).catch(() => null);
    if (bytes === null || sha256(bytes) !== digest) changed.push(name);
  }
  return changed;
}

/**
 * Files that are no notebook's own: every run writes them, or they hold times, which no two runs share, or are unfinished. Of logs of
 * openings, in whichever folder, no line may be lost: a run that is stopped has added some, and they are not damaged by that.
 */
function isBookkeeping(name: string): boolean {
  return [runLock, "run.json", "config.json", "timings.json"].includes(name) ||
    basename(name) === openingsFile || name.endsWith(".seconds.json") || writerOf(name) !== null;
}
