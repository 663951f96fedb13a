/**
 * The whole network in formats that Keras 2, Keras 3 and TensorFlow.js share: one Sequential model of built-in layers only. It reads
 * RGB 0–255, scales it and gives probabilities. Layer names are those of Keras' `applications/vgg16.py`.
 */
import { Buffer } from "node:buffer";
import h5wasm, { type Group } from "h5wasm";
import type { Scaling } from "../config.ts";
import type { DiagnosisClass } from "../data/diagnosis.ts";
import { type ImageSize, sidesOf } from "../image_size.ts";
import { bytesOf } from "../support/digest.ts";
import { inputLength, layers as vgg16Layers } from "./vgg16.ts";
import { jsonText } from "../support/json.ts";

/** Everything that decides the network's shape. */
export interface ModelShape {
  /** Size of the images, at least 32 pixels a side. */
  readonly size: ImageSize;
  /** How pixels are scaled first. */
  readonly scaling: Scaling;
  /** In label order. */
  readonly classes: readonly DiagnosisClass[];
}

export interface KerasLayer {
  readonly class_name: string;
  readonly config: { readonly name: string; readonly [option: string]: unknown };
  readonly tensors: readonly TensorPlace[];
}

/** One array of a layer. */
export interface TensorPlace {
  /** For example `block1_conv1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Values that are the same for every model. Other arrays take their values from the model. */
  readonly fixed?: Float32Array;
}

/** A tensor's values by its name. */
export type Values = (name: string) => Float32Array;

/** The last version of Keras that wrote this file format by default. Later versions and TensorFlow.js read it by this version's rules. */
const kerasVersion = "2.15.0";

/** All layers from the photo, (height, width, 3), to the classes' probabilities. */
export function kerasLayers({ size, scaling, classes }: ModelShape): KerasLayer[] {
  const dtype = "float32";
  const input = [null, ...sidesOf(size), 3];
  const dense = { trainable: true, units: classes.length, activation: "softmax", use_bias: true };
  return [
    layer("InputLayer", { name: "photo", batch_input_shape: input, dtype, sparse: false }),
    // RGB to BGR minus the channel means: no built-in layer reverses channels, but a 1×1 convolution can
    scaling === "imagenet"
      ? convolution({ name: "imagenet_bgr", side: 1, activation: "linear", trainable: false }, [3, 3], {
        kernel: Float32Array.of(0, 0, 1, 0, 1, 0, 1, 0, 0),
        bias: Float32Array.of(-103.939, -116.779, -123.68),
      })
      : layer("Rescaling", { name: "divide255", dtype, scale: 1 / 255, offset: 0 }),
    ...vgg16Layers.map(({ kind, name, inputs, outputs }) =>
      kind === "pool"
        ? layer("MaxPooling2D", { name, pool_size: [2, 2], strides: [2, 2], padding: "valid", dtype })
        : convolution({ name, side: 3, activation: "relu", trainable: true }, [inputs, outputs])
    ),
    layer("Flatten", { name: "flatten", dtype }),
    layer("Dense", { name: "predictions", dtype, ...dense }, [
      { name: "predictions/kernel", shape: [inputLength("head", size), classes.length] },
      { name: "predictions/bias", shape: [classes.length] },
    ]),
  ];
}

function convolution(
  options: { name: string; side: number; activation: string; trainable: boolean },
  [inputs, outputs]: [number, number],
  fixed?: { kernel: Float32Array; bias: Float32Array },
): KerasLayer {
  const { name, side, activation, trainable } = options;
  const config = {
    ...{ name, dtype: "float32", trainable, filters: outputs, kernel_size: [side, side], strides: [1, 1] },
    ...{ padding: "same", data_format: "channels_last", activation, use_bias: true },
  };
  return layer("Conv2D", config, [
    { name: `${name}/kernel`, shape: [side, side, inputs, outputs], fixed: fixed?.kernel },
    { name: `${name}/bias`, shape: [outputs], fixed: fixed?.bias },
  ]);
}

function layer(
  class_name: string,
  config: KerasLayer["config"],
  tensors: readonly TensorPlace[] = [],
): KerasLayer {
  return { class_name, config, tensors };
}

/** The model's configuration, as `model_config` in Keras' HDF5 file and `modelTopology` in TensorFlow.js' JSON. */
function topologyOf(layers: readonly KerasLayer[]): object {
  const configs = layers.map(({ class_name, config }) => ({ class_name, config }));
  return { class_name: "Sequential", config: { name: "vgg16_lesions", layers: configs } };
}

/**
 * The text of `model.json` in TensorFlow.js' layers-model format: the topology, and the list of the weights in `weights.bin`.
 *
 * @param metadata user-defined metadata, stored unchanged
 */
