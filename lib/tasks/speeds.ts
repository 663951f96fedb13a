/** A first estimate of the seconds and megabytes that work takes. The progress line then measures the real speed. */
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

/** Seconds on one thread of a recent machine. */
const speeds = {
  /** For one multiplication of a direct convolution. A training step passes each trained layer three times. */
  forward: { native: 1 / 100e9, wasm: 1 / 11e9 },
  trained: 1 / 75e9,
  /** In addition, in a training step: for each image, and for each weight. */
  image: 50e-6,
  weight: 12e-9,
  /** To decode a photo: for the photo, and for each of its pixels. */
  photo: 3e-3,
  photoPixel: 16e-9,
};

/** Minutes as a plan states them: rounded up to tenths. */
export function minutesOf(seconds: number): number {
  return Math.ceil(seconds / 6) / 10;
}

/** Seconds to check whether two photos are near-duplicates. */
export const secondsPerPair = 2.4e-6;

/** Seconds for a notebook's kernel and figures, besides its computations and for any number of threads. */
export const secondsPerNotebook = 8;

/** Seconds to decode one photo of so many pixels, if several are decoded at once. */
export function decodeSeconds(photoPixels: number, threads: number): number {
  return (speeds.photo + speeds.photoPixel * photoPixels) / Math.min(threads, 4); // photos decoded at once
}

/** Seconds to pass one image through the layers before a depth, on one thread. */
export function frozenSeconds(depth: Depth, size: ImageSize, { wasm }: { wasm: boolean }): number {
  return multiplications(frozenLayers(depth), size) * speeds.forward[wasm ? "wasm" : "native"];
}

/** Seconds to train a stage on one thread, with validation after every epoch, without the frozen layers. */
export function stageSeconds(
  { depth, epochs, batchSize }: Pick<Stage, "depth" | "epochs" | "batchSize">,
  { size, train, validation }: { size: ImageSize; train: number; validation: number },
): number {
  const layers = trainedLayers(depth);
  const pass = multiplications(layers, size) * speeds.trained;
  const perImage = speeds.image + 3 * pass + parameterCount(layers) * speeds.weight / batchSize;
  return epochs * (train * perImage + validation * pass);
}

/** Seconds to classify one image with a network trained from a depth on, on one thread, without the frozen layers. */
export function answerSeconds(depth: Depth, size: ImageSize): number {
  return multiplications(trainedLayers(depth), size) * speeds.trained + speeds.image / 2;
}

/** Megabytes that a process needs for decoded images, activations and the network, rounded up to hundreds. */
export function memoryOf(
  { images, rows = 0, depth = "head", size, trained = false, engine = true }: {
    /** Images held as pixels. */
    images: number;
    /** Images held as activations; beyond 512 MB they stay on the disk. At block1 they are pixels, without this limit. */
    rows?: number;
    depth?: Depth;
    size: ImageSize;
    /** Adds trained weights with their gradients, the optimizer's two numbers for each, and a copy. */
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

/** Multiplications in these layers for one image. */
function multiplications(layers: readonly Layer[], size: ImageSize): number {
  const shapes = new Map(
    outputShapes(size).map(({ name, shape: [height, width] }) => [name, height * width]),
  );
  return layers.reduce((sum, { kind, name, inputs, outputs }) => {
    return sum + (kind === "convolution" ? 9 * inputs * outputs * shapes.get(name)! : 0);
  }, 0);
}
