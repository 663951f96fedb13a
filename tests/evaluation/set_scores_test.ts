import assert from "node:assert/strict";
import { evaluate } from "../../lib/evaluation/metrics.ts";
import { compareAnswers, measureSet, pickRows, widthlessText } from "../../lib/evaluation/set_scores.ts";
import { randomFor } from "../../lib/support/random.ts";

/** Answers of which a share is right, more of class 0 than of the rest; a lesion has two photos. */
function answers(rightShare: number, { n = 600, seed = 0 } = {}) {
  const random = randomFor("answers", seed);
  const truth = Array.from({ length: n }, (_, row) => [0, 0, 0, 0, 1, 1, 2][Math.floor(row / 2) % 7]);
  const probabilities = Float32Array.from(truth.flatMap((label) => {
    const answer = random() < rightShare ? label : (label + 1) % 3;
    return [0, 1, 2].map((one) => one === answer ? 0.8 : 0.1);
  }));
  return { truth, probabilities, groups: truth.map((_, row) => `lesion ${row >> 1}`), classes: 3 };
}

Deno.test("a set's scores match evaluate, each lies inside its interval, and the commonest class is the baseline", () => {
  const rows = answers(0.7);
  const scores = measureSet(rows, { seed: 0 });
  const { groups, intervals, baseline, ...rest } = scores;
  assert.deepEqual(rest, evaluate(rows.truth, rows.probabilities, 3));
  assert.equal(groups, 300);
  const names = ["accuracy", "loss", "balancedAccuracy", "macroPrecision", "macroRecall", "macroF1"] as const;
  for (const name of names) {
    const { low, high } = intervals[name];
    assert.ok(low < scores[name] && scores[name] < high, `${name}: ${low}, ${scores[name]}, ${high}`);
  }
  scores.perClass.forEach((metrics, label) => {
    for (const name of ["precision", "recall", "f1"] as const) {
      const { low, high } = intervals.perClass[label]![name];
      assert.ok(low < metrics[name] && metrics[name] < high && high - low < 0.3, `${label} ${name}`);
    }
  });
  const share = rows.truth.filter((label) => label === 0).length / 600;
  assert.equal(baseline.label, 0);
  assert.equal(baseline.accuracy, share);
  assert.equal(baseline.balancedAccuracy, 1 / 3);
  const entropy = [0, 1, 2].map((one) => rows.truth.filter((label) => label === one).length / 600)
    .reduce((sum, p) => sum - p * Math.log(p), 0);
  assert.ok(Math.abs(baseline.loss - entropy) < 1e-6);
  assert.deepEqual(measureSet(rows, { seed: 0 }), scores, "the seed decides");
});

Deno.test("the balanced accuracy's resamples contain every class: a class with one lesion adds no width", () => {
  const truth = [...Array<number>(40).fill(0), 1];
  const probabilities = Float32Array.from(truth.flatMap((label, row) => {
    const right = row === 40 || row % 4 > 0;
    return (label === 0) === right ? [1, 0] : [0, 1];
  }));
  const groups = truth.map((_, row) => `${row}`);
  const { intervals: { balancedAccuracy, perClass }, ...scores } = measureSet(
    { truth, probabilities, groups, classes: 2 },
    { seed: 1 },
  );
  assert.equal(scores.balancedAccuracy, 0.875);
  assert.deepEqual(perClass[1]!.recall, { low: 1, high: 1 });
  const half = 1.96 * Math.sqrt(0.75 * 0.25 / 40) / 2; // the normal approximation of class 0 alone, halved
  assert.ok(Math.abs(balancedAccuracy.low - (0.875 - half)) < 0.02, `${balancedAccuracy.low}`);
  assert.ok(Math.abs(balancedAccuracy.high - (0.875 + half)) < 0.02, `${balancedAccuracy.high}`);
});

Deno.test("only recalls with a zero-width interval are named: classes all right, all wrong or with one lesion", () => {
  const truth = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3];
  const said = [0, 0, 0, 1, 1, 1, 0, 0, 3, 0]; // 75 %, all right, all wrong, half of one lesion
  const scores = measureSet({
    ...{ truth, classes: 4, groups: ["a", "b", "c", "d", "e", "f", "g", "h", "i", "i"] },
    probabilities: Float32Array.from(
      said.flatMap((label) => [0, 1, 2, 3].map((one) => one === label ? 1 : 0)),
    ),
  }, { seed: 0 });
  const [text] = widthlessText(scores, ["w", "x", "y", "z"]);
  assert.match(
    text,
    /^The recalls of x \(100\.0\u00a0%\), y \(0\.0\u00a0%\), z \(50\.0\u00a0%\) are the same/,
  );
  assert.deepEqual(widthlessText(measureSet(answers(0.7), { seed: 0 }), ["w", "x", "y"]), []);
});

Deno.test("a class without rows has no interval and is left out of the balanced accuracy", () => {
  const rows = answers(0.7);
  const kept = [...rows.truth.keys()].filter((row) => rows.truth[row] !== 2);
  const without = pickRows(rows, kept);
  const scores = measureSet(without, { seed: 0 });
  assert.equal(scores.n, kept.length);
  assert.deepEqual(without.groups, kept.map((row) => rows.groups[row]));
  assert.equal(scores.intervals.perClass[2], null);
  assert.equal(scores.balancedAccuracy, (scores.perClass[0].recall + scores.perClass[1].recall) / 2);
});

Deno.test("the same answers differ by exactly 0, better ones by their gain; swapping the two mirrors the interval", () => {
  const [worse, better] = [answers(0.6), answers(0.8)];
  const same = compareAnswers(worse, worse, { seed: 0 });
  assert.deepEqual(same.balancedAccuracy, { difference: 0, low: 0, high: 0 });
  const { accuracy, balancedAccuracy } = compareAnswers(worse, better, { seed: 0 });
  const [a, b] = [measureSet(worse, { seed: 0 }), measureSet(better, { seed: 0 })];
  assert.equal(balancedAccuracy.difference, b.balancedAccuracy - a.balancedAccuracy);
  assert.equal(accuracy.difference, b.accuracy - a.accuracy);
  assert.ok(0 < balancedAccuracy.low && balancedAccuracy.low < balancedAccuracy.difference);
  const back = compareAnswers(better, worse, { seed: 0 }).balancedAccuracy;
  assert.ok(Math.abs(back.low + balancedAccuracy.high) < 1e-12);
});
