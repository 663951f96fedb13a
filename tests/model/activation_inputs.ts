/**
 * Inputs that the tests of activations share between processes. Run as a program it computes them:
 *
 * deno run -A activation_inputs.ts STORE COUNT MILLISECONDS-PER-IMAGE
 *
 * and prints a line after each batch, then one with what it did.
 */
import { sha256 } from "../../lib/support/digest.ts";
import {
  type ActivationInput,
  type ActivationOptions,
  computeActivations,
} from "../../lib/model/activations.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { noiseImages } from "./images.ts";

const size = 32;

/** Seeded noise images; `onPixels` is told of each one that is drawn. */
export function makeInputs(count: number, onPixels?: (index: number) => void): ActivationInput[] {
  return Array.from({ length: count }, (_, index) => ({
    key: sha256(`noise ${index}`),
    pixels: () => {
      onPixels?.(index);
      return noiseImages(1, size, index);
    },
  }));
}

const weights = randomWeights(0);

/** Options for small, quick batches: 4 images of 32×32, 512 values each. */
export function makeOptions(store: string): ActivationOptions {
  return { weights, scaling: "divide255", size, store, batchSize: 4 };
}

if (import.meta.main) {
  const [store, count, milliseconds] = Deno.args;
  const wait = () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds));
  };
  const { computed, reused, values } = await computeActivations(makeInputs(Number(count), wait), {
    ...makeOptions(store),
    onProgress: (done) => console.log(JSON.stringify({ done })),
    onNotice: (notice) => console.log(JSON.stringify({ notice })),
  });
  console.log(JSON.stringify({ computed, reused, digest: sha256(new Uint8Array(values.buffer)) }));
}
