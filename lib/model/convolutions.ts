/** Runs some of VGG16's layers in a row, each convolution in the form that is fastest for its size. Differentiable. */
import type { GradSaveFunc, Tensor, Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import type { ImageSize } from "../image_size.ts";
import { engine, tf } from "../support/engine/engine.ts";
import { type ConvolutionLayer, type Layer, layers, outputShapes } from "./architecture.ts";
import { makeWinograd, type Winograd, winogradFits, type WinogradOptions } from "./winograd.ts";

/** One convolution, with the max pool behind it where there is one. */
export interface ConvolutionStep {
  readonly layer: ConvolutionLayer;
  readonly pool: boolean;
  /** Null: direct convolution. */
  readonly winograd: Winograd | null;
}

export interface ConvolutionPlan extends Disposable {
  readonly steps: readonly ConvolutionStep[];
}

/** What a step computes with: `filter` as `filterFor` gives it. */
export interface StepTensors {
  readonly filter: Tensor;
  readonly bias: Tensor1D;
}

/**
 * Decides how to compute layers that follow one another in the network.
 *
 * On the native engine, layers with at least 64 input channels on squares of at most 32×32 run as Winograd convolutions: at
 * 64×64 the whole network takes three fifths of the time forwards, half with coarse tiles, and less than half backwards.
 * WebAssembly's plain matrix product is too slow for that to pay.
 *
 * @param planned a run of `layers`
 * @param options.size of the network's images
 * @param options.tiles how finely Winograd's convolutions round
 */
export function planConvolutions(
  planned: readonly Layer[],
  { size, tiles }: { size: ImageSize } & WinogradOptions,
): ConvolutionPlan {
  const shapes = new Map(outputShapes(size).map(({ name, shape }) => [name, shape]));
  const transforms = new Map<number, Winograd>();
  const steps = planned.flatMap((layer): ConvolutionStep[] => {
    if (layer.kind === "pool") return []; // its convolution pools
    const [side, width] = shapes.get(layer.name)!;
    const pool = layers[layers.indexOf(layer) + 1].kind === "pool";
    const fits = side === width && winogradFits(side);
    if (engine.name !== "tfjs-node" || !fits || layer.inputs < 64) {
      return [{ layer, pool, winograd: null }];
    }
    const winograd = transforms.get(side) ?? makeWinograd(side, { tiles });
    transforms.set(side, winograd);
    return [{ layer, pool, winograd }];
  });
  return { steps, [Symbol.dispose]: () => transforms.forEach((winograd) => winograd.dispose()) };
}

/** A kernel (3, 3, inputs, outputs) in the form that the step computes with. */
export function filterFor({ winograd }: ConvolutionStep, kernel: Tensor4D): Tensor {
  return winograd ? winograd.filter(kernel) : kernel;
}

/** (batch, height, width, channels) → the same of the last step's output. Differentiable in the tensors of the steps, not in the images. */
export function runConvolutions(
  images: Tensor4D,
  steps: readonly ConvolutionStep[],
  tensorsOf: (step: ConvolutionStep) => StepTensors,
): Tensor4D {
  return tf.tidy(() => {
    let x = images;
    let turned = false; // (height, width, batch, channels) instead of (batch, height, width, channels)
    const turn = (wanted: boolean) => {
      if (wanted !== turned) x = x.transpose(wanted ? [1, 2, 0, 3] : [2, 0, 1, 3]);
      turned = wanted;
    };
    for (const step of steps) {
      turn(step.winograd !== null);
      const { filter, bias } = tensorsOf(step);
      x = step.winograd
        ? activate(
          step.winograd.convolve(x, filter as Tensor3D, { isFirst: step === steps[0] }),
          bias,
          step.pool && poolTurned,
        )
        : activate(tf.conv2d(x, filter as Tensor4D, 1, "same"), bias, step.pool && poolPlain);
    }
    turn(false);
    return x;
  });
}

/** max(x) + b = max(x + b) to the bit, and costs a quarter: so pooling comes before bias and ReLU. */
function activate(x: Tensor4D, bias: Tensor1D, pool: false | ((x: Tensor4D) => Tensor4D)): Tensor4D {
  return tf.tidy(() => relu((pool ? pool(x) : x).add<Tensor4D>(bias)));
}

/**
 * ReLU. The derivative is the sign of what it gives, 0 or 1: tfjs' own gradient comes to the same bits, but asks for x > 0 and for
 * NaN in six passes over x instead of one.
 */
const relu = tf.customGrad((x, save) => {
  const value = tf.relu(x as Tensor4D);
  (save as GradSaveFunc)([value]);
  const gradFunc = (gradient: Tensor4D, [value]: Tensor[]) => gradient.mul(value.sign());
  return { value, gradFunc: gradFunc as never };
}) as (x: Tensor4D) => Tensor4D;

/** 2×2 max pool of (batch, height, width, channels); an odd last row or column is dropped. */
function poolPlain(x: Tensor4D): Tensor4D {
  return tf.maxPool(x, 2, 2, "valid");
}

/** 2×2 max pool of (height, width, batch, channels): to the engine one image with batch × channels channels. */
function poolTurned(x: Tensor4D): Tensor4D {
  const [height, width, n, channels] = x.shape;
  return poolPlain(x.reshape([1, height, width, n * channels])).reshape([height / 2, width / 2, n, channels]);
}
