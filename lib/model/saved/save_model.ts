/** Writes a trained model where TensorFlow.js, Keras and this project read it. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeAtomic, writeAtomicParts, writeFolderAtomic } from "../../support/atomic.ts";
import { aboutText, type FileRecord, type ModelFile } from "./about.ts";
import { kerasFile } from "./keras_file.ts";
import { kerasLayers } from "./keras_layers.ts";
import { modelJson, weightParts } from "./tfjs_files.ts";
import { checkModel, type TrainedModel } from "./trained_model.ts";

/**
 * Makes the folder in one step; an older one of the name is replaced whole. 59 MB twice:
 *
 * - `model.json`, `weights.bin`: for `tf.loadLayersModel`;
 * - `model.h5`: for `keras.saving.load_model`;
 * - `about.json`: classes, size, scaling, where the model comes from, digests of the others.
 *
 * Both networks read RGB 0–255 of shape (n, height, width, 3), any numeric type, and give probabilities. The same model gives the
 * same bytes.
 *
 * @throws {TypeError} when layers or head do not fit size and classes
 * @throws {RangeError} when a weight is not finite
 * @throws {StorageError} when it cannot be written; an older model is as it was
 */
export async function saveModel(folder: string, model: TrainedModel): Promise<void> {
  checkModel(model);
  const { size, scaling, classes, provenance } = model;
  const layers = kerasLayers(model);
  const values = new Map(
    [...model.layers, { name: "predictions", ...model.head }].flatMap(({ name, kernel, bias }) => [
      [`${name}/kernel`, kernel],
      [`${name}/bias`, bias],
    ]),
  );
  const valuesOf = (name: string) => values.get(name)!;
  const contents: Record<ModelFile, Uint8Array[]> = {
    "model.json": [new TextEncoder().encode(modelJson(layers, { classes, weightsFile: "weights.bin" }))],
    "weights.bin": weightParts(layers, valuesOf),
    "model.h5": [await kerasFile(layers, valuesOf)],
  };
  await writeFolderAtomic(folder, async (temporary) => {
    const files = {} as Record<ModelFile, FileRecord>;
    for (const [name, parts] of Object.entries(contents) as [ModelFile, Uint8Array[]][]) {
      await writeAtomicParts(join(temporary, name), parts);
      files[name] = recordOf(parts);
    }
    const about = aboutText({ size, scaling, classes, provenance, files });
    await writeAtomic(join(temporary, "about.json"), about);
  });
}

function recordOf(parts: readonly Uint8Array[]): FileRecord {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return { bytes: parts.reduce((sum, { length }) => sum + length, 0), sha256: hash.digest("hex") };
}
