import assert from "node:assert/strict";
import type { FairComparison } from "../../lib/experiment/fair_comparison.ts";
import type { AllImagesRow, StudyResult } from "../../lib/experiment/studies.ts";
import {
  describeAllImages,
  describeLadder,
  describeOptimizers,
  describeScaling,
  describeSizes,
  differenceRow,
} from "../../lib/experiment/study_texts.ts";

function result(label: string, accuracy: number, changes: Partial<StudyResult> = {}): StudyResult {
  return {
    ...{ label, depth: "head", optimizer: "nadam", scaling: "divide255", size: 64, images: 9600 },
    ...{ parameters: 14343, epochs: 6, bestEpoch: 5, configuration: label, minutes: 12.3 },
    train: { accuracy: 0.9, loss: 0.2 },
    validation: { n: 2400, accuracy, loss: 1 },
    ...changes,
  };
}

function optimizers(nadam: number, difference: [number, number, number, number]): FairComparison {
  const [seedsLow, seedsHigh, lesionsLow, lesionsHigh] = difference;
  const tuned = (optimizer: "nadam" | "adam", mean: number) => ({
    ...{ optimizer, mean, deviation: 0.004, learningRate: 1e-3, grid: [], accuracies: [mean, mean] },
  });
  return {
    optimizers: [tuned("nadam", nadam), tuned("adam", 0.64)],
    differences: [{
      ...{ a: "nadam", b: "adam" },
      seeds: { mean: nadam - 0.64, low: seedsLow, high: seedsHigh, pairs: 2 },
      lesions: { low: lesionsLow, high: lesionsHigh },
    }],
  };
}

Deno.test("the ladder's text separates rungs from other recipes and lists those that reach the claim, cheapest first", () => {
  const head = result("head", 0.641);
  const deep = result("block3", 0.832, { depth: "block3", train: { accuracy: 0.985, loss: 0.1 } });
  const own = result("our recipe", 0.911, { depth: "block3", minutes: 55, epochs: 12 });
  const half = result("half of it", 0.897, { depth: "block3", minutes: 26.4 });
  assert.deepEqual(describeLadder([head, deep, own, half], 0.895).split("\n"), [
    "- **Depth** takes validation from 64.1\u00a0% (head) to 83.2\u00a0% (block3). That network classifies 98.5\u00a0% of its own training images correctly.",
    "- **Our recipe**: 91.1\u00a0% on validation, 90.0\u00a0% on train, after 12 epochs and 55 minutes.",
    "- **Half of it**: 89.7\u00a0% on validation, 90.0\u00a0% on train, after 6 epochs and 26 minutes.",
    "- Only half of it (26 minutes) and our recipe (55 minutes) reach the claimed 89.5\u00a0% on validation.",
  ]);
  assert.match(
    describeLadder([head, deep], 0.895),
    /None of these runs reaches the claimed 89\.5\u00a0% on validation/,
  );
});

Deno.test("sizes are compared within a depth, as width × height", () => {
  const text = describeSizes([
    result("a", 0.65, { minutes: 0.3 }),
    result("b", 0.68, { size: 96, minutes: 0.6 }),
    result("c", 0.67, { size: [150, 200], minutes: 1 }),
    result("d", 0.75, { depth: "block5" }),
    result("e", 0.74, { depth: "block5", size: 96 }),
  ]);
  assert.deepEqual(text.split("\n"), [
    "- **head**: 65.0\u00a0% at 64 × 64 (18 s), 68.0\u00a0% at 96 × 96 (36 s), 67.0\u00a0% at 200 × 150 (1 min 00 s). " +
    "The best, 96 × 96, adds 3.00 points.",
    "- **block5**: 75.0\u00a0% at 64 × 64 (12 min 18 s), 74.0\u00a0% at 96 × 96 (12 min 18 s). The smallest is best.",
  ]);
});

Deno.test("all images are compared with the subset, with the share of test copies that each has seen", () => {
  const row = (name: string, test: number, copyShare: number): AllImagesRow => ({
    ...{ name, test, copyShare, images: 1, epochs: 1, validation: 0.9, minutes: 50, configuration: name },
    interval: { low: 0.8, high: 0.99 },
  });
  const [subset, all] = [row("12,000 images", 0.91, 0.738), row("34,120 images", 0.905, 0.89)];
  const text = describeAllImages([subset, all]);
  assert.match(
    text,
    /With 34,120 images instead of 12,000 images, .* 91\.0\u00a0% to 90\.5\u00a0% \(−0\.50 points\).* 73\.8\u00a0% to 89\.0\u00a0%/,
  );
  assert.match(text, /The 95 % intervals overlap, .* the difference may be chance\.$/);
  const apart = { ...all, interval: { low: 0.7, high: 0.75 } };
  assert.doesNotMatch(describeAllImages([subset, apart]), /chance/);
});

Deno.test("scalings are compared at each depth, with signs", () => {
  const text = describeScaling([
    result("a", 0.641, { train: { accuracy: 0.722, loss: 1 } }),
    result("b", 0.661, { scaling: "imagenet" }),
    result("c", 0.72, { depth: "block5" }),
    result("d", 0.7, { depth: "block5", scaling: "imagenet" }),
  ]);
  assert.match(
    text,
    /\*\*head\*\*: divided by 255, 64\.1\u00a0% \(72\.2\u00a0% on train\); .* 66\.1\u00a0% .*\. \+2\.00 points/,
  );
  assert.match(text, /\*\*block5\*\*: divided by 255, 72\.0\u00a0% .*70\.0\u00a0% .*\. −2\.00 points/);
});

Deno.test("an optimizer is called better only if both intervals exclude zero", () => {
  assert.match(
    describeOptimizers(optimizers(0.65, [0.002, 0.018, 0.001, 0.02])),
    /nadam before adam by 1\.00 points/,
  );
  for (const interval of [[-0.001, 0.021, 0.001, 0.02], [0.002, 0.018, -0.001, 0.02]] as const) {
    assert.match(describeOptimizers(optimizers(0.65, [...interval])), /do not say which is best/);
  }
  assert.match(
    describeOptimizers(optimizers(0.62, [-0.03, -0.01, -0.03, -0.01])),
    /\*\*adam\*\* has the highest mean, 64\.0\u00a0%.*adam before nadam by 2\.00 points/,
  );
});

Deno.test("a difference is a mean with its interval, with explicit signs", () => {
  const [difference] = optimizers(0.65, [-0.001, 0.021, 0, 0.02]).differences;
  assert.deepEqual(differenceRow(difference), {
    pair: "nadam − adam",
    seeds: "+1.00 (−0.10 to +2.10)",
    lesions: "+1.00 (0.00 to +2.00)",
  });
});
