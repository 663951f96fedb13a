/** This project as a competitor in training (see peer.ts): `deno run -A train_ours.ts FOLDER DEPTH PRECISION`. Steps as `fit` takes them. */
import { join } from "node:path";
import type { Precision } from "../../lib/config.ts";
import type { Depth } from "../../lib/recipe.ts";
import { ConvolutionNetwork } from "../../lib/training/convolution_network.ts";
import { vgg16, withTensors } from "../../lib/training/model.ts";
import { Optimizer } from "../../lib/training/optimizers.ts";
import { SoftmaxNetwork } from "../../lib/training/softmax_network.ts";
import { answer, engineSettings } from "./answer.ts";
import { readFloats, readWeights, size } from "./inputs.ts";
import { batchSize, classes, learningRate } from "./training.ts";

const folder = Deno.args[0];
const depth = Deno.args[1] as Depth;
const precision = Deno.args[2] as Precision;
const weights = await readWeights(folder);
const softmax = await readFloats(join(folder, "softmax.f32"));
const model = withTensors(vgg16({ weights, size, classes, scaling: "divide255", precision, seed: 0 }), {
  "predictions/kernel": softmax.subarray(0, -classes),
  "predictions/bias": softmax.subarray(-classes),
});
using network = depth === "head" ? new SoftmaxNetwork(model.head) : new ConvolutionNetwork(model, depth);
const optimizer = new Optimizer("nadam", network);
const rows = await readFloats(join(folder, `${depth}.f32`));
let t = 0;

/** One epoch: the mean loss of the steps so far, after each. */
async function pass(): Promise<Float32Array> {
  const { inputs } = network;
  const means = new Float32Array(rows.length / inputs / batchSize);
  let sum = 0;
  for (const step of means.keys()) {
    const first = step * batchSize;
    network.batch(batchSize).forEach((row, i) =>
      row.set(rows.subarray((first + i) * inputs, (first + i + 1) * inputs))
    );
    const labels = Array.from({ length: batchSize }, (_, i) => (first + i) % classes);
    sum += (await network.lossAndGradients(labels)).loss;
    optimizer.step(++t, learningRate);
    means[step] = sum / (step + 1);
  }
  return means;
}

const first = await pass();
await answer({ results: () => first, go: pass }, `${engineSettings()}, batch ${batchSize}`);
