/** The trained arrays of a network, by Keras' names, and the way from VGG16's weights to them and back. */
import { type Cut, frozenLayers, layers } from "../model/architecture.ts";
import type { ConvolutionWeights, Vgg16Weights } from "../model/weights.ts";
import type { Head } from "./head.ts";

/** One trained array: `block5_conv1/kernel`, `predictions/bias`. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** All that a network's answers depend on. */
export interface NetworkWeights {
  /** The 13 convolutions in the network's order. */
  readonly layers: readonly ConvolutionWeights[];
  readonly head: Head;
}

/** Copies of the weights behind the cut, and of the head, in the network's order: where a training starts. */
export function parametersBehind(cut: Cut, weights: Pick<Vgg16Weights, "layers">, head: Head): Parameter[] {
  const names = layers.slice(frozenLayers(cut).length).map(({ name }) => name);
  return [
    ...weights.layers.filter(({ name }) => names.includes(name)).flatMap(({ name, kernel, bias }) => [
      {
        name: `${name}/kernel`,
        shape: [3, 3, kernel.length / 9 / bias.length, bias.length],
        values: kernel.slice(),
      },
      { name: `${name}/bias`, shape: [bias.length], values: bias.slice() },
    ]),
    { name: "predictions/kernel", shape: [head.inputs, head.classes], values: head.kernel.slice() },
    { name: "predictions/bias", shape: [head.classes], values: head.bias.slice() },
  ];
}

/**
 * The network that a training ended with: its base, with what was trained in the place of what it started from. Arrays are shared,
 * not copied.
 *
 * @param base the network that the training started from
 * @param parameters what `parametersBehind` gave for any cut, trained or not
 * @throws {TypeError} when they lack the softmax, name another layer or have another shape
 */
export function withParameters(
  base: Pick<Vgg16Weights, "layers">,
  parameters: readonly Parameter[],
): NetworkWeights {
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
  const layers = base.layers.map(({ name, kernel, bias }) => ({
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
  return { layers, head: { kernel, bias, inputs, classes } };
}
