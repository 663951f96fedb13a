/**
 * The whole network in the words that Keras 2 and 3 and TensorFlow.js share: one Sequential that reads RGB 0–255 and gives
 * probabilities, scaling included, made of built-in layers alone. Layer names are those of Keras' `applications/vgg16.py`.
 */
import { sidesOf } from "../../image_size.ts";
import { layers as vgg16Layers } from "../architecture.ts";
import { featuresOf, type ModelShape } from "./trained_model.ts";

export interface KerasLayer {
  readonly class_name: string;
  readonly config: { readonly name: string; readonly [option: string]: unknown };
  readonly tensors: readonly TensorPlace[];
}

/** One array of a layer. */
export interface TensorPlace {
  /** `block1_conv1/kernel` */
  readonly name: string;
  readonly shape: readonly number[];
  /** The same for every model; others take their values from it. */
  readonly fixed?: Float32Array;
}

/** The last version of Keras that wrote such files by itself; later ones, and TensorFlow.js, read them by this rule. */
export const kerasVersion = "2.15.0";

/** From the photo, (height, width, 3), to the classes' probabilities. */
export function kerasLayers(shape: ModelShape): KerasLayer[] {
  const { size, classes } = shape;
  const input = [null, ...sidesOf(size), 3];
  const dtype = "float32";
  return [
    layer("InputLayer", { name: "photo", batch_input_shape: input, dtype, sparse: false }),
    scalingLayer(shape),
    ...vgg16Layers.map(({ kind, name, inputs, outputs }) =>
      kind === "pool"
        ? layer("MaxPooling2D", { name, pool_size: [2, 2], strides: [2, 2], padding: "valid", dtype })
        : layer("Conv2D", convolution(name, outputs, { kernel_size: [3, 3], activation: "relu" }), [
          { name: `${name}/kernel`, shape: [3, 3, inputs, outputs] },
          { name: `${name}/bias`, shape: [outputs] },
        ])
    ),
    layer("Flatten", { name: "flatten", dtype }),
    layer("Dense", {
      ...{ name: "predictions", dtype, trainable: true },
      ...{ units: classes.length, activation: "softmax", use_bias: true },
    }, [
      { name: "predictions/kernel", shape: [featuresOf(shape), classes.length] },
      { name: "predictions/bias", shape: [classes.length] },
    ]),
  ];
}

/** The model's configuration, as `model_config` in Keras' HDF5 file and `modelTopology` in TensorFlow.js'. */
export function topologyOf(layers: readonly KerasLayer[]): object {
  return {
    class_name: "Sequential",
    config: {
      name: "vgg16_lesions",
      layers: layers.map(({ class_name, config }) => ({ class_name, config })),
    },
  };
}

/**
 * `divide255`: Rescaling. `imagenet`, RGB to BGR minus the channel means: a 1×1 convolution that exchanges red and blue, the
 * means as its bias, since no built-in layer turns channels round.
 */
function scalingLayer({ scaling }: ModelShape): KerasLayer {
  if (scaling === "divide255") {
    return layer("Rescaling", { name: "divide255", dtype: "float32", scale: 1 / 255, offset: 0 });
  }
  const name = "imagenet_bgr";
  const config = { ...convolution(name, 3, { kernel_size: [1, 1], activation: "linear" }), trainable: false };
  return layer("Conv2D", config, [
    { name: `${name}/kernel`, shape: [1, 1, 3, 3], fixed: new Float32Array([0, 0, 1, 0, 1, 0, 1, 0, 0]) },
    { name: `${name}/bias`, shape: [3], fixed: new Float32Array([-103.939, -116.779, -123.68]) },
  ]);
}

function convolution(name: string, filters: number, options: { kernel_size: number[]; activation: string }) {
  const { kernel_size, activation } = options;
  return {
    ...{ name, dtype: "float32", trainable: true, filters, kernel_size, strides: [1, 1] },
    ...{ padding: "same", data_format: "channels_last", activation, use_bias: true },
  };
}

function layer(
  class_name: string,
  config: KerasLayer["config"],
  tensors: readonly TensorPlace[] = [],
): KerasLayer {
  return { class_name, config, tensors };
}
