/** The trained arrays of a network, by Keras' names, and the way from VGG16's weights to them and back. */
import { type Cut, frozenLayers, layers } from "../vgg16/architecture.ts";
import type { ConvolutionWeights, Vgg16Weights } from "../vgg16/weights.ts";
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
 * The whole network: `weights` with what was trained in its place. Arrays are shared, not copied.
 *
 * @throws {TypeError} when the parameters lack the softmax
 */
export function withParameters(
  weights: Pick<Vgg16Weights, "layers">,
  parameters: readonly Parameter[],
): NetworkWeights {
  const trained = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const kernel = trained.get("predictions/kernel");
  const bias = trained.get("predictions/bias");
  if (!kernel || !bias) {
    throw new TypeError(
      `Parameters must hold predictions/kernel and predictions/bias. Received: ${
        [...trained.keys()].join(", ")
      }`,
    );
  }
  return {
    layers: weights.layers.map(({ name, kernel, bias }) => ({
      name,
      kernel: trained.get(`${name}/kernel`)?.values ?? kernel,
      bias: trained.get(`${name}/bias`)?.values ?? bias,
    })),
    head: {
      kernel: kernel.values,
      bias: bias.values,
      inputs: kernel.shape[0],
      classes: kernel.shape[1],
    },
  };
}
