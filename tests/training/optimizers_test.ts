import assert from "node:assert/strict";
import type * as TF from "@tensorflow/tfjs";
import { type OptimizerName, optimizerNames, stageOf } from "../../lib/recipe.ts";
import { startEngine, tf } from "../../lib/support/engine/engine.ts";
import { KernelMemory } from "../../lib/support/kernels/kernels.ts";
import { normal, randomFor } from "../../lib/support/random.ts";
import { learningRateAt, Optimizer, type OptimizerOptions } from "../../lib/training/optimizers.ts";
import golden from "../fixtures/keras_optimizers/optimizers.json" with { type: "json" };

await startEngine();

/** One run of Keras: all variables after some of the steps. */
interface Run {
  optimizer: OptimizerName;
  options: OptimizerOptions & { learningRate: number };
  rateFrom51: number | null;
  weights: Record<string, number[][]>;
}
const runs = golden.runs as unknown as Run[];
const initial: Float32Array[] = golden.initial.map((values) => Float32Array.from(values));

/** What an optimizer works on. */
function variables(values: readonly Float32Array[]) {
  const memory = new KernelMemory();
  const lengths = values.map(({ length }) => length);
  const [weights, gradients] = [memory.block(lengths), memory.block(lengths)];
  values.forEach((array, i) => weights.arrays[i].set(array));
  return { memory, weights, gradients };
}

/** The fixture's network: its mean loss over the four rows of a step, and the gradients of its variables. */
function gradientsOf(weights: readonly Float32Array[], step: number): Float32Array[] {
  return tf.tidy(() => {
    const start = 4 * (step - 1) % 24;
    const x = tf.tensor2d(golden.features, [24, 5]).slice(start, 4);
    const targets = tf.oneHot(tf.tensor1d(golden.labels, "int32"), 3).toFloat().slice(start, 4);
    const loss = (kernel: TF.Tensor, bias: TF.Tensor, output: TF.Tensor) => {
      const hidden = tf.tanh(tf.add(tf.matMul(x, kernel as TF.Tensor2D), bias)) as TF.Tensor2D;
      const logits = tf.matMul(hidden, output as TF.Tensor2D);
      return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)));
    };
    const tensors = weights.map((values, i) => tf.tensor(values.slice(), golden.shapes[i]));
    return tf.grads(loss)(tensors).map((gradient) => gradient.dataSync() as Float32Array);
  });
}

/** The variables after each of a hundred steps. */
function trajectory(
  { optimizer: name, options: { learningRate, ...options }, rateFrom51 }: Omit<Run, "weights">,
): Float32Array[][] {
  const network = variables(initial);
  const optimizer = new Optimizer(name, network, options);
  return Array.from({ length: 100 }, (_, i) => {
    gradientsOf(network.weights.arrays, i + 1).forEach((values, j) =>
      network.gradients.arrays[j].set(values)
    );
    optimizer.step(i + 1, i >= 50 && rateFrom51 ? rateFrom51 : learningRate);
    return network.weights.arrays.map((values) => values.slice());
  });
}

