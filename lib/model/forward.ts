/**
 * The frozen part of VGG16: images in, activations at the cut out.
 *
 * As Keras' `applications.VGG16(include_top=False)` computes it, within 1e-4 of the largest value.
 */
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import type { Scaling } from "../config.ts";
import { type ImageSize, sidesOf } from "../image_size.ts";
import { tf } from "../support/engine/engine.ts";
import { type Cut, cutLength, frozenLayers, type Layer } from "./architecture.ts";
import { filterFor, planConvolutions, runConvolutions } from "./convolutions.ts";
import type { Vgg16Weights } from "./weights.ts";

export interface BaseOptions {
  /** Of the images, at least 32 pixels a side. */
  size: ImageSize;
  /** What happens to the pixels first: see `scalePixels`. */
  scaling: Scaling;
  /** Where the frozen part ends. Default: `flatten`, after block5_pool. */
  cut?: Cut;
}

/** The network up to the cut, its weights on the engine until `dispose`. */
export interface FrozenBase {
  /** Values per image: 2,048 for `flatten` at 64×64. Row-major (height, width, channels), as Keras flattens. */
  readonly outputs: number;
  /** RGB 0–255 of shape (batch, height, width, 3), any dtype → (batch, outputs), float32. */
  forward(images: Tensor4D): Tensor2D;
  /** Frees what the base holds on the engine. */
  dispose(): void;
}

/** Prepares the network's layers before the cut for one image size. */
export function makeBase(weights: Pick<Vgg16Weights, "layers">, options: BaseOptions): FrozenBase {
  const { size, scaling, cut = "flatten" } = options;
  const outputs = cutLength(cut, size);
  const layers = frozenLayers(cut);
  checkLayers(weights, layers);
  const plan = planConvolutions(layers, { size, tiles: "coarse" });
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
    dispose: () => {
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
