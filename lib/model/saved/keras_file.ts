/**
 * Keras' HDF5 file of a whole model, `model.h5`: `keras.saving.load_model` of Keras 3 reads it, and Keras 2 before it, without
 * custom objects.
 *
 * The layout is that of Keras' `legacy_h5_format.py`: the configuration and versions are attributes of the file, the group
 * `model_weights` has a group for each layer, and attributes list layers and weights in order.
 */
import h5wasm, { type Group } from "h5wasm";
import { type KerasLayer, kerasVersion, topologyOf } from "./keras_layers.ts";

/**
 * The file's bytes: the same model gives the same. `valuesOf` gives a tensor's values by its name.
 *
 * @throws {Error} when the library cannot write
 */
export async function kerasFile(
  layers: readonly KerasLayer[],
  valuesOf: (name: string) => Float32Array,
): Promise<Uint8Array> {
  const hdf5 = await h5wasm.ready;
  const path = `/${crypto.randomUUID()}.h5`; // in the library's own memory, where no disk can be full
  hdf5.activate_throwing_error_handler(); // otherwise the library prints its errors and goes on
  try {
    return atTimeZero(() => {
      // The oldest layout that will do: every HDF5 of the last decades reads it, and it has no dates but those of the arrays.
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
      return hdf5.FS.readFile(path);
    });
  } finally {
    hdf5.deactivate_throwing_error_handler();
    if (hdf5.FS.analyzePath(path).exists) hdf5.FS.unlink(path);
  }
}

function writeVersions(group: Group): void {
  group.create_attribute("backend", "tensorflow");
  group.create_attribute("keras_version", kerasVersion);
}

/** `model_weights/block1_conv1/block1_conv1/kernel:0`: Keras 2 put each weight below a group of the layer's name again. */
function writeLayer(
  parent: Group,
  { config: { name }, tensors }: KerasLayer,
  valuesOf: (name: string) => Float32Array,
): void {
  const group = parent.create_group(name);
  group.create_attribute("weight_names", tensors.map((tensor) => `${tensor.name}:0`));
  if (tensors.length > 0) group.create_group(name);
  for (const { name, shape, fixed } of tensors) {
    group.create_dataset({
      name: `${name}:0`,
      data: fixed ?? valuesOf(name),
      shape: [...shape],
      dtype: "<f",
    });
  }
}

/**
 * HDF5 notes when each array was written, and the library has no switch for it: the clock, which it asks through `Date.now`,
 * stands still while `write` runs, which nothing else can do meanwhile.
 */
function atTimeZero<T>(write: () => T): T {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return write();
  } finally {
    Date.now = now;
  }
}
