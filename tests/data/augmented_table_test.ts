import assert from "node:assert/strict";
import { augmentationTargets, augmentedTable } from "../../lib/data/augmented_table.ts";
import { countLabels, ham10000Counts } from "../../lib/data/diagnosis.ts";
import { randomFor, shuffled } from "../../lib/support/random.ts";

const samplesWith = (counts: readonly number[]) => {
  const labels = counts.flatMap((count, label) => new Array<number>(count).fill(label));
  return shuffled(labels, randomFor("table order")).map((label) => ({ label }));
};

Deno.test("HAM10000's 10,015 photos become the write-up's 42,650 images", () => {
  const table = augmentedTable(samplesWith(ham10000Counts), augmentationTargets(ham10000Counts));
  assert.equal(table.length, 42_650);
  const counts = countLabels(table.map((image) => image.label));
  assert.deepEqual(counts, [5991, 5991, 5991, 5991, 5991, 6705, 5990]);
  assert.equal(table.filter((image) => image.label === 5 && image.copy > 0).length, 0, "nv has no copies");
});

Deno.test("copies are unique, numbered from 1, and spread over the originals evenly, within one", () => {
  const random = randomFor("counts");
  for (let trial = 0; trial < 20; trial++) {
    const counts = Array.from({ length: 7 }, () => 1 + Math.floor(random() * 60));
    const samples = samplesWith(counts);
    const table = augmentedTable(samples, augmentationTargets(counts));
    assert.equal(new Set(table.map(({ row, copy }) => `${row}:${copy}`)).size, table.length);
    assert.ok(table.every(({ row, label }) => samples[row].label === label));
    for (let label = 0; label < 7; label++) {
      const highest = new Map<number, number>();
      for (const image of table.filter((image) => image.label === label)) {
        assert.equal(image.copy, (highest.get(image.row) ?? -1) + 1);
        highest.set(image.row, image.copy);
      }
      const last = [...highest.values()];
      assert.ok(Math.max(...last) - Math.min(...last) <= 1);
    }
  }
});

Deno.test("other tables: each class with photos grows to 0.8935 of the largest; none shrinks", () => {
  assert.deepEqual(augmentationTargets([20, 31, 66, 7, 67, 402, 9]), [359, 359, 359, 359, 359, 402, 359]);
  assert.deepEqual(augmentationTargets([99, 0, 100]), [99, 0, 100]);
});
