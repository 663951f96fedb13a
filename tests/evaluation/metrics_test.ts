import assert from "node:assert/strict";
import { classificationReport } from "../../lib/evaluation/classification_report.ts";
import { argmax, confusionMatrix, evaluate, gapPercent, logLoss } from "../../lib/evaluation/metrics.ts";
import { randomFor, shuffled } from "../../lib/support/random.ts";
import { close } from "../support/close.ts";
import cases from "../fixtures/sklearn_metrics/metrics.json" with { type: "json" };

/** Random probabilities and labels; some classes may be missing on either side. */
function drawAnswers(seed: number) {
  const random = randomFor("answers", seed);
  const classes = 2 + Math.floor(random() * 6);
  const n = 1 + Math.floor(random() * 40);
  const truth = Uint8Array.from({ length: n }, () => Math.floor(random() * classes));
  const probabilities = new Float32Array(n * classes);
  for (let row = 0; row < n; row++) {
    const values = Array.from({ length: classes }, () => random() ** 3);
    const sum = values.reduce((a, b) => a + b, 0);
    values.forEach((value, c) => probabilities[row * classes + c] = value / sum);
  }
  return { truth, probabilities, classes, n };
}

for (const expected of cases) {
  Deno.test(`all metrics match scikit-learn's to 1e-12: ${expected.title}`, () => {
    const { truth, probabilities, classes } = expected;
    const result = evaluate(Uint8Array.from(truth), Float32Array.from(probabilities), classes);
    assert.equal(result.n, truth.length);
    assert.deepEqual(result.confusion, expected.confusion);
    close(result.accuracy, expected.accuracy, 1e-12, "accuracy");
    close(result.balancedAccuracy, expected.balancedAccuracy, 1e-12, "balanced accuracy");
    [result.macroPrecision, result.macroRecall, result.macroF1].forEach((value, i) =>
      close(value, expected.macro[i], 1e-12, `macro ${i}`)
    );
    [result.weightedPrecision, result.weightedRecall, result.weightedF1].forEach((value, i) =>
      close(value, expected.weighted[i], 1e-12, `weighted ${i}`)
    );
    result.perClass.forEach(({ precision, recall, f1, support }, label) =>
      [precision, recall, f1, support].forEach((value, i) =>
        close(value, expected.perClass[label][i], 1e-12, `class ${label}, ${i}`)
      )
    );
    close(result.loss, expected.loss, 1e-12, "loss");
  });

  Deno.test(`the report matches scikit-learn's, character by character: ${expected.title}`, () => {
    const { truth, probabilities, classes, names } = expected;
    const result = evaluate(truth, Float32Array.from(probabilities), classes);
    assert.equal(classificationReport(result, names), expected.report);
    assert.equal(classificationReport(result, names, { digits: 2 }), expected.report2);
  });
}

Deno.test("notes name each metric with a division by zero, and nothing else", () => {
  const ofCase = (title: string) => {
    const found = cases.find((one) => one.title === title)!;
    return evaluate(found.truth, Float32Array.from(found.probabilities), found.classes).notes;
  };
  assert.deepEqual(ofCase("every answer is right"), []);
  assert.deepEqual(ofCase("a class is never predicted"), [
    "Class 2 was never predicted: its precision is set to 0.",
  ]);
  assert.deepEqual(ofCase("a class does not occur in the truth"), [
    "Class 2 does not occur in the truth: its recall is set to 0, and the balanced accuracy leaves it out.",
  ]);
  assert.deepEqual(ofCase("a class neither occurs nor is predicted").map((note) => note.slice(0, 20)), [
    "Class 1 was never pr",
    "Class 1 does not occ",
    "Class 1: its F1 is s",
  ]);
});

Deno.test("an evaluation survives JSON", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { truth, probabilities, classes } = drawAnswers(seed);
    const result = evaluate(truth, probabilities, classes);
    assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  }
});

Deno.test("invariants: sums of the confusion matrix, weighted recall, ranges, order of the rows", () => {
  for (let seed = 0; seed < 200; seed++) {
    const { truth, probabilities, classes, n } = drawAnswers(seed);
    const result = evaluate(truth, probabilities, classes);
    const { confusion, perClass } = result;
    assert.equal(confusion.flat().reduce((a, b) => a + b), n);
    confusion.forEach((counts, label) =>
      assert.equal(counts.reduce((a, b) => a + b), perClass[label].support)
    );
    close(result.weightedRecall, result.accuracy, 1e-12, "weighted recall");
    const shares = [result.accuracy, result.balancedAccuracy, result.macroF1, result.weightedF1];
    for (const share of [...shares, ...perClass.map(({ f1 }) => f1)]) assert.ok(share >= 0 && share <= 1);
    for (const { precision, recall, f1 } of perClass) {
      assert.ok(f1 <= Math.max(precision, recall) + 1e-15 && f1 >= Math.min(precision, recall) - 1e-15);
    }
    const order = shuffled(Array.from(truth.keys()), randomFor(seed));
    const moved = evaluate(
      order.map((row) => truth[row]),
      order.flatMap((row) => [...probabilities.subarray(row * classes, (row + 1) * classes)]),
      classes,
    );
    assert.deepEqual(moved.confusion, confusion);
    close(moved.loss, result.loss, 1e-12, "loss of moved rows");
  }
});

