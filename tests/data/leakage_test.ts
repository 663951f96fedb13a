import assert from "node:assert/strict";
import { comparableClasses, countLeakage, exposureOf } from "../../lib/data/leakage.ts";
import { classesOf, ham10000Classes } from "../../lib/data/diagnosis.ts";
import type { Parts, Photos } from "../../lib/data/parts.ts";

/** Class x: photos 0 and 1 of lesion a, 2 of b. Class y: photo 3. Class z: photo 4, which training has not seen. */
const rows = [[0, 0], [0, 0], [1, 0], [2, 0], [3, 1], [3, 1], [4, 2]];
const photos = {
  classes: classesOf(["x", "y", "z"]),
  samples: [..."aabcd"].map((lesionId) => ({ lesionId })),
} as unknown as Photos;
const parts = {
  table: rows.map(([row, label]) => ({ row, copy: 0, label })),
  subsetTrain: [0, 4],
  test: [1, 2, 3, 5, 6],
} as unknown as Parts;

Deno.test("leakage is counted by photo and by lesion, per class and overall, as calculated by hand", () => {
  const counted = countLeakage(photos, parts, parts.subsetTrain);
  assert.deepEqual(
    counted.map(({ dx, images, withCopy, withLesion }) => [dx, images, withCopy, withLesion]),
    [
      ["x", 3, 1, 2],
      ["y", 1, 1, 1],
      ["z", 1, 0, 0],
      ["all", 5, 2, 3],
    ],
  );
  assert.deepEqual([counted[3].copyShare, counted[3].lesionShare], [2 / 5, 3 / 5]);
});

Deno.test("a test image has in training a copy, another photo of its lesion, or neither", () => {
  assert.deepEqual(parts.test.map(exposureOf(photos, parts, parts.subsetTrain)), [0, 1, 2, 0, 2]);
  assert.deepEqual(parts.test.map(exposureOf(photos, parts, [])), [2, 2, 2, 2, 2]);
});

Deno.test("comparable classes have both seen and unseen test photos; in HAM10000 they are bkl and mel", () => {
  assert.deepEqual(comparableClasses(photos, parts), ["x"]);
  assert.deepEqual(comparableClasses(photos, { ...parts, test: [1] }), ["x", "y", "z"]);
  const [bkl, mel] = ["bkl", "mel"].map((code) => ham10000Classes.findIndex((one) => one.code === code));
  const ham10000 = { ...photos, classes: ham10000Classes };
  const relabelled = (labels: number[]) => ({
    ...parts,
    table: parts.table.map((image) => ({ ...image, label: labels[image.label] })),
  });
  assert.deepEqual(comparableClasses(ham10000, relabelled([0, bkl, mel])), ["bkl", "mel"]);
  assert.deepEqual(comparableClasses(ham10000, relabelled([0, 1, mel])), ["akiec"], "the table has no bkl");
});
