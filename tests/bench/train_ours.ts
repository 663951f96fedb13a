/** This project as a competitor in training (see peer.ts): `deno run -A train_ours.ts FOLDER DEPTH`. Steps as `trainNetwork` takes them. */
import { join } from "node:path";
import type { Depth } from "../../lib/recipe.ts";
import { makeOptimizer } from "../../lib/training/optimizer.ts";
import { parametersBehind } from "../../lib/training/parameters.ts";
import { makeTrainableNetwork } from "../../lib/training/trainable_network.ts";
import { cutOf } from "../../lib/model/architecture.ts";
import { answer } from "./answer.ts";
import { readFloats, readWeights, size } from "./inputs.ts";
import { batchSize, classes, learningRate } from "./training.ts";

const [folder, depth] = Deno.args;
const cut = cutOf(depth as Depth);
const packed = await readFloats(join(folder, "softmax.f32"));
const inputs = packed.length / classes - 1;
const head = {
  ...{ inputs, classes },
  kernel: packed.subarray(0, inputs * classes),
  bias: packed.subarray(inputs * classes),
};
const initial = parametersBehind(cut, await readWeights(folder), head);
using optimizer = makeOptimizer("nadam", { learningRate });
const { weights, gradients: gradientRoom } = optimizer.place(initial.map(({ values }) => values));
const network = makeTrainableNetwork(initial, { cut, size, classes, gradientRoom });
const rows = await readFloats(join(folder, `${depth}.f32`));

/** One epoch: the mean loss of the steps so far, after each. */
function pass(): Float32Array {
  const length = batchSize * network.inputs;
  const means = new Float32Array(rows.length / length);
  let sum = 0;
  means.forEach((_, step) => {
    const x = network.batch(batchSize);
    x.set(rows.subarray(step * length, (step + 1) * length));
    const labels = Array.from({ length: batchSize }, (_, i) => (step * batchSize + i) % classes);
    network.assign(weights);
    const { loss, gradients } = network.lossAndGradients(x, labels);
    optimizer.update(gradients, weights);
    means[step] = (sum += loss) / (step + 1);
  });
  return means;
}

const first = pass();
await answer({ results: () => first, go: pass }, `batch ${batchSize}`);
