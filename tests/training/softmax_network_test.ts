import assert from "node:assert/strict";
import { normal, type Random, randomFor } from "../../lib/support/random.ts";
import { crossEntropy } from "../../lib/training/cross_entropy.ts";
import { makeTrainableNetwork } from "../../lib/training/trainable_network.ts";

const draw = (length: number, random: Random) => Float32Array.from({ length }, () => normal(random));

function makeCase(size: number | readonly [number, number], classes: number, seed: number) {
  const [height, width] = typeof size === "number" ? [size, size] : size;
  const features = 512 * Math.floor(height / 32) * Math.floor(width / 32);
  const random = randomFor("softmax network", seed);
  const values = [draw(features * classes, random), draw(classes, random)];
  const make = () =>
    makeTrainableNetwork([
      { name: "predictions/kernel", shape: [features, classes], values: values[0] },
      { name: "predictions/bias", shape: [classes], values: values[1] },
    ], { cut: "flatten", size: typeof size === "number" ? size : [height, width], classes });
  return { features, random, values, make };
}

/** x · kernel + bias and xᵀ · gradient as plain loops in float64. */
function byHand(x: Float32Array, [kernel, bias]: readonly Float32Array[]) {
  const classes = bias.length;
  const features = kernel.length / classes;
  const n = x.length / features;
  const sum = (count: number, term: (i: number) => number) => {
    let total = 0;
    for (let i = 0; i < count; i++) total += term(i);
    return total;
  };
  return {
    logits: Float32Array.from({ length: n * classes }, (_, i) => {
      const [row, c] = [Math.floor(i / classes), i % classes];
      return bias[c] + sum(features, (f) => x[row * features + f] * kernel[f * classes + c]);
    }),
    backward: (gradient: Float32Array) =>
      Float32Array.from({ length: kernel.length }, (_, i) => {
        const [f, c] = [Math.floor(i / classes), i % classes];
        return sum(n, (row) => x[row * features + f] * gradient[row * classes + c]);
      }),
  };
}

function assertClose(actual: Float32Array, expected: Float32Array, limit: number) {
  assert.equal(actual.length, expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= limit * largest, `at ${i}`));
}

const labelsFor = (n: number, classes: number) => Array.from({ length: n }, (_, i) => (5 * i + 1) % classes);

Deno.test("logits and gradients are those of plain loops, for any number of classes and rows", () => {
  const sizes = [32, 64, [64, 96]] as const;
  for (let seed = 0; seed < 24; seed++) {
    const classes = seed < 22 ? 2 + seed % 9 : [130, 255][seed - 22];
    const { features, random, values, make } = makeCase(sizes[seed % 3], classes, seed);
    const n = 1 + Math.floor(random() * 20);
    const x = draw(n * features, random);
    using network = make();
    const { logits, gradients } = network.lossAndGradients(x, labelsFor(n, classes));
    const expected = byHand(x, values);
    assertClose(logits, expected.logits, 1e-5);
    assert.deepEqual(network.logits(x), logits);
    const { gradient } = crossEntropy(logits, labelsFor(n, classes), classes);
    assertClose(gradients[0], expected.backward(gradient), 1e-5);
    const ofBias = Float32Array.from(
      { length: classes },
      (_, c) => gradient.filter((_, i) => i % classes === c).reduce((sum, value) => sum + value, 0),
    );
    assertClose(gradients[1], ofBias, 1e-5);
  }
});

Deno.test("a mask stands before the softmax, and before its gradient", () => {
  const { features, random, make } = makeCase(64, 7, 100);
  const [x, mask] = [draw(5 * features, random), draw(5 * features, random)];
  const original = x.slice();
  using network = make();
  const masked = network.lossAndGradients(x, labelsFor(5, 7), mask);
  assert.deepEqual(x, original);
  const copies = { ...masked, gradients: masked.gradients.map((values) => values.slice()) };
  assert.deepEqual(copies, network.lossAndGradients(x.map((v, i) => v * mask[i]), labelsFor(5, 7)));
});

Deno.test("a batch of the network's own gives what an array gives, with and without a mask, at any size", () => {
  const { features, random, make } = makeCase(64, 7, 102);
  const mask = draw(40 * features, random);
  using network = make();
  for (const n of [3, 40, 5]) {
    const x = draw(n * features, random);
    const own = () => {
      const batch = network.batch(n);
      batch.set(x);
      return batch;
    };
    for (const factors of [undefined, mask.subarray(0, n * features)]) {
      const expected = network.lossAndGradients(x, labelsFor(n, 7), factors);
      const gradients = expected.gradients.map((values) => values.slice());
      assert.deepEqual(network.lossAndGradients(own(), labelsFor(n, 7), factors), { ...expected, gradients });
    }
    assert.deepEqual(network.logits(x), network.logits(own()));
  }
});

Deno.test("more rows than ever before, then fewer, get the same answers, also after other values", () => {
  const { features, random, values, make } = makeCase(64, 7, 101);
  const x = draw(150 * features, random);
  using network = make();
  const other = values.map((array) => array.map((value) => -value));
  network.assign(other);
  for (const n of [1, 32, 33, 150, 2]) {
    const rows = x.subarray(0, n * features);
    assertClose(network.logits(rows), byHand(rows, other).logits, 1e-5);
  }
  using alone = make();
  assert.deepEqual(alone.logits(x.subarray(0, features)), alone.logits(x).slice(0, 7));
});
