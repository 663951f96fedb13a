import assert from "node:assert/strict";
import { normal, type Random, randomFor } from "../../lib/support/random.ts";
import { crossEntropy, softmax } from "../../lib/training/cross_entropy.ts";
import type { Head } from "../../lib/training/model.ts";
import { softmaxAnswers, SoftmaxNetwork } from "../../lib/training/softmax_network.ts";

const draw = (length: number, random: Random) => Float32Array.from({ length }, () => normal(random));
const labelsFor = (n: number, classes: number) => Array.from({ length: n }, (_, i) => (5 * i + 1) % classes);

function makeCase(seed: number, { inputs = 20, classes = 7 } = {}) {
  const random = randomFor("softmax network", seed);
  const head: Head = { kernel: draw(inputs * classes, random), bias: draw(classes, random), inputs, classes };
  return { head, random };
}

/** Puts rows of an array into a network's batch. */
function fill(network: SoftmaxNetwork, x: Float32Array): void {
  const { inputs } = network;
  network.batch(x.length / inputs).forEach((row, i) => row.set(x.subarray(i * inputs, (i + 1) * inputs)));
}

/** x · kernel + bias as a plain loop in float64. */
function logitsByHand(x: Float32Array, { kernel, bias, inputs, classes }: Head): number[] {
  return Array.from({ length: x.length / inputs * classes }, (_, i) => {
    const [row, c] = [Math.floor(i / classes), i % classes];
    let sum = bias[c];
    for (let f = 0; f < inputs; f++) sum += x[row * inputs + f] * kernel[f * classes + c];
    return sum;
  });
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, limit = 1e-5) {
  assert.equal(actual.length, expected.length);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0.1);
  Array.from(expected).forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) <= limit * largest, `at ${i}`)
  );
}

Deno.test("logits and gradients match plain loops, for any number of features, classes and rows", () => {
  for (let seed = 0; seed < 40; seed++) {
    const { head, random } = makeCase(seed, {
      inputs: [1, 2, 3, 4, 5, 11, 512, 2048, 1999][seed % 9],
      classes: [2, 3, 7, 10, 130, 255][seed % 6],
    });
    const { inputs, classes } = head;
    const n = 1 + Math.floor(random() * 20);
    const [x, labels] = [draw(n * inputs, random), labelsFor(n, classes)];
    using network = new SoftmaxNetwork(head);
    fill(network, x);
    const logits = network.logits();
    assertClose(logits, logitsByHand(x, head));
    const { gradient, ...expected } = crossEntropy(logits, labels, classes);
    assert.deepEqual(network.lossAndGradients(labels), expected);
    const found = network.tensors(network.gradients.all);
    assertClose(
      found["predictions/kernel"],
      Array.from({ length: inputs * classes }, (_, i) => {
        const [f, c] = [Math.floor(i / classes), i % classes];
        return labels.reduce((sum, _, row) => sum + x[row * inputs + f] * gradient[row * classes + c], 0);
      }),
    );
    const sums = Array.from(
      head.bias,
      (_, c) => gradient.filter((_, i) => i % classes === c).reduce((a, b) => a + b, 0),
    );
    assertClose(found["predictions/bias"], sums);
    assert.deepEqual(network.tensors(network.weights.all), {
      "predictions/kernel": head.kernel,
      "predictions/bias": head.bias,
    });
  }
});

Deno.test("a mask is applied to the features, for both loss and gradient", () => {
  const { head, random } = makeCase(100);
  const [x, mask] = [draw(5 * head.inputs, random), draw(5 * head.inputs, random)];
  using network = new SoftmaxNetwork(head);
  const take = (values: Float32Array, factors?: Float32Array) => {
    fill(network, values);
    return [network.lossAndGradients(labelsFor(5, 7), { mask: factors }), network.gradients.all.slice()];
  };
  assert.deepEqual(take(x, mask), take(x.map((value, i) => value * mask[i])));
  assert.notDeepEqual(take(x, mask), take(x));
});

Deno.test("correct answers are counted without the offsets that balanced softmax adds to the loss", () => {
  const { head, random } = makeCase(100);
  const x = draw(5 * head.inputs, random);
  using network = new SoftmaxNetwork(head);
  fill(network, x);
  const labels = labelsFor(5, 7);
  const plain = network.lossAndGradients(labels);
  fill(network, x);
  const offsets = Float32Array.from(labels.includes(6) ? [99, 0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 99]); // would change every answer
  const balanced = network.lossAndGradients(labels, { offsets });
  assert.equal(balanced.correct, plain.correct);
  assert.notEqual(balanced.loss, plain.loss);
});

Deno.test("logits and gradients do not depend on earlier, larger or smaller batches, to the bit", () => {
  const { head, random } = makeCase(101);
  const x = draw(150 * head.inputs, random);
  using network = new SoftmaxNetwork(head);
  fill(network, x);
  const all = network.logits();
  for (const n of [1, 32, 33, 150, 2]) {
    fill(network, x.subarray(0, n * head.inputs));
    assert.deepEqual(network.logits(), all.slice(0, n * head.classes));
    network.lossAndGradients(labelsFor(n, head.classes));
    const gradients = network.gradients.all.slice();
    using alone = new SoftmaxNetwork(head); // no row of an earlier batch has a part in it
    fill(alone, x.subarray(0, n * head.inputs));
    alone.lossAndGradients(labelsFor(n, head.classes));
    assert.deepEqual(gradients, alone.gradients.all.slice());
  }
  assert.deepEqual(softmaxAnswers(head, x), softmax(all, head.classes));
});

Deno.test("zero rows give zero answers; incomplete rows are refused", () => {
  const { head } = makeCase(102);
  assert.equal(softmaxAnswers(head, new Float32Array(0)).length, 0);
  assert.throws(() => softmaxAnswers(head, new Float32Array(30)), {
    name: "TypeError",
    message: /\(n, 20\).*Received: 30 values/,
  });
});
