/**
 * Program: trains the softmax and then block5 on seeded noise, with a checkpoint at every moment at which one may be written, and
 * prints what came out. Kills itself with SIGKILL at the given moment, the n-th of its kind in this sitting.
 *
 * deno run -A resume_program.ts FOLDER float32|bfloat16 [step|save|validation|kept N]
 *
 * With abort-step or abort-validation in its place, it asks the training to stop at that moment, writes no other checkpoint, and prints
 * what it was stopped with.
 */
import type { Precision } from "../../lib/config.ts";
import { bytesOf, sha256 } from "../../lib/support/digest.ts";
import { startEngine } from "../../lib/support/engine/engine.ts";
import { openStore, type Store } from "../../lib/support/store.ts";
import { fit } from "../../lib/training/fit.ts";
import type { EpochRecord } from "../../lib/training/training_loop.ts";
import type { Examples } from "../../lib/training/examples.ts";
import { noise, smallModel } from "./noise.ts";

await startEngine();
const [folder, precision, moment, n] = Deno.args;
let left = Number(n);
const stop = new AbortController();
const reached = (kind: string) => {
  if (moment === `abort-${kind}` && --left === 0) stop.abort(new Error("asked to stop"));
  if (kind === moment && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
};
const store = openStore(folder);
const watched: Store = {
  ...store,
  async write(kind, key, stored) {
    await store.write(kind, key, stored);
    if (kind === "checkpoints") reached("save");
  },
  async keep(kind, key, compute) {
    const kept = await store.keep(kind, key, compute);
    reached("kept");
    return kept;
  },
};
let steps = 0;
let model = smallModel(precision as Precision);
const lasts: unknown[] = [];
const history: EpochRecord[] = [];
for (const [depth, length] of [["head", 512], ["block5", 4 * 512]] as const) {
  const { read, ...validation } = noise(9, length, "validation");
  const watching: Examples = {
    ...validation,
    read(row, target) {
      reached("validation");
      read(row, target);
    },
  };
  const fitted = await fit(model, noise(22, length, "train"), {
    ...{ depth, epochs: 2, batchSize: 8, schedule: "cosine", dropout: 0.2, weightDecay: 1e-3, seed: 5 },
    ...{
      validation: watching,
      store: watched,
      checkpointSeconds: moment?.startsWith("abort") ? 3600 : 0,
      signal: stop.signal,
      emaMomentum: 0.7,
      balancedSoftmax: true,
    },
    onStep() {
      steps++;
      reached("step");
    },
  }).catch((error) => {
    if (!stop.signal.aborted) throw error;
    console.log(JSON.stringify({ stopped: error.message, steps }));
    Deno.exit();
  });
  model = fitted.model;
  lasts.push(sha256(bytesOf(fitted.last!.head.kernel)));
  history.push(...fitted.history);
}
const { layers, head, digest } = model;
const arrays = [...layers, head].flatMap(({ kernel, bias }) => [kernel, bias]);
console.log(JSON.stringify({ weights: sha256(...arrays.map(bytesOf)), history, digest, lasts, steps }));
