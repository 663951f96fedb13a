/** The training loop's interface to a network: rows in, loss and gradients out. */
import type { Block, KernelMemory } from "../support/kernels/kernels.ts";
import type { Tensors } from "./model.ts";

/** Must be disposed of: it holds memory, also on the engine. */
export interface Network extends Disposable {
  readonly memory: KernelMemory;
  /** Kernel and bias of each layer, in order. May be changed between calls. */
  readonly weights: Block;
  /** The gradients that `lossAndGradients` computed, in the same layout. */
  readonly gradients: Block;
  /** Values per row. */
  readonly inputs: number;
  /** Values per row that the softmax reads: 2,048 at 64×64. */
  readonly features: number;
  readonly classes: number;
  /** n rows of `inputs` values, for the caller to fill before the next call. */
  batch(n: number): readonly Float32Array[];
  /**
   * Runs the batch forwards and backwards. The loss is the mean cross-entropy, in nats; `correct` counts right answers.
   *
   * Returns a promise if the engine's values must be awaited.
   *
   * @param labels n class indices
   * @param change `mask`: (n, features), multiplied with the softmax's inputs (dropout). `offsets`: (classes), added to every row's
   * logits for the loss (balanced softmax)
   */
  lossAndGradients(labels: readonly number[], change?: LossChange): StepLoss | Promise<StepLoss>;
  /** The batch's logits in inference mode, (n, classes). */
  logits(): Float32Array | Promise<Float32Array>;
  /** Copies of the arrays in `all`, which is laid out like `weights`: by name, in Keras' shapes. */
  tensors(all: Float32Array): Tensors;
}

/** The loss of one batch. */
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

/** Views of the arrays in `all`, which is laid out like the block. */
export function alike(block: Block, all: Float32Array): Float32Array[] {
  return block.arrays.map(({ byteOffset, length }) => {
    const start = (byteOffset - block.all.byteOffset) / 4;
    return all.subarray(start, start + length);
  });
}
