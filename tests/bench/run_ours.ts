/**
 * This project as a competitor (see peer.ts): `deno run -A run_ours.ts FOLDER PRECISION [--stored]`.
 *
 * Plain, it runs the frozen base; with `--stored` it does what a run does: half floats, checksums, on disk, read back.
 */
import { join } from "node:path";
import { sha256 } from "../../lib/support/digest.ts";
import { startEngine, tf, valuesOf } from "../../lib/support/engine/engine.ts";
import { forwardBatchSize, openActivations } from "../../lib/model/activations.ts";
import { openStore } from "../../lib/support/store.ts";
import { makeBase } from "../../lib/model/forward.ts";
import type { Precision } from "../../lib/config.ts";
import { answer, engineSettings } from "./answer.ts";
import { readWeights, size } from "./inputs.ts";

await startEngine();

const [folder, , mode] = Deno.args;
const precision = Deno.args[1] as Precision;
const batchSize = forwardBatchSize(size);
const length = size * size * 3;
const pixels = await Deno.readFile(join(folder, "pixels.u8"));
const count = pixels.length / length;
const weights = await readWeights(folder);
const base = makeBase(weights, { size, scaling: "divide255", precision });
const image = (i: number) => pixels.subarray(i * length, (i + 1) * length);

/** (count, 2048) */
function forward(): Float32Array {
  const features = new Float32Array(count * base.outputs);
  for (let start = 0; start < count; start += batchSize) {
    const n = Math.min(batchSize, count - start);
    const batch = Float32Array.from(pixels.subarray(start * length, (start + n) * length));
    const result = valuesOf(() => base.forward(tf.tensor4d(batch, [n, size, size, 3])));
    features.set(result, start * base.outputs);
  }
  return features;
}

async function forwardAndStore(): Promise<Float32Array> {
  const store = openStore(await Deno.makeTempDir({ dir: folder }));
  const images = Array.from({ length: count }, (_, i) => ({ key: sha256(`${i}`), pixels: () => image(i) }));
  const values = new Float32Array(count * base.outputs);
  {
    using activations = await openActivations(images, {
      ...{ weights, scaling: "divide255", precision, size, store, batchSize },
    });
    images.forEach((_, i) => activations.read(i, values.subarray(i * base.outputs, (i + 1) * base.outputs)));
  }
  await Deno.remove(store.folder, { recursive: true });
  return values;
}

const pass = mode === "--stored" ? forwardAndStore : forward;
await pass();
await answer({ results: pass, go: pass }, `${engineSettings()}, batch ${batchSize}`);
