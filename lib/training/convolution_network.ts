/** A network of trained convolutions and the softmax after them. The engine computes their gradients. */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from "@tensorflow/tfjs";
import { argmax } from "../evaluation/metrics.ts";
import { type Convolutions, makeConvolutions } from "../model/forward.ts";
import { inputLength, inputShape, trainedLayers } from "../model/vgg16.ts";
import type { Depth } from "../recipe.ts";
import { engine, readTensors, readValues, tf } from "../support/engine/engine.ts";
import { dtypes, operation } from "../support/engine/operation.ts";
import { type Block, KernelMemory } from "../support/kernels/kernels.ts";
import type { Model, Tensors } from "./model.ts";
import { alike, type LossChange, type Network, type StepLoss } from "./network.ts";

/** Must be disposed of: its weights and gradients are on the engine too. */
export class ConvolutionNetwork implements Network {
  readonly memory = new KernelMemory();
  readonly weights: Block;
  readonly gradients: Block;
  readonly inputs: number;
  readonly features: number;
  readonly classes: number;
  readonly #shape: [number, number, number];
  readonly #names: readonly string[];
  readonly #variables: readonly Variable[];
  readonly #convolutions: Convolutions;
  readonly #gradientReader: GradientReader;
  #x = new Float32Array(0);

