/** A network that reads images although its first layers are frozen. For images that are never shown twice, storing does not pay. */
import { type FrozenBase, makeBase } from "../model/forward.ts";
import { inputShape } from "../model/vgg16.ts";
import type { Depth } from "../recipe.ts";
import { readValues, tf } from "../support/engine/engine.ts";
import type { Block, KernelMemory } from "../support/kernels/kernels.ts";
import type { ConvolutionNetwork } from "./convolution_network.ts";
import type { Model, Tensors } from "./model.ts";
import type { LossChange, Network, StepLoss } from "./network.ts";

/** Runs the frozen layers before each step, without gradients. Rows are images, RGB, 0–255. Must be disposed of. */
export class ImageNetwork implements Network {
  readonly memory: KernelMemory;
  readonly weights: Block;
  readonly gradients: Block;
  readonly inputs: number;
  readonly features: number;
  readonly classes: number;
  readonly #shape: readonly [number, number, number];
  readonly #base: FrozenBase;
  readonly #network: ConvolutionNetwork;
  #images = new Float32Array(0);

  /** @param network the model's layers from `depth` on; it is disposed of with this one */
  constructor(model: Model, network: ConvolutionNetwork, depth: Depth) {
    const { size, scaling, precision } = model;
    this.#network = network;
    [this.memory, this.weights, this.gradients] = [network.memory, network.weights, network.gradients];
    [this.features, this.classes] = [network.features, network.classes];
    this.#base = makeBase(model, { size, scaling, precision, depth });
    this.#shape = inputShape("block1", size);
    this.inputs = this.#shape.reduce((a, b) => a * b);
  }

  batch(n: number): readonly Float32Array[] {
    const { inputs } = this;
    this.#images = new Float32Array(n * inputs); // a new array, because the engine may still read the old one
    return Array.from({ length: n }, (_, i) => this.#images.subarray(i * inputs, (i + 1) * inputs));
  }

  async lossAndGradients(labels: readonly number[], change?: LossChange): Promise<StepLoss> {
    await this.#passFrozen();
    return await this.#network.lossAndGradients(labels, change);
  }

  async logits(): Promise<Float32Array> {
    await this.#passFrozen();
    return await this.#network.logits();
  }

  tensors(all: Float32Array): Tensors {
    return this.#network.tensors(all);
  }

  [Symbol.dispose](): void {
    this.#base[Symbol.dispose]();
    this.#network[Symbol.dispose]();
  }

  /** (n, height, width, 3) → the first trained layer's input */
  async #passFrozen(): Promise<void> {
    const n = this.#images.length / this.inputs;
    const { outputs } = this.#base;
    const values = await readValues(() => this.#base.forward(tf.tensor4d(this.#images, [n, ...this.#shape])));
    this.#network.batch(n).forEach((row, i) => row.set(values.subarray(i * outputs, (i + 1) * outputs)));
  }
}
