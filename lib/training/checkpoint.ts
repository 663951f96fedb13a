/** Where a training stands, on disk: enough to go on after any interruption as if there had been none. */
import { loadTensors, saveTensors } from "../support/tensor_file.ts";
import type { NetworkEpoch } from "./train_network.ts";
import type { OptimizerState } from "./optimizer.ts";

/** Random choices depend on seed, epoch and step alone, so the position is also their state. */
export interface Checkpoint {
  /** Digest of all that decides the training. */
  readonly configuration: string;
  /** The epoch at hand, from 1, and its steps that are done. */
  readonly epoch: number;
  readonly step: number;
  /** Over the rows of the epoch's steps so far. */
  readonly lossSum: number;
  readonly correct: number;
  /** The loss beyond which the training counts as diverged; 0 before the first step. */
  readonly lossLimit: number;
  readonly history: readonly NetworkEpoch[];
  /** Seconds of training so far. */
  readonly seconds: number;
  /** By parameter, in their order. */
  readonly weights: readonly Float32Array[];
  /** After the best epoch; null before the first has ended. */
  readonly best: readonly Float32Array[] | null;
  readonly optimizer: OptimizerState;
}

/** Writes a checkpoint in one step. @throws {StorageError} when it cannot be written; the one before is as it was */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { weights, best, optimizer, ...position } = checkpoint;
  const { slots, ...state } = optimizer;
  const groups: Record<string, readonly Float32Array[]> = { weights, ...best && { best } };
  for (const [name, arrays] of Object.entries(slots)) groups[`slot ${name}`] = arrays;
  const tensors = new Map(
    Object.entries(groups).flatMap(([group, arrays]) =>
      arrays.map((values, i): [string, Float32Array] => [`${group}/${i}`, values])
    ),
  );
  await saveTensors(path, {
    header: { ...position, optimizer: state, groups: Object.keys(groups) },
    tensors,
  });
}

/** The stored checkpoint of this configuration; null where there is none, or it is damaged, which is said. */
export async function loadCheckpoint(
  path: string,
  configuration: string,
  onNotice: (message: string) => void,
): Promise<Checkpoint | null> {
  try {
    const { header, tensors } = await loadTensors(path);
    // deno-lint-ignore no-explicit-any -- JSON of our own making, whole by its digest
    const { groups, optimizer, ...position } = header as any;
    if (position.configuration !== configuration) return null;
    const group = (name: string) =>
      Array.from(tensors).filter(([key]) => key.startsWith(`${name}/`)).map(([, values]) => values);
    const names = (groups as string[]).filter((name) => name.startsWith("slot "));
    const slots = Object.fromEntries(names.map((name) => [name.slice("slot ".length), group(name)]));
    return {
      ...position,
      weights: group("weights"),
      best: groups.includes("best") ? group("best") : null,
      optimizer: { ...optimizer, slots },
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (!(error instanceof SyntaxError)) throw error;
    onNotice(`The checkpoint cannot be used, the training starts again: ${error.message}`);
    return null;
  }
}
