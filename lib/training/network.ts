/** What the training loop asks of a network: rows in, loss and gradients out. */
import type { Block, KernelMemory } from "../support/kernels/kernels.ts";
import type { Tensors } from "./model.ts";

/** To be disposed of: it holds memory, on the engine too. */
export interface Network extends Disposable {
  readonly memory: KernelMemory;
  /** Kernel and bias of one layer after the other. May be changed between calls. */
  readonly weights: Block;
  /** What `lossAndGradients` found, in the same form. */
  readonly gradients: Block;
  /** Values of a row. */
  readonly inputs: number;
  /** Values of a row that the softmax reads: 2,048 at 64×64. */
  readonly features: number;
  readonly classes: number;
  /** n rows of `inputs` values, to be filled before the next call. */
  batch(n: number): readonly Float32Array[];
  /**
   * Takes the batch forwards and backwards. The loss is the mean cross-entropy, in nats; `correct` counts right answers.
   *
   * A promise where the engine's values have to be awaited.
   *
   * @param labels n class indices
   * @param change `mask`: (n, features), multiplied with what the softmax reads: dropout; `offsets`: (classes), added to every row's
   * logits for the loss: balanced softmax
   */
  lossAndGradients(labels: readonly number[], change?: LossChange): StepLoss | Promise<StepLoss>;
  /** The batch's answers in inference mode, (n, classes). */
  logits(): Float32Array | Promise<Float32Array>;
  /** Copies of arrays that stand like `weights`, by their names and in Keras' form. */
  tensors(all: Float32Array): Tensors;
}

/** Of one batch. */
export interface StepLoss {
  /** Mean over its rows, in nats. */
  readonly loss: number;
  /** Right answers among them. */
  readonly correct: number;
}

export interface LossChange {
  readonly mask?: Float32Array;
  readonly offsets?: Float32Array;
}

/** The arrays in a copy of a whole block, or in another that stands like it. */
export function alike(block: Block, all: Float32Array): Float32Array[] {
  return block.arrays.map(({ byteOffset, length }) => {
    const start = (byteOffset - block.all.byteOffset) / 4;
    return all.subarray(start, start + length);
  });
}
