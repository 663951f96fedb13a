/**
 * This project as a competitor (see peer.ts): `deno run -A run_ours.ts FOLDER [--stored]`.
 *
 * Plain, it runs the frozen base; with `--stored` it does what a run does: half floats, checksums, on disk, read back.
 */
import { join } from "node:path";
import { sha256 } from "../../lib/digest.ts";
import { engine, tf } from "../../lib/tensorflow/engine.ts";
import { computeActivations } from "../../lib/vgg16/activations.ts";
import { convolutions } from "../../lib/vgg16/architecture.ts";
import { makeBase } from "../../lib/vgg16/forward.ts";
import { type Vgg16Weights, weightsDigest } from "../../lib/vgg16/weights.ts";

const [folder, mode] = Deno.args;
const size = 64;
const batchSize = 64;
const length = size * size * 3;
const pixels = await Deno.readFile(join(folder, "pixels.u8"));
const count = pixels.length / length;
const weights = await readWeights(join(folder, "weights.f32"));
const base = makeBase(weights, { size, scaling: "divide255" });
const image = (i: number) => pixels.subarray(i * length, (i + 1) * length);

/** (count, 2048) */
function forward(): Float32Array {
  const features = new Float32Array(count * base.outputs);
  for (let start = 0; start < count; start += batchSize) {
    const n = Math.min(batchSize, count - start);
    const batch = pixels.subarray(start * length, (start + n) * length);
    const result = tf.tidy(() => base.forward(tf.tensor4d(batch, [n, size, size, 3], "int32")).dataSync());
    features.set(result, start * base.outputs);
  }
  return features;
}

async function forwardAndStore(): Promise<Float32Array> {
  const store = await Deno.makeTempDir({ dir: folder });
  const inputs = Array.from({ length: count }, (_, i) => ({ key: sha256(`${i}`), pixels: () => image(i) }));
  const { values } = await computeActivations(inputs, {
    weights,
    scaling: "divide255",
    size,
    store,
    batchSize,
  });
  await Deno.remove(store, { recursive: true });
  return values;
}

async function readWeights(path: string): Promise<Vgg16Weights> {
  const all = new Float32Array((await Deno.readFile(path)).buffer);
  let offset = 0;
  const take = (values: number) => all.subarray(offset, offset += values);
  const layers = convolutions.map(({ name, inputs, outputs }) => ({
    name,
    kernel: take(9 * inputs * outputs),
    bias: take(outputs),
  }));
  return { digest: weightsDigest(layers), source: "other", layers };
}

function say(answer: unknown): void {
  console.log(`BENCH ${JSON.stringify(answer)}`);
}

const pass = mode === "--stored" ? forwardAndStore : forward;
await pass();
const native = `TensorFlow ${engine.tensorflow}, oneDNN ${
  engine.oneDnn ? "on" : "off"
}, ${engine.threads} threads`;
say({
  version: `Deno ${Deno.version.deno}, ${engine.name} ${engine.tfjs}`,
  note: `${engine.name === "wasm" ? "WebAssembly" : native}, batch ${batchSize}`,
});
let text = "";
for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (text + part).split("\n");
  text = lines.pop()!;
  for (const line of lines) {
    const started = performance.now();
    const features = await pass();
    const seconds = (performance.now() - started) / 1000;
    if (line.startsWith("write ")) {
      await Deno.writeFile(line.slice("write ".length), new Uint8Array(features.slice().buffer));
    }
    say({ seconds });
  }
}
