import assert from "node:assert/strict";
import { areaUnderRoc, macroAuc, precisionRecallCurve, rocCurve } from "../../lib/evaluation/curves.ts";
import { normal, randomFor } from "../../lib/support/random.ts";
import { close, closeLists } from "../support/close.ts";
import golden from "../fixtures/curves/curves.json" with { type: "json" };
import { rankRows } from "../../lib/evaluation/ranking.ts";

const averagePrecision = (isPositive: readonly boolean[], scores: readonly number[]) =>
  rankRows(isPositive, scores)(scores.map(() => 1)).averagePrecision;

/** Rows of both kinds; every other seed rounds the scores, so that many are equal. */
function drawScores(seed: number) {
  const random = randomFor("curves", seed);
  const isPositive = Array.from({ length: 3 + Math.floor(random() * 60) }, () => random() < 0.3);
  [isPositive[0], isPositive[1]] = [true, false];
  const scores = isPositive.map((positive) => {
    const score = normal(random) + (positive ? 1 : 0);
    return seed % 2 ? Math.round(score) : score;
  });
  return { isPositive, scores };
}

interface Case {
  classes: number;
  truth: number[];
  /** (n, classes), row by row. */
  shares: number[];
  areas: number[];
  macro: number;
}

const { cases }: { cases: Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/auc/auc.json", import.meta.url)),
);

Deno.test("areas under ROC curves match scikit-learn's to 1e-9, also for equal scores", () => {
  for (const { classes, truth, shares, areas, macro } of cases) {
    const ofClass = (label: number) =>
      areaUnderRoc(truth.map((own) => own === label), truth.map((_, row) => shares[row * classes + label]));
    areas.forEach((area, label) => assert.ok(Math.abs(ofClass(label) - area) < 1e-9, `${label}`));
    assert.ok(Math.abs(macroAuc(truth, shares, classes) - macro) < 1e-9);
  }
});

Deno.test("a class with no rows, or with all rows, has no area and is left out of the mean", () => {
  assert.equal(areaUnderRoc([true, true], [0.1, 0.2]), NaN);
  assert.equal(areaUnderRoc([true, false, false], [0.9, 0.1, 0.9]), 0.75, "a tie counts half");
  assert.equal(macroAuc([0, 0, 1], [0.8, 0.2, 0, 0.6, 0.4, 0, 0.1, 0.9, 0], 3), 1);
  assert.throws(() => areaUnderRoc([true], []), { name: "TypeError", message: /1 rows\. Received: 0/ });
});

for (const expected of golden.curves) {
  Deno.test(`curves and average precision match scikit-learn's to 1e-9: ${expected.title}`, () => {
    const { isPositive, scores } = expected;
    const roc = rocCurve(isPositive, scores);
    assert.equal(roc.thresholds[0], Infinity);
    closeLists(roc.falsePositiveRate, expected.roc[0], 1e-9, "false positive rate");
    closeLists(roc.truePositiveRate, expected.roc[1], 1e-9, "true positive rate");
    closeLists(roc.thresholds.slice(1), expected.roc[2], 1e-9, "thresholds");
    const { precision, recall, thresholds } = precisionRecallCurve(isPositive, scores);
    closeLists(precision, expected.precisionRecall[0], 1e-9, "precision");
    closeLists(recall, expected.precisionRecall[1], 1e-9, "recall");
    closeLists(thresholds, expected.precisionRecall[2], 1e-9, "rising thresholds");
    close(averagePrecision(isPositive, scores), expected.averagePrecision, 1e-9, "average precision");
  });
}

Deno.test("a ROC curve rises from (0, 0) to (1, 1), and the area below it equals areaUnderRoc", () => {
  for (let seed = 0; seed < 200; seed++) {
    const { isPositive, scores } = drawScores(seed);
    const { falsePositiveRate: x, truePositiveRate: y, thresholds } = rocCurve(isPositive, scores);
    assert.equal(thresholds.length, new Set(scores).size + 1);
    assert.deepEqual([x[0], y[0], x.at(-1), y.at(-1)], [0, 0, 1, 1]);
    let area = 0;
    for (let i = 1; i < x.length; i++) {
      assert.ok(x[i] >= x[i - 1] && y[i] >= y[i - 1] && thresholds[i] < thresholds[i - 1], `seed ${seed}`);
      area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
    }
    close(area, areaUnderRoc(isPositive, scores), 1e-12, `seed ${seed}`);
  }
});

Deno.test("a precision-recall curve begins with all rows called positive and ends at (0, 1)", () => {
  for (let seed = 0; seed < 100; seed++) {
    const { isPositive, scores } = drawScores(seed);
    const { precision, recall, thresholds } = precisionRecallCurve(isPositive, scores);
    const share = isPositive.filter(Boolean).length / isPositive.length;
    assert.deepEqual([recall[0], recall.at(-1), precision.at(-1)], [1, 0, 1]);
    assert.equal(precision[0], share);
    assert.equal(thresholds[0], Math.min(...scores));
    assert.ok(recall.every((value, i) => i === 0 || value <= recall[i - 1]));
    const inverted = averagePrecision(isPositive, scores.map((score) => -score));
    assert.equal(averagePrecision(isPositive, isPositive.map(Number)), 1, "scores that know the truth");
    close(averagePrecision(isPositive, scores.map(() => 0)), share, 1e-15, "scores that say nothing");
    assert.ok(inverted > 0 && inverted < 1);
  }
});

Deno.test("a rate without rows of its kind is NaN; empty input and non-finite scores are refused", () => {
  const allPositive = rocCurve([true, true], [0.2, 0.1]);
  assert.deepEqual(allPositive.truePositiveRate, [0, 0.5, 1]);
  assert.deepEqual(allPositive.falsePositiveRate, [NaN, NaN, NaN]);
  assert.deepEqual(rocCurve([false], [0.2]).truePositiveRate, [NaN, NaN]);
  const { precision, recall } = precisionRecallCurve([false, false], [0.2, 0.1]);
  assert.deepEqual([precision, recall], [[0, 0, 1], [NaN, NaN, 0]]);
  assert.equal(averagePrecision([true, true], [0.2, 0.1]), 1);
  for (const curve of [rocCurve, precisionRecallCurve]) {
    assert.throws(() => curve([], []), { name: "RangeError", message: /at least one row/ });
    assert.throws(() => curve([true, false], [1]), { name: "TypeError", message: /2 rows\. Received: 1/ });
    for (const score of [NaN, Infinity]) {
      assert.throws(() => curve([true, false], [1, score]), {
        name: "RangeError",
        message: new RegExp(`finite numbers: row 1\\. Received: ${score}`),
      });
    }
  }
});
