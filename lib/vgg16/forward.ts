/**
 * The frozen part of VGG16: images in, activations at the cut out.
 *
 * As Keras' `applications.VGG16(include_top=False)` computes it, within 1e-4 of the largest value.
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import type { Scaling } from "../config.ts";
import { engine, tf } from "../tensorflow/engine.ts";
import { type Cut, cutShape, frozenLayers, type Layer, outputShapes } from "./architecture.ts";
import type { Vgg16Weights } from "./weights.ts";
import { makeWinograd, type Winograd, winogradFilter, winogradFits } from "./winograd.ts";

export interface BaseOptions {
  /** Side of the images in pixels, at least 32. */
  size: number;
  /** What happens to the pixels first: see `scalePixels`. */
  scaling: Scaling;
  /** Where the frozen part ends. Default: `flatten`, after block5_pool. */
  cut?: Cut;
}

/** The network up to the cut, its weights on the engine until `dispose`. */
export interface FrozenBase {
  /** Values per image: 2,048 for `flatten` at 64×64. Row-major (height, width, channels), as Keras flattens. */
  readonly outputs: number;
  /** RGB 0–255 of shape (batch, size, size, 3), any dtype → (batch, outputs), float32. */
  forward(images: Tensor4D): Tensor2D;
  /** Frees what the base holds on the engine. */
  dispose(): void;
}

/**
 * Prepares the network's layers before the cut for one image size.
 *
 * On the native engine, layers with at least 64 input channels on images of at most 32×32 run as Winograd convolutions: at
 * 64×64 the whole network takes three fifths of the time. WebAssembly's plain matrix product is too slow for that to pay.
 */
export function makeBase(weights: Vgg16Weights, options: BaseOptions): FrozenBase {
  const { size, scaling, cut = "flatten" } = options;
  const shapes = outputShapes(size);
  const outputs = cutShape(cut, size).reduce((product, side) => product * side, 1);
  const held: Tensor[] = [];
  const transforms = new Map<number, Winograd>();

  const layers = frozenLayers(cut);
  checkLayers(weights, layers);
  const steps = layers.flatMap((layer, i) => {
    if (layer.kind === "pool") return []; // its convolution pools
    const stored = weights.layers.find(({ name }) => name === layer.name)!;
    const side = shapes[i].shape[0];
    const pool = layers[i + 1]?.kind === "pool";
    const bias = tf.keep(tf.tensor1d(stored.bias));
    held.push(bias);
    if (engine.name === "tfjs-node" && winogradFits(side) && layer.inputs >= 64) {
      const winograd = transforms.get(side) ?? makeWinograd(side);
      transforms.set(side, winograd);
      const filter = tf.keep(winogradFilter(stored.kernel, layer.inputs, layer.outputs));
      held.push(filter);
      return [{
        turned: true,
        run: (x: Tensor4D) => activate(winograd.convolve(x, filter), bias, pool && poolTurned),
      }];
    }
    const filter = tf.keep(tf.tensor4d(stored.kernel, [3, 3, layer.inputs, layer.outputs]));
    held.push(filter);
    return [{
      turned: false,
      run: (x: Tensor4D) => activate(tf.conv2d(x, filter, 1, "same"), bias, pool && poolPlain),
    }];
  });

  return {
    outputs,
    forward: (images) =>
      tf.tidy(() => {
        checkImages(images, size);
        let x = scalePixels(images, scaling);
        let turned = false; // (height, width, batch, channels) instead of (batch, height, width, channels)
        const turn = (wanted: boolean) => {
          if (wanted !== turned) x = x.transpose(wanted ? [1, 2, 0, 3] : [2, 0, 1, 3]);
          turned = wanted;
        };
        for (const step of steps) {
          turn(step.turned);
          x = step.run(x);
        }
        turn(false);
        return x.reshape<Tensor2D>([images.shape[0], outputs]);
      }),
    dispose: () => {
      tf.dispose(held);
      transforms.forEach((winograd) => winograd.dispose());
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

/** max(x) + b = max(x + b) to the bit, and costs a quarter: so pooling comes before bias and ReLU. */
function activate(x: Tensor4D, bias: Tensor1D, pool: false | ((x: Tensor4D) => Tensor4D)): Tensor4D {
  return tf.tidy(() => (pool ? pool(x) : x).add<Tensor4D>(bias).relu());
}

/** 2×2 max pool of (batch, height, width, channels); an odd last row or column is dropped. */
function poolPlain(x: Tensor4D): Tensor4D {
  return tf.maxPool(x, 2, 2, "valid");
}

/** 2×2 max pool of (height, width, batch, channels): to the engine one image with batch × channels channels. */
function poolTurned(x: Tensor4D): Tensor4D {
  const [height, width, n, channels] = x.shape;
  return poolPlain(x.reshape([1, height, width, n * channels])).reshape([height / 2, width / 2, n, channels]);
}

function checkLayers({ layers }: Vgg16Weights, expected: readonly Layer[]): void {
  const names = layers.map(({ name }) => name);
  for (const { kind, name } of expected) {
    if (kind === "pool" || names.includes(name)) continue;
    throw new TypeError(`The weights lack ${name}. Received: ${names.join(", ") || "no layers"}`);
  }
}

function checkImages(images: Tensor4D, size: number): void {
  const { shape } = images;
  if (shape.length === 4 && shape[0] > 0 && shape[1] === size && shape[2] === size && shape[3] === 3) return;
  throw new TypeError(
    `Images should have shape (batch, ${size}, ${size}, 3). Received: (${shape.join(", ")})`,
  );
}
