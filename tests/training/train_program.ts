/**
 * Program: trains block5 on seeded noise with a checkpoint after every step, kills itself with SIGKILL after the given number of
 * steps of this sitting (0: never), and prints the digest of what came out.
 */
import { bytesOf, sha256 } from "../../lib/support/digest.ts";
import { trainNetwork } from "../../lib/training/train_network.ts";
import { noiseTraining } from "./noise_training.ts";

const [path, optimizer, killAfter] = Deno.args;
let done = 0;
const { train, options } = noiseTraining({ optimizer: optimizer as "nadam" });
const trained = await trainNetwork(train, {
  ...options,
  checkpoint: { path, configuration: optimizer, everySeconds: 0 },
  onStep: () => {
    if (++done === Number(killAfter)) Deno.kill(Deno.pid, "SIGKILL");
  },
});
const { parameters, history, bestEpoch } = trained;
console.log(JSON.stringify({
  weights: sha256(...parameters.map(({ values }) => bytesOf(values))),
  history,
  bestEpoch,
  steps: done,
}));
