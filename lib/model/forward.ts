/**
 * Runs VGG16's layers: the frozen ones, from images to activations, and any others in a differentiable form.
 *
 * The values agree with Keras' `applications.VGG16(include_top=False)` within 1e-4 of the largest value.
 */
import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import type { Precision, Scaling } from "../config.ts";
import { type ImageSize, sidesOf } from "../image_size.ts";
import type { Depth } from "../recipe.ts";
import { engine, freeUnused, tf } from "../support/engine/engine.ts";
import { biasRelu, convolve, maxPool as maxPoolBfloat16, toBfloat16, toFloat32 } from "./bfloat16.ts";
import { frozenLayers, inputLength, type Layer, layers, outputShapes } from "./vgg16.ts";
import type { Vgg16Weights } from "./weights.ts";
import { makeWinograd, type Winograd, winogradFits, type WinogradOptions } from "./winograd.ts";

export interface BaseOptions {
  /** Size of the images, at least 32 pixels a side. */
  readonly size: ImageSize;
  /** How pixels are scaled first: see `scalePixels`. */
  readonly scaling: Scaling;
  /** The first part that does not belong to the base. Default: `head`, so the base ends with block5_pool. */
  readonly depth?: Depth;
  /** Number format of the convolutions. Default: `float32`. */
  readonly precision?: Precision;
}

/** The frozen layers. Holds their weights on the engine until it is disposed of. */
export interface FrozenBase extends Disposable {
  /** Number of values per image: 2,048 at `head` and 64×64. Row-major (height, width, channels), as Keras flattens. */
  readonly outputs: number;
  /** RGB 0–255 of shape (batch, height, width, 3), any dtype → (batch, outputs), float32. */
  forward(images: Tensor4D): Tensor2D;
}

/** Prepares the layers before `depth` for images of one size. */
export function makeBase(weights: Pick<Vgg16Weights, "layers">, options: BaseOptions): FrozenBase {
  const { size, scaling, depth = "head", precision } = options;
  const outputs = inputLength(depth, size);
  const frozen = frozenLayers(depth);
  const own = frozen.filter(({ kind }) => kind === "convolution").map(({ name, inputs, outputs }) => {
    const found = weights.layers.find((layer) => layer.name === name);
    if (found) return { ...found, shape: [3, 3, inputs, outputs] as [number, number, number, number] };
    const names = weights.layers.map(({ name }) => name).join(", ");
    throw new TypeError(`The weights lack ${name}. Received: ${names || "no layers"}`);
  });
  const convolutions = makeConvolutions(frozen, { size, tiles: "coarse", precision });
  const filters = tf.tidy(() =>
    convolutions.filters(own.map(({ kernel, shape }) => tf.tensor4d(kernel, shape)))
  );
  const biases = own.map(({ bias }) => tf.tensor1d(bias));
  return {
    outputs,
    forward: (images) =>
      tf.tidy(() => {
        checkImages(images, size);
        const x = convolutions.run(scalePixels(images, scaling), filters, biases);
        return x.reshape<Tensor2D>([images.shape[0], outputs]);
      }),
    [Symbol.dispose]: () => {
      tf.dispose([filters, biases]);
      convolutions[Symbol.dispose]();
    },
  };
}

/** Channel means of ImageNet's photos, in the network's channel order: blue, green, red. */
export const imagenetMeans = [103.939, 116.779, 123.68] as const;

/**
 * Scales RGB 0–255, shape (batch, height, width, 3), to the network's input, float32.
 *
 * - `divide255`: RGB in [0, 1], as in the write-up.
 * - `imagenet`: BGR minus the channel means 103.939, 116.779, 123.68, as the weights were trained
 *   (Keras' `applications.vgg16.preprocess_input`).
 */
export function scalePixels(images: Tensor4D, scaling: Scaling): Tensor4D {
  return tf.tidy(() => {
    const rgb = images.toFloat();
    if (scaling === "divide255") return rgb.div<Tensor4D>(255);
    if (scaling === "imagenet") return rgb.reverse<Tensor4D>(3).sub<Tensor4D>([...imagenetMeans]);
    throw new RangeError(`scaling is divide255 or imagenet. Received: ${scaling}`);
  });
}

/** Consecutive layers, each convolution in the form that is fastest for its size and precision. */
export interface Convolutions extends Disposable {
  /** Transforms the kernels, (3, 3, inputs, outputs), into the forms that the convolutions use. Differentiable. */
  filters(kernels: readonly Tensor4D[]): Tensor[];
  /** (batch, height, width, channels) → the last layer's output, same layout. Differentiable in filters and biases, not in the images. */
  run(images: Tensor4D, filters: readonly Tensor[], biases: readonly Tensor1D[]): Tensor4D;
}

