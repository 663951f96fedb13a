/** Reads a saved model back, to the bit. */
import { join } from "node:path";
import { sha256 } from "../../support/digest.ts";
import { convolutions } from "../architecture.ts";
import { type ModelFile, readAbout } from "./about.ts";
import { kerasLayers } from "./keras_layers.ts";
import { readWeights } from "./tfjs_files.ts";
import { featuresOf, type TrainedModel } from "./trained_model.ts";

/** Files that are only checked. */
const others = ["model.json", "model.h5"] as const;

/**
 * The model that `saveModel` wrote: it answers as before, to the bit, on the same engine. All files of the folder are checked,
 * those for other programs too.
 *
 * @throws {SyntaxError} when the folder holds no model, or a file of it is missing, cut, changed or another model's; the message
 * begins with its path
 */
export async function loadModel(folder: string): Promise<TrainedModel> {
  const { size, scaling, classes, provenance, files } = await readAbout(folder);
  const refuse = (file: ModelFile, reason: string): never => {
    throw new SyntaxError(
      `${join(folder, file)}: ${reason}. Train again, or give the folder of another model (--model)`,
    );
  };
  const read = async (name: ModelFile): Promise<Uint8Array> => {
    const { bytes, sha256: expected } = files[name];
    const content = await Deno.readFile(join(folder, name)).catch((error) =>
      refuse(name, `the model lacks it. Received: ${error.message}`)
    );
    if (content.length !== bytes) {
      refuse(
        name,
        `${content.length < bytes ? "cut short" : "too long"}: about.json names ${bytes} bytes. ` +
          `Received: ${content.length} bytes`,
      );
    }
    const received = sha256(content);
    if (received !== expected) {
      refuse(
        name,
        `changed, or another model's: about.json names SHA-256 ${expected}. Received: ${received}`,
      );
    }
    return content;
  };
  for (const name of others) await read(name);
  const tensors = readWeights(kerasLayers({ size, scaling, classes }), await read("weights.bin"));
  const part = (name: string) => ({
    kernel: tensors.get(`${name}/kernel`)!,
    bias: tensors.get(`${name}/bias`)!,
  });
  return {
    ...{ size, scaling, classes, provenance },
    layers: convolutions.map(({ name }) => ({ name, ...part(name) })),
    head: { ...part("predictions"), inputs: featuresOf({ size }), classes: classes.length },
  };
}
