/** Dense(classes) with softmax alone: two products a step, its gradient in closed form. */
import { makeMemory } from "../support/webassembly/module.ts";
import { blockSumsIn } from "./block_sums.ts";
import { crossEntropy } from "./cross_entropy.ts";
import type { TrainableNetwork } from "./network.ts";

/**
 * @param weights kernel (features, classes) and bias (classes), which are copied
 * @throws {RangeError} unless features are a multiple of four, as all that VGG16 gives are: they are multiplied four at a time
 * @throws {TypeError} when the weights have other sizes
 */
export function makeSoftmaxNetwork(
  weights: readonly Float32Array[],
  { features, classes }: { features: number; classes: number },
): TrainableNetwork {
  if (features % 4 !== 0) {
    throw new RangeError(`A softmax reads a multiple of four features. Received: ${features}`);
  }
  if (weights[0].length !== features * classes || weights[1].length !== classes) {
    throw new TypeError(
      `A softmax must have a kernel of ${features} × ${classes} and ${classes} biases. ` +
        `Received: ${weights[0].length} and ${weights[1].length} values`,
    );
  }
  const bias = new Float32Array(classes);
  let products = makeProducts(32, { features, classes });
  const assign = ([kernel, ofBias]: readonly Float32Array[]) => {
    products.kernel.set(kernel);
    bias.set(ofBias);
  };
  assign(weights);
  const batch = (n: number) => {
    if (n > products.rows) {
      const { kernel } = products;
      products = makeProducts(n, { features, classes });
      products.kernel.set(kernel);
    }
    return products.x.subarray(0, n * features);
  };
  const take = (x: Float32Array) => {
    const taken = x.buffer === products.x.buffer ? x : batch(x.length / features);
    if (taken !== x) taken.set(x);
    return taken;
  };
  const answers = (n: number) => {
    const logits = products.forward(n);
    for (let i = 0; i < logits.length; i++) logits[i] += bias[i % classes];
    return logits;
  };
  return {
    inputs: features,
    features,
    assign,
    batch,
    lossAndGradients(x, labels, mask) {
      const taken = take(x);
      mask?.forEach((factor, i) => taken[i] *= factor);
      const logits = answers(labels.length);
      const { loss, gradient } = crossEntropy(logits, labels, classes);
      const ofBias = new Float32Array(classes);
      for (let i = 0; i < gradient.length; i++) ofBias[i % classes] += gradient[i];
      return { logits, loss, gradients: [products.backward(gradient), ofBias] };
    },
    logits: (x) => answers(take(x).length / features),
    [Symbol.dispose]() {},
  };
}

/** Answers to any number of rows, (n, features) → (n, classes), each as if it stood alone. */
export function logitsOf(network: TrainableNetwork, features: Float32Array, classes: number): Float32Array {
  const logits = new Float32Array(features.length / network.features * classes);
  const rows = 32; // what there is room for from the start
  for (let row = 0; row * network.features < features.length; row += rows) {
    const x = features.subarray(row * network.features, (row + rows) * network.features);
    logits.set(network.logits(x), row * classes);
  }
  return logits;
}

interface Products {
  /** The most rows that `x` can have. */
  readonly rows: number;
  /** (rows, features), to be set before `forward`. */
  readonly x: Float32Array;
  /** (features, classes), to be set. */
  readonly kernel: Float32Array;
  /** The first n rows of x · kernel: (n, classes). */
  forward(n: number): Float32Array;
  /** xᵀ · gradient for a gradient (n, classes): (features, classes), to be read before the next call. */
  backward(gradient: Float32Array): Float32Array;
}

/** @param size features are a multiple of four */
function makeProducts(rows: number, size: { features: number; classes: number }): Products {
  const { features, classes } = size;
  const block = 4 * classes; // numbers
  const lengths = [rows * features, features * classes, rows * block, features * classes];
  const starts = lengths.map((_, i) => 4 * lengths.slice(0, i).reduce((sum, length) => sum + length, 0)); // bytes, multiples of 16
  const memory = makeMemory(4 * lengths.reduce((sum, length) => sum + length));
  const [x, kernel, ofRows, ofKernel] = lengths.map((length, i) =>
    new Float32Array(memory.buffer, starts[i], length)
  );
  const [atX, atKernel, atRows, atGradient] = starts;
  const blockSums = blockSumsIn(memory, classes);
  return {
    rows,
    x,
    kernel,
    forward(n) {
      blockSums(n, 4 * features, features / 4, atX, 16, atKernel, atRows);
      const values = new Float32Array(n * classes);
      for (let row = 0, i = 0; row < n; row++) {
        for (let at = row * block; at < row * block + classes; at++) {
          values[i++] = ofRows[at] + ofRows[at + classes] + ofRows[at + 2 * classes] +
            ofRows[at + 3 * classes];
        }
      }
      return values;
    },
    backward(gradient) {
      const n = gradient.length / classes;
      for (let row = 0, at = 0; row < n; row++) {
        for (let k = 0; k < block; k++) ofRows[at++] = gradient[row * classes + k % classes];
      }
      blockSums(features / 4, 16, n, atX, 4 * features, atRows, atGradient);
      return ofKernel;
    },
  };
}
