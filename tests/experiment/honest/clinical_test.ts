import assert from "node:assert/strict";
import { classesOf, ham10000Classes } from "../../../lib/data/diagnosis.ts";
import { accuracyAt, clinicalResults } from "../../../lib/experiment/honest/clinical.ts";
import { atPrevalence } from "../../../lib/evaluation/calibration.ts";
import { randomFor } from "../../../lib/support/random.ts";

const codes = ham10000Classes.map(({ code }) => code);
const mel = codes.indexOf("mel");

/** Answers to 30 lesions of each class but `few` melanomas, right where `isRight` says so. */
function answered({ classes = 7, isRight = (row: number) => row % 4 !== 0, few = 30 } = {}) {
  const truth = Array.from({ length: 30 * classes }, (_, row) => row % classes)
    .filter((label, row) => label !== mel || row < few * classes);
  const random = randomFor("clinical", classes);
  const probabilities = Float32Array.from(truth.flatMap((label, row) => {
    const answer = isRight(row) ? label : (label + 1) % classes;
    const values = truth.slice(0, classes).map((_, i) => (i === answer ? 3 : 1) * (0.9 + 0.2 * random()));
    const sum = values.reduce((a, b) => a + b, 0);
    return values.map((value) => value / sum);
  }));
  return { truth, probabilities, groups: truth.map((_, row) => `${row}`), classes };
}

const samplesOf = (n: number) =>
  Array.from({ length: n }, (_, row) => ({
    ...{ imageId: `p${row}`, age: row % 3 === 0 ? null : 20 + row % 60, sex: row % 2 ? "male" : "female" },
    ...{ localization: row < 12 ? "ear" : "back", dxType: "histo" },
  }));
const shares = codes.map(() => 1 / 7);
const options = (n: number) => ({ samples: samplesOf(n), classes: ham10000Classes, shares, seed: 0 });

Deno.test("thresholds reach their sensitivity on validation and are applied unchanged to the test", () => {
  const test = answered();
  const { detections, n, validation } = clinicalResults(
    test,
    answered({ isRight: () => true }),
    options(210),
  );
  assert.deepEqual([n, validation], [210, 210]);
  assert.deepEqual(detections.map(({ name, codes }) => [name, codes]), [
    ["melanoma", ["mel"]],
    ["malignant", ["mel", "bcc", "akiec"]],
  ]);
  for (const { onValidation, sensitivity, specificity, auc, atPrevalence, decisions } of detections) {
    assert.ok(onValidation.sensitivity >= 0.9);
    for (const { low, value, high } of [sensitivity, specificity, auc]) {
      assert.ok(0 <= low && low <= value && value <= high && high <= 1);
    }
    assert.ok(sensitivity.value < 1, "a quarter of the answers is wrong");
    assert.deepEqual(atPrevalence.map(({ prevalence }) => prevalence).slice(0, 2), [0.02, 0.1]);
    assert.ok(atPrevalence[0].ppv < atPrevalence[1].ppv && atPrevalence[0].npv > atPrevalence[1].npv);
    assert.equal(decisions.length, 50);
  }
});

Deno.test("on the same photos, a threshold gives the same scores as validation and as test, whatever the class shares", () => {
  const rows = answered({ few: 10 });
  const rare = codes.map((code) => (code === "mel" ? 0.02 : 0.98 / 6));
  const { detections } = clinicalResults(rows, rows, { ...options(rows.truth.length), shares: rare });
  for (const { onValidation, sensitivity, specificity } of detections) {
    assert.deepEqual(onValidation, { sensitivity: sensitivity.value, specificity: specificity.value });
  }
});

Deno.test("a subgroup has no sensitivity below 20 melanomas, and no AUC below 20 melanomas or others", () => {
  const { subgroups } = clinicalResults(answered(), answered(), options(210));
  for (const { melanomas, others, sensitivity, specificity, auc } of subgroups) {
    assert.equal(sensitivity === null, melanomas < 20);
    assert.equal(specificity === null, others < 20);
    assert.equal(auc === null, melanomas < 20 || others < 20);
  }
  const of = (column: string) => subgroups.filter((row) => row.column === column);
  for (const column of ["age", "sex", "site", "diagnosis confirmed by"]) {
    const rows = of(column);
    assert.equal(rows.reduce((sum, { melanomas, others }) => sum + melanomas + others, 0), 210, column);
    assert.equal(rows.reduce((sum, { melanomas }) => sum + melanomas, 0), 30, column);
  }
  const values = (column: string) => of(column).map(({ value }) => value);
  assert.deepEqual(
    values("age"),
    ["below 40", "40–59", "60 and above", "unknown"],
    "by age, the others by size",
  );
  assert.deepEqual(values("site"), ["back", "ear"]);
  assert.ok(of("site").find(({ value }) => value === "back")!.sensitivity);
  assert.equal(of("site").find(({ value }) => value === "ear")!.sensitivity, null);
  assert.ok(
    clinicalResults(answered({ few: 10 }), answered(), options(190)).subgroups.every((row) =>
      !row.sensitivity
    ),
  );
});