/**
 * Prepares consecutive layers of VGG16. A pool belongs to the convolution before it. Images and outputs are float32 in both precisions.
 *
 * In float32 on the native engine, layers with at least 64 input channels on squares of at most 32×32 run as Winograd convolutions (see
 * `winogradFits`). At 64×64 the whole network then takes three fifths of the time forwards, half with coarse tiles, and less than half
 * backwards. WebAssembly's plain matrix product is too slow for Winograd to pay, and a GPU has its own methods. In bfloat16 it would
 * round too coarsely.
 *
 * @param options.size size of the network's images
 * @param options.tiles how finely Winograd convolutions round
 */
export function makeConvolutions(
  some: readonly Layer[],
  { size, tiles, precision = "float32" }: { size: ImageSize; precision?: Precision } & WinogradOptions,
): Convolutions {
  if (precision === "bfloat16") return bfloat16Convolutions(some);
  const shapes = new Map(outputShapes(size).map(({ name, shape }) => [name, shape]));
  const transforms = new Map<number, Winograd>(); // by side
  const steps = some.filter(({ kind }) => kind === "convolution").map((layer) => {
    const [side, width] = shapes.get(layer.name)!;
    const pools = isPooled(layer);
    const fits = side === width && winogradFits(side) && layer.inputs >= 64;
    if (engine.name !== "tfjs-node" || !fits) return { pools, winograd: null };
    const winograd = transforms.get(side) ?? makeWinograd(side, { tiles });
    transforms.set(side, winograd);
    return { pools, winograd };
  });
  let batch = 0; // batch size of the previous run
  return {
    filters: (kernels) =>
      steps.map(({ winograd }, i) => (winograd ? winograd.filter(kernels[i]) : kernels[i])),
    run: (images, filters, biases) =>
      tf.tidy(() => {
        if (images.shape[0] !== batch) freeUnused();
        batch = images.shape[0];
        let x = images;
        let turned = false; // (height, width, batch, channels) instead of (batch, height, width, channels)
        const turn = (wanted: boolean) => {
          if (wanted !== turned) x = x.transpose(wanted ? [1, 2, 0, 3] : [2, 0, 1, 3]);
          turned = wanted;
        };
        steps.forEach(({ winograd, pools }, i) => {
          turn(winograd !== null);
          x = tf.tidy(() => {
            const sums = winograd
              ? winograd.convolve(x, filters[i] as Tensor3D, { isFirst: i === 0 })
              : tf.conv2d(x, filters[i] as Tensor4D, 1, "same");
            // Pooling comes before bias and ReLU: max(x) + b = max(x + b) to the bit, at a quarter of the cost
            const pooled = pools ? (turned ? maxPoolTurned : maxPool)(sums) : sums;
            return relu(pooled.add<Tensor4D>(biases[i]));
          });
        });
        turn(false);
        return x;
      }),
    [Symbol.dispose]() {
      transforms.forEach((winograd) => winograd[Symbol.dispose]());
      freeUnused();
    },
  };
}

function bfloat16Convolutions(some: readonly Layer[]): Convolutions {
  const convolutions = some.filter(({ kind }) => kind === "convolution");
  return {
    filters: (kernels) => kernels.map(toBfloat16),
    run: (images, filters, biases) =>
      tf.tidy(() => {
        const last = convolutions.reduce(
          (x, layer, i) =>
            tf.tidy(() => {
              const sums = convolve(x, filters[i] as Tensor4D, { isFirst: i === 0 });
              return biasRelu(isPooled(layer) ? maxPoolBfloat16(sums) : sums, toBfloat16(biases[i]));
            }),
          toBfloat16(images),
        );
        return toFloat32(last);
      }),
    [Symbol.dispose]() {},
  };
}

function isPooled(layer: Layer): boolean {
  return layers[layers.indexOf(layer) + 1].kind === "pool";
}

/**
 * ReLU. Its derivative is the sign of its output, 0 or 1. tfjs' own gradient gives the same bits, but tests for x > 0 and for NaN in
 * six passes over x instead of one.
 */
function relu(x: Tensor4D): Tensor4D {
  return tf.customGrad((x, save) => {
    const value = tf.relu(x as Tensor4D);
    (save as GradSaveFunc)([value]);
    const gradFunc = (gradient: Tensor4D, [value]: Tensor[]) => gradient.mul(value.sign());
    return { value, gradFunc: gradFunc as never };
  })(x) as Tensor4D;
}

/** 2×2 max pool of (batch, height, width, channels); an odd last row or column is dropped. */
function maxPool(x: Tensor4D): Tensor4D {
  return tf.maxPool(x, 2, 2, "valid");
}

/** 2×2 max pool of (height, width, batch, channels). The engine sees one image with batch × channels channels. */
function maxPoolTurned(x: Tensor4D): Tensor4D {
  const [height, width, n, channels] = x.shape;
  return maxPool(x.reshape([1, height, width, n * channels])).reshape([height / 2, width / 2, n, channels]);
}

function checkImages({ shape }: Tensor4D, size: ImageSize): void {
  const expected = [...sidesOf(size), 3];
  if (shape.length === 4 && shape[0] > 0 && expected.every((side, i) => shape[i + 1] === side)) return;
  throw new TypeError(
    `Images should have shape (batch, ${expected.join(", ")}). Received: (${shape.join(", ")})`,
  );
}
