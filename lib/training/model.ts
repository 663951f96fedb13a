/** The model that is trained: VGG16 with a softmax after it, as arrays. */
import type { Precision, Scaling } from "../config.ts";
import type { ImageSize } from "../image_size.ts";
import { inputLength } from "../model/vgg16.ts";
import type { ConvolutionWeights, Vgg16Weights } from "../model/weights.ts";
import type { Depth } from "../recipe.ts";
import { bytesOf, digestOf, sha256 } from "../support/digest.ts";
import { randomFor } from "../support/random.ts";

/** Dense(classes) with softmax. */
export interface Head {
  /** (inputs, classes) */
  readonly kernel: Float32Array;
  /** (classes) */
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly classes: number;
}

/** Everything that a network's predictions depend on. Training does not change these arrays. */
export interface Model {
  /** The first part that was trained; `head` for a new model. Examples for the model are the outputs of the part before it. */
  readonly depth: Depth;
  /** The 13 convolutions in the network's order. */
  readonly layers: readonly ConvolutionWeights[];
  readonly head: Head;
  readonly size: ImageSize;
  readonly scaling: Scaling;
  /** Number format of the convolutions. */
  readonly precision: Precision;
  readonly classes: number;
  /** A new model's digest is made from weights, size, scaling, precision and softmax. A trained model's is the key of its training. */
  readonly digest: string;
}

/** VGG16 with a new softmax over `classes`, drawn from the seed. */
export function vgg16(
  { weights, size, scaling, precision = "float32", classes, seed }: {
    weights: Pick<Vgg16Weights, "layers" | "digest">;
    size: ImageSize;
    scaling: Scaling;
    precision?: Precision;
    classes: number;
    seed: number;
  },
): Model {
  const head = initialHead({ inputs: inputLength("head", size), classes, seed });
  const softmax = sha256(bytesOf(head.kernel));
  return {
    ...{ depth: "head", layers: weights.layers, head, size, scaling, precision, classes },
    digest: digestOf({
      ...{ weights: weights.digest, size, scaling, softmax },
      ...precision !== "float32" && { precision },
    }),
  };
}

/**
 * A softmax before training, initialized like Keras' Dense: kernel uniform in ±√(6 / (inputs + classes)), bias zero.
 *
 * X. Glorot & Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
 */
export function initialHead(
  { inputs, classes, seed }: { inputs: number; classes: number; seed: number },
): Head {
  const limit = Math.sqrt(6 / (inputs + classes));
  const random = randomFor(seed, "glorot_uniform", inputs, classes);
  const kernel = Float32Array.from({ length: inputs * classes }, () => limit * (2 * random() - 1));
  return { kernel, bias: new Float32Array(classes), inputs, classes };
}

/** Arrays by Keras' names, in the network's order: `block5_conv1/kernel`, `block5_conv1/bias`, …, `predictions/bias`. */
export type Tensors = Readonly<Record<string, Float32Array>>;

/** The model with `tensors` in place of its arrays of the same names. */
export function withTensors(model: Model, tensors: Tensors): Model {
  const { layers, head } = model;
  return {
    ...model,
    layers: layers.map(({ name, kernel, bias }) => ({
      name,
      kernel: tensors[`${name}/kernel`] ?? kernel,
      bias: tensors[`${name}/bias`] ?? bias,
    })),
    head: { ...head, kernel: tensors["predictions/kernel"], bias: tensors["predictions/bias"] },
  };
}
