import assert from "node:assert/strict";
import {
  atPrevalence,
  brierScore,
  expectedCalibrationError,
  fitTemperature,
  perfectCalibrationError,
  reliability,
  withTemperature,
} from "../../lib/evaluation/calibration.ts";
import { argmaxRows, logLoss } from "../../lib/evaluation/metrics.ts";
import { normal, type Random, randomFor } from "../../lib/support/random.ts";
import { close, closeLists } from "../support/close.ts";
import golden from "../fixtures/curves/curves.json" with { type: "json" };

/** An index, drawn with the probabilities given. */
function drawLabel(shares: readonly number[], random: Random): number {
  let left = random();
  return Math.max(0, shares.findIndex((share) => (left -= share) < 0));
}

/** Perfect probabilities: each row's label is drawn from them. */
function drawCalibrated(seed: number, { n = 3000, classes = 7 } = {}) {
  const random = randomFor("calibrated", seed);
  const rows = Array.from({ length: n }, () => {
    const values = Array.from({ length: classes }, () => Math.exp(2 * normal(random)));
    const sum = values.reduce((a, b) => a + b, 0);
    return values.map((value) => value / sum);
  });
  return {
    truth: rows.map((row) => drawLabel(row, random)),
    probabilities: Float32Array.from(rows.flat()),
    classes,
  };
}

for (const expected of golden.calibrations) {
  const { truth, probabilities, classes } = expected;
  Deno.test(`${truth.length} rows of ${classes} classes: Brier score, bins and calibration error match Python's to 1e-9`, () => {
    close(brierScore(truth, probabilities, classes), expected.brier, 1e-9, "scikit-learn's Brier score");
    const error = expectedCalibrationError(truth, probabilities, classes);
    close(error, expected.expectedCalibrationError, 1e-9, "error of 15 bins");
    const of4 = expectedCalibrationError(truth, probabilities, classes, { bins: 4 });
    close(of4, expected.expectedCalibrationErrorOf4Bins, 1e-9, "error of 4 bins");
    const answers = argmaxRows(probabilities, classes);
    const bins = reliability(
      truth.map((label, row) => label === answers[row]),
      truth.map((_, row) => probabilities[row * classes + answers[row]]),
    );
    closeLists(
      bins.flatMap(({ n, confidence, accuracy }) => [n, confidence, accuracy]),
      expected.bins.flat(),
      1e-9,
    );
  });

  Deno.test(`${truth.length} rows of ${classes} classes: temperature matches SciPy's root of the slope within a millionth`, () => {
    const temperature = fitTemperature(truth, probabilities, classes);
    close(temperature / expected.temperature, 1, 1e-6, "temperature");
    const softened = withTemperature(probabilities, classes, 1.7).slice(0, expected.softened.length);
    closeLists(softened, expected.softened, 1e-7);
  });
}

Deno.test("the Brier score by hand: certain and right, certain and wrong, equal shares", () => {
  assert.equal(brierScore([0, 1], [1, 0, 0, 1], 2), 0);
  assert.equal(brierScore([0, 1], [0, 1, 1, 0], 2), 2);
  assert.equal(brierScore([3], [0.25, 0.25, 0.25, 0.25], 4), 0.75);
});

Deno.test("bins by hand: five rows in two bins, and equal confidences in the order of the rows", () => {
  const confidences = [0.9, 0.55, 0.6, 0.8, 0.65];
  const bins = reliability([true, true, false, true, false], confidences, { bins: 2 });
  assert.deepEqual(bins.map(({ n, accuracy }) => [n, accuracy]), [[3, 1 / 3], [2, 1]]);
  closeLists(bins.map(({ confidence }) => confidence), [0.6, 0.85], 1e-15);
  const probabilities = confidences.flatMap((confidence) => [confidence, 1 - confidence]);
  const error = expectedCalibrationError([0, 0, 1, 0, 1], probabilities, 2, { bins: 2 });
  close(error, 3 / 5 * (0.6 - 1 / 3) + 2 / 5 * (1 - 0.85), 1e-15);
  const tied = reliability([true, true, false, false], [0.75, 0.75, 0.75, 0.75], { bins: 2 });
  assert.deepEqual(tied, [{ n: 2, confidence: 0.75, accuracy: 1 }, { n: 2, confidence: 0.75, accuracy: 0 }]);
  assert.deepEqual(reliability([true], [0.5]), [{ n: 1, confidence: 0.5, accuracy: 1 }]);
  assert.deepEqual(reliability([], []), []);
});

