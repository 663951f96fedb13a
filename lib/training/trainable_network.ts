/** Makes the network that a training works on, in the form that is fastest behind its cut. */
import { cutLength, frozenLayers, layers } from "../model/architecture.ts";
import { makeConvolutionNetwork } from "./convolution_network.ts";
import type { NetworkSize, TrainableNetwork, TrainableNetworkOptions } from "./network.ts";
import type { Parameter } from "./parameters.ts";
import { makeSoftmaxNetwork } from "./softmax_network.ts";

/**
 * @throws {TypeError} when the parameters are not those of the layers behind the cut
 * @throws {RangeError} where convolutions are to be trained and the engine has no gradients of them
 */
export function makeTrainableNetwork(
  parameters: readonly Parameter[],
  options: TrainableNetworkOptions,
): TrainableNetwork {
  checkParameters(parameters, options);
  const { cut, size, classes } = options;
  return cut === "flatten"
    ? makeSoftmaxNetwork(parameters.map(({ values }) => values), {
      features: cutLength("flatten", size),
      classes,
    })
    : makeConvolutionNetwork(parameters, options);
}

function checkParameters(
  parameters: readonly Parameter[],
  { cut, size, classes }: NetworkSize,
): void {
  const convolutions = layers.slice(frozenLayers(cut).length).filter((layer) => layer.kind !== "pool");
  const features = cutLength("flatten", size);
  const expected = [
    ...convolutions.flatMap(({ name, inputs, outputs }) => [
      `${name}/kernel (3,3,${inputs},${outputs})`,
      `${name}/bias (${outputs})`,
    ]),
    `predictions/kernel (${features},${classes})`,
    `predictions/bias (${classes})`,
  ];
  const received = parameters.map(({ name, shape }) => `${name} (${shape.join()})`);
  const index = expected.findIndex((text, i) => text !== received[i]);
  if (index >= 0 || received.length !== expected.length) {
    const at = index >= 0 ? index : expected.length;
    throw new TypeError(
      `Parameter ${at} must be ${expected[at] ?? "none"}. Received: ${received[at] ?? "none"}`,
    );
  }
  const wrong = parameters.find(({ shape, values }) => values.length !== product(shape));
  if (wrong) {
    throw new TypeError(
      `${wrong.name} must have ${product(wrong.shape)} values. Received: ${wrong.values.length}`,
    );
  }
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, side) => all * side, 1);
}
