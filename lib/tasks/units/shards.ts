/** The rows that a run's networks read, ordered so that they can be cut into shards, and the shards. */
import type { Parts } from "../../data/parts.ts";
import type { Depth, Recipe } from "../../recipe.ts";

/** The depths whose activations the recipes read. The value is true if a recipe ends at that depth: its network is tested. */
export function depthsOf(recipes: readonly Recipe[]): Map<Depth, boolean> {
  const found = new Map<Depth, boolean>();
  for (const recipe of recipes) {
    for (const { depth } of recipe) {
      const isLast = recipe.at(-1)!.depth === depth;
      if (depth !== "block1") found.set(depth, (found.get(depth) ?? false) || isLast);
    }
  }
  return found;
}

/**
 * The rows whose activations are needed: the subset's and, if `opensTest`, the test's.
 *
 * They are sorted by photo, so that a shard of rows needs few shards of photos.
 */
export function rowsAt(parts: Parts, { opensTest }: { opensTest: boolean }): Int32Array {
  const { table, subset, test } = parts;
  const lists = opensTest ? [subset, test] : [subset];
  const photos = lists.reduce(
    (most, rows) => rows.reduce((most, row) => Math.max(most, table[row].row), most),
    -1,
  );
  const starts = new Int32Array(photos + 2);
  for (const rows of lists) for (const row of rows) starts[table[row].row + 1]++;
  for (let photo = 0; photo <= photos; photo++) starts[photo + 1] += starts[photo];
  const ordered = new Int32Array(starts[photos + 1]);
  const next = starts.slice();
  for (const rows of lists) for (const row of rows) ordered[next[table[row].row]++] = row;
  for (let photo = 0; photo <= photos; photo++) ordered.subarray(starts[photo], starts[photo + 1]).sort();
  return ordered;
}

/** Photo and number of the copy of each row, in turn: with the photos and the augmentation they determine the pixels. */
export function namesOf(parts: Parts, rows: ArrayLike<number>, photoOf: (row: number) => number): Int32Array {
  const names = new Int32Array(2 * rows.length);
  for (let i = 0; i < rows.length; i++) {
    const { row, copy } = parts.table[rows[i]];
    names[2 * i] = photoOf(row);
    names[2 * i + 1] = copy;
  }
  return names;
}

/** Cuts a list of `count` items into nearly equal shards of about `about` items; `end` is excluded. */
export function shardsOf(count: number, about: number): [first: number, end: number][] {
  const shards = countShards(count, about);
  const border = (index: number) => Math.floor(index * count / shards);
  return Array.from({ length: shards }, (_, index) => [border(index), border(index + 1)]);
}

/** The index of the shard that an item belongs to. */
export function shardAt(item: number, count: number, about: number): number {
  const shards = countShards(count, about);
  return Math.floor(((item + 1) * shards - 1) / count); // the last shard that begins at or before the item
}

function countShards(count: number, about: number): number {
  return Math.max(1, Math.round(count / about));
}
