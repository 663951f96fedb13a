/** Writes small and large HDF5 files in Keras' layouts, sound ones and others. */
import h5wasm from "h5wasm/node";

/** Path inside the file → array and its shape. */
export type Datasets = Record<string, { data: Float32Array | Float64Array; shape: number[] }>;

export async function writeHdf5(path: string, datasets: Datasets): Promise<void> {
  await h5wasm.ready;
  const file = new h5wasm.File(path, "w");
  try {
    for (const [name, { data, shape }] of Object.entries(datasets)) {
      const parts = name.split("/");
      parts.slice(0, -1).forEach((_, i) => {
        const group = parts.slice(0, i + 1).join("/");
        if (file.get(group) === null) file.create_group(group);
      });
      const dtype = data instanceof Float32Array ? "<f" : "<d";
      file.create_dataset({ name, data, shape, dtype });
    }
  } finally {
    file.close();
  }
}
