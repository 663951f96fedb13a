/** Convolutions and the softmax behind them, trained on the engine, which finds their gradients. */
import type { Tensor1D, Tensor2D, Tensor4D, Variable } from "@tensorflow/tfjs";
import { engine, tf, valuesOf } from "../support/engine/engine.ts";
import { makeTensorReader } from "../support/engine/tensor_reader.ts";
import { cutLength, cutShape, frozenLayers, layers } from "../model/architecture.ts";
import {
  type ConvolutionStep,
  filterFor,
  planConvolutions,
  runConvolutions,
  type StepTensors,
} from "../model/convolutions.ts";
import type { TrainableNetwork, TrainableNetworkOptions } from "./network.ts";
import type { Parameter } from "./parameters.ts";

/** @throws {RangeError} where the engine has no gradients of convolutions */
export function makeConvolutionNetwork(
  parameters: readonly Parameter[],
  { cut, size, classes, gradientRoom }: TrainableNetworkOptions,
): TrainableNetwork {
  if (engine.name !== "tfjs-node") {
    throw new RangeError(
      "Training deeper than the softmax needs the native engine; `deno task doctor` says how to get it. Received: wasm",
    );
  }
  const shape = cutShape(cut, size);
  const inputs = cutLength(cut, size);
  const features = cutLength("flatten", size);
  const plan = planConvolutions(layers.slice(frozenLayers(cut).length), { size, tiles: "fine" });
  const variables = parameters.map(({ values, shape }) =>
    tf.tidy(() => tf.variable(tf.tensor(values.slice(), [...shape], "float32")))
  );
  const readers = variables.map((_, index) => makeTensorReader(gradientRoom?.[index]));
  const tensors = () => {
    const ofStep = new Map(plan.steps.map((step, i): [ConvolutionStep, StepTensors] => [step, {
      filter: filterFor(step, variables[2 * i] as Variable<never> as unknown as Tensor4D),
      bias: variables[2 * i + 1] as unknown as Tensor1D,
    }]));
    const [kernel, bias] = variables.slice(-2);
    return { ofStep, kernel: kernel as unknown as Tensor2D, bias: bias as unknown as Tensor1D };
  };
  const forward = (x: Float32Array, mask?: Float32Array): Tensor2D => {
    const { ofStep, kernel, bias } = tensors();
    const batch = x.length / inputs;
    const images = tf.tensor4d(x, [batch, ...shape]);
    const read = runConvolutions(images, plan.steps, (step) => ofStep.get(step)!)
      .reshape<Tensor2D>([batch, features]);
    const kept = mask ? read.mul<Tensor2D>(tf.tensor2d(mask, [batch, features])) : read;
    return kept.matMul(kernel).add(bias);
  };
  return {
    inputs,
    features,
    assign(values) {
      variables.forEach((variable, index) => {
        const value = tf.tensor(values[index], variable.shape, "float32");
        variable.assign(value);
        value.dispose();
      });
    },
    batch: (n) => new Float32Array(n * inputs), // one of its own: the engine may look at it later
    lossAndGradients(x, labels, mask) {
      let logits: Float32Array | undefined;
      let loss = NaN;
      const gradients: Float32Array[] = [];
      tf.tidy(() => { // returns nothing: tidy would look for tensors in every element of an array
        const truth = tf.oneHot(tf.tensor1d([...labels], "int32"), classes);
        const { value, grads } = tf.variableGrads(() => {
          const answer = forward(x, mask);
          logits = answer.dataSync<"float32">();
          return tf.losses.softmaxCrossEntropy(truth, answer).asScalar();
        }, variables);
        loss = value.dataSync()[0];
        variables.forEach(({ name }, index) => gradients.push(readers[index].read(grads[name])));
      });
      return { logits: logits!, loss, gradients };
    },
    logits: (x) => valuesOf(() => forward(x)),
    [Symbol.dispose]() {
      tf.dispose(variables);
      readers.forEach((reader) => reader[Symbol.dispose]());
      plan[Symbol.dispose]();
    },
  };
}
