/**
 * Run by activations_test.ts: `deno run -A compute_activations.ts STORE COUNT [STOP]` computes the activations of COUNT images and
 * prints the SHA-256 of all. With STOP it kills itself after the batch with which it has that many.
 */
import { openActivations } from "../../lib/model/activations.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { showProgress } from "../../lib/support/progress.ts";
import { startEngine } from "../../lib/support/engine/engine.ts";
import { openStore } from "../../lib/support/store.ts";
import { noiseImages } from "./images.ts";

await startEngine();
const [folder, count, stop] = Deno.args;
const images = Array.from({ length: Number(count) }, (_, index) => ({
  key: sha256(`noise ${index}`),
  pixels: () => noiseImages(1, 32, index),
}));
showProgress(() => (done) => {
  if (done >= Number(stop)) Deno.kill(Deno.pid, "SIGKILL"); // never without STOP, which is NaN then
});
const options = { weights: randomWeights(0), scaling: "divide255", size: 32, batchSize: 4 } as const;
using activations = await openActivations(images, { ...options, store: openStore(folder) });
const row = new Float32Array(activations.length);
const rows = images.map((_, index) => {
  activations.read(index, row);
  return new Uint8Array(row.slice().buffer);
});
console.log(sha256(...rows));
