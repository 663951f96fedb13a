/** A run's folder: its lock, the files that killed runs left there, and the stored work that a run is told to forget. */
import { glob } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { writerOf } from "../support/atomic.ts";
import { isRunning, takeLock } from "../support/lock.ts";
import { durationText } from "../support/pace.ts";
import { pathForCaller } from "./caller.ts";
import { readRunRecord, runLock, type RunRecord, writeRunRecord } from "./run_record.ts";

/**
 * Takes the lock for the files that only a run of notebooks writes: notebooks, `results.json`, `run.json`. If another run has it,
 * says so and waits. The lock of a dead process is taken over. Computed work has its own locks, so units of work can run meanwhile.
 *
 * @throws {StorageError} if the folder cannot be made or written to
 */
export async function lockRun({ out }: Pick<Config, "out">): Promise<Disposable> {
  return await takeLock(join(out, runLock), {
    onWait: ({ host, pid }) =>
      console.log(
        `Another run works in ${pathForCaller(out)} (process ${pid} on ${host}); waiting for it to end.`,
      ),
  });
}

/**
 * Removes unfinished files and folders, at any depth, whose process is gone. Those of a running process (a notebook open in an
 * editor may be writing) or of another machine on a shared disk stay for an hour at most. After that, a process with their number
 * is taken for another one.
 */
export async function removeLeftOvers(folder: string): Promise<void> {
  const names = ["**/*.tmp", "**/.*.tmp"].flatMap((pattern) => [pattern, `store/${pattern}`]); // a grid's store is a link
  for (const name of await Array.fromAsync(glob(names, { cwd: folder }))) {
    const path = join(folder, name);
    const writer = writerOf(name);
    if (writer !== null && (writer.isHere && !isRunning(writer.pid) || await isOld(path))) {
      await Deno.remove(path, { recursive: true }).catch(() => {}); // finished or removed in the meantime
    }
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
  return mtime !== null && Date.now() - mtime.getTime() > 3_600_000;
}

/** Stored work by its name in `--forget`: what it is, where it lies, and the notebook that `--fresh` runs without it. */
const storedWork = {
  images: { what: "decoded photos", places: ["store/{images,photos}-*"], notebook: "02_augmentation" },
  activations: {
    what: "the frozen layers' activations",
    places: ["store/activations"],
    notebook: "04_optimizer_comparison",
  },
  model: { what: "the saved model", places: ["model"], notebook: "05_final_evaluation" },
  trainings: {
    what: "trained networks, their checkpoints and measurements",
    places: ["store/{fits,checkpoints,runs}", "trainings"],
    notebook: null,
  },
  answers: {
    what: "the answers to the test, which is then opened again",
    places: ["store/answers"],
    notebook: null,
  },
  studies: { what: "the results of notebook 06's studies", places: ["studies"], notebook: null },
} as const;

export type StoredWork = keyof typeof storedWork;
export const storedWorkNames = Object.keys(storedWork) as StoredWork[];

/** The stored work that a run deletes before it starts. */
export interface Forgetting {
  /** Notebooks that run again even if nothing has changed, without the work that they have stored. */
  readonly notebooks: readonly string[];
  /** Other stored work, by name. */
  readonly work: readonly StoredWork[];
  /** Whether work in the store stays. The store of a grid is emptied only for its first run. */
  readonly keepsStore?: boolean;
}

const inStore = "store/";

/** Patterns of the paths in a run's folder that would be deleted. */
function placesOf(
  names: readonly StoredWork[],
  { keepsStore = false }: Pick<Forgetting, "keepsStore">,
): string[] {
  return names.flatMap((name) => storedWork[name].places as readonly string[])
    .filter((place) => !(keepsStore && place.startsWith(inStore)));
}

/** One line for each kind of work that would be deleted: what it is, its size, and how long its trainings took. */
export async function describeForgetting(config: Config, forgetting: Forgetting): Promise<string[]> {
  const lines: string[] = [];
  for (const name of workIn(forgetting)) {
    const { bytes, seconds } = await measure(config, placesOf([name], forgetting));
    const took = seconds > 0 ? `, ${durationText(seconds)} of training` : "";
    if (bytes > 0) lines.push(`${name} (${storedWork[name].what}): ${(bytes / 1e6).toFixed(1)} MB${took}`);
  }
  return lines;
}

/** Deletes the work to forget, and the record that the notebooks have run. */
export async function forget(config: Config, forgetting: Forgetting): Promise<void> {
  const places = placesOf(workIn(forgetting), forgetting);
  for (const path of await Array.fromAsync(glob(places, { cwd: config.out }))) {
    await Deno.remove(join(config.out, path), { recursive: true });
  }
  if (forgetting.notebooks.length === 0) return;
  const record = await readRunRecord(config);
  for (const name of forgetting.notebooks) delete record.notebooks[name];
  await writeRunRecord(config, record, {});
}

/** A run's record after that deletion: without the notebooks that run again, and without those that lose a file. */
export function withoutForgotten({ notebooks }: RunRecord, forgetting: Forgetting): RunRecord {
  const places = placesOf(workIn(forgetting), { keepsStore: true }); // the store holds no notebook's own files
  const goes = (file: string) => places.some((place) => file.startsWith(`${place}/`));
  const left = Object.entries(notebooks).filter(([name, { files }]) =>
    !forgetting.notebooks.includes(name) && !Object.keys(files).some(goes)
  );
  return { notebooks: Object.fromEntries(left) };
}

/** All stored work that would be deleted. */
export function workIn({ notebooks, work }: Forgetting): StoredWork[] {
  return storedWorkNames.filter((name) =>
    work.includes(name) || notebooks.some((notebook) => notebook === storedWork[name].notebook)
  );
}

/** Bytes of stored work, and seconds of training by its records: `seconds` of a run, `minutes` of a study's rows. */
async function measure(
  { out }: Config,
  places: readonly string[],
): Promise<{ bytes: number; seconds: number }> {
  const sum = { bytes: 0, seconds: 0 };
  const files = glob(places.map((place) => `${place}/**`), {
    cwd: out,
    withFileTypes: true,
  });
  for await (const entry of files) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    sum.bytes += (await Deno.stat(path)).size;
    if (!path.endsWith(".json")) continue;
    const told = await Deno.readTextFile(path).then(JSON.parse).catch(() => null);
    for (const row of Array.isArray(told) ? told : [told]) {
      sum.seconds += (Number(row?.seconds) || 0) + 60 * (Number(row?.minutes) || 0);
    }
  }
  return sum;
}
