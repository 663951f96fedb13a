/**
 * VGG16 without top: 13 convolutions of 3×3 with "same" padding and ReLU, in five blocks that each end in a 2×2 max pool.
 *
 * K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014), configuration D.
 * Layer names are those of Keras' `applications/vgg16.py`.
 *
 * A depth divides the layers: those from `depth` on are trained, those before it are frozen. At `block5` the first four blocks
 * are frozen, at `head` all five, and at `block1` none.
 */
import { type ImageSize, isImageSize, sidesOf } from "../image_size.ts";
import { type Depth, depths } from "../recipe.ts";

export interface Layer {
  readonly kind: "convolution" | "pool";
  /** Keras' name, as in `block1_conv1`. */
  readonly name: string;
  /** Number of input channels. */
  readonly inputs: number;
  /** Number of output channels. A convolution's kernel is (3, 3, inputs, outputs), its bias (outputs). */
  readonly outputs: number;
}

/** Number of convolutions and of channels in each block. */
const blocks = [[2, 64], [2, 128], [3, 256], [3, 512], [3, 512]] as const;

/** All 18 layers in order. */
export const layers: readonly Layer[] = blocks.flatMap(([count, channels], b): Layer[] => {
  const before = b === 0 ? 3 : blocks[b - 1][1];
  const convolutions = Array.from({ length: count }, (_, i): Layer => ({
    kind: "convolution",
    name: `block${b + 1}_conv${i + 1}`,
    inputs: i === 0 ? before : channels,
    outputs: channels,
  }));
  const pool: Layer = { kind: "pool", name: `block${b + 1}_pool`, inputs: channels, outputs: channels };
  return [...convolutions, pool];
});

/** The 13 layers that have weights. */
export const convolutions: readonly Layer[] = layers.filter(({ kind }) => kind === "convolution");

/** The layers before `depth`. */
export function frozenLayers(depth: Depth): readonly Layer[] {
  if (!depths.includes(depth)) {
    throw new RangeError(`A depth is one of ${depths.join(", ")}. Received: ${depth}`);
  }
  return depth === "head"
    ? layers
    : layers.slice(0, layers.findIndex(({ name }) => name === `${depth}_conv1`));
}

/** The layers from `depth` on; the softmax after them is trained at every depth. */
export function trainedLayers(depth: Depth): readonly Layer[] {
  return layers.slice(frozenLayers(depth).length);
}

/** Number of kernel and bias values of some layers; all layers have 14,714,688. */
export function parameterCount(counted: readonly Layer[] = layers): number {
  return counted.reduce((sum, { kind, inputs, outputs }) => {
    return sum + (kind === "convolution" ? (9 * inputs + 1) * outputs : 0);
  }, 0);
}

/**
 * Shape (height, width, channels) of each layer's output; pools drop an odd last row or column.
 *
 * @param size size of the images, at least 32 pixels a side, as in Keras
 */
export function outputShapes(size: ImageSize): { name: string; shape: [number, number, number] }[] {
  if (!isImageSize(size, { least: 32 })) {
    throw new RangeError(
      `VGG16 needs images of at least 32×32 pixels, a whole number a side. Received: ${size}`,
    );
  }
  let [height, width] = sidesOf(size);
  return layers.map(({ kind, name, outputs }) => {
    if (kind === "pool") [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
    return { name, shape: [height, width, outputs] };
  });
}

/** Input shape (height, width, channels) of the layers from `depth` on: (2, 2, 512) at `head` and 64×64. */
export function inputShape(depth: Depth, size: ImageSize): [number, number, number] {
  const frozen = frozenLayers(depth).length;
  const shapes = outputShapes(size);
  return frozen === 0 ? [...sidesOf(size), 3] : shapes[frozen - 1].shape;
}

/** Number of input values per image of the layers from `depth` on: 2,048 at `head` and 64×64. */
export function inputLength(depth: Depth, size: ImageSize): number {
  return inputShape(depth, size).reduce((product, side) => product * side, 1);
}
