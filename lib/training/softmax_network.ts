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
  const logitsOf = (x: Float32Array) => {
    const n = x.length / features;
    const products = tf.matMul(
      tf.tensor2d(kernel, [classes, features]),
      tf.tensor2d(x, [n, features]),
      false,
      true,
    );
    const logits = transpose(products.dataSync<"float32">(), classes, n);
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
      const logits = tf.tidy(() => logitsOf(read));
      const { loss, gradient } = crossEntropy(logits, labels, classes);
      const byClass = transpose(gradient, n, classes);
      const ofKernel = tf.tidy(() =>
        tf.matMul(tf.tensor2d(byClass, [classes, n]), tf.tensor2d(read, [n, features])).dataSync<"float32">()
      );
      const ofBias = new Float32Array(classes);
      for (let i = 0; i < gradient.length; i++) ofBias[i % classes] += gradient[i];
      return { logits, loss, gradients: [transpose(ofKernel, classes, features), ofBias] };
    },
    logits: (x) => tf.tidy(() => logitsOf(x)),
    [Symbol.dispose]() {},
  };
}
