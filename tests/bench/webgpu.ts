/**
 * How fast this machine's GPU is, through WebGPU: `deno run -A tests/bench/webgpu.ts [flags]`. `usage` lists the flags.
 *
 * Random weights and noise, so that nothing has to be brought along but programs: see webgpu_package.sh. Prints one JSON object.
 */
import { parseArgs } from "node:util";
import { forwardBatchSize } from "../../lib/model/activations.ts";
import { makePass } from "../../lib/model/frozen_pass.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import type { Depth } from "../../lib/recipe.ts";
import { engineNames, readEngineChoice } from "../../lib/support/engine/engine_choice.ts";
import { type Engine, engine, startEngine, tf } from "../../lib/support/engine/engine.ts";
import { randomFor, shuffled } from "../../lib/support/random.ts";
import { ConvolutionNetwork } from "../../lib/training/convolution_network.ts";
import { vgg16 } from "../../lib/training/model.ts";
import { Optimizer } from "../../lib/training/optimizers.ts";
import golden from "../fixtures/keras_training/keras_training.json" with { type: "json" };
import { noiseImages } from "../model/images.ts";
import { kerasCases, kerasTraining, seed } from "../training/keras_cases.ts";

const usage = `deno run -A tests/bench/webgpu.ts [flags]

Features and training steps a second on this machine's GPU, and how far they are from Keras'. Random
weights, noise. One JSON object on standard output, progress on standard error.

  --sizes LIST     pixels a side (default: 64,96,128)
  --depths LIST    first trained block of each training (default: block5,block3,block1)
  --batch N        images of a training step (default: 32)
  --forward N      images of a pass for features (default: as many as the project takes)
  --seconds N      for each measurement, after one that warms up (default: 8)
  --limit N        seconds for all; what is not measured by then is null (default: 460)
  --without-check  leave out the comparison with Keras
  --engine NAME    webgpu (default), or native to compare with the CPU
`;

/** Of one size. A number is null where time ran out. */
interface SizeResult {
  size: number;
  features: { batch: number; imagesPerSecond: number | null };
  training: { depth: Depth; batch: number; stepsPerSecond: number | null; imagesPerSecond: number | null }[];
}

/** What is printed. */
export interface WebGpuRecord {
  /** The GPU's name; null on another engine. */
  card: string | null;
  engine: Engine;
  deno: string;
  system: string;
  /** Relative differences from Keras in float32, of features of noise at 64×64 and of the first step's loss from block1 on. */
  check: { features: number | null; loss: number | null } | null;
  sizes: SizeResult[];
  /** Seconds until the engine had started, and of all. */
  started: number;
  seconds: number;
  /** Bytes that the GPU held at most between measurements; null on another engine. */
  memory: number | null;
  /** Why something is null; else absent. */
  problem?: string;
}

const { values: flags } = parseArgs({
  options: {
    sizes: { type: "string", default: "64,96,128" },
    depths: { type: "string", default: "block5,block3,block1" },
    batch: { type: "string", default: "32" },
    forward: { type: "string" },
    seconds: { type: "string", default: "8" },
    limit: { type: "string", default: "460" },
    "without-check": { type: "boolean", default: false },
    engine: { type: "string", default: "webgpu" },
    help: { type: "boolean" },
  },
});
if (flags.help) {
  console.log(usage);
  Deno.exit(0);
}
const [batch, seconds, limit] = [flags.batch, flags.seconds, flags.limit].map(Number);
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const weights = randomWeights(0);
const classes = 7;

const choice = engineNames.find((name) => name === flags.engine);
if (!choice) throw new RangeError(`--engine is one of ${engineNames.join(", ")}. Received: ${flags.engine}`);
await startEngine({ ...readEngineChoice(), engine: choice });
const record: WebGpuRecord = {
  card: engine.adapter?.name ?? null,
  engine,
  deno: Deno.version.deno,
  system: `${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} cores`,
  ...{ check: null, sizes: [], started: elapsed(), seconds: 0, memory: null },
};
console.error(`${record.card ?? engine.name}; at most ${limit} s`);
setTimeout(() => { // a measurement that does not end
  record.problem ??= `stopped after ${limit + 15} s`;
  finish();
}, 1000 * (limit + 15));

