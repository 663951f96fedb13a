/**
 * Program: trains the softmax and then block5 on seeded noise with a checkpoint after every step, kills itself with SIGKILL after
 * the given number of steps of this sitting (0: never), and prints the digest of what came out.
 */
import { bytesOf, sha256 } from "../../lib/support/digest.ts";
import { examplesOf } from "../../lib/training/examples.ts";
import { initialHead } from "../../lib/training/head.ts";
import { trainRecipe } from "../../lib/training/train_recipe.ts";
import { stageOf } from "../../lib/recipe.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { noiseTraining } from "./noise_training.ts";

const [folder, killAfter] = Deno.args;
let steps = 0;
const { train, options } = noiseTraining();

/** Means over the 4 × 4 places stand for block5 and its pool: whatever they are, they are the same every time. */
function pooled({ labels, read }: typeof train) {
  const row = new Float32Array(4 * 4 * 512);
  const values = new Float32Array(labels.length * 2048);
  labels.forEach((_, i) => {
    read(i, row);
    values.set(row.subarray(0, 2048), i * 2048);
  });
  return examplesOf(values, labels);
}

const { network, history, bestEpoch } = await trainRecipe([
  stageOf({ depth: "head", epochs: 2, batchSize: 8 }),
  stageOf({ depth: "block5", epochs: 2, batchSize: 8, dropout: 0.2, weightDecay: 1e-3 }),
], {
  weights: randomWeights(1),
  head: initialHead({ inputs: 2048, classes: 3, seed: 1 }),
  size: 64,
  seed: 5,
  examples: (cut) => {
    const both = { train, validation: options.validation };
    const examples = cut === "flatten"
      ? { train: pooled(both.train), validation: pooled(both.validation) }
      : both;
    return Promise.resolve({ ...examples, [Symbol.dispose]() {} });
  },
  folder,
  configuration: "noise",
  checkpointSeconds: 0,
  onStep: () => {
    if (++steps === Number(killAfter)) Deno.kill(Deno.pid, "SIGKILL");
  },
});
const arrays = [...network.layers.flatMap(({ kernel, bias }) => [kernel, bias]), network.head.kernel];
console.log(JSON.stringify({ weights: sha256(...arrays.map(bytesOf)), history, bestEpoch, steps }));
