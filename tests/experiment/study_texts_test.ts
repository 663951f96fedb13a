import assert from "node:assert/strict";
import type { FairComparison } from "../../lib/experiment/fair_comparison.ts";
import type { StudyResult } from "../../lib/experiment/studies.ts";
import {
  bestOf,
  describeOptimizers,
  describeScaling,
  differenceRow,
  ladderTitle,
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

Deno.test("the ladder's title names the best depth, or that nothing beats the first", () => {
  const head = result("head", 0.641);
  const deep = result("block3", 0.832, { minutes: 15.6 });
  assert.equal(ladderTitle([head, deep]), "From 64.1 % (head) to 83.2 % (block3) in 16 minutes of training");
  assert.equal(ladderTitle([deep, head]), "Nothing beats the block3: 83.2 %");
  assert.equal(bestOf([head, deep]), deep);
});

Deno.test("each depth's scalings are compared, with sign", () => {
  const text = describeScaling([
    result("a", 0.641),
    result("b", 0.661, { scaling: "imagenet" }),
    result("c", 0.72, { depth: "block5" }),
    result("d", 0.7, { depth: "block5", scaling: "imagenet" }),
  ]);
  assert.match(text, /\*\*head\*\*: 64\.1 % .*66\.1 % .*: \+2\.00 points/);
  assert.match(text, /\*\*block5\*\*: 72\.0 % .*70\.0 % .*: −2\.00 points/);
});

Deno.test("an optimizer is called better only where both intervals leave zero on one side", () => {
  assert.match(
    describeOptimizers(optimizers(0.65, [0.002, 0.018, 0.001, 0.02])),
    /nadam before adam by 1\.00 points/,
  );
  for (const interval of [[-0.001, 0.021, 0.001, 0.02], [0.002, 0.018, -0.001, 0.02]] as const) {
    assert.match(describeOptimizers(optimizers(0.65, [...interval])), /do not say which is best/);
  }
  assert.match(
    describeOptimizers(optimizers(0.62, [-0.03, -0.01, -0.03, -0.01])),
    /\*\*adam\*\* has the highest mean, 64\.0 %.*adam before nadam by 2\.00 points/,
  );
});

Deno.test("a difference is a mean with its interval, signs written out", () => {
  const [difference] = optimizers(0.65, [-0.001, 0.021, 0, 0.02]).differences;
  assert.deepEqual(differenceRow(difference), {
    pair: "nadam − adam",
    seeds: "+1.00 (−0.10 to +2.10)",
    lesions: "+1.00 (0.00 to +2.00)",
  });
});
