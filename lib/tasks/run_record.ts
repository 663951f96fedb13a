/** `run.json`: which notebooks a run folder holds, from what they were made, and what they wrote. */
import { join, relative } from "node:path";
import { writeAtomic, writerOf } from "../support/atomic.ts";
import { type Config, experimentOf } from "../config.ts";
import { sha256 } from "../support/digest.ts";
import type { Fingerprint } from "./fingerprint.ts";

export interface NotebookRecord {
  readonly fingerprint: Fingerprint;
  /** SHA-256 of each file it wrote, by path within the run's folder. */
  readonly files: Record<string, string>;
}

export interface RunRecord {
  notebooks: Record<string, NotebookRecord>;
}

/** Reads the record of a run folder; an absent one is an empty one, and so is what cannot be read, which is told. */
export async function readRunRecord(
  config: Config,
  onNotice: (message: string) => void = console.warn,
): Promise<RunRecord> {
  const path = join(config.out, "run.json");
  try {
    const { notebooks } = JSON.parse(await Deno.readTextFile(path));
    if (isObject(notebooks) && Object.values(notebooks).every(isNotebookRecord)) {
      return { notebooks: notebooks as RunRecord["notebooks"] };
    }
    throw new SyntaxError("expected digests under notebooks");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      onNotice(
        `${path} is damaged (${(error as Error).message}): all notebooks run again, on what else is stored`,
      );
    }
    return { notebooks: {} };
  }
}

/** Writes the record with what a reader of the results wants to know beside it. */
export async function writeRunRecord(
  config: Config,
  record: RunRecord,
  more: Record<string, unknown>,
): Promise<void> {
  const content = { configuration: experimentOf(config), ...more, notebooks: record.notebooks };
  await writeAtomic(join(config.out, "run.json"), `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * A notebook's files in a run folder, with their digests: those written since a moment, and all below `owned`, which it may
 * have taken as they were. Left out: stores, executed notebooks, what is no result.
 */
export async function filesWrittenSince(
  config: Config,
  since: number,
  owned: readonly string[] = [],
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const scan = async (folder: string) => {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      const name = relative(config.out, path).replaceAll("\\", "/");
      if (entry.isDirectory) {
        if (!["store", "notebooks"].includes(name)) await scan(path);
      } else if (!isBookkeeping(name)) {
        const isOwned = owned.some((folder) => name.startsWith(`${folder}/`));
        if (isOwned || (await Deno.stat(path)).mtime!.getTime() >= since) {
          files[name] = sha256(await Deno.readFile(path));
        }
      }
    }
  };
  await scan(config.out);
  return files;
}

/** The files of a record that are missing or have other bytes than were written. */
export async function changedFiles(config: Config, record: NotebookRecord): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, digest] of Object.entries(record.files)) {
    const bytes = await Deno.readFile(join(config.out, name)).catch(() => null);
    if (bytes === null || sha256(bytes) !== digest) changed.push(name);
  }
  return changed;
}

/** Written by every run, so no notebook's own; times, which no two runs share; what is not finished. */
function isBookkeeping(name: string): boolean {
  return ["run.json", "config.json", "timings.json", "test_openings.jsonl", ".lock"].includes(name) ||
    name.endsWith(".seconds.json") || writerOf(name) !== null;
}

function isNotebookRecord(value: unknown): value is NotebookRecord {
  return isObject(value) && isObject(value.fingerprint) && isObject(value.files);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
