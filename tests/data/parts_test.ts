import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import {
  classesOf,
  countLabels,
  type DiagnosisClass,
  ham10000Classes,
  ham10000Counts,
} from "../../lib/data/diagnosis.ts";
import {
  checkClassSizes,
  largestRemainder,
  makeParts,
  type Photos,
  saveParts,
  stratifiedSplit,
} from "../../lib/data/parts.ts";
import { parse } from "../../lib/support/csv.ts";
import { randomFor } from "../../lib/support/random.ts";
import golden from "../fixtures/sklearn_split/sklearn_split.json" with { type: "json" };
import { temporaryFolder } from "../support/temporary_folder.ts";
import { sampleOf } from "./leak_free_photos.ts";

/** Photos with these class counts, `perLesion` of each lesion. */
function photosWith(
  counts: readonly number[],
  classes: readonly DiagnosisClass[],
  { perLesion = 1 } = {},
): Photos {
  const samples = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => {
      const lesionId = `${label}_lesion_${Math.floor(i / perLesion)}`;
      return sampleOf({ imageId: `${label}_${i}`, lesionId, label, classes });
    })
  );
  return { samples, classes, counts };
}

const ham10000 = photosWith(ham10000Counts, ham10000Classes, { perLesion: 2 });

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

Deno.test("the same seed and name give the same rows; others give different ones", () => {
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

Deno.test("the write-up's counts: 42,650, 34,120 / 8,530, 12,000, 9,600 / 2,400", () => {
  const parts = makeParts(createConfig({ preset: "smoke" }), ham10000);
  const sizes = [
    parts.table,
    parts.train,
    parts.test,
    parts.subset,
    parts.subsetTrain,
    parts.subsetValidation,
  ];
  assert.deepEqual(sizes.map((part) => part.length), [42_650, 34_120, 8_530, 12_000, 9_600, 2_400]);
});

Deno.test("over seeds: parts are complete and disjoint", () => {
  for (let seed = 0; seed < 5; seed++) {
    const parts = makeParts(createConfig({ preset: "smoke", seed }), ham10000);
    assert.equal(new Set([...parts.train, ...parts.test]).size, parts.table.length);
    assert.equal(new Set([...parts.subsetTrain, ...parts.subsetValidation]).size, parts.subset.length);
    const train = new Set(parts.train);
    assert.ok(parts.subset.every((row) => train.has(row)));
    const shares = countLabels(parts.test.map((row) => parts.table[row].label)).map((count) => count / 8_530);
    shares.forEach((share, label) =>
      assert.ok(Math.abs(share - [5991, 5991, 5991, 5991, 5991, 6705, 5990][label] / 42_650) < 2e-4)
    );
  }
});

Deno.test("each part is saved with image_id, copy, lesion_id, dx", async () => {
  await using temporary = await temporaryFolder();
  const out = temporary.path;
  const config = createConfig({ preset: "smoke", out });
  const parts = makeParts(config, ham10000);
  const files = await saveParts(config, ham10000, parts);
  assert.deepEqual(
    files.sort(),
    (await Array.fromAsync(Deno.readDir(out))).map((entry) => entry.name).sort(),
  );
  const rows = parse(await Deno.readTextFile(join(out, "subset_validation.csv")), { skipFirstRow: true });
  assert.equal(rows.length, 2_400);
  const { row, copy } = parts.table[parts.subsetValidation[7]];
  assert.deepEqual(rows[7], {
    image_id: ham10000.samples[row].imageId,
    copy: `${copy}`,
    lesion_id: ham10000.samples[row].lesionId,
    dx: ham10000.samples[row].dx,
  });
});

const config = createConfig({ data: "/photos" });
const classes = classesOf(["x", "y"]);

Deno.test("all accepted splits have every class in every part, over sizes and seeds", () => {
  let passed = 0;
  for (let most = 5; most < 60; most++) {
    for (let seed = 0; seed < 5; seed++) {
      const counts = [most, 5 + seed];
      try {
        checkClassSizes(config, { classes, counts, own: true });
      } catch {
        continue;
      }
      passed++;
      const parts = makeParts({ ...config, seed }, photosWith(counts, classes));
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
    () => checkClassSizes(config, { classes: ham10000Classes, counts: [0, 0, 0, 0, 0, 1, 0], own: false }),
    /at least two classes\. Received: nv 1/,
  ],
  [
    "no image",
    () => checkClassSizes(config, { classes: ham10000Classes, counts: [0, 0, 0, 0, 0, 0, 0], own: false }),
    /Received: none/,
  ],
  [
    "a class of four",
    () => checkClassSizes(config, { classes, counts: [40, 4], own: true }),
    /at least 5 photos.*Received: y 4$/,
  ],
  [
    "a listed class without photos",
    () => checkClassSizes(config, { classes, counts: [0, 40], own: true }),
    /Received: x 0$/,
  ],
  [
    "ten images of two classes",
    () => checkClassSizes(config, { classes, counts: [5, 5], own: true }),
    /Received: x 5, y 5$/,
  ],
];

for (const [what, check, message] of tooSmall) {
  Deno.test(`${what}: an error that names classes and sizes`, () => {
    assert.throws(check, { name: "RangeError", message });
  });
}

Deno.test("HAM10000's tables may have few photos of a class or none, as small samples do", () => {
  checkClassSizes(config, { classes: ham10000Classes, counts: [10, 15, 33, 3, 33, 201, 0], own: false });
});

Deno.test("another table with HAM10000's seven classes may lack some of them, but not have too few photos of one", () => {
  const check = (counts: number[]) =>
    checkClassSizes(config, { classes: ham10000Classes, counts, own: true });
  check([0, 0, 0, 0, 40, 200, 0]);
  assert.throws(() => check([0, 0, 0, 3, 40, 200, 0]), /at least 5 photos.*Received: df 3$/);
});
