/** Plans and finished units in a run's store: the plan of a configuration, and the names of what each unit has made. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { type Config, experimentOf } from "../../config.ts";
import { digestOf } from "../../support/digest.ts";
import type { EngineIdentity } from "../../support/engine/engine.ts";
import { isWholeShard } from "../../support/shard.ts";
import { nullIfGone } from "../../support/storage_error.ts";
import type { Store } from "../../support/store.ts";
import type { Unit } from "./units.ts";

/** The units of a configuration, and the engine that must compute them. */
export interface Plan {
  /** It decides the last bits, so units of this plan compute on no other engine. */
  readonly engine: EngineIdentity;
  /** Instruction sets of the processor that made the plan; empty if the operating system does not list them. */
  readonly instructions: string;
  readonly units: readonly Unit[];
  /**
   * False if the parts are not known yet, because damaged photos must be left out or near-duplicates kept together. Then the plan holds
   * only the units before the split: decoding, and the search for near-duplicates if the split depends on it.
   */
  readonly complete: boolean;
}

/** What a unit has made. */
export interface UnitRecord {
  /** Paths of shards, relative to the store's folder. */
  readonly files: readonly string[];
  /** Entries of the store. */
  readonly entries: readonly (readonly [kind: string, key: string])[];
}

/** The notebooks that a plan is for, by name, if --only was given; null: notebooks 01 to 05, or the preset's own. */
export interface PlannedNotebooks {
  readonly only: readonly string[] | null;
}

/** The key of a configuration's plan. The machine is not part of it, so other machines find the plan. */
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

/** The plan of a configuration; null if this store has none. */
export async function readPlan(
  store: Store,
  config: Config,
  notebooks: PlannedNotebooks = { only: null },
): Promise<Plan | null> {
  return (await store.read<Plan>("plans", planKey(config, notebooks)))?.value ?? null;
}

/** Marks a unit as done. Call this when all that it made is on the disk. Paths may be absolute. */
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

/** Path of a unit's record in a run's folder. A workflow engine can wait for this file. */
export function recordPath(id: string): string {
  return `store/units/${id.slice(0, 2)}/${id}.tensors`;
}

/** Whether a unit's record exists, and each file and entry that it names. Reads no file but the record. */
export async function isStored(store: Store, { id }: Pick<Unit, "id">): Promise<boolean> {
  if (!store.has("units", id)) return false;
  const record = (await store.read<UnitRecord>("units", id))?.value;
  return record !== undefined && record.files.every((path) => existsSync(join(store.folder, path))) &&
    record.entries.every(([kind, key]) => store.has(kind, key));
}

/**
 * Compares each file and entry that units have made with its digest. Removes a damaged one, so that its unit makes it again.
 *
 * @throws {Error} if something is missing or damaged, with the number of these units and the first ten names
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
    await Deno.remove(join(store.folder, damaged)).catch(nullIfGone); // now it is missing, so its unit makes it again
    return `${damaged} was damaged, its SHA-256 not its name; it is removed`;
  }
  for (const [kind, key] of record.entries) {
    if (await store.read(kind, key) === null) return `${kind}/${key.slice(0, 12)}… is missing or damaged`;
  }
  return null;
}
