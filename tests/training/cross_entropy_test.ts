import assert from "node:assert/strict";
import type * as TF from "@tensorflow/tfjs";
import { argmax } from "../../lib/evaluation/metrics.ts";
import { normal, randomFor } from "../../lib/support/random.ts";
import { startEngine, tf } from "../../lib/support/engine/engine.ts";
import { crossEntropy, softmax } from "../../lib/training/cross_entropy.ts";

await startEngine();

function drawBatch(seed: number, { n = 6, classes = 5, scale = 3 } = {}) {
  const random = randomFor("cross_entropy", seed);
  const logits = Float32Array.from({ length: n * classes }, () => scale * normal(random));
  const labels = Uint8Array.from({ length: n }, () => Math.floor(random() * classes));
  return { logits, labels, classes, n };
}

Deno.test("loss and gradient match tfjs' automatic differentiation", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { logits, labels, classes, n } = drawBatch(seed);
    const { loss, gradient } = crossEntropy(logits, labels, classes);
    tf.tidy(() => {
      const targets = tf.oneHot(tf.tensor1d([...labels], "int32"), classes);
      const { value, grad } = tf.valueAndGrad((z: TF.Tensor) => tf.losses.softmaxCrossEntropy(targets, z))(
        tf.tensor2d(logits, [n, classes]),
      );
      assert.ok(Math.abs(loss - value.dataSync()[0]) < 1e-5 * loss, `seed ${seed}: ${loss}`);
      grad.dataSync().forEach((expected, i) => assert.ok(Math.abs(gradient[i] - expected) < 1e-6));
    });
  }
});

Deno.test("worked by hand: logits 0, ln 3 with label 0 give loss ln 4 and gradient −3/4, 3/4", () => {
  const { loss, correct, gradient } = crossEntropy(new Float32Array([0, Math.log(3)]), [0], 2);
  assert.ok(Math.abs(loss - Math.log(4)) < 1e-7);
  assert.equal(correct, 0);
  assert.ok(Math.abs(gradient[0] + 0.75) < 1e-7 && Math.abs(gradient[1] - 0.75) < 1e-7);
});

Deno.test("the gradient's rows sum to zero, and a constant added to the logits does not change the loss", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { logits, labels, classes, n } = drawBatch(seed);
    const { loss, gradient } = crossEntropy(logits, labels, classes);
    const moved = crossEntropy(logits.map((value) => value + 64), labels, classes);
    assert.ok(Math.abs(moved.loss - loss) < 1e-4);
    for (let row = 0; row < n; row++) {
      const sum = gradient.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum) < 1e-7);
    }
  }
});

Deno.test("logits far apart do not overflow, and their loss is exact", () => {
  const { loss, gradient } = crossEntropy(new Float32Array([1e30, 0, -1e30, 5000, 0, 0]), [0, 1], 3);
  assert.equal(loss, 2500);
  assert.ok(gradient.every(Number.isFinite));
  assert.deepEqual([...softmax(new Float32Array([1e30, 0, -1e30]), 3)], [1, 0, 0]);
});

Deno.test("a NaN or infinite logit makes the loss NaN", () => {
  for (const bad of [NaN, Infinity]) {
    for (let place = 0; place < 3; place++) {
      const logits = new Float32Array([1, 2, 3]);
      logits[place] = bad;
      assert.ok(Number.isNaN(crossEntropy(logits, [2], 3).loss), `${bad} in place ${place}`);
    }
  }
});

Deno.test("softmax gives positive rows that sum to 1, with the largest value at the largest logit", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { logits, classes, n } = drawBatch(seed);
    const probabilities = softmax(logits, classes);
    for (let row = 0; row < n; row++) {
      const values = probabilities.subarray(row * classes, (row + 1) * classes);
      assert.ok(Math.abs(values.reduce((a, b) => a + b, 0) - 1) < 1e-6);
      assert.ok(values.every((value) => value > 0));
      assert.equal(argmax(values, 0, classes), argmax(logits, row * classes, classes));
    }
  }
});

Deno.test("correct counts rows whose first largest logit is the label", () => {
  const logits = new Float32Array([2, 1, 0, 0, 5, 5, 1, 1, 1]);
  assert.equal(crossEntropy(logits, [0, 1, 0], 3).correct, 3);
  assert.equal(crossEntropy(logits, [1, 2, 2], 3).correct, 0);
});
