/** How close two runs must be that were computed by another engine or another number of threads. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readResults } from "../../lib/experiment/results.ts";
import { listShards, readWholeRows } from "../../lib/support/shard.ts";

/** Activations of other engines or thread counts differ by less than this, of the largest, before they are rounded. */
const activationTolerance = 1e-4;
/** They are stored as half floats: two values may be rounded to neighbours, which differ by so much of the value. */
const halfFloatStep = 2 ** -10;
/** Images of a part whose predicted class may then differ: those that lie between two classes. */
const imageTolerance = 1;

/** The activations that a run has stored, by their keys. */
async function activationsOf(run: string): Promise<Map<string, Float16Array>> {
  const folder = join(run, "store", "activations");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => join(folder, name));
  const rows = names.flatMap(listShards).flatMap((path) => [...readWholeRows(path, 2 * 512)!.rows]);
  return new Map(rows.map(([key, row]) => [key, new Float16Array(new Uint8Array(row).buffer)]));
}

/** Compares two folders of runs: counts alike, activations and answers within the tolerances. */
export async function assertClose(one: string, two: string): Promise<void> {
  const [expected, found] = await Promise.all([one, two].map(activationsOf));
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort(), "the same images");
  const largest = Math.max(...expected.values().map((values) => Math.max(...values)));
  assert.ok(expected.size > 0 && largest > 0);
  for (const [key, values] of expected) {
    const others = found.get(key)!;
    for (const [index, value] of values.entries()) {
      const difference = Math.abs(value - others[index]);
      const most = activationTolerance * largest + halfFloatStep * Math.abs(value);
      assert.ok(difference <= most, `${key}, ${index}: ${value}, ${others[index]}`);
    }
  }

  const [first, other] = (await Promise.all([one, two].map(readResults))).map((results) => results!);
  assert.deepEqual(other.counts, first.counts);
  assert.notDeepEqual(other.engine, first.engine, "really another engine or thread count");
  const others = [...other.runs, ...other.baselines];
  for (const [index, run] of [...first.runs, ...first.baselines].entries()) {
    for (const part of ["train", "validation", "test"] as const) {
      const { n, accuracy, loss } = run[part];
      const images = Math.round(Math.abs(accuracy - others[index][part].accuracy) * n);
      assert.ok(images <= imageTolerance, `${run.name}, ${part}: ${images} of ${n} images`);
      assert.ok(Math.abs(loss - others[index][part].loss) <= 1e-3 * loss, `${run.name}, ${part}: loss`);
    }
  }
}
