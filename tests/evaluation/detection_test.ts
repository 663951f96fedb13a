import assert from "node:assert/strict";
import { rocCurve } from "../../lib/evaluation/curves.ts";
import {
  detectionAt,
  netBenefit,
  netBenefitOfAll,
  predictiveValues,
  thresholdFor,
} from "../../lib/evaluation/detection.ts";
import { randomFor } from "../../lib/support/random.ts";

import { close } from "../support/close.ts";
const refuse = (run: () => unknown, name: string, message: RegExp) => assert.throws(run, { name, message });

/** Probabilities in twentieths, so that some are equal, of rows of both kinds. */
function drawProbabilities(seed: number) {
  const random = randomFor("detection", seed);
  const isPositive = Array.from({ length: 3 + Math.floor(random() * 60) }, () => random() < 0.3);
  [isPositive[0], isPositive[1]] = [true, false];
  const scores = isPositive.map((positive) => Math.round(20 * random() ** (positive ? 0.5 : 2)) / 20);
  return { isPositive, scores, random };
}

const isPositive = [true, true, true, true, true, false, false, false];
const scores = [0.9, 0.7, 0.7, 0.4, 0.2, 0.8, 0.4, 0.1];

Deno.test("thresholds by hand, with equal scores", () => {
  const at = (sensitivity: number) => thresholdFor(isPositive, scores, { sensitivity });
  assert.deepEqual([0.1, 0.2, 0.21, 0.4, 0.6, 0.61, 0.8, 0.81, 1].map(at), [
    ...[0.9, 0.9, 0.7, 0.7, 0.7, 0.4, 0.4, 0.2, 0.2],
  ]);
  const hundred = Array.from({ length: 100 }, (_, row) => row + 1);
  const threshold = thresholdFor(hundred.map(() => true), hundred, { sensitivity: 0.07 });
  assert.equal(threshold, 94, "7 of 100, though 0.07 · 100 rounds to more than 7");
});

Deno.test("a threshold reaches its sensitivity, and no higher score does", () => {
  for (let seed = 0; seed < 200; seed++) {
    const { isPositive, scores, random } = drawProbabilities(seed);
    const sensitivity = 1 - random();
    const threshold = thresholdFor(isPositive, scores, { sensitivity });
    assert.ok(detectionAt(isPositive, scores, threshold).sensitivity >= sensitivity, `seed ${seed}`);
    for (const higher of scores.filter((score) => score > threshold)) {
      assert.ok(detectionAt(isPositive, scores, higher).sensitivity < sensitivity, `seed ${seed}`);
    }
  }
});

Deno.test("detection by hand: a score at the threshold is called positive", () => {
  assert.deepEqual(detectionAt(isPositive, scores, 0.4), {
    truePositives: 4,
    falsePositives: 2,
    trueNegatives: 1,
    falseNegatives: 1,
    sensitivity: 4 / 5,
    specificity: 1 / 3,
  });
  assert.equal(detectionAt(isPositive, scores, Infinity).truePositives, 0);
  assert.equal(detectionAt([true], [1], 0.5).specificity, NaN);
  assert.equal(detectionAt([false], [1], 0.5).sensitivity, NaN);
  assert.equal(detectionAt([], [], 0.5).sensitivity, NaN);
});

Deno.test("at each threshold of the ROC curve, detection has the curve's rates", () => {
  for (let seed = 0; seed < 100; seed++) {
    const { isPositive, scores } = drawProbabilities(seed);
    const { falsePositiveRate, truePositiveRate, thresholds } = rocCurve(isPositive, scores);
    thresholds.forEach((threshold, i) => {
      const { sensitivity, specificity } = detectionAt(isPositive, scores, threshold);
      close(sensitivity, truePositiveRate[i], 1e-12, `seed ${seed}`);
      close(1 - specificity, falsePositiveRate[i], 1e-12, `seed ${seed}`);
    });
  }
});

Deno.test("counting a row several times equals repeating it as often", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { isPositive, scores, random } = drawProbabilities(seed);
    const times = Uint32Array.from(scores, () => Math.floor(random() * 4));
    const copies = scores.flatMap((_, row) => new Array<number>(times[row]).fill(row));
    const repeated = detectionAt(copies.map((row) => isPositive[row]), copies.map((row) => scores[row]), 0.5);
    assert.deepEqual(detectionAt(isPositive, scores, 0.5, times), repeated);
  }
});

