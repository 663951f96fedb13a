/**
 * Runs VGG16's layers: the frozen ones, images in and activations out, and any others in a form that can be differentiated.
 *
 * As Keras' `applications.VGG16(include_top=False)` computes it, within 1e-4 of the largest value.
 */
import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import type { Scaling } from "../config.ts";
import { type ImageSize, sidesOf } from "../image_size.ts";
import type { Depth } from "../recipe.ts";
import { engine, tf } from "../support/engine/engine.ts";
import { frozenLayers, inputLength, type Layer, layers, outputShapes } from "./vgg16.ts";
import type { Vgg16Weights } from "./weights.ts";
import { makeWinograd, type Winograd, winogradFits, type WinogradOptions } from "./winograd.ts";

export interface BaseOptions {
  /** Of the images, at least 32 pixels a side. */
  readonly size: ImageSize;
  /** What happens to the pixels first: see `scalePixels`. */
  readonly scaling: Scaling;
  /** The first layers that are not part of the base. Default: `head`, so that it ends with block5_pool. */
  readonly depth?: Depth;
}

/** The frozen layers, their weights on the engine until it is disposed of. */
export interface FrozenBase extends Disposable {
  /** Values per image: 2,048 at `head` and 64×64. Row-major (height, width, channels), as Keras flattens. */
  readonly outputs: number;
  /** RGB 0–255 of shape (batch, height, width, 3), any dtype → (batch, outputs), float32. */
  forward(images: Tensor4D): Tensor2D;
}

/** Prepares the layers before `depth` for images of one size. */
export function makeBase(weights: Pick<Vgg16Weights, "layers">, options: BaseOptions): FrozenBase {
  const { size, scaling, depth = "head" } = options;
  const outputs = inputLength(depth, size);
  const frozen = frozenLayers(depth);
  checkLayers(weights, frozen);
  const plan = planConvolutions(frozen, { size, tiles: "coarse" });
  const tensors = new Map(plan.steps.map((step) => {
    const { name, inputs, outputs } = step.layer;
    const { kernel, bias } = weights.layers.find((layer) => layer.name === name)!;
    const filter = tf.tidy(() => filterFor(step, tf.tensor4d(kernel, [3, 3, inputs, outputs])));
    return [step, { filter: tf.keep(filter), bias: tf.keep(tf.tensor1d(bias)) }];
  }));
  return {
    outputs,
    forward: (images) =>
      tf.tidy(() => {
        checkImages(images, size);
        const x = runConvolutions(scalePixels(images, scaling), plan.steps, (step) => tensors.get(step)!);
        return x.reshape<Tensor2D>([images.shape[0], outputs]);
      }),
    [Symbol.dispose]: () => {
      tensors.forEach(({ filter, bias }) => tf.dispose([filter, bias]));
      plan[Symbol.dispose]();
    },
  };
}

/**
 * RGB 0–255, shape (batch, height, width, 3), to what the network reads, float32.
 *
 * - `divide255`: RGB in [0, 1], as the write-up has it.
 * - `imagenet`: BGR minus the channel means 103.939, 116.779, 123.68, as the weights were trained
 *   (Keras' `applications.vgg16.preprocess_input`).
 */
export function scalePixels(images: Tensor4D, scaling: Scaling): Tensor4D {
  return tf.tidy(() => {
    const rgb = images.toFloat();
    if (scaling === "divide255") return rgb.div<Tensor4D>(255);
    if (scaling === "imagenet") return rgb.reverse<Tensor4D>(3).sub<Tensor4D>([103.939, 116.779, 123.68]);
    throw new RangeError(`scaling is divide255 or imagenet. Received: ${scaling}`);
  });
}

/** One convolution, with the max pool after it where there is one. */
export interface ConvolutionStep {
  readonly layer: Layer;
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
 * Chooses how to compute some layers that follow one another.
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
  const winogradFor = (layer: Layer): Winograd | null => {
    const [side, width] = shapes.get(layer.name)!;
    if (engine.name !== "tfjs-node" || side !== width || !winogradFits(side) || layer.inputs < 64) {
      return null;
    }
    const winograd = transforms.get(side) ?? makeWinograd(side, { tiles });
    transforms.set(side, winograd);
    return winograd;
  };
  const steps = planned.filter(({ kind }) => kind === "convolution").map((layer): ConvolutionStep => {
    const pool = layers[layers.indexOf(layer) + 1].kind === "pool";
    return { layer, pool, winograd: winogradFor(layer) };
  });
  return { steps, [Symbol.dispose]: () => transforms.forEach((winograd) => winograd[Symbol.dispose]()) };
}

/** A kernel (3, 3, inputs, outputs) in the form that the step computes with. */
export function filterFor({ winograd }: ConvolutionStep, kernel: Tensor4D): Tensor {
  return winograd ? winograd.filter(kernel) : kernel;
}

/** (batch, height, width, channels) → the same of the last step's output. Differentiable in the steps' tensors, not in the images. */
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
      const { winograd, pool } = step;
      const { filter, bias } = tensorsOf(step);
      turn(winograd !== null);
      x = tf.tidy(() => {
        const sums = winograd
          ? winograd.convolve(x, filter as Tensor3D, { isFirst: step === steps[0] })
          : tf.conv2d(x, filter as Tensor4D, 1, "same");
        // max(x) + b = max(x + b) to the bit, and costs a quarter: so pooling comes before bias and ReLU
        const pooled = pool ? (turned ? maxPoolTurned : maxPool)(sums) : sums;
        return relu(pooled.add<Tensor4D>(bias));
      });
    }
    turn(false);
    return x;
  });
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
function maxPool(x: Tensor4D): Tensor4D {
  return tf.maxPool(x, 2, 2, "valid");
}

/** 2×2 max pool of (height, width, batch, channels): to the engine one image with batch × channels channels. */
function maxPoolTurned(x: Tensor4D): Tensor4D {
  const [height, width, n, channels] = x.shape;
  return maxPool(x.reshape([1, height, width, n * channels])).reshape([height / 2, width / 2, n, channels]);
}

function checkLayers({ layers }: Pick<Vgg16Weights, "layers">, expected: readonly Layer[]): void {
  const names = layers.map(({ name }) => name);
  for (const { kind, name } of expected) {
    if (kind === "pool" || names.includes(name)) continue;
    throw new TypeError(`The weights lack ${name}. Received: ${names.join(", ") || "no layers"}`);
  }
}

function checkImages({ shape }: Tensor4D, size: ImageSize): void {
  const expected = [...sidesOf(size), 3];
  if (shape.length === 4 && shape[0] > 0 && expected.every((side, i) => shape[i + 1] === side)) return;
  throw new TypeError(
    `Images should have shape (batch, ${expected.join(", ")}). Received: (${shape.join(", ")})`,
  );
}
