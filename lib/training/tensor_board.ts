/** Writes a training's history for TensorBoard. */
import { tf } from "../support/engine/engine.ts";
import type { EpochRecord } from "./training_loop.ts";

/** The part of tfjs-node that writes event files. */
interface SummaryWriter {
  scalar(name: string, value: number, step: number): void;
  flush(): void;
}

/** Number of epochs written by this process, by folder. The engine keeps one writer per folder open until the process ends. */
const written = new Map<string, number>();

/**
 * Writes loss, accuracy and learning rate of the epochs that are not written yet. The first call of a process writes all of them
 * anew, so an interrupted training never has an epoch twice.
 *
 * @param history all epochs so far
 * @throws {Error} without the native engine, which has the writer
 */
export async function writeTensorBoard(folder: string, history: readonly EpochRecord[]): Promise<void> {
  const { node } = tf as unknown as { node?: { summaryFileWriter(folder: string): SummaryWriter } };
  if (!node) throw new Error("TensorBoard's logs need the native engine: see `deno task doctor`");
  if (!written.has(folder)) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.mkdir(folder, { recursive: true });
  }
  const writer = node.summaryFileWriter(folder);
  history.slice(written.get(folder) ?? 0).forEach((epoch) => {
    const step = history.indexOf(epoch) + 1;
    const scalars = {
      "loss/train": epoch.loss,
      "loss/validation": epoch.validationLoss,
      "accuracy/train": epoch.accuracy,
      "accuracy/validation": epoch.validationAccuracy,
      learning_rate: epoch.learningRate,
    };
    tf.tidy(() => { // the writer leaves its tensors on the engine
      for (const [name, value] of Object.entries(scalars)) {
        if (value !== undefined) writer.scalar(name, value, step); // undefined without validation
      }
    });
  });
  writer.flush();
  written.set(folder, history.length);
}