function lookAtMemory(): void {
  const { numBytesAllocatedInGPU } = tf.memory() as unknown as { numBytesAllocatedInGPU?: number };
  if (numBytesAllocatedInGPU) record.memory = Math.max(record.memory ?? 0, numBytesAllocatedInGPU);
}

/** What a measurement gives; where it fails, null, and why stands in the record. */
async function tried<T>(what: string, measure: () => Promise<T>): Promise<T | null> {
  console.error(`${elapsed().toFixed(0).padStart(4)} s  ${what}`);
  try {
    return await measure();
  } catch (error) {
    record.problem ??= `${what}: ${(error as Error).message}`;
    return null;
  }
}

/** Repetitions a second; the first is not counted. Null where no time is left. */
async function rate(compute: () => unknown): Promise<number | null> {
  if (elapsed() > limit - seconds) return null;
  await compute();
  const start = performance.now();
  let count = 0;
  do {
    await compute();
    count++;
  } while (performance.now() - start < 1000 * seconds && elapsed() < limit);
  return 1000 * count / (performance.now() - start);
}

async function measureFeatures(size: number): Promise<SizeResult["features"]> {
  const n = Number(flags.forward ?? forwardBatchSize(size));
  using pass = makePass(weights, { size, scaling: "divide255" });
  const pixels = new Float32Array(noiseImages(n, size));
  const passes = await rate(() => pass.forward(pixels));
  lookAtMemory();
  return { batch: n, imagesPerSecond: passes && passes * n };
}

async function measureTraining(size: number, depth: Depth): Promise<SizeResult["training"][number]> {
  const model = vgg16({ weights, size, classes, scaling: "divide255", seed: 0 });
  using network = new ConvolutionNetwork(model, depth);
  const optimizer = new Optimizer("nadam", network);
  const labels = Array.from({ length: batch }, (_, row) => row % classes);
  const noise = Float32Array.from({ length: network.inputs }, () => Math.random());
  let step = 0;
  const steps = await rate(async () => {
    for (const row of network.batch(batch)) row.set(noise);
    await network.lossAndGradients(labels);
    optimizer.step(++step, 1e-6);
  });
  lookAtMemory();
  return { depth, batch, stepsPerSecond: steps, imagesPerSecond: steps && steps * batch };
}

/** max |Δ| / max |Keras'| of the features of four images of noise. */
async function featuresError(): Promise<number> {
  const file = new URL("../fixtures/vgg16/noise_divide255.f32", import.meta.url);
  const expected = new Float32Array((await Deno.readFile(file)).buffer);
  using pass = makePass(weights, { size: 64, scaling: "divide255" });
  const received = await pass.forward(new Float32Array(noiseImages(4, 64)));
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(received[i] - value)), 0) / largest;
}

/** |loss / Keras' − 1| of the first step of eight images from block1 on. */
async function lossError(): Promise<number> {
  const name = "block1, nadam";
  const { model, train, stage: { depth, batchSize } } = kerasTraining(kerasCases[name]);
  using network = new ConvolutionNetwork(model, depth);
  const order = shuffled(Array.from(train.labels.keys()), randomFor(seed, "order", 1));
  const rows = order.slice(0, batchSize);
  network.batch(batchSize).forEach((target, i) => train.read(rows[i], target));
  const { loss } = await network.lossAndGradients(rows.map((row) => train.labels[row]));
  return Math.abs(loss / golden[name].losses[0] - 1);
}

function finish(): never {
  record.seconds = elapsed();
  console.log(JSON.stringify(record, null, 2));
  Deno.exit(0);
}

if (!flags["without-check"]) {
  record.check = {
    features: await tried("features beside Keras'", featuresError),
    loss: await tried("loss beside Keras'", lossError),
  };
}
for (const size of flags.sizes.split(",").map(Number)) {
  const result: SizeResult = { size, features: { batch: 0, imagesPerSecond: null }, training: [] };
  record.sizes.push(result);
  result.features = await tried(`features, ${size} pixels`, () => measureFeatures(size)) ?? result.features;
  for (const depth of flags.depths.split(",") as Depth[]) {
    const what = `training from ${depth}, ${size} pixels`;
    const measured = await tried(what, () => measureTraining(size, depth));
    result.training.push(measured ?? { depth, batch, stepsPerSecond: null, imagesPerSecond: null });
  }
}
finish();
