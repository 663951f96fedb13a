/** Selects the units that this process will do: one by its id, or its share of a kind. */
import { type Unit, unitKinds } from "./units.ts";

/** A job's place in its array. `index` starts at 0; `count` is null if the scheduler does not give the array's size. */
interface Place {
  readonly index: number;
  readonly count: number | null;
  /** The flag or environment variable that it was read from. */
  readonly from: string;
}

/**
 * The units that this process will do.
 *
 * @param asked an id or its beginning, or a kind, with `K/N` as its shard
 * @param environment the environment variables: schedulers write a job's place there
 * @throws {RangeError} if unit, kind or place do not exist, or not exactly one of id and kind is given
 */
export function chooseUnits(
  units: readonly Unit[],
  { id, kind, shard }: { id?: string; kind?: string; shard?: string },
  environment: Readonly<Record<string, string>>,
): readonly Unit[] {
  if ((id === undefined) === (kind === undefined) || id !== undefined && shard !== undefined) {
    throw new RangeError(
      "Name a unit by its id, or a kind with --kind, and not both. --shard belongs to --kind.",
    );
  }
  if (id !== undefined) return [byId(units, id)];
  if (!unitKinds.some((known) => known === kind)) {
    throw new RangeError(`--kind is one of ${unitKinds.join(", ")}. Received: ${kind}`);
  }
  const own = units.filter((unit) => unit.kind === kind);
  const place = shard === undefined ? placeInArray(environment) : placeOf(shard);
  if (place === null) return own;
  const { index, count, from } = place;
  if (!Number.isInteger(index) || count !== null && index >= count) {
    throw new RangeError(
      "The indices of a job array must have no gaps, or equal steps, so that every unit gets a job. To repeat single jobs of an " +
        `array, give their --shard K/N. Received: ${from}, which is place ${
          Number((index + 1).toFixed(2))
        } of ${count ?? "the array"}`,
    );
  }
  if (count !== null) return own.filter((_, at) => at % count === index);
  if (index < own.length) return [own[index]];
  throw new RangeError(
    `The plan has ${own.length} units of the kind ${kind}, so an array needs as many jobs, with indices from 0, or --shard K/N. Received: ` +
      `${from}=${index}`,
  );
}

function byId(units: readonly Unit[], id: string): Unit {
  const found = /^[0-9a-f]{8,64}$/.test(id) ? units.filter((unit) => unit.id.startsWith(id)) : [];
  if (found.length === 1) return found[0];
  throw new RangeError(
    `The plan for these flags has no unit with this id. It may belong to other flags, photos or threads. ` +
      `deno task plan lists the ids: give at least their first 8 digits. Received: ${id}`,
  );
}

function placeOf(shard: string): Place {
  const [, k, n] = /^(\d+)\/(\d+)$/.exec(shard) ?? [];
  const [index, count] = [Number(k) - 1, Number(n)];
  if (index >= 0 && index < count) return { index, count, from: "--shard" };
  throw new RangeError(`--shard is K/N, such as 3/40, with K from 1 to N. Received: ${shard}`);
}

/** This job's place in its array; null outside of an array. Slurm's numbers may begin anywhere and go in steps. */
function placeInArray(environment: Readonly<Record<string, string>>): Place | null {
  const numberOf = (name: string): number | null => {
    const text = environment[name];
    if (!text) return null;
    if (/^\d+$/.test(text)) return Number(text);
    throw new RangeError(`The environment variable ${name} must be a whole number. Received: ${text}`);
  };
  const slurm = numberOf("SLURM_ARRAY_TASK_ID");
  if (slurm !== null) {
    const first = numberOf("SLURM_ARRAY_TASK_MIN") ?? 0;
    const step = numberOf("SLURM_ARRAY_TASK_STEP") ?? 1;
    const count = numberOf("SLURM_ARRAY_TASK_COUNT");
    return { index: (slurm - first) / step, count, from: "SLURM_ARRAY_TASK_ID" };
  }
  for (const name of ["JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"]) {
    const index = numberOf(name);
    if (index !== null) return { index, count: numberOf("AWS_BATCH_JOB_ARRAY_SIZE"), from: name };
  }
  return null;
}
