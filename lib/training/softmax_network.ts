/** Dense(classes) with softmax alone: two products a step, its gradient in closed form. */
import { tf } from "../tensorflow/engine.ts";
import { cutLength } from "../vgg16/architecture.ts";
import { crossEntropy } from "./cross_entropy.ts";
import type { NetworkSize, TrainableNetwork } from "./network.ts";
import { transpose } from "./packed_head.ts";
import type { Parameter } from "./parameters.ts";

/** @param parameters kernel (features, classes) and bias (classes) */
export function makeSoftmaxNetwork(
  parameters: readonly Parameter[],
  { size, classes }: NetworkSize,
): TrainableNetwork {
  const features = cutLength("flatten", size);
  let kernel: Float32Array = new Float32Array(0); // (classes, features): the products take less than half the time than with (features, classes)
  let bias: Float32Array = new Float32Array(0);
  const assign = ([ofKernel, ofBias]: readonly Float32Array[]) => {
    kernel = transpose(ofKernel, features, classes);
    bias = ofBias.slice();
  };
  assign(parameters.map(({ values }) => values));
  /** (rows, k) · (k, columns); with `turned`, the second is given as (columns, k). */
  const product = (a: Float32Array, rows: number, b: Float32Array, columns: number, turned = false) => {
    let values: Float32Array | undefined;
    tf.tidy(() => { // returns nothing: tidy would look for tensors in every element of an array
      const left = tf.tensor2d(a, [rows, a.length / rows]);
      const right = tf.tensor2d(b, turned ? [columns, b.length / columns] : [b.length / columns, columns]);
      values = tf.matMul(left, right, false, turned).dataSync<"float32">();
    });
    return values!;
  };
  const logitsOf = (x: Float32Array) => {
    const n = x.length / features;
    const logits = transpose(product(kernel, classes, x, n, true), classes, n);
    for (let i = 0; i < logits.length; i++) logits[i] += bias[i % classes];
    return logits;
  };
  return {
    inputs: features,
    features,
    assign,
    lossAndGradients(x, labels, mask) {
      const n = labels.length;
      const read = mask ? x.map((value, i) => value * mask[i]) : x;
      const logits = logitsOf(read);
      const { loss, gradient } = crossEntropy(logits, labels, classes);
      const ofKernel = product(transpose(gradient, n, classes), classes, read, features);
      const ofBias = new Float32Array(classes);
      for (let i = 0; i < gradient.length; i++) ofBias[i % classes] += gradient[i];
      return { logits, loss, gradients: [transpose(ofKernel, classes, features), ofBias] };
    },
    logits: logitsOf,
    [Symbol.dispose]() {},
  };
}