Deno.test("bins hold every row once, in sizes that differ by one at most, and confidence rises", () => {
  for (let n = 1; n < 60; n++) {
    const random = randomFor("bins", n);
    const confidences = Array.from({ length: n }, () => Math.round(random() * 20) / 20);
    const isRight = confidences.map((confidence) => random() < confidence);
    const bins = reliability(isRight, confidences, { bins: 7 });
    const sizes = bins.map((bin) => bin.n);
    assert.equal(bins.length, Math.min(7, n));
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1 && sizes[0] === Math.max(...sizes));
    const total = (of: (bin: typeof bins[number]) => number) =>
      bins.reduce((sum, bin) => sum + bin.n * of(bin), 0);
    assert.equal(total(() => 1), n);
    close(total(({ accuracy }) => accuracy), isRight.filter(Boolean).length, 1e-9);
    close(total(({ confidence }) => confidence), confidences.reduce((a, b) => a + b), 1e-9);
    assert.ok(bins.every(({ confidence }, i) => i === 0 || confidence >= bins[i - 1].confidence - 1e-12));
  }
});

/** Of a temperature fitted to calibrated rows, as a share of it: 1 / √(Fisher information), the variance of ln p in each row. */
function standardError({ probabilities, classes }: ReturnType<typeof drawCalibrated>): number {
  let information = 0;
  for (let start = 0; start < probabilities.length; start += classes) {
    let [mean, square] = [0, 0];
    for (const share of probabilities.subarray(start, start + classes)) {
      mean += share * Math.log(share);
      square += share * Math.log(share) ** 2;
    }
    information += square - mean ** 2;
  }
  return 1 / Math.sqrt(information);
}

Deno.test("a known temperature is recovered within four standard errors, and applying it improves calibration", () => {
  for (let seed = 0; seed < 8; seed++) {
    const rows = drawCalibrated(seed);
    const { truth, probabilities, classes } = rows;
    const tolerance = 4 * standardError(rows);
    assert.ok(tolerance < 0.1, `too few rows: ${tolerance}`);
    for (const known of [0.4, 1, 2.5]) {
      const sharpened = withTemperature(probabilities, classes, 1 / known);
      const found = fitTemperature(truth, sharpened, classes);
      close(found / known, 1, tolerance, `seed ${seed}, temperature ${known}`);
      const corrected = withTemperature(sharpened, classes, found);
      if (known === 1) continue;
      const [before, after] = [sharpened, corrected].map((shares) => ({
        loss: logLoss(truth, shares, classes),
        error: expectedCalibrationError(truth, shares, classes),
        brier: brierScore(truth, shares, classes),
      }));
      assert.ok(after.loss < before.loss && after.error < before.error / 2 && after.brier < before.brier);
    }
  }
});

Deno.test("temperature 1 changes nothing, 1/T undoes T, and predicted classes never change", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { probabilities, classes } = drawCalibrated(seed, { n: 30, classes: 2 + seed % 6 });
    closeLists(withTemperature(probabilities, classes, 1), probabilities, 2e-7);
    const softened = withTemperature(probabilities, classes, 3);
    closeLists(withTemperature(softened, classes, 1 / 3), probabilities, 2e-6);
    assert.deepEqual(argmaxRows(softened, classes), argmaxRows(probabilities, classes));
  }
  closeLists(withTemperature([0.8, 0.2], 2, 0.5), [16 / 17, 1 / 17], 1e-7);
  closeLists(withTemperature([1, 0], 2, 1), [1, 0], 1e-7);
});

Deno.test("limits of the temperature: all correct, all wrong, certain but wrong, and uninformative", () => {
  const sure = [0.9, 0.1, 0.9, 0.1];
  close(fitTemperature([0, 0], sure, 2), 1 / 20, 1e-6);
  close(fitTemperature([1, 1], sure, 2), 20, 1e-4);
  assert.equal(fitTemperature([0, 1], [0.5, 0.5, 0.5, 0.5], 2), 1);
  const wrongOnce = fitTemperature([0, 0, 0, 1], [1, 0, 1, 0, 1, 0, 1, 0], 2);
  close(wrongOnce, 20, 1e-4, "a certain answer that is wrong has a finite loss");
});

Deno.test("probabilities at another prevalence, by hand", () => {
  closeLists(atPrevalence([0.5, 0.5], [0.5, 0.5], [0.1, 0.9]), [0.1, 0.9], 1e-7);
  closeLists(atPrevalence([0.8, 0.2], [0.5, 0.5], [0.2, 0.8]), [0.5, 0.5], 1e-7);
  closeLists(atPrevalence([0.6, 0.3, 0.1], [10, 10, 20], [1, 1, 0]), [2 / 3, 1 / 3, 0], 1e-7);
});

