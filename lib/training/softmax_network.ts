/** The softmax alone as a network. It is trained after frozen layers, or on any other features. */
import { argmax } from "../evaluation/metrics.ts";
import { type Block, KernelMemory } from "../support/kernels/kernels.ts";
import { crossEntropy, softmax } from "./cross_entropy.ts";
import type { Head, Tensors } from "./model.ts";
import { alike, type LossChange, type Network, type StepLoss } from "./network.ts";

/**
 * Dense(classes) with softmax. A step has two matrix products, so small that TensorFlow's threads would take longer to wake than to
 * multiply. The kernel is stored transposed, (classes, row). Each row is padded with zeros to a multiple of four.
 */
export class SoftmaxNetwork implements Network {
  readonly memory = new KernelMemory();
  readonly weights: Block;
  readonly gradients: Block;
  readonly inputs: number;
  readonly features: number;
  readonly classes: number;
  readonly #row: number;
  #rows: Float32Array[] = [];
  #n = 0;
  #x: Float32Array = new Float32Array(0); // (n, row)
  #logits: Float32Array = new Float32Array(0); // (n, classes)
  #error: Float32Array = new Float32Array(0); // (n, classes): the loss's gradient with respect to the logits

  constructor({ kernel, bias, inputs, classes }: Head) {
    [this.inputs, this.features, this.classes] = [inputs, inputs, classes];
    this.#row = 4 * Math.ceil(inputs / 4);
    this.weights = this.memory.block([classes * this.#row, classes]);
    this.gradients = this.memory.block([classes * this.#row, classes]);
    const [own, ownBias] = this.weights.arrays;
    kernel.forEach((value, i) => own[this.#placeOf(i)] = value);
    ownBias.set(bias);
  }

  batch(n: number): readonly Float32Array[] {
    const { memory, inputs, classes } = this;
    const whole = 4 * Math.ceil(n / 4); // the loops take four rows at a time
    if (whole > this.#rows.length) {
      const lengths = [whole * this.#row, whole * classes, whole * classes];
      [this.#x, this.#logits, this.#error] = memory.block(lengths).arrays;
      const starts = Array.from({ length: whole }, (_, i) => i * this.#row);
      this.#rows = starts.map((start) => this.#x.subarray(start, start + inputs));
    }
    for (const row of this.#rows.slice(n, whole)) row.fill(0);
    this.#n = n;
    return this.#rows.slice(0, n);
  }

  lossAndGradients(labels: readonly number[], { mask, offsets }: LossChange = {}): StepLoss {
    const { inputs, classes, gradients: { arrays: [ofKernel, ofBias] } } = this;
    if (mask) {
      this.#rows.slice(0, this.#n).forEach((row, r) => {
        for (let i = 0; i < inputs; i++) row[i] *= mask[r * inputs + i];
      });
    }
    const logits = this.logits();
    const isRight = (label: number, row: number) => argmax(logits, row * classes, classes) === label;
    const correct = labels.filter(isRight).length; // without offsets, like predictions
    if (offsets) logits.forEach((_, i) => logits[i] += offsets[i % classes]);
    const { loss, gradient } = crossEntropy(logits, labels, classes);
    this.#error.fill(0);
    this.#error.set(gradient);
    this.memory.loops.backward(...this.#shape(), ...[this.#x, this.#error, ofKernel].map(addressOf));
    ofBias.fill(0);
    gradient.forEach((value, i) => ofBias[i % classes] += value);
    return { loss, correct };
  }

  logits(): Float32Array {
    const [kernel, bias] = this.weights.arrays;
    this.memory.loops.forward(...this.#shape(), ...[this.#x, kernel, this.#logits].map(addressOf));
    const { classes } = this;
    return this.#logits.slice(0, this.#n * classes).map((value, i) => value + bias[i % classes]);
  }

  tensors(all: Float32Array): Tensors {
    const { inputs, classes } = this;
    const [kernel, bias] = alike(this.weights, all);
    return {
      "predictions/kernel": Float32Array.from(
        { length: inputs * classes },
        (_, i) => kernel[this.#placeOf(i)],
      ),
      "predictions/bias": bias.slice(),
    };
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
  }

  /** First parameters of both loops: number of groups of four rows, number of classes, bytes of a row. */
  #shape(): [number, number, number] {
    return [Math.ceil(this.#n / 4), this.classes, 4 * this.#row];
  }

  /** Index in the stored kernel of element i of a kernel (inputs, classes). */
  #placeOf(i: number): number {
    return (i % this.classes) * this.#row + Math.floor(i / this.classes);
  }
}

/** Features (n, inputs) → probabilities, (n, classes), rows sum to 1. @throws {TypeError} if they are not a whole number of rows */
export function softmaxAnswers(head: Head, features: Float32Array): Float32Array {
  const { inputs, classes } = head;
  const n = features.length / inputs;
  if (!Number.isInteger(n)) {
    throw new TypeError(`Features must have shape (n, ${inputs}). Received: ${features.length} values`);
  }
  using network = new SoftmaxNetwork(head);
  const logits = new Float32Array(n * classes);
  for (let first = 0; first < n; first += 64) {
    network.batch(Math.min(64, n - first)).forEach((target, i) =>
      target.set(features.subarray((first + i) * inputs, (first + i + 1) * inputs))
    );
    logits.set(network.logits(), first * classes);
  }
  return softmax(logits, classes);
}

function addressOf({ byteOffset }: Float32Array): number {
  return byteOffset;
}
