/**
 * The layers of a convolutional network in bfloat16: float32 without the last 16 of its 23 fraction bits. CPUs that have
 * instructions for it multiply twice as many numbers at a time, and half as many bytes go through memory.
 *
 * Keras calls this `mixed_bfloat16` (P. Micikevicius et al., "Mixed Precision Training", 2018; D. Kalamkar et al., "A Study of
 * BFLOAT16 for Deep Learning Training", 2019): inputs, weights and activations are rounded to bfloat16, products are summed in
 * float32, and the weights that the optimizer changes stay float32.
 *
 * TensorFlow's own operations do all the work, forwards and backwards. Their tensors come from `operation`: tfjs believes that they are
 * float32, so only the functions here may read them. Each function is differentiable.
 */
import type { GradSaveFunc, Tensor, Tensor4D } from "@tensorflow/tfjs";
import { tf } from "../support/engine/engine.ts";
import { dtypes, operation } from "../support/engine/operation.ts";

const { float32, bfloat16 } = dtypes;
const format = { T: bfloat16, data_format: "NHWC" };
const convolution = { ...format, strides: [1, 1, 1, 1], padding: "SAME" };
const pool = { ...format, ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "VALID" };

/** float32 → bfloat16, rounded to nearest. */
export function toBfloat16<X extends Tensor>(x: X): X {
  return differentiable([x], {
    value: () => cast(x, float32, bfloat16),
    gradients: (gradient) => [cast(gradient, bfloat16, float32)],
  });
}

/** bfloat16 → float32, exact. */
export function toFloat32<X extends Tensor>(x: X): X {
  return differentiable([x], {
    value: () => cast(x, bfloat16, float32),
    gradients: (gradient) => [cast(gradient, float32, bfloat16)],
  });
}

/**
 * 3×3 convolution, "same": (batch, height, width, inputs) and (3, 3, inputs, outputs) → (batch, height, width, outputs).
 *
 * @param options.isFirst whether to leave out the gradient with respect to x, which is a third of the backward work
 */
export function convolve(x: Tensor4D, filter: Tensor4D, { isFirst }: { isFirst: boolean }): Tensor4D {
  const shapeOf = (like: Tensor) => tf.tensor1d(like.shape, "int32");
  return differentiable([x, filter], {
    keeps: () => [x, filter],
    value: () => operation("Conv2D", [x, filter], convolution),
    gradients: (gradient, [x, filter]) => [
      isFirst
        ? tf.scalar(NaN) // never read
        : operation("Conv2DBackpropInput", [shapeOf(x), filter, gradient], convolution),
      operation("Conv2DBackpropFilter", [x, shapeOf(filter), gradient], convolution),
    ],
  });
}

/** 2×2 max pool; an odd last row or column is dropped. */
export function maxPool(x: Tensor4D): Tensor4D {
  return differentiable([x], {
    keeps: (y) => [x, y],
    value: () => operation("MaxPool", [x], pool),
    gradients: (gradient, [x, y]) => [operation("MaxPoolGrad", [x, y, gradient], pool)],
  });
}

/** max(x + bias, 0), bias of shape (channels). */
export function biasRelu(x: Tensor4D, bias: Tensor): Tensor4D {
  return differentiable([x, bias], {
    keeps: (y) => [y],
    value: () => operation("Relu", [operation("BiasAdd", [x, bias], format)], { T: bfloat16 }),
    gradients(gradient, [y]) {
      const ofSum = operation("ReluGrad", [gradient, y], { T: bfloat16 }); // y is positive where the sum is
      return [ofSum, operation("BiasAddGrad", [ofSum], format)];
    },
  });
}

function cast(x: Tensor, from: number, to: number): Tensor {
  return operation("Cast", [x], { SrcT: from, DstT: to });
}

interface Differentiable {
  /** Computes y. */
  value(): Tensor;
  /** Those of the inputs and y that the gradients need. Default: none. */
  keeps?(y: Tensor): Tensor[];
  /** Gradients with respect to all inputs, in order, computed from the gradient with respect to y. */
  gradients(gradient: Tensor, kept: Tensor[]): Tensor[];
}

/** The value of a function of tensors, with gradients that tfjs can use. */
function differentiable<Y extends Tensor>(
  inputs: readonly Tensor[],
  { value: compute, keeps = () => [], gradients }: Differentiable,
): Y {
  const withGradients = tf.customGrad((...given) => {
    const value = compute();
    (given.at(-1) as GradSaveFunc)(keeps(value));
    return { value, gradFunc: gradients as never };
  });
  return withGradients(...inputs) as Y;
}
