/**
 * TensorFlow.js' layers-model format: `model.json` (topology, and the list of the weights) and `weights.bin` (the weights, one
 * after the other, float32, little-endian). `tf.loadLayersModel` reads it in a browser as in tfjs-node.
 */
import { bytesOf } from "../../support/digest.ts";
import type { DiagnosisClass } from "../../data/diagnosis.ts";
import { type KerasLayer, kerasVersion, topologyOf } from "./keras_layers.ts";
import { medicalNotice } from "./notice.ts";

/** The text of `model.json`, whose weights stand in the file of this name beside it. */
export function modelJson(
  layers: readonly KerasLayer[],
  { classes, weightsFile }: { classes: readonly DiagnosisClass[]; weightsFile: string },
): string {
  const weights = layers.flatMap(({ tensors }) => tensors)
    .map(({ name, shape }) => ({ name, shape, dtype: "float32" }));
  const model = {
    format: "layers-model",
    generatedBy: `keras ${kerasVersion}`,
    convertedBy: null,
    modelTopology: { ...topologyOf(layers), keras_version: kerasVersion, backend: "tensorflow" },
    weightsManifest: [{ paths: [weightsFile], weights }],
    userDefinedMetadata: { notice: medicalNotice, classes: classes.map(({ code }) => code) },
  };
  return JSON.stringify(model, null, 1) + "\n";
}

/** The bytes of `weights.bin` in parts; `valuesOf` gives a tensor's values by its name. */
export function weightParts(
  layers: readonly KerasLayer[],
  valuesOf: (name: string) => Float32Array,
): Uint8Array[] {
  return layers.flatMap(({ tensors }) => tensors.map(({ name, fixed }) => bytesOf(fixed ?? valuesOf(name))));
}

/**
 * The tensors in the bytes of `weights.bin`, by name, without copying.
 *
 * @throws {SyntaxError} when they have another length, which is said without the file's name
 */
export function readWeights(layers: readonly KerasLayer[], bytes: Uint8Array): Map<string, Float32Array> {
  const places = layers.flatMap(({ tensors }) => tensors);
  const lengths = places.map(({ shape }) => shape.reduce((product, side) => product * side, 1));
  const expected = 4 * lengths.reduce((sum, length) => sum + length, 0);
  if (bytes.length !== expected) {
    throw new SyntaxError(`the network's weights take ${expected} bytes. Received: ${bytes.length} bytes`);
  }
  let at = bytes.byteOffset;
  return new Map(places.map(({ name }, i) => {
    const values = new Float32Array(bytes.buffer as ArrayBuffer, at, lengths[i]);
    at += values.byteLength;
    return [name, values];
  }));
}
