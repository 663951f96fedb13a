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

/** The lock file in a run's folder, for the files that only a run of notebooks writes. */
export const runLock = ".lock";

/** What an executed notebook was made from, as digests or names. Equal fingerprints give equal results. */
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
  /** SHA-256 of each of its files, by path in the run's folder. */
  readonly files: Record<string, string>;
}

export interface RunRecord {
  notebooks: Record<string, NotebookRecord>;
}

/** The record of a run's folder. It is empty if it is missing, or if it cannot be read, which `onNotice` is told. */
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

/** Writes the record and, with it, `more` facts for readers of the results. */
export async function writeRunRecord(
  config: Config,
  record: RunRecord,
  more: Record<string, unknown>,
): Promise<void> {
  const content = { configuration: experimentOf(config), ...more, notebooks: record.notebooks };
  await writeAtomic(join(config.out, "run.json"), jsonText(content));
}

/**
 * Saves the configuration for the notebook that starts now. Returns the time in milliseconds since 1970 by the clock of the folder's
 * disk, which may be another computer's.
 */
export async function noteStart(config: Config): Promise<number> {
  const path = join(config.out, "config.json");
  await writeAtomic(path, jsonText(config));
  return (await Deno.stat(path)).mtime!.getTime();
}

/**
 * A notebook's files in a run's folder, with their SHA-256: its executed copy, the results written since it began, and all files in
 * its own folders, which it may have reused unchanged.
 *
 * @param start as `noteStart` returned it
 */
export async function filesOf(
  { out }: Pick<Config, "out">,
  notebook: string,
  start: number,
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
    if (!isOwned && belongsToLater(name, notebook)) continue; // a unit of work may be writing it at the same time
    if (isOwned || (await Deno.stat(path)).mtime!.getTime() >= start) {
      files[name] = sha256(await Deno.readFile(path));
    }
  }
  return files;
}

/** Whether a file lies in a folder of a later notebook. */
function belongsToLater(name: string, notebook: string): boolean {
  return Object.entries(ownedFolders).some(([owner, folders]) =>
    owner > notebook && folders.some((folder) => name.startsWith(`${folder}/`))
  );
}

/** The files of a record that are missing or have other bytes than recorded. */
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
 * Whether a file belongs to no notebook: every run writes it, it holds times, which differ from run to run, or it is unfinished.
 * Logs of test openings, in any folder, belong to none either: a stopped run may have added lines, which must not be lost.
 */
function isBookkeeping(name: string): boolean {
  return [runLock, "run.json", "config.json", "timings.json"].includes(name) ||
    basename(name) === openingsFile || name.endsWith(".seconds.json") || writerOf(name) !== null;
}
