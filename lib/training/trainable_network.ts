/** VGG16's layers behind a cut with Dense(classes) behind them: all that is trained, on the engine. */
import type { Tensor1D, Tensor2D, Tensor4D, Variable } from "@tensorflow/tfjs";
import type { ImageSize } from "../image_size.ts";
import { engine, tf } from "../tensorflow/engine.ts";
import { type Cut, cutLength, cutShape, frozenLayers, layers } from "../vgg16/architecture.ts";
import {
  type ConvolutionStep,
  filterFor,
  planConvolutions,
  runConvolutions,
  type StepTensors,
} from "../vgg16/convolutions.ts";
import type { Parameter } from "./parameters.ts";

export interface NetworkSize {
  /** Where the trained part begins; `flatten`: the softmax alone. */
  readonly cut: Cut;
  /** Of the images. */
  readonly size: ImageSize;
  readonly classes: number;
}

export interface LossAndGradients {
  /** (batch, classes) */
  readonly logits: Float32Array;
  /** Mean categorical cross-entropy of the batch, in nats. */
  readonly loss: number;
  /** One for each parameter, in their order. */
  readonly gradients: Float32Array[];
}

/** Holds its parameters on the engine until it is disposed of. */
export interface TrainableNetwork extends Disposable {
  /** Values per example: the shape at the cut, multiplied. */
  readonly inputs: number;
  /** Values that the softmax reads: 2,048 at 64×64. */
  readonly features: number;
  /** Takes new values for all parameters, in their order. The arrays may be changed after the next call of another function. */
  assign(values: readonly Float32Array[]): void;
  /**
   * @param x (batch, inputs), activations at the cut
   * @param labels batch class indices
   * @param mask (batch, features), multiplied with what the softmax reads: dropout
   */
  lossAndGradients(x: Float32Array, labels: readonly number[], mask?: Float32Array): LossAndGradients;
  /** In inference mode: (batch, inputs) → (batch, classes). */
  logits(x: Float32Array): Float32Array;
}

/**
 * @throws {RangeError} where convolutions are to be trained and the engine has no gradients of them
 * @throws {TypeError} when the parameters are not those of the layers behind the cut
 */
export function makeTrainableNetwork(
  parameters: readonly Parameter[],
  { cut, size, classes }: NetworkSize,
): TrainableNetwork {
  if (cut !== "flatten" && engine.name !== "tfjs-node") {
    throw new RangeError(
      "Training deeper than the softmax needs the native engine; `deno task doctor` says how to get it. Received: wasm",
    );
  }
  const shape = cutShape(cut, size);
  const inputs = product(shape);
  const features = cutLength("flatten", size);
  const plan = planConvolutions(layers.slice(frozenLayers(cut).length), size);
  checkParameters(parameters, plan.steps, features, classes);
  const variables = parameters.map(({ values, shape }) =>
    tf.tidy(() => tf.variable(tf.tensor(values.slice(), [...shape], "float32")))
  );
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
        for (const { name } of variables) gradients.push(grads[name].dataSync() as Float32Array);
      });
      return { logits: logits!, loss, gradients };
    },
    logits(x) {
      let values: Float32Array | undefined;
      tf.tidy(() => {
        values = forward(x).dataSync<"float32">();
      });
      return values!;
    },
    [Symbol.dispose]() {
      tf.dispose(variables);
      plan[Symbol.dispose]();
    },
  };
}

function checkParameters(
  parameters: readonly Parameter[],
  steps: readonly ConvolutionStep[],
  features: number,
  classes: number,
): void {
  const expected = [
    ...steps.flatMap(({ layer: { name, inputs, outputs } }) => [
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
