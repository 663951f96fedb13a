/**
 * VGG16 without top: 13 convolutions of 3×3 with "same" padding and ReLU, in five blocks that each end in a 2×2 max pool.
 *
 * K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014), configuration D.
 * Layer names are those of Keras' `applications/vgg16.py`.
 */

import { type ImageSize, isImageSize, sidesOf } from "../image_size.ts";
import type { Depth } from "../recipe.ts";

export interface ConvolutionLayer {
  readonly kind: "convolution";
  /** Keras' name, as in `block1_conv1`. */
  readonly name: string;
  /** Channels read. */
  readonly inputs: number;
  /** Channels written. The kernel is (3, 3, inputs, outputs), the bias (outputs). */
  readonly outputs: number;
}

export interface PoolLayer {
  readonly kind: "pool";
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

export type Layer = ConvolutionLayer | PoolLayer;

/** Convolutions and channels of each block. */
const blocks = [[2, 64], [2, 128], [3, 256], [3, 512], [3, 512]] as const;

/** All 18 layers in order. */
export const layers: readonly Layer[] = blocks.flatMap(([count, channels], b) => {
  const before = b === 0 ? 3 : blocks[b - 1][1];
  const convolutions = Array.from({ length: count }, (_, i): Layer => ({
    kind: "convolution",
    name: `block${b + 1}_conv${i + 1}`,
    inputs: i === 0 ? before : channels,
    outputs: channels,
  }));
  return [...convolutions, {
    kind: "pool" as const,
    name: `block${b + 1}_pool`,
    inputs: channels,
    outputs: channels,
  }];
});

/** The 13 layers that have weights. */
export const convolutions: readonly ConvolutionLayer[] = layers.filter((layer) =>
  layer.kind === "convolution"
);

/**
 * Where the frozen part ends, named by the first part behind it that may be trained: `flatten` ends after `block5_pool`,
 * `block5` after `block4_pool`, …, and `block1` freezes nothing.
 */
export type Cut = "flatten" | "block5" | "block4" | "block3" | "block2" | "block1";

export const cuts: readonly Cut[] = ["flatten", "block5", "block4", "block3", "block2", "block1"];

/** The cut behind which a depth trains. */
export function cutOf(depth: Depth): Cut {
  return depth === "head" ? "flatten" : depth;
}

/** The layers of the frozen part. Those behind the cut are `layers.slice(frozenLayers(cut).length)`. */
export function frozenLayers(cut: Cut): readonly Layer[] {
  if (cut === "flatten") return layers;
  const first = layers.findIndex((layer) => layer.name === `${cut}_conv1`);
  if (first < 0) throw new RangeError(`A cut is one of ${cuts.join(", ")}. Received: ${cut}`);
  return layers.slice(0, first);
}

/** Kernel and bias values of some layers; all of them: 14,714,688. */
export function parameterCount(counted: readonly Layer[] = layers): number {
  return counted.reduce((sum, layer) => {
    return sum + (layer.kind === "convolution" ? (9 * layer.inputs + 1) * layer.outputs : 0);
  }, 0);
}

/**
 * Shape (height, width, channels) of each layer's output; pools drop an odd last row or column.
 *
 * @param size of the images, at least 32 pixels a side, as in Keras
 */
export function outputShapes(size: ImageSize): { name: string; shape: [number, number, number] }[] {
  if (!isImageSize(size, { least: 32 })) {
    throw new RangeError(
      `VGG16 needs images of at least 32×32 pixels, a whole number a side. Received: ${size}`,
    );
  }
  let [height, width] = sidesOf(size);
  return layers.map((layer) => {
    if (layer.kind === "pool") [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
    return { name: layer.name, shape: [height, width, layer.outputs] };
  });
}

/** Shape (height, width, channels) of what the frozen part hands on: (2, 2, 512) for `flatten` at 64×64. */
export function cutShape(cut: Cut, size: ImageSize): [number, number, number] {
  const frozen = frozenLayers(cut).length;
  const shapes = outputShapes(size);
  return frozen === 0 ? [...sidesOf(size), 3] : shapes[frozen - 1].shape;
}

/** Values in what the frozen part hands on of one image: 2,048 for `flatten` at 64×64. */
export function cutLength(cut: Cut, size: ImageSize): number {
  return cutShape(cut, size).reduce((product, side) => product * side, 1);
}
