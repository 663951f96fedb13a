import assert from "node:assert/strict";
import { createConfig } from "../../lib/config.ts";
import { checkClassSizes } from "../../lib/experiment/class_sizes.ts";
import { makeParts } from "../../lib/experiment/parts.ts";
import type { Source } from "../../lib/experiment/source.ts";
import { classesOf, countLabels, ham10000Classes } from "../../lib/data/diagnosis.ts";

const own = createConfig({ data: "/photos", columns: { dx: "diagnosis" } });
const ham10000 = createConfig({ data: "/photos" });
const classes = classesOf(["x", "y"]);

const sourceWith = (counts: number[]): Source => ({
  synthetic: false,
  folder: "",
  table: "",
  classes,
  counts,
  skipped: null,
  about: [],
  samples: counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({
      imageId: `${label}_${i}`,
      lesionId: `${label}_${i}`,
      dx: classes[label].code,
      label,
      dxType: "",
      age: null,
      sex: "unknown",
      localization: "unknown",
      imagePath: "",
    }))
  ),
});

Deno.test("what passes has every class in every part, over sizes and seeds", () => {
  let passed = 0;
  for (let most = 5; most < 60; most++) {
    for (let seed = 0; seed < 5; seed++) {
      const counts = [most, 5 + seed];
      try {
        checkClassSizes(own, classes, counts);
      } catch {
        continue;
      }
      passed++;
      const parts = makeParts({ ...own, seed }, sourceWith(counts));
      for (const part of [parts.test, parts.subsetTrain, parts.subsetValidation]) {
        const found = countLabels(part.map((row) => parts.table[row].label), 2);
        assert.ok(found.every((count) => count > 0), `${counts}, seed ${seed}: ${found}`);
      }
    }
  }
  assert.ok(passed > 150, `${passed}`);
});

const tooSmall: [string, () => void, RegExp][] = [
  [
    "one image",
    () => checkClassSizes(ham10000, ham10000Classes, [0, 0, 0, 0, 0, 1, 0]),
    /two classes at least\. Received: nv 1/,
  ],
  ["no image", () => checkClassSizes(ham10000, ham10000Classes, [0, 0, 0, 0, 0, 0, 0]), /Received: none/],
  ["a class of four", () => checkClassSizes(own, classes, [40, 4]), /5 photos at least.*Received: y 4$/],
  ["a listed class without photos", () => checkClassSizes(own, classes, [0, 40]), /Received: x 0$/],
  ["ten images of two classes", () => checkClassSizes(own, classes, [5, 5]), /Received: x 5, y 5$/],
];

for (const [what, check, message] of tooSmall) {
  Deno.test(`${what}: an error that names classes and sizes`, () => {
    assert.throws(check, { name: "RangeError", message });
  });
}

Deno.test("HAM10000's tables may lack a class or have few of it, as a small sample does", () => {
  checkClassSizes(ham10000, ham10000Classes, [10, 15, 33, 3, 33, 201, 0]);
});
