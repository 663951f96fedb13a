/** A training's history as TensorBoard reads it. */
import { tf } from "../tensorflow/engine.ts";
import type { StageEpoch } from "./train_recipe.ts";

/** The part of tfjs-node that writes event files. */
interface SummaryWriter {
  scalar(name: string, value: number, step: number): void;
  flush(): void;
}

/** Epochs written by this process, by folder: the engine keeps one writer a folder open until the process ends. */
const written = new Map<string, number>();

/**
 * Writes loss, accuracy and learning rate of the epochs that are not written yet. The first call of a process writes all of them
 * anew, so that a training that was interrupted never has an epoch twice.
 *
 * @param history all epochs so far
 * @throws {Error} without the native engine, which has the writer
 */
export async function writeTensorBoard(folder: string, history: readonly StageEpoch[]): Promise<void> {
  const { node } = tf as unknown as { node?: { summaryFileWriter(folder: string): SummaryWriter } };
  if (!node) throw new Error("TensorBoard's logs need the native engine: see `deno task doctor`");
  if (!written.has(folder)) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.mkdir(folder, { recursive: true });
  }
  const writer = node.summaryFileWriter(folder);
  history.slice(written.get(folder) ?? 0).forEach((epoch) => {
    const step = history.indexOf(epoch) + 1;
    writer.scalar("loss/train", epoch.loss, step);
    writer.scalar("loss/validation", epoch.validationLoss, step);
    writer.scalar("accuracy/train", epoch.accuracy, step);
    writer.scalar("accuracy/validation", epoch.validationAccuracy, step);
    writer.scalar("learning_rate", epoch.learningRate, step);
  });
  writer.flush();
  written.set(folder, history.length);
}
