/** What is trained: VGG16's layers behind a cut with Dense(classes) behind them. */
import type { ImageSize } from "../image_size.ts";
import type { Cut } from "../model/architecture.ts";

export interface NetworkSize {
  /** Where the trained part begins; `flatten`: the softmax alone. */
  readonly cut: Cut;
  /** Of the images. */
  readonly size: ImageSize;
  readonly classes: number;
}

export interface TrainableNetworkOptions extends NetworkSize {
  /**
   * Room for the gradients, an array for each parameter, used where that spares a copy: what `lossAndGradients` gives lies there
   * then, until its next call.
   */
  readonly gradientRoom?: readonly Float32Array[];
}

export interface LossAndGradients {
  /** (batch, classes) */
  readonly logits: Float32Array;
  /** Mean categorical cross-entropy of the batch, in nats. */
  readonly loss: number;
  /** One for each parameter, in their order. To be read before the network's next call. */
  readonly gradients: Float32Array[];
}

/** Holds its parameters on the engine until it is disposed of. */
export interface TrainableNetwork extends Disposable {
  /** Values per example: the shape at the cut, multiplied. */
  readonly inputs: number;
  /** Values that the softmax reads: 2,048 at 64×64. */
  readonly features: number;
  /** Takes new values for all parameters, in their order. The arrays may be changed after the next call of another function. */
  assign(values: readonly Float32Array[]): void;
  /** (n, inputs), to be filled: an `x` that need not be copied, until the next batch. `lossAndGradients` may change it. */
  batch(n: number): Float32Array;
  /**
   * @param x (batch, inputs), activations at the cut
   * @param labels batch class indices
   * @param mask (batch, features), multiplied with what the softmax reads: dropout
   */
  lossAndGradients(x: Float32Array, labels: readonly number[], mask?: Float32Array): LossAndGradients;
  /** In inference mode: (batch, inputs) → (batch, classes). */
  logits(x: Float32Array): Float32Array;
}
