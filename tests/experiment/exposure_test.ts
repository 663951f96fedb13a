import assert from "node:assert/strict";
import { accuracyByExposure, comparableClasses } from "../../lib/experiment/exposure.ts";
import type { Inputs } from "../../lib/experiment/features.ts";
import { classesOf, ham10000Classes } from "../../lib/data/diagnosis.ts";

/** Class 0: photos 0 and 1 of lesion a, 2 of b. Class 1: photo 3. Class 2: photo 4, which training has not seen. */
const rows = [[0, 0], [0, 0], [1, 0], [2, 0], [3, 1], [3, 1], [4, 2]];
const inputs = {
  source: { classes: classesOf(["x", "y", "z"]), samples: [..."aabcd"].map((lesionId) => ({ lesionId })) },
  parts: {
    table: rows.map(([row, label]) => ({ row, copy: 0, label })),
    subsetTrain: [0, 4],
    test: [1, 2, 3, 5, 6],
  },
} as unknown as Inputs;

Deno.test("test images are divided by photo and lesion, as worked by hand", () => {
  const groups = accuracyByExposure(inputs, { predicted: Uint8Array.of(0, 1, 0, 1, 0) }, { classes: ["x"] });
  assert.deepEqual(groups.map(({ images, accuracy }) => [images, accuracy]), [[1, 1], [1, 0], [1, 1]]);
  const all = accuracyByExposure(inputs, { predicted: Uint8Array.of(0, 1, 0, 1, 0) }, {
    classes: ["x", "y", "z"],
  });
  assert.deepEqual(all.map(({ images, accuracy }) => [images, accuracy]), [[2, 1], [1, 0], [2, 0.5]]);
  const [, , none] = accuracyByExposure(inputs, { predicted: Uint8Array.of(0, 1, 0, 1, 0) }, {
    classes: ["y"],
  });
  assert.deepEqual([none.images, none.accuracy], [0, NaN]);
});

Deno.test("comparable are the classes of which training has seen some and not all; HAM10000: bkl and mel", () => {
  assert.deepEqual(comparableClasses(inputs), ["x"]);
  const { source, parts } = inputs;
  assert.deepEqual(comparableClasses({ parts: { ...parts, test: [1] }, source }), ["x", "y", "z"]);
  assert.deepEqual(comparableClasses({ parts, source: { ...source, classes: ham10000Classes } }), [
    "bkl",
    "mel",
  ]);
});
