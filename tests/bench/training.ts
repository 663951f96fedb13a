/**
 * The cases "training": steps of the layers from a depth on, from batches of 32 rows that they read to changed weights.
 *
 * All take the same steps of Nadam from the same weights on the same rows; the running mean of the loss says so.
 */
import { join } from "node:path";
import type { Depth } from "../../lib/recipe.ts";
import { startEngine, tf, valuesOf } from "../../lib/support/engine/engine.ts";
import { initialHead } from "../../lib/training/model.ts";
import { makeBase } from "../../lib/model/forward.ts";
import type { Precision } from "../../lib/config.ts";
import type { Case } from "./case.ts";
import { readWeights, size, writeArrays } from "./inputs.ts";
import { ourPeer } from "./peer.ts";
import { type Python, pythonPeer } from "./python.ts";

await startEngine();

export const classes = 7;
export const batchSize = 32;
/** So small that the steps before do not show in how the losses round. */
export const learningRate = 1e-5;

/** The softmax's steps are so short that a pass needs more of them: its rows are shown this often. */
const headRepeats = 16;

/**
 * Writes what a depth's programs read: `DEPTH.f32`, activations that its layers read, and `softmax.f32`, the softmax's kernel and bias. Row i has
 * class i mod 7.
 *
 * @param folder where `writeInputs` wrote pixels and weights
 * @param options.images a multiple of 32
 */
export async function trainingCase(
  folder: string,
  depth: Depth,
  { images, python, precision }: { images: number; python: Python; precision: Precision },
): Promise<Case> {
  if (images % batchSize !== 0) {
    throw new RangeError(`Training needs a multiple of ${batchSize} images. Received: ${images}`);
  }
  const rows = await activations(folder, depth, images);
  const repeats = depth === "head" ? headRepeats : 1;
  await writeArrays(join(folder, `${depth}.f32`), Array.from({ length: repeats }, () => rows).flat());
  const head = initialHead({ inputs: 2048, classes, seed: 0 });
  await writeArrays(join(folder, "softmax.f32"), [head.kernel, head.bias]);
  const peer = (name: string, library: string, ...[file, ...args]: string[]) =>
    pythonPeer(python, name, { library, program: [file, folder, depth, precision, ...args] });
  return {
    name: `training, ${depth}`,
    precision,
    images: repeats * images,
    programs: [
      ourPeer(["train_ours.ts", folder, depth, precision]),
      ...peer("Keras fit", "keras", "train_keras.py"),
      ...Object.entries(python.pytorch).flatMap(([name, way]) =>
        peer(name, "torch", "train_pytorch.py", way)
      ),
    ],
    tolerance: precision === "float32" ? 1e-3 : 0.05,
  };
}

/** In batches: (32, height, width, channels) each. */
async function activations(folder: string, depth: Depth, images: number): Promise<Float32Array[]> {
  const pixels = await Deno.readFile(join(folder, "pixels.u8"));
  const base = makeBase(await readWeights(folder), { size, scaling: "divide255", depth });
  const length = batchSize * size * size * 3;
  const batches = Array.from({ length: images / batchSize }, (_, i) => {
    const batch = pixels.subarray(i * length, (i + 1) * length);
    return valuesOf(() => base.forward(tf.tensor4d(batch, [batchSize, size, size, 3], "int32")));
  });
  base[Symbol.dispose]();
  return batches;
}
