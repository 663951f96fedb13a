/** A base and what was trained of it, put together: the whole network. */
import { type Vgg16Weights, weightsDigest } from "../vgg16/weights.ts";
import type { Head } from "./head.ts";
import type { Parameter } from "./trainable_network.ts";

/** All 13 convolutions and the softmax behind them. */
export interface WholeNetwork {
  readonly weights: Vgg16Weights;
  readonly head: Head;
}

/**
 * The network that a training ended with: the base's convolutions, those replaced that were trained, and the head. It shares
 * the arrays that it is made of.
 *
 * @param weights the base that the training started from
 * @param parameters what `parametersBehind` gave for any cut, trained or not: `block5_conv1/kernel`, …, `predictions/bias`
 * @throws {TypeError} when they lack the head, name another layer or have another shape
 */
export function withParameters(weights: Vgg16Weights, parameters: readonly Parameter[]): WholeNetwork {
  const left = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const take = (name: string, shape: readonly number[]): Float32Array | undefined => {
    const parameter = left.get(name);
    if (!parameter) return undefined;
    left.delete(name);
    const length = shape.reduce((all, side) => all * side, 1);
    if (parameter.shape.join() === shape.join() && parameter.values.length === length) {
      return parameter.values;
    }
    throw new TypeError(
      `${name} must have shape (${shape.join(", ")}). ` +
        `Received: (${parameter.shape.join(", ")}), ${parameter.values.length} values`,
    );
  };
  const layers = weights.layers.map(({ name, kernel, bias }) => ({
    name,
    kernel: take(`${name}/kernel`, [3, 3, kernel.length / 9 / bias.length, bias.length]) ?? kernel,
    bias: take(`${name}/bias`, [bias.length]) ?? bias,
  }));
  const [inputs, classes] = left.get("predictions/kernel")?.shape ?? [0, 0];
  const kernel = take("predictions/kernel", [inputs, classes]);
  const bias = take("predictions/bias", [classes]);
  if (!kernel || !bias || left.size > 0) {
    throw new TypeError(
      "Parameters must be kernels and biases of VGG16's convolutions, and predictions/kernel and predictions/bias. " +
        `Received: ${parameters.map(({ name }) => name).join(", ") || "none"}`,
    );
  }
  const digest = weightsDigest(layers);
  const source = digest === weights.digest ? weights.source : "other";
  return { weights: { digest, source, layers }, head: { kernel, bias, inputs, classes } };
}