Deno.test("prevalence-corrected probabilities follow Bayes' theorem; correcting back restores them", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor("prevalence", seed);
    const classes = 2 + seed % 6;
    const drawShares = () => {
      const values = Array.from({ length: classes }, () => 0.05 + random());
      return values.map((value) => value / values.reduce((a, b) => a + b, 0));
    };
    const [from, to] = [drawShares(), drawShares()];
    const likelihoods = Array.from({ length: 20 }, () => drawShares().map((value) => value ** 3));
    const bayes = (shares: readonly number[]) =>
      Float32Array.from(likelihoods.flatMap((row) => {
        const joint = row.map((likelihood, label) => likelihood * shares[label]);
        return joint.map((value) => value / joint.reduce((a, b) => a + b, 0));
      }));
    const corrected = atPrevalence(bayes(from), from, to);
    closeLists(corrected, bayes(to), 3e-7);
    closeLists(atPrevalence(corrected, to, from), bayes(from), 3e-7);
    for (let row = 0; row < 20; row++) {
      const sum = corrected.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0);
      close(sum, 1, 1e-6, `seed ${seed}, row ${row}`);
    }
  }
});

Deno.test("invalid shapes and values are refused, with their row", () => {
  const refuse = (run: () => unknown, name: string, message: RegExp) => assert.throws(run, { name, message });
  const half = [0.5, 0.5];
  for (const measure of [brierScore, expectedCalibrationError, fitTemperature]) {
    refuse(() => measure([], [], 2), "RangeError", /at least one row/);
    refuse(() => measure([0, 1], half, 2), "TypeError", /\(2, 2\) for 2 labels\. Received: 2 values/);
    refuse(() => measure([0, 2], [...half, ...half], 2), "RangeError", /row 1 must be 0 … 1\. Received: 2/);
    refuse(() => measure([0, 1], [...half, NaN, 1], 2), "RangeError", /row 1, class 0\..*Received: NaN/);
    refuse(() => measure([0], [-0.5, 1.5], 2), "RangeError", /row 0, class 0\..*Received: -0.5/);
    refuse(() => measure([0], [0.5, 0.6], 2), "RangeError", /row 0 must sum to 1\. Received: a sum of 1\.1/);
  }
  refuse(() => reliability([true], []), "TypeError", /1 rows\. Received: 0/);
  refuse(() => reliability([true, true], [0.5, 1.5]), "RangeError", /row 1 .*Received: 1.5/);
  for (const bins of [0, 1.5, NaN]) {
    refuse(() => reliability([true], [0.5], { bins }), "RangeError", /bins must be .*Received/);
    refuse(() => expectedCalibrationError([0], half, 2, { bins }), "RangeError", /bins must be/);
  }
  for (const temperature of [0, -1, NaN, Infinity]) {
    refuse(() => withTemperature(half, 2, temperature), "RangeError", /temperature must be .*Received/);
  }
  refuse(() => withTemperature([0.5, 0.3, 0.2], 2, 1), "TypeError", /\(n, 2\)\. Received: 3 values/);
  refuse(() => atPrevalence([0.5, 0.3, 0.2], half, half), "TypeError", /\(n, 2\)\. Received: 3 values/);
  refuse(() => atPrevalence(half, half, [1]), "TypeError", /as many shares .*2\. Received: 1/);
  refuse(() => atPrevalence(half, [1, 0], half), "RangeError", /above 0: class 1\. Received: 0/);
  refuse(() => atPrevalence(half, half, [1, -1]), "RangeError", /at least 0: class 1\. Received: -1/);
  refuse(
    () => atPrevalence([...half, 1, 0], half, [0, 1]),
    "RangeError",
    /Row 1 must .*Received: a sum of 0/,
  );
});

Deno.test("the calibration error of perfect probabilities matches the binomial sum and the mean of many draws", () => {
  const bySum = (n: number, p: number) => {
    let [probability, sum] = [(1 - p) ** n, 0];
    for (let k = 0; k <= n; k++) {
      sum += Math.abs(k / n - p) * probability;
      probability *= (n - k) / (k + 1) * p / (1 - p);
    }
    return sum;
  };
  for (const [n, confidence] of [[1, 0.2], [7, 0.999], [10, 0.3], [99, 0.9], [100, 0.5]]) {
    close(perfectCalibrationError([{ n, confidence }]), bySum(n, confidence), 1e-12, `${n}, ${confidence}`);
  }
  assert.equal(perfectCalibrationError([{ n: 5, confidence: 1 }, { n: 5, confidence: 0 }]), 0);
  const errors = Array.from({ length: 60 }, (_, seed) => {
    const { truth, probabilities, classes } = drawCalibrated(seed, { n: 600 });
    const answers = argmaxRows(probabilities, classes);
    const bins = reliability(
      Array.from(answers, (answer, row) => answer === truth[row]),
      Float64Array.from(answers, (answer, row) => probabilities[row * classes + answer]),
    );
    return [expectedCalibrationError(truth, probabilities, classes), perfectCalibrationError(bins)];
  });
  const mean = (at: number) => errors.reduce((sum, pair) => sum + pair[at], 0) / errors.length;
  assert.ok(Math.abs(mean(0) / mean(1) - 1) < 0.1, `${mean(0)} beside ${mean(1)}`);
});
