/** A first guess of what work takes, in seconds and megabytes; the progress line then measures the machine at hand. */
import { type ImageSize, pixelsIn } from "../image_size.ts";
import {
  frozenLayers,
  inputLength,
  type Layer,
  outputShapes,
  parameterCount,
  trainedLayers,
} from "../model/vgg16.ts";
import { type Depth, type Stage } from "../recipe.ts";

/** Seconds on one thread of a machine of these years. */
const speeds = {
  /** Of a multiplication of the convolutions as written. A training step passes each trained layer three times. */
  forward: { native: 1 / 100e9, wasm: 1 / 11e9 },
  trained: 1 / 75e9,
  /** Of a training step besides, for each image and for each weight. */
  image: 50e-6,
  weight: 12e-9,
  /** To decode a photo, and each of its own pixels. */
  photo: 3e-3,
  photoPixel: 16e-9,
};

/** As a plan gives them: in tenths, rounded up. */
export function minutesOf(seconds: number): number {
  return Math.ceil(seconds / 6) / 10;
}

/** To compare two photos, whether they are near-duplicates. */
export const secondsPerPair = 2.4e-6;

/** Of a notebook besides what it computes, whatever the threads: kernel, figures. */
export const secondsPerNotebook = 8;

/** To decode one photo of so many pixels, several of them at once. */
export function decodeSeconds(photoPixels: number, threads: number): number {
  return (speeds.photo + speeds.photoPixel * photoPixels) / Math.min(threads, 4); // photos in flight
}

/** Of one image through the layers before a depth, on one thread. */
export function frozenSeconds(depth: Depth, size: ImageSize, { wasm }: { wasm: boolean }): number {
  return multiplications(frozenLayers(depth), size) * speeds.forward[wasm ? "wasm" : "native"];
}

/** Of a stage's training on one thread, with its validation after every epoch; without the frozen layers. */
export function stageSeconds(
  { depth, epochs, batchSize }: Pick<Stage, "depth" | "epochs" | "batchSize">,
  { size, train, validation }: { size: ImageSize; train: number; validation: number },
): number {
  const layers = trainedLayers(depth);
  const pass = multiplications(layers, size) * speeds.trained;
  const perImage = speeds.image + 3 * pass + parameterCount(layers) * speeds.weight / batchSize;
  return epochs * (train * perImage + validation * pass);
}

/** Of answering images with a network that was trained from a depth on, on one thread; without the frozen layers. */
export function answerSeconds(depth: Depth, size: ImageSize): number {
  return multiplications(trainedLayers(depth), size) * speeds.trained + speeds.image / 2;
}

/** Megabytes that a process needs for these images, decoded, and what a network reads of those that it works on at a time. */
export function memoryOf(
  { images, rows = 0, depth = "head", size, trained = false, engine = true }: {
    /** Held as pixels. */
    images: number;
    /** Held as activations; beyond 512 MB they stay on the disk. */
    rows?: number;
    depth?: Depth;
    size: ImageSize;
    /** Weights with their gradients, the optimizer's two numbers a weight, and a copy. */
    trained?: boolean;
    engine?: boolean;
  },
): number {
  const activations = depth === "block1"
    ? 3 * rows * pixelsIn(size)
    : Math.min(512 * 2 ** 20, 4 * rows * inputLength(depth, size));
  const weights = 4 * parameterCount() + (trained ? 5 * 4 * parameterCount(trainedLayers(depth)) : 0);
  const bytes = 3 * images * pixelsIn(size) + activations + (engine ? weights : 0);
  return Math.ceil(bytes / 1e6 / 100) * 100 + (engine ? 3000 : 600);
}

/** Multiplications of these layers for one image. */
function multiplications(layers: readonly Layer[], size: ImageSize): number {
  const shapes = new Map(
    outputShapes(size).map(({ name, shape: [height, width] }) => [name, height * width]),
  );
  return layers.reduce((sum, { kind, name, inputs, outputs }) => {
    return sum + (kind === "convolution" ? 9 * inputs * outputs * shapes.get(name)! : 0);
  }, 0);
}