for (const run of runs) {
  const { optimizer, options, rateFrom51, weights } = run;
  const settings = Object.entries(options).map(([key, value]) => `${key} ${value}`).join(", ");
  const change = rateFrom51 ? `, learningRate ${rateFrom51} from step 51` : "";
  Deno.test(`${optimizer} follows Keras for 100 steps within 1e-5: ${settings}${change}`, () => {
    const before = tf.memory().numTensors;
    const after = trajectory(run);
    for (const [step, arrays] of Object.entries(weights)) {
      arrays.forEach((reference, v) => {
        const largest = Math.max(...reference.map(Math.abs));
        const deltas = reference.map((value, i) => Math.abs(after[Number(step) - 1][v][i] - value));
        assert.ok(
          Math.max(...deltas) <= 1e-5 * largest,
          `step ${step}, variable ${v}: ${Math.max(...deltas)}`,
        );
      });
    }
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("no two golden runs end with the same weights: each rule, rate and option has an effect", () => {
  const ends = runs.map(({ weights }) => weights[100].flat());
  for (let a = 0; a < ends.length; a++) {
    for (let b = 0; b < a; b++) {
      const apart = Math.max(...ends[a].map((value, i) => Math.abs(value - ends[b][i])));
      assert.ok(apart > 1e-3, `runs ${a} and ${b} end ${apart} apart`);
    }
  }
});

Deno.test("slots and weights are an optimizer's whole state: another one continues from them to the bit", () => {
  for (const name of optimizerNames) {
    const random = randomFor("slots", name);
    const draw = () => [5, 1, 2000].map((length) => Float32Array.from({ length }, () => normal(random)));
    const gradients = Array.from({ length: 6 }, draw);
    const start = draw();
    const steps = (from: number, to: number, given?: { weights: Float32Array; slots: Float32Array[] }) => {
      const network = variables(start);
      const optimizer = new Optimizer(name, network);
      if (given) network.weights.all.set(given.weights);
      given?.slots.forEach((slot, i) => optimizer.slots[i].set(slot));
      for (let t = from; t <= to; t++) {
        gradients[t - 1].forEach((values, i) => network.gradients.arrays[i].set(values));
        optimizer.step(t, 0.01);
      }
      return { weights: network.weights.all.slice(), slots: optimizer.slots.map((slot) => slot.slice()) };
    };
    assert.deepEqual(steps(4, 6, steps(1, 3)), steps(1, 6), name);
  }
});

Deno.test("every optimizer brings a convex loss near its minimum; weight decay pulls kernels towards zero, not biases", () => {
  for (const name of optimizerNames) {
    for (let seed = 0; seed < 20; seed++) {
      const random = randomFor(seed);
      const target = Float32Array.from({ length: 8 }, () => normal(random));
      const network = variables([new Float32Array(8)]);
      const optimizer = new Optimizer(name, network);
      const [weights, gradient] = [network.weights.arrays[0], network.gradients.arrays[0]];
      for (let step = 0; step < 500; step++) {
        weights.forEach((value, i) => gradient[i] = value - target[i]);
        optimizer.step(step + 1, 0.05 * (1 - step / 500));
      }
      weights.forEach((value, i) =>
        assert.ok(Math.abs(value - target[i]) < 0.01, `${name}, seed ${seed}: ${value}`)
      );
    }
    const network = variables([Float32Array.of(1, -2), Float32Array.of(3)]);
    new Optimizer(name, network, { weightDecay: 0.5 }).step(1, 0.1); // without gradients
    const [kernel, bias] = network.weights.arrays;
    assert.deepEqual([...kernel, ...bias], [Math.fround(0.95), Math.fround(-1.9), 3], name);
  }
});

Deno.test("the learning rate is constant or falls along half a cosine wave; a warm-up rises linearly to either", () => {
  // ½ (1 + cos πx) at x = 0, ¼, ½, ¾
  const wave = [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2].map((share) => 0.4 * share);
  const cases = [
    [{ schedule: "constant", warmUpEpochs: 0, epochs: 1 }, 3, [0.4, 0.4, 0.4]],
    [{ schedule: "constant", warmUpEpochs: 2, epochs: 3 }, 2, [0.1, 0.2, 0.4 * 3 / 4, 0.4, 0.4, 0.4]],
    [{ schedule: "cosine", warmUpEpochs: 0, epochs: 2 }, 2, wave],
    [{ schedule: "cosine", warmUpEpochs: 0.5, epochs: 1.5 }, 4, [0.2, 0.4, ...wave]],
  ] as const;
  for (const [change, steps, expected] of cases) {
    const stage = { ...stageOf({ depth: "head" }), learningRate: 0.4, ...change };
    expected.forEach((rate, i) =>
      assert.ok(
        Math.abs(learningRateAt(i + 1, stage, steps) - rate) < 1e-15,
        `${change.schedule}, step ${i + 1}`,
      )
    );
  }
});
