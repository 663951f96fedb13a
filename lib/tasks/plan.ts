/** What a run has to do: which notebooks are as they were, which not and why. */
import { join } from "node:path";
import { type Config } from "../config.ts";
import { projectRoot } from "../support/project.ts";
import { sha256 } from "../support/digest.ts";
import { furtherNotebook } from "./report/run_folder.ts";
import { changedParts, type Fingerprint, sharedFingerprint } from "./fingerprint.ts";
import { changedFiles, type NotebookRecord, type RunRecord } from "./run_record.ts";

export interface PlannedNotebook {
  /** `01_eda`. */
  readonly name: string;
  /** Its source in `notebooks/`. */
  readonly path: string;
  /** Its executed copy in the run's folder. */
  readonly executed: string;
  readonly fingerprint: Fingerprint;
  /** Why it must run; null where the stored one can be taken. */
  readonly reason: string | null;
  /** Files in the run's folder that are not as it wrote them, by path in there: to be removed before it runs. */
  readonly damaged: readonly string[];
}

/** The main notebooks, in order: what the write-up tells. */
export const mainNotebooks = [
  "01_eda",
  "02_augmentation",
  "03_split",
  "04_optimizer_comparison",
  "05_final_evaluation",
] as const;

/** Notebooks that go on where the write-up ends: hours of training, so run by name alone. */
export const furtherNotebooks = [furtherNotebook] as const;

/** Folders in a run's folder whose files belong to a notebook, also those that it took as they were. */
export const ownedFolders: Readonly<Record<string, readonly string[]>> = {
  "04_optimizer_comparison": ["optimizers", "trainings"],
  "05_final_evaluation": ["model"],
  [furtherNotebook]: ["studies"],
};

/** Compares each notebook with what is recorded of its last run. */
export async function planNotebooks(
  config: Config,
  names: readonly string[],
  record: RunRecord,
): Promise<PlannedNotebook[]> {
  const shared = await sharedFingerprint(config);
  return await Promise.all(names.map(async (name) => {
    const path = join(projectRoot, "notebooks", `${name}.ipynb`);
    const executed = join(config.out, "notebooks", `${name}.ipynb`);
    const fingerprint = { ...shared, notebook: sha256(await Deno.readFile(path)) };
    const before = record.notebooks[name];
    const damaged = before ? await changedFiles(config, before) : [];
    return { name, path, executed, fingerprint, damaged, reason: reasonToRun(before, fingerprint, damaged) };
  }));
}

function reasonToRun(
  before: NotebookRecord | undefined,
  fingerprint: Fingerprint,
  damaged: readonly string[],
): string | null {
  if (!before) return "not run yet";
  const changed = changedParts(before.fingerprint, fingerprint);
  if (changed.length > 0) return `changed: ${changed.join(", ")}`;
  if (damaged.length === 0) return null;
  const more = damaged.length > 1 ? ` (and ${damaged.length - 1} more)` : "";
  return `${damaged[0]} is missing or was changed${more}`;
}
