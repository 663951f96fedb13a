import assert from "node:assert/strict";
import {
  adjustAnswers,
  adjustLogits,
  averageWeights,
  crossFittedAnswers,
  fitAdjustment,
} from "../../../lib/experiment/honest/weights.ts";
import { classMean, rowLosses } from "../../../lib/evaluation/metrics.ts";
import { normal, randomFor } from "../../../lib/support/random.ts";
import { softmax } from "../../../lib/training/cross_entropy.ts";
import { softmaxAnswers } from "../../../lib/training/softmax_network.ts";
import { softmaxModel } from "../../training/noise.ts";

const counts = [700, 200, 100];

/** Answers whose logits are right, and truths drawn from them; each class as often. */
function simulate(seed: number, n = 3000) {
  const random = randomFor("adjustment", seed);
  const logits = Float32Array.from({ length: 3 * n }, () => 1.5 * normal(random));
  const probabilities = softmax(logits, 3);
  const truth = Array.from({ length: n }, (_, row) => {
    const draw = random();
    return draw < probabilities[3 * row]
      ? 0
      : draw < probabilities[3 * row] + probabilities[3 * row + 1]
      ? 1
      : 2;
  });
  return { logits, truth };
}

Deno.test("a class without training photos keeps its logit; the others are adjusted as if it were absent", () => {
  const { logits } = simulate(0, 50);
  const adjustment = { scale: 1, prior: 0.5 };
  const withAbsent = softmax(
    Float32Array.from(
      { length: 4 * 50 },
      (_, i) => i % 4 === 3 ? -30 : logits[3 * Math.floor(i / 4) + i % 4],
    ),
    4,
  );
  const adjusted = adjustAnswers(withAbsent, adjustment, [...counts, 0]);
  adjustAnswers(softmax(logits, 3), adjustment, counts).forEach((value, i) => {
    assert.ok(Math.abs(adjusted[4 * Math.floor(i / 3) + i % 3] - value) < 1e-5);
  });
});

Deno.test("the fit recovers the scale and prior that the answers were distorted with", () => {
  for (const seed of [0, 1, 2]) {
    const { logits, truth } = simulate(seed);
    const shares = counts.map((count) => Math.log(count / 1000));
    // z → (z + 0.5 ln π) / 0.6: the adjustment back has scale 0.6 and prior 0.5
    const spoiled = softmax(logits.map((z, i) => (z + 0.5 * shares[i % 3]) / 0.6), 3);
    const { scale, prior } = fitAdjustment([spoiled], truth, counts);
    assert.ok(Math.abs(scale - 0.6) < 0.05, `scale ${scale}`);
    assert.ok(Math.abs(prior - 0.5) < 0.08, `prior ${prior}`);
  }
});

Deno.test("no nearby adjustment has a lower loss than the fitted one, and the neutral one changes nothing", () => {
  const { logits, truth } = simulate(5, 500);
  const answers = softmax(logits, 3);
  const lossOf = (adjustment: { scale: number; prior: number }) =>
    classMean(rowLosses(truth, adjustAnswers(answers, adjustment, counts), 3), truth, 3);
  const best = fitAdjustment([answers], truth, counts);
  for (const [a, b] of [[0.01, 0], [-0.01, 0], [0, 0.01], [0, -0.01], [0.01, 0.01], [-0.01, -0.01]]) {
    assert.ok(lossOf({ scale: best.scale + a, prior: best.prior + b }) >= lossOf(best) - 1e-6);
  }
  adjustAnswers(answers, { scale: 1, prior: 0 }, counts).forEach((value, i) =>
    assert.ok(Math.abs(value - answers[i]) < 1e-6)
  );
});

Deno.test("adjusting a network's logits gives the same answers as adjusting its answers", () => {
  const model = softmaxModel({ inputs: 5, classes: 3 });
  const random = randomFor("features");
  const features = Float32Array.from({ length: 50 }, () => normal(random));
  const adjustment = { scale: 0.7, prior: 0.4 };
  const adjusted = adjustLogits(model, adjustment, counts);
  const expected = adjustAnswers(softmaxAnswers(model.head, features), adjustment, counts);
  softmaxAnswers(adjusted.head, features).forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) < 1e-6)
  );
  assert.notEqual(adjusted.digest, model.digest);
});

Deno.test("averaged weights are the means; a single network keeps its own", () => {
  const models = [1, 2, 3].map((seed) => softmaxModel({ seed }));
  const { head, digest } = averageWeights(models);
  head.kernel.forEach((value, i) => {
    const mean = models.reduce((sum, model) => sum + model.head.kernel[i], 0) / 3;
    assert.ok(Math.abs(value - mean) < 1e-7);
  });
  assert.deepEqual(averageWeights([models[0]]).head, models[0].head);
  assert.notEqual(digest, averageWeights(models.slice(0, 2)).digest);
});

Deno.test("cross-fitting over halves of the groups lowers the loss, but not below an in-sample fit", () => {
  const { logits, truth } = simulate(7, 600);
  const answers = softmax(logits.map((z) => 2 * z), 3);
  const groups = truth.map((_, row) => `${Math.floor(row / 2)}`);
  const sameClass = truth.map((label, row) => truth[row - row % 2] === label ? groups[row] : `${row} alone`);
  const [crossed] = crossFittedAnswers([answers], { truth, groups: sameClass, counts, seed: 0 });
  const inSample = adjustAnswers(answers, fitAdjustment([answers], truth, counts), counts);
  const loss = (all: Float32Array) => classMean(rowLosses(truth, all, 3), truth, 3);
  assert.ok(loss(inSample) <= loss(crossed) + 1e-6, "what is fitted on the same rows looks no worse");
  assert.ok(loss(crossed) < loss(answers), "and it helps on others too");
});