  constructor({ layers: all, head, size, precision }: Model, depth: Depth) {
    if (engine.name === "wasm") {
      throw new RangeError(
        "Training deeper than the softmax needs the native engine or a GPU; `deno task doctor` says how to get it. Received: wasm",
      );
    }
    this.#shape = inputShape(depth, size);
    this.inputs = inputLength(depth, size);
    this.features = inputLength("head", size);
    this.classes = head.classes;
    const own = trainedLayers(depth);
    const trained = all.filter(({ name }) => own.some((layer) => layer.name === name)).flatMap((
      { name, kernel, bias },
    ) => [
      { name: `${name}/kernel`, values: kernel, shape: [3, 3, kernel.length / 9 / bias.length, bias.length] },
      { name: `${name}/bias`, values: bias, shape: [bias.length] },
    ]);
    trained.push({ name: "predictions/kernel", values: head.kernel, shape: [head.inputs, head.classes] });
    trained.push({ name: "predictions/bias", values: head.bias, shape: [head.classes] });
    this.#names = trained.map(({ name }) => name);
    this.weights = this.memory.block(trained.map(({ values }) => values.length));
    this.gradients = this.memory.block(trained.map(({ values }) => values.length));
    trained.forEach(({ values }, i) => this.weights.arrays[i].set(values));
    this.#variables = trained.map(({ values, shape }) =>
      tf.tidy(() => tf.variable(tf.tensor(values.slice(), shape, "float32")))
    );
    this.#convolutions = makeConvolutions(own, { size, tiles: "fine", precision });
    this.#gradientReader = makeGradientReader(this.gradients.arrays);
  }

  batch(n: number): readonly Float32Array[] {
    const { inputs } = this;
    this.#x = new Float32Array(n * inputs); // a new array, because the engine may still read the old one
    return Array.from({ length: n }, (_, i) => this.#x.subarray(i * inputs, (i + 1) * inputs));
  }

  async lossAndGradients(
    labels: readonly number[],
    { mask, offsets }: LossChange = {},
  ): Promise<StepLoss> {
    const { classes } = this;
    this.#takeWeights();
    const found = tf.tidy(() => {
      const truth = tf.oneHot(tf.tensor1d([...labels], "int32"), classes);
      let logits: Tensor2D;
      const { value, grads } = tf.variableGrads(() => {
        logits = tf.keep(this.#forward(mask));
        const shifted = offsets ? logits.add(tf.tensor1d(offsets)) : logits;
        return tf.losses.softmaxCrossEntropy(truth, shifted).asScalar();
      }, [...this.#variables]);
      return { value, logits: logits!, gradients: this.#variables.map(({ name }) => grads[name]) };
    });
    try { // outside tidy, which does not wait for promises
      const [[loss], logits] = await readTensors([found.value, found.logits]);
      await this.#gradientReader.read(found.gradients);
      const isRight = (label: number, row: number) => argmax(logits, row * classes, classes) === label;
      return { loss, correct: labels.filter(isRight).length };
    } finally {
      tf.dispose(found);
    }
  }

  async logits(): Promise<Float32Array> {
    this.#takeWeights();
    return await readValues(() => this.#forward());
  }

  tensors(all: Float32Array): Tensors {
    const values = alike(this.weights, all);
    return Object.fromEntries(this.#names.map((name, i) => [name, values[i].slice()]));
  }

  [Symbol.dispose](): void {
    tf.dispose([...this.#variables]);
    this.#gradientReader.dispose();
    this.#convolutions[Symbol.dispose]();
    this.memory[Symbol.dispose]();
  }

  /** (n, height, width, channels) → (n, features) → (n, classes) */
  #forward(mask?: Float32Array): Tensor2D {
    const variables = this.#variables as readonly unknown[];
    const [kernel, bias] = variables.slice(-2) as [Tensor2D, Tensor1D];
    const kernels = variables.slice(0, -2).filter((_, i) => i % 2 === 0) as Tensor4D[];
    const biases = variables.slice(0, -2).filter((_, i) => i % 2 === 1) as Tensor1D[];
    const n = this.#x.length / this.inputs;
    const images = tf.tensor4d(this.#x, [n, ...this.#shape]);
    const convolutions = this.#convolutions;
    const read = convolutions.run(images, convolutions.filters(kernels), biases)
      .reshape<Tensor2D>([n, this.features]);
    const kept = mask ? read.mul<Tensor2D>(tf.tensor2d(mask, [n, this.features])) : read;
    return kept.matMul(kernel).add(bias);
  }

  /** Copies the current weights to the engine. */
  #takeWeights(): void {
    this.#variables.forEach((variable, i) => {
      const value = tf.tensor(this.weights.arrays[i], variable.shape, "float32");
      variable.assign(value);
      value.dispose();
    });
  }
}

/** Reads gradients into arrays. */
interface GradientReader {
  /** @param gradients one for each array, of its length, in the same order */
  read(gradients: readonly Tensor[]): Promise<void>;
  dispose(): void;
}

function makeGradientReader(arrays: readonly Float32Array[]): GradientReader {
  const writers = engine.name === "tfjs-node" ? arrays.map(makeWriter) : [];
  return {
    async read(gradients) {
      if (writers.every(({ works }) => works) && writers.length > 0) {
        return gradients.forEach((gradient, i) => writers[i].write(gradient));
      }
      (await readTensors(gradients)).forEach((values, i) => arrays[i].set(values));
    },
    dispose: () => writers.forEach((writer) => writer.dispose()),
  };
}

/**
 * Writes a tensor into an array. `dataSync` would make a new array each time, which must then be copied: for millions of gradients this
 * takes 3 % of a step from `block5`. TensorFlow's `InplaceUpdate` overwrites rows of a tensor in place, and a tensor made from an array
 * uses the array's memory. This does not hold in every build, so it is tried first.
 */
function makeWriter(array: Float32Array) {
  const shape: [number, number] = [1, array.length];
  const inArray = tf.tensor2d(array, shape);
  const row = tf.tensor1d([0], "int32");
  const write = (tensor: Tensor) =>
    tf.tidy(() => { // returns nothing: the operation's result is the same tensor again
      operation("InplaceUpdate", [inArray, row, tensor.reshape(shape)], { T: dtypes.float32 });
    });
  tf.tidy(() => write(tf.ones(shape)));
  const works = array[0] === 1 && array.at(-1) === 1;
  return { works, write, dispose: () => tf.dispose([inArray, row]) };
}