Deno.test("reordering the classes reorders their metrics and keeps the means", () => {
  for (let seed = 0; seed < 100; seed++) {
    const { truth, probabilities, classes, n } = drawAnswers(seed);
    const to = shuffled(Array.from({ length: classes }, (_, label) => label), randomFor("rename", seed));
    const renamed = new Float32Array(n * classes);
    probabilities.forEach((value, i) => renamed[Math.floor(i / classes) * classes + to[i % classes]] = value);
    const before = evaluate(truth, probabilities, classes);
    const after = evaluate(truth.map((label) => to[label]), renamed, classes);
    before.perClass.forEach((metrics, label) => assert.deepEqual(after.perClass[to[label]], metrics));
    close(after.macroF1, before.macroF1, 1e-12, "macro F1");
    close(after.balancedAccuracy, before.balancedAccuracy, 1e-12, "balanced accuracy");
  }
});

Deno.test("the confusion matrix has true classes in rows and predicted ones in columns", () => {
  assert.deepEqual(confusionMatrix([0, 0, 1, 2], [1, 1, 1, 0], 3), [[0, 2, 0], [0, 1, 0], [1, 0, 0]]);
  assert.deepEqual(confusionMatrix([], [], 2), [[0, 0], [0, 0]]);
});

Deno.test("the log loss: by hand, clipped at both ends, rows scaled to sum to 1", () => {
  close(logLoss([0, 1], [0.5, 0.5, 0.75, 0.25], 2), (Math.LN2 + Math.log(4)) / 2, 1e-12, "by hand");
  close(logLoss([1], [1, 0], 2), -Math.log(1e-7), 1e-12, "certain and wrong");
  close(logLoss([0], [1, 0], 2), -Math.log(1 - 1e-7), 1e-12, "certain and right");
  close(logLoss([0], [0.2, 0.6], 2), Math.log(4), 1e-12, "a row that sums to 0.8");
});

Deno.test("wrong shapes and invalid values are refused, with their row", () => {
  const half = [0.5, 0.5];
  const refuse = (run: () => unknown, name: string, message: RegExp) => assert.throws(run, { name, message });
  refuse(() => evaluate([], [], 2), "RangeError", /at least one row/);
  refuse(() => evaluate([0, 1], half, 2), "TypeError", /\(2, 2\).*Received: 2 values/);
  refuse(
    () => evaluate([0, 2], [...half, ...half], 2),
    "RangeError",
    /True label of row 1 .*0 … 1. Received: 2/,
  );
  refuse(() => evaluate([0, 0.5], [...half, ...half], 2), "RangeError", /row 1 .*Received: 0.5/);
  refuse(() => evaluate([0, -1], [...half, ...half], 2), "RangeError", /row 1 .*Received: -1/);
  refuse(() => evaluate([0, 0], [...half, NaN, 1], 2), "RangeError", /row 1, class 0. Received: NaN/);
  refuse(() => evaluate([0, 0], [...half, -0.1, 1.1], 2), "RangeError", /row 1, class 0. Received: -0.1/);
  refuse(
    () => evaluate([0, 0], [...half, 0.5, 0.4], 2),
    "RangeError",
    /row 1 must sum to 1. Received: a sum of 0.9/,
  );
  refuse(() => evaluate([0], [1], 0), "TypeError", /\(1, 0\)/);
  refuse(() => confusionMatrix([0], [0], 1.5), "RangeError", /classes.*Received: 1.5/);
  refuse(() => confusionMatrix([0, 1], [0], 2), "TypeError", /2 true ones. Received: 1/);
  refuse(() => confusionMatrix([0, 1], [0, 7], 2), "RangeError", /Predicted label of row 1 .*Received: 7/);
  const result = evaluate([0], half, 2);
  refuse(() => classificationReport(result, ["one"]), "TypeError", /2 classes. Received: 1 names/);
});

Deno.test("the gap is a percentage of the training accuracy", () => {
  assert.equal(gapPercent(0.8, 0.6), (0.8 - 0.6) / 0.8 * 100);
  assert.equal(gapPercent(0.75, 0.5).toFixed(4), "33.3333");
  assert.equal(gapPercent(0.5, 0.5), 0);
  assert.equal(gapPercent(0.5, 1), -100);
});

Deno.test("invalid accuracies are refused", () => {
  for (const [train, test] of [[0, 0.5], [89.5, 0.5], [NaN, 0.5], [0.5, -0.1], [0.5, 63.8], [0.5, NaN]]) {
    assert.throws(() => gapPercent(train, test), { name: "RangeError", message: /accuracy must.*Received/ });
  }
});

Deno.test("argmax returns the first of equal maxima", () => {
  assert.equal(argmax([9, 3, 7, 7, 1], 1, 4), 1);
});
