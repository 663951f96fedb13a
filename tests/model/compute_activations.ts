/**
 * Run by activations_test.ts: `deno run -A compute_activations.ts STORE COUNT` computes the activations of so many of its images,
 * says after each batch how many it has, and at the end the SHA-256 of all.
 */
import { openActivations } from "../../lib/model/activations.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { showProgress } from "../../lib/support/progress.ts";
import { startEngine } from "../../lib/support/engine/engine.ts";
import { openStore } from "../../lib/support/store.ts";
import { noiseImages } from "./images.ts";

await startEngine();
const [folder, count] = Deno.args;
const images = Array.from({ length: Number(count) }, (_, index) => ({
  key: sha256(`noise ${index}`),
  pixels() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25); // slow enough to be killed
    return noiseImages(1, 32, index);
  },
}));
showProgress(() => (done, total) => console.log(`${done} of ${total}`));
const options = { weights: randomWeights(0), scaling: "divide255", size: 32, batchSize: 4 } as const;
using activations = await openActivations(images, { ...options, store: openStore(folder) });
const row = new Float32Array(activations.length);
const rows = images.map((_, index) => {
  activations.read(index, row);
  return new Uint8Array(row.slice().buffer);
});
console.log(sha256(...rows));
