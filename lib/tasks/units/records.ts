/** What is kept of plans and units, in a run's store: the plan of a configuration, and what each unit has made, by name. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { type Config, experimentOf } from "../../config.ts";
import { digestOf } from "../../support/digest.ts";
import type { EngineIdentity } from "../../support/engine/engine.ts";
import { isWholeShard } from "../../support/shard.ts";
import { nullIfGone } from "../../support/storage_error.ts";
import type { Store } from "../../support/store.ts";
import type { Unit } from "./units.ts";

/** The units of a configuration, and where they may be computed. */
export interface Plan {
  /** What decides the bits: a unit of this plan computes on no other. */
  readonly engine: EngineIdentity;
  /** Instruction sets of the processor that planned; empty where its system does not tell. */
  readonly instructions: string;
  readonly units: readonly Unit[];
  /**
   * False where the parts are not known yet, because damaged photos are to be left out or near-duplicates to be divided together: then it
   * holds the decoding alone, or the search for near-duplicates too.
   */
  readonly complete: boolean;
}

/** What a unit has made. */
export interface UnitRecord {
  /** Shards, by their paths in the store. */
  readonly files: readonly string[];
  /** Entries of the store: kind and key. */
  readonly entries: readonly (readonly [kind: string, key: string])[];
}

/** Notebooks that a plan is of, as the flag --only names them; null: the notebooks 01 to 05. */
export interface PlannedNotebooks {
  readonly only: readonly string[] | null;
}

/** What names the plan of a configuration: not the machine, so that another one finds it. */
function planKey(config: Config, { only }: PlannedNotebooks): string {
  const { data, metadata, weights, officialTest } = config;
  return digestOf({
    experiment: experimentOf(config),
    data,
    metadata,
    weights,
    officialTest,
    ...only && { only },
  });
}

export async function writePlan(
  store: Store,
  config: Config,
  plan: Plan,
  notebooks: PlannedNotebooks = { only: null },
): Promise<void> {
  await store.write("plans", planKey(config, notebooks), { value: plan, tensors: {} });
}

/** The plan of these flags; null where none was made in this store. */
export async function readPlan(
  store: Store,
  config: Config,
  notebooks: PlannedNotebooks = { only: null },
): Promise<Plan | null> {
  return (await store.read<Plan>("plans", planKey(config, notebooks)))?.value ?? null;
}

/** Written when all of it is on the disk: from then on the unit is done. Paths may be absolute. */
export async function writeRecord(
  store: Store,
  { id }: Pick<Unit, "id">,
  { files, entries }: UnitRecord,
): Promise<void> {
  const value = {
    files: files.map((path) => relative(store.folder, path).replaceAll("\\", "/")).sort(),
    entries,
  };
  await store.write("units", id, { value, tensors: {} });
}

/** A unit's record in a run's folder: the file by which a workflow engine knows that it is done. */
export function recordPath(id: string): string {
  return `store/units/${id.slice(0, 2)}/${id}.tensors`;
}

/** Whether what a unit makes is there: its record, and each file and entry that the record names. Reads no other file. */
export async function isStored(store: Store, { id }: Pick<Unit, "id">): Promise<boolean> {
  if (!store.has("units", id)) return false;
  const record = (await store.read<UnitRecord>("units", id))?.value;
  return record !== undefined && record.files.every((path) => existsSync(join(store.folder, path))) &&
    record.entries.every(([kind, key]) => store.has(kind, key));
}

/**
 * Compares each file and entry that units have made with its digest. A damaged one is removed, so that its unit makes it again.
 *
 * @throws {Error} for units of which something is missing or damaged, with their number and the first names
 */
export async function joinUnits(store: Store, units: readonly Unit[]): Promise<void> {
  const lacking: string[] = [];
  for (const unit of units) {
    const why = await whyNotWhole(store, unit);
    if (why !== null) lacking.push(`${unit.name} (${unit.id.slice(0, 12)}): ${why}`);
  }
  if (lacking.length === 0) return;
  const more = lacking.length > 10 ? [`… and ${lacking.length - 10} more`] : [];
  throw new Error(
    [
      `${lacking.length} of the ${units.length} units that this one needs are not stored:`,
      ...lacking.slice(0, 10),
      ...more,
    ]
      .join("\n  ") + "\nDo them first: deno task unit ID, with the same flags",
  );
}

async function whyNotWhole(store: Store, { id }: Unit): Promise<string | null> {
  const record = (await store.read<UnitRecord>("units", id))?.value;
  if (record === undefined) return "not done";
  const gone = record.files.find((path) => !existsSync(join(store.folder, path)));
  if (gone !== undefined) return `${gone} is missing`;
  const damaged = record.files.find((path) => !isWholeShard(join(store.folder, path)));
  if (damaged !== undefined) {
    await Deno.remove(join(store.folder, damaged)).catch(nullIfGone); // what it held is missing now, and so made again
    return `${damaged} was damaged, its SHA-256 not its name; it is removed`;
  }
  for (const [kind, key] of record.entries) {
    if (await store.read(kind, key) === null) return `${kind}/${key.slice(0, 12)}… is missing or damaged`;
  }
  return null;
}