export function modelJson(layers: readonly KerasLayer[], metadata: object): string {
  const weights = tensorsOf(layers).map(({ name, shape }) => ({ name, shape, dtype: "float32" }));
  const model = {
    format: "layers-model",
    generatedBy: `keras ${kerasVersion}`,
    convertedBy: null,
    modelTopology: { ...topologyOf(layers), keras_version: kerasVersion, backend: "tensorflow" },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
    userDefinedMetadata: metadata,
  };
  return jsonText(model, 1);
}

/** The bytes of `weights.bin` in parts, one for each tensor: float32, little-endian. */
export function weightParts(layers: readonly KerasLayer[], valuesOf: Values): Uint8Array[] {
  return tensorsOf(layers).map(({ name, fixed }) => bytesOf(fixed ?? valuesOf(name)));
}

/** The tensors in the bytes of `weights.bin`, by name, without copying. @throws {SyntaxError} if the bytes have another length */
export function readWeights(layers: readonly KerasLayer[], bytes: Uint8Array): Map<string, Float32Array> {
  const lengths = tensorsOf(layers).map(({ shape }) => shape.reduce((product, side) => product * side, 1));
  const expected = 4 * lengths.reduce((sum, length) => sum + length, 0);
  if (bytes.length !== expected) {
    throw new SyntaxError(`the network's weights take ${expected} bytes. Received: ${bytes.length} bytes`);
  }
  let at = bytes.byteOffset;
  return new Map(
    tensorsOf(layers).map(({ name }, i) => {
      const values = new Float32Array(bytes.buffer as ArrayBuffer, at, lengths[i]);
      at += values.byteLength;
      return [name, values];
    }),
  );
}

function tensorsOf(layers: readonly KerasLayer[]): TensorPlace[] {
  return layers.flatMap(({ tensors }) => tensors);
}

/**
 * The bytes of a whole model as Keras' HDF5 file. `keras.saving.load_model` of Keras 2 and 3 reads it without custom objects. The same
 * model gives the same bytes.
 *
 * The layout is that of Keras' `legacy_h5_format.py`: the configuration and versions are attributes of the file, the group
 * `model_weights` has a group for each layer, and attributes list layers and weights in order.
 *
 * @throws {Error} if the library cannot write
 */
export async function kerasFile(layers: readonly KerasLayer[], valuesOf: Values): Promise<Uint8Array> {
  const hdf5 = await h5wasm.ready;
  const path = `/${crypto.randomUUID()}.h5`; // in the library's own memory, so no disk can be full
  hdf5.activate_throwing_error_handler(); // otherwise the library prints its errors and goes on
  try {
    // The oldest layout that suffices: every HDF5 library of the last decades reads it, and only arrays have dates in it.
    const file = new h5wasm.File(path, "w", { libver: ["earliest", "v108"] });
    try {
      file.create_attribute("model_config", JSON.stringify(topologyOf(layers)));
      writeVersions(file);
      const group = file.create_group("model_weights");
      writeVersions(group);
      group.create_attribute("layer_names", layers.map(({ config }) => config.name));
      for (const layer of layers) writeLayer(group, layer, valuesOf);
    } finally {
      file.close();
    }
    return withoutDates(hdf5.FS.readFile(path));
  } finally {
    hdf5.deactivate_throwing_error_handler();
    if (hdf5.FS.analyzePath(path).exists) hdf5.FS.unlink(path);
  }
}

function writeVersions(group: Group): void {
  group.create_attribute("backend", "tensorflow");
  group.create_attribute("keras_version", kerasVersion);
}

/** Writes `model_weights/block1_conv1/block1_conv1/kernel:0`: Keras 2 repeats the layer's name as a group. */
function writeLayer(parent: Group, { config: { name }, tensors }: KerasLayer, valuesOf: Values): void {
  const group = parent.create_group(name);
  group.create_attribute("weight_names", tensors.map((tensor) => `${tensor.name}:0`));
  if (tensors.length > 0) group.create_group(name);
  for (const { name, shape, fixed } of tensors) {
    group.create_dataset({
      ...{ name: `${name}:0`, shape: [...shape], dtype: "<f" },
      data: fixed ?? valuesOf(name),
    });
  }
}

/**
 * The file with 1970 as the time when each array was written. HDF5 stores this time in seconds, and h5wasm has no option against it.
 * The seconds follow the header of an "object modification time" message (HDF5 File Format Specification 3.0, IV.A.2.s).
 */
function withoutDates(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const head = Buffer.from([0x12, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0]); // type, length, flags; version
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + head.length)) {
    bytes.writeUInt32LE(0, at + head.length);
  }
  return file;
}
