/**
 * What is compared between engines, small enough for an adapter that is a program. Run as one it prints it as JSON, computed on the
 * engine that HAM10000_ENGINE names.
 */
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs";
import { toBfloat16 } from "../../lib/model/bfloat16.ts";
import { makeBase, makeConvolutions } from "../../lib/model/forward.ts";
import { makePass } from "../../lib/model/frozen_pass.ts";
import { layers } from "../../lib/model/vgg16.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import {
  engine,
  type EngineIdentity,
  engineIdentity,
  readTensors,
  readValues,
  startEngine,
  tf,
  valuesOf,
} from "../../lib/support/engine/engine.ts";
import { ConvolutionNetwork } from "../../lib/training/convolution_network.ts";
import { crossEntropy } from "../../lib/training/cross_entropy.ts";
import { Optimizer } from "../../lib/training/optimizers.ts";
import { noiseImages } from "../model/images.ts";
import { noise, smallModel } from "./noise.ts";

const size = 32;
const weights = randomWeights(0);

/** Of two images through the first three blocks. */
export async function features(): Promise<Float32Array> {
  using pass = makePass(weights, { size, scaling: "imagenet", depth: "block4", workers: 1 });
  return await pass.forward(new Float32Array(noiseImages(2, size)));
}

/** The loss of two rows from block5 on, the gradients' norms and some of their values, and the loss after the step. */
export async function trainingStep() {
  using network = new ConvolutionNetwork(smallModel(), "block5");
  const optimizer = new Optimizer("nadam", network);
  const rows = noise(2, network.inputs, "webgpu");
  const labels = [...rows.labels];
  network.batch(2).forEach((target, row) => rows.read(row, target));
  const { loss, correct } = await network.lossAndGradients(labels);
  const { arrays } = network.gradients;
  const gradients = arrays.flatMap((values) => [norm(values), values[0], values[values.length >> 1]]);
  optimizer.step(1, 1e-3);
  const { loss: later } = crossEntropy(await network.logits(), labels, network.classes);
  return { loss, correct, gradients, later };
}

/** Norms of the gradients of block1, whose images are large and whose output is pooled. */
export async function firstGradients(): Promise<number[]> {
  const own = layers.filter(({ name }) => name.startsWith("block1"));
  const { layers: all } = weights;
  const found = tf.tidy(() => {
    using convolutions = makeConvolutions(own, { size, tiles: "fine" });
    const kernels = all.slice(0, 2).map(({ kernel }, i) =>
      tf.tensor4d(kernel, [3, 3, i === 0 ? 3 : 64, 64]).variable()
    );
    const biases = all.slice(0, 2).map(({ bias }) => tf.tensor1d(bias).variable());
    const images = tf.tensor4d(noiseImages(1, size), [1, size, size, 3], "float32").div<Tensor4D>(255);
    const { grads } = tf.variableGrads(() => {
      const filters = convolutions.filters(kernels as unknown as Tensor4D[]);
      return convolutions.run(images, filters, biases as unknown as Tensor1D[]).square().mean().asScalar();
    }, [...kernels, ...biases]);
    return { gradients: [...kernels, ...biases].map(({ name }) => grads[name]), kernels, biases };
  });
  const norms = (await readTensors(found.gradients)).map(norm);
  tf.dispose(found);
  return norms;
}

/** Bytes that the GPU holds after passes of one, two and one images, and after all of it is given back. */
async function memoryOfPasses(): Promise<{ passes: number[]; after: number }> {
  const held = () => (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;
  const passes: number[] = [];
  {
    using base = makeBase(weights, { size, scaling: "divide255", depth: "block2" });
    for (const n of [1, 2, 1, 2, 1]) {
      for (let time = 0; time < 2; time++) {
        await readValues(() => base.forward(tf.tensor4d(noiseImages(n, size), [n, size, size, 3], "int32")));
      }
      passes.push(held());
    }
  }
  return { passes, after: held() };
}

/** What reading says after a step that the GPU refuses, and whether it computes afterwards. */
async function refusal(): Promise<{ message: string; sum: number }> {
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const compute = () => tf.ones([2000]).add(tf.ones([2000]));
  device.createBuffer({ size: 4, usage: 0 }); // for no use
  const message = await readValues(compute).then(() => "none", (error: Error) => error.message);
  const values = await readValues(compute);
  return { message, sum: values.reduce((sum, value) => sum + value) };
}

function messageOf(compute: () => unknown): string {
  try {
    return String(compute());
  } catch (error) {
    return (error as Error).message;
  }
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** What the program prints. */
export interface Printed {
  readonly engine: typeof engine;
  readonly identity: EngineIdentity;
  readonly features: number[];
  readonly step: Awaited<ReturnType<typeof trainingStep>>;
  readonly firstGradients: number[];
  readonly memory: Awaited<ReturnType<typeof memoryOfPasses>>;
  readonly refusal: Awaited<ReturnType<typeof refusal>>;
  /** What is said of reading at once, and of bfloat16. */
  readonly refused: string[];
  /** Tensors after all of it that were not there before. */
  readonly left: number;
  readonly seconds: Record<string, number>;
}

if (import.meta.main) {
  await startEngine();
  const before = tf.memory().numTensors;
  const seconds: Record<string, number> = {};
  const timed = async <T>(compute: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await compute();
    seconds[compute.name] = (performance.now() - start) / 1000;
    return value;
  };
  const printed: Printed = {
    engine,
    identity: engineIdentity,
    features: [...await timed(features)],
    step: await timed(trainingStep),
    firstGradients: await timed(firstGradients),
    memory: await timed(memoryOfPasses),
    refusal: await timed(refusal),
    refused: [
      messageOf(() => valuesOf(() => tf.ones([1]))),
      messageOf(() => tf.tidy(() => toBfloat16(tf.ones([1])))),
    ],
    left: tf.memory().numTensors - before,
    seconds,
  };
  console.log(JSON.stringify(printed));
}
