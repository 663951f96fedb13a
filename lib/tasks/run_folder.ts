/** A run's folder: one run at a time in it, what killed runs left there, and the stored work that a run is told to forget. */
import { join } from "node:path";
import process from "node:process";
import type { Config } from "../config.ts";
import { writerOf } from "../support/atomic.ts";
import { durationText } from "../support/pace.ts";
import { storageError } from "../support/storage_error.ts";
import { readRunRecord, writeRunRecord } from "./run_record.ts";

/**
 * Takes the run folder's lock; while another process has it, waits and says so. The system frees it when a process dies.
 *
 * @throws {StorageError} when the folder cannot be made or written to
 */
export async function lockRun({ out }: Pick<Config, "out">): Promise<Disposable> {
  const path = join(out, ".lock");
  try {
    await Deno.mkdir(out, { recursive: true });
    const file = await Deno.open(path, { create: true, write: true });
    if (!await file.tryLock(true)) {
      console.log(`Another run works in ${out}; waiting for it to end.`);
      await file.lock(true);
    }
    return file; // closing the file frees the lock
  } catch (error) {
    throw storageError(path, error);
  }
}

/**
 * Removes unfinished files and folders, at any depth, whose process is gone. Those of a living one (a notebook open in an
 * editor may be writing) stay, for an hour at most: by then another process only happens to have the number.
 */
export async function removeLeftOvers(folder: string): Promise<void> {
  for (const entry of await Array.fromAsync(Deno.readDir(folder)).catch(() => [])) {
    const path = join(folder, entry.name);
    const writer = writerOf(entry.name);
    if (writer === null) {
      if (entry.isDirectory) await removeLeftOvers(path);
    } else if (!isRunning(writer) || await isOld(path)) {
      await Deno.remove(path, { recursive: true }).catch(() => {}); // finished or removed in the meantime
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH"; // EPERM: somebody else's
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
  return mtime !== null && Date.now() - mtime.getTime() > 3_600_000;
}

/** Stored work by the name that `--forget` takes: where it lies, what it is, and the notebook whose `--fresh` forgets it. */
const storedWork = {
  images: { folder: "store/images", what: "decoded photos", notebook: "02_augmentation" },
  activations: { folder: "store/activations", what: "activations", notebook: "04_optimizer_comparison" },
  optimizers: { folder: "optimizers", what: "the trained softmaxes", notebook: "04_optimizer_comparison" },
  model: { folder: "model", what: "the saved model", notebook: "05_final_evaluation" },
  trainings: { folder: "trainings", what: "trained networks and their checkpoints", notebook: null },
  studies: { folder: "studies", what: "the results of notebook 06's studies", notebook: null },
} as const;

export type StoredWork = keyof typeof storedWork;
export const storedWorkNames = Object.keys(storedWork) as StoredWork[];

/** What a run is to forget before it begins. */
export interface Forgetting {
  /** Notebooks that run again whether or not anything has changed, on nothing of what they keep. */
  readonly notebooks: readonly string[];
  /** Further work, by name. */
  readonly work: readonly StoredWork[];
}

/** One line for each kind of work that would go: where it lies, what it is, its size, how long it took. */
export async function describeForgetting(config: Config, forgetting: Forgetting): Promise<string[]> {
  const lines: string[] = [];
  for (const name of workIn(forgetting)) {
    const { folder, what } = storedWork[name];
    const { bytes, seconds } = await measure(join(config.out, folder));
    if (bytes === 0) continue;
    const took = seconds > 0 ? `, ${durationText(seconds)} of training` : "";
    lines.push(`${folder} (${what}): ${(bytes / 1e6).toFixed(1)} MB${took}`);
  }
  return lines;
}

/** Deletes that work, and the record that the notebooks have run. */
export async function forget(config: Config, forgetting: Forgetting): Promise<void> {
  for (const name of workIn(forgetting)) {
    await Deno.remove(join(config.out, storedWork[name].folder), { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  if (forgetting.notebooks.length === 0) return;
  const record = await readRunRecord(config);
  for (const name of forgetting.notebooks) delete record.notebooks[name];
  await writeRunRecord(config, record, {});
}

/** All stored work that would go. */
export function workIn({ notebooks, work }: Forgetting): StoredWork[] {
  return storedWorkNames.filter((name) =>
    work.includes(name) || notebooks.some((notebook) => notebook === storedWork[name].notebook)
  );
}

/** Bytes of all files in a folder, and the seconds of training that its records tell of. */
async function measure(folder: string): Promise<{ bytes: number; seconds: number }> {
  const sum = { bytes: 0, seconds: 0 };
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(folder)).catch(() => [])) {
    const path = join(folder, name);
    const { bytes, seconds } = isDirectory
      ? await measure(path)
      : { bytes: (await Deno.stat(path)).size, seconds: name.endsWith(".json") ? await secondsIn(path) : 0 };
    sum.bytes += bytes;
    sum.seconds += seconds;
  }
  return sum;
}

/** A training's record says `seconds`, a row of a study `minutes`. */
async function secondsIn(path: string): Promise<number> {
  const told = await Deno.readTextFile(path).then(JSON.parse).catch(() => null);
  const minutes = Array.isArray(told) ? told.map((row) => Number(row?.minutes) || 0) : [];
  return (Number(told?.seconds) || 0) + 60 * minutes.reduce((a, b) => a + b, 0);
}