Deno.test("the most confident errors are listed in order, and every class has its ROC curve", () => {
  const test = answered();
  const { errors, classes } = clinicalResults(test, answered(), options(210));
  assert.equal(errors.length, 12);
  assert.ok(errors.every(({ dx, answer }) => dx !== answer));
  assert.deepEqual(
    errors.map(({ probability }) => probability),
    errors.map(({ probability }) => probability).toSorted((a, b) => b - a),
  );
  assert.deepEqual(classes.map(({ code, n }) => [code, n]), codes.map((code) => [code, 30]));
  for (const { roc } of classes) assert.deepEqual([roc[0], roc.at(-1)], [[0, 0], [1, 1]]);
});

Deno.test("temperature scaling recalibrates an overconfident network", () => {
  const sharpen = (answers: ReturnType<typeof answered>) => ({
    ...answers,
    probabilities: Float32Array.from(answers.probabilities, (value, i) => {
      const row = Math.floor(i / 7);
      const own = answers.probabilities.subarray(7 * row, 7 * row + 7);
      return value ** 8 / own.reduce((sum, each) => sum + each ** 8, 0);
    }),
  });
  const { calibration: { before, after, temperature } } = clinicalResults(
    sharpen(answered()),
    sharpen(answered()),
    options(210),
  );
  assert.ok(temperature > 2, `${temperature}`);
  assert.ok(after.logLoss < before.logLoss && after.ece < before.ece && after.brier < before.brier);
  assert.equal(after.bins.reduce((sum, { n }) => sum + n, 0), 210);
});

Deno.test("the accuracy of corrected probabilities counts the most likely class and lies inside its interval", () => {
  const rows = answered(); // three of four are right, and the shares are equal
  const at = { learnedAt: codes.map(() => 1), shares: codes.map(() => 1 / 7), seed: 0 };
  const { value, low, high } = accuracyAt(rows, at);
  const right = rows.truth.filter((_, row) => row % 4 !== 0).length;
  assert.ok(Math.abs(value - right / 210) < 1e-12, `${value}`);
  const half = 1.96 * Math.sqrt(value * (1 - value) / 210);
  assert.ok(
    Math.abs(low - (value - half)) < 0.02 && Math.abs(high - (value + half)) < 0.02,
    `${low} ${high}`,
  );
  const rare = codes.map((_, label) => label === 0 ? 0.94 : 0.01);
  assert.ok(accuracyAt(rows, { ...at, shares: rare }).value < 0.3, "all are taken for the commonest class");
});

Deno.test("answers that assume the training's class shares are corrected from them, so no share counts twice", () => {
  const rows = answered();
  const shares = codes.map((_, label) => label === 0 ? 0.4 : 0.1);
  const learned = { ...rows, probabilities: atPrevalence(rows.probabilities, codes.map(() => 1), shares) };
  const even = clinicalResults(rows, rows, { ...options(210), shares });
  const again = clinicalResults(learned, learned, { ...options(210), shares, learnedAt: shares });
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-5, `${a} ${b}`);
  near(again.calibration.before.logLoss, even.calibration.before.logLoss);
  near(again.calibration.temperature, even.calibration.temperature);
  near(again.detections[0].threshold, even.detections[0].threshold);
  const twice = clinicalResults(learned, learned, { ...options(210), shares });
  assert.ok(Math.abs(twice.calibration.before.logLoss - even.calibration.before.logLoss) > 0.01);
});

Deno.test("if no class is malignant, there are no detections or subgroups, but each class keeps its curves", () => {
  const classes = classesOf(["one", "two", "three"]);
  const test = answered({ classes: 3 });
  const { detections, subgroups, classes: curves } = clinicalResults(test, test, {
    ...options(test.truth.length),
    ...{ classes, shares: [1 / 3, 1 / 3, 1 / 3] },
  });
  assert.deepEqual([detections, subgroups, curves.length], [[], [], 3]);
});
