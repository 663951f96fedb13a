import assert from "node:assert/strict";
import { countLabels } from "../../lib/data/diagnosis.ts";
import { randomFor } from "../../lib/support/random.ts";
import { largestRemainder, stratifiedSplit } from "../../lib/data/split.ts";
import golden from "../fixtures/sklearn_split/sklearn_split.json" with { type: "json" };

const labelsWith = (counts: number[]) =>
  counts.flatMap((count, label) => new Array<number>(count).fill(label));

Deno.test("100 seeds: complete, disjoint, stratified", () => {
  const random = randomFor("split test");
  for (let seed = 0; seed < 100; seed++) {
    const counts = Array.from({ length: 7 }, () => 2 + Math.floor(random() * 200));
    const labels = labelsWith(counts);
    const testSize = 1 + Math.floor(random() * (labels.length - 2));
    const { train, test } = stratifiedSplit(labels, { testSize, seed, name: "any" });
    assert.equal(test.length, testSize);
    assert.deepEqual([...train, ...test].sort((a, b) => a - b), labels.map((_, index) => index));
    const found = countLabels(test.map((index) => labels[index]));
    counts.forEach((count, label) => {
      const quota = (count * testSize) / labels.length;
      assert.ok(
        Math.abs(found[label] - quota) < 1,
        `class ${label}: ${found[label]} for a quota of ${quota}`,
      );
    });
  }
});

Deno.test("class counts are within one image of scikit-learn's stratified split", () => {
  for (const { counts, test, testCounts } of golden.cases) {
    const labels = labelsWith(counts);
    const split = stratifiedSplit(labels, { testSize: test, seed: 0, name: "golden" });
    const found = countLabels(split.test.map((index) => labels[index]), counts.length);
    for (const theirs of testCounts) {
      found.forEach((count, label) =>
        assert.ok(Math.abs(count - theirs[label]) <= 1, `${counts}: ${found} for ${theirs}`)
      );
    }
  }
});

Deno.test("the same seed and name give the same rows, another seed or name others", () => {
  const labels = labelsWith([50, 50]);
  const split = (seed: number, name: string) => stratifiedSplit(labels, { testSize: 0.2, seed, name }).test;
  assert.deepEqual(split(7, "a"), split(7, "a"));
  assert.notDeepEqual(split(7, "a"), split(8, "a"));
  assert.notDeepEqual(split(7, "a"), split(7, "b"));
});

Deno.test("membership is uniform: each row is in the test about equally often", () => {
  const labels = labelsWith([40, 60]);
  const hits = new Array<number>(100).fill(0);
  const seeds = 2000;
  for (let seed = 0; seed < seeds; seed++) {
    for (const index of stratifiedSplit(labels, { testSize: 0.2, seed, name: "uniform" }).test) hits[index]++;
  }
  // Binomial(2000, 0.2): standard deviation 17.9; five of them either side.
  for (const count of hits) assert.ok(Math.abs(count - 400) < 90, `${count} of ${seeds}`);
});

Deno.test("a split that leaves one side empty is refused", () => {
  for (const testSize of [0, -1, 10, 11, 2.5, NaN, 0.01]) {
    assert.throws(() => stratifiedSplit(labelsWith([5, 5]), { testSize, seed: 0, name: "x" }), RangeError);
  }
});

Deno.test("ties of the largest remainder go to the lower label", () => {
  assert.deepEqual(largestRemainder([1, 1, 1], 1), [1, 0, 0]);
  assert.deepEqual(largestRemainder([3, 3, 3, 1], 5), [2, 2, 1, 0]);
});