Deno.test("predictive values by hand, also at prevalence 0 and 1, and without any positive call", () => {
  const { ppv, npv } = predictiveValues({ sensitivity: 0.9, specificity: 0.8 }, 0.1);
  close(ppv, 1 / 3);
  close(npv, 72 / 73);
  const rates = { sensitivity: 0.9, specificity: 0.8 };
  assert.deepEqual(predictiveValues(rates, 0), { ppv: 0, npv: 1 });
  assert.deepEqual(predictiveValues(rates, 1), { ppv: 1, npv: 0 });
  assert.deepEqual(predictiveValues({ sensitivity: 0, specificity: 1 }, 0.25), { ppv: NaN, npv: 0.75 });
});

Deno.test("at the rows' own prevalence, predictive values equal those counted from the rows", () => {
  for (let seed = 0; seed < 100; seed++) {
    const { isPositive, scores } = drawProbabilities(seed);
    const found = detectionAt(isPositive, scores, 0.4);
    const prevalence = isPositive.filter(Boolean).length / isPositive.length;
    const { ppv, npv } = predictiveValues(found, prevalence);
    const called = found.truePositives + found.falsePositives;
    if (called > 0) close(ppv, found.truePositives / called, 1e-12, `seed ${seed}`);
    if (called < isPositive.length) {
      close(npv, found.trueNegatives / (isPositive.length - called), 1e-12, `seed ${seed}`);
    }
  }
});

Deno.test("net benefit by hand", () => {
  const positive = [true, true, true, true, false, false, false, false, false, false];
  const probabilities = [0.9, 0.5, 0.2, 0.1, 0.9, 0.8, 0.3, 0.2, 0.1, 0];
  close(netBenefit(positive, probabilities, 0.2), 3 / 10 - 4 / 10 / 4);
  close(netBenefit(positive, probabilities, 0.5), 2 / 10 - 2 / 10);
  close(netBenefit(positive, probabilities, 0.95), 0, 1e-12, "no one is called");
  close(netBenefitOfAll(0.4, 0.2), 0.4 - 0.6 / 4);
  close(netBenefitOfAll(0.4, 0.4), 0, 1e-12, "at the prevalence");
  assert.equal(netBenefitOfAll(0.4, 0), 0.4);
});

Deno.test("treating everyone equals always predicting 1; a perfect classifier gains the prevalence", () => {
  for (let seed = 0; seed < 100; seed++) {
    const { isPositive, scores, random } = drawProbabilities(seed);
    const prevalence = isPositive.filter(Boolean).length / isPositive.length;
    const threshold = random() * 0.99;
    close(netBenefit(isPositive, scores.map(() => 1), threshold), netBenefitOfAll(prevalence, threshold));
    close(netBenefit(isPositive, isPositive.map(Number), Math.max(threshold, 0.01)), prevalence);
    assert.ok(netBenefit(isPositive, scores, threshold) <= prevalence);
  }
});

Deno.test("invalid input is refused", () => {
  refuse(() => thresholdFor([false], [1], { sensitivity: 0.9 }), "RangeError", /positive row .*1 rows, none/);
  for (const sensitivity of [0, 1.1, 95, NaN]) {
    refuse(() => thresholdFor([true], [1], { sensitivity }), "RangeError", /sensitivity must be .*Received/);
  }
  type Call = (isPositive: boolean[], scores: number[]) => unknown;
  const calls: Call[] = [
    (positive, scores) => thresholdFor(positive, scores, { sensitivity: 1 }),
    (positive, scores) => detectionAt(positive, scores, 0.5),
    (positive, scores) => netBenefit(positive, scores, 0.5),
  ];
  for (const call of calls) {
    refuse(() => call([true, false], [1]), "TypeError", /2 rows\. Received: 1/);
    refuse(() => call([true, false], [1, NaN]), "RangeError", /row 1\. Received: NaN/);
  }
  refuse(() => detectionAt([true], [1], NaN), "RangeError", /threshold .*Received: NaN/);
  refuse(() => detectionAt([true], [1], 0.5, [1, 1]), "TypeError", /times must .*1 rows\. Received: 2/);
  refuse(() => netBenefit([], [], 0.5), "RangeError", /at least one row/);
  for (const threshold of [-0.1, 1, NaN]) {
    refuse(() => netBenefit([true], [1], threshold), "RangeError", /threshold must be .*Received/);
    refuse(() => netBenefitOfAll(0.5, threshold), "RangeError", /threshold must be .*Received/);
  }
  refuse(() => netBenefitOfAll(1.5, 0.5), "RangeError", /prevalence must be .*Received: 1.5/);
  const rates = { sensitivity: 0.9, specificity: 0.8 };
  refuse(() => predictiveValues(rates, -1), "RangeError", /prevalence must be .*Received: -1/);
  refuse(() => predictiveValues({ ...rates, sensitivity: NaN }, 0.5), "RangeError", /sensitivity .*NaN/);
  refuse(() => predictiveValues({ ...rates, specificity: 80 }, 0.5), "RangeError", /specificity .*80/);
});
