import assert from "node:assert/strict";
import { createConfig } from "../../lib/config.ts";
import { divideGroups, groupPhotos } from "../../lib/data/leak_free_parts.ts";
import { checkLeakFree, findLeaks, type LeakEvidence, type Sides } from "../../lib/data/leak_check.ts";
import { makeParts, type Photos } from "../../lib/data/parts.ts";
import { randomFor, shuffled } from "../../lib/support/random.ts";
import { inventedPhotos } from "./leak_free_photos.ts";

/** Photos 0 and 1 of lesion a; 2 of b, a near-duplicate of 3 of c; 4 and 5 of d and e are one photo under two ids. */
const evidence: LeakEvidence = {
  samples: [..."aabcde"].map((lesionId, i) => ({ imageId: `I${i}`, lesionId })),
  pixelDigests: ["0", "1", "2", "3", "4", "4"],
  nearDuplicates: [{ a: 2, b: 3, distance: 0.1, sameLesion: false }],
};
const image = (row: number, copy = 0) => ({ row, copy });

const planted: [string, Sides, string][] = [
  ["photo", { train: [image(0)], test: [image(0)] }, "photo: 1 (I0 copy 0 (test) and I0 copy 0 (train))"],
  [
    "photo",
    { train: [image(4, 2)], test: [image(5, 2)] },
    "photo: 1 (I5 copy 2 (test) and I4 copy 2 (train))",
  ],
  ["copy", { train: [image(0, 3)], test: [image(0)] }, "copy: 1 (I0 copy 0 (test) and I0 copy 3 (train))"],
  ["copy", { train: [image(4)], test: [image(5, 1)] }, "copy: 1 (I5 copy 1 (test) and I4 copy 0 (train))"],
  ["lesion", { train: [image(0)], test: [image(1)] }, "lesion: 1 (I1 copy 0 (test) and I0 copy 0 (train))"],
  [
    "near-duplicate",
    { train: [image(3, 1)], validation: [image(0)], test: [image(2), image(4)] },
    "near-duplicate: 1 (I2 copy 0 (test) and I3 copy 1 (train))",
  ],
];

for (const [kind, sides, expected] of planted) {
  Deno.test(`a planted ${kind} on two sides is caught and named: ${expected}`, () => {
    assert.deepEqual(findLeaks(sides, evidence).map((leak) => leak.kind), [kind]);
    assert.throws(() => checkLeakFree(sides, evidence), (error: Error) => {
      assert.match(error.message, /^1 image belongs to one .*Divide groups of photos before/s);
      return error.message.includes(expected);
    });
  });
}

Deno.test("each pair of three sides is compared; sides with nothing in common pass", () => {
  checkLeakFree(
    { train: [image(0), image(1)], validation: [image(2), image(3)], test: [image(4)] },
    evidence,
  );
  const leaks = findLeaks({ train: [image(4)], validation: [image(0)], test: [image(1)] }, evidence);
  assert.deepEqual(leaks.map(({ kind, image }) => [kind, image]), [["lesion", "I1 copy 0 (test)"]]);
});

Deno.test("an intended leak must be allowed by name, and no other leak passes", () => {
  const copy = { train: [image(0, 1)], test: [image(0)] };
  const lesion = { train: [image(0, 1)], test: [image(1)] };
  checkLeakFree(copy, evidence, { allowed: "copies of the test's photos, rung copy" });
  checkLeakFree(lesion, evidence, { allowed: "photos of the test's lesions, rung lesion" });
  assert.throws(() => checkLeakFree(lesion, evidence, { allowed: "copies of the test's photos, rung copy" }));
  assert.throws(() =>
    checkLeakFree(copy, evidence, { allowed: "photos of the test's lesions, rung lesion" })
  );
});

const { photos, relations } = inventedPhotos([60, 70, 150, 30, 150, 700, 40], { seed: 4 });
/** Pairs of photos of one lesion that look alike, as HAM10000 has hundreds. */
const alike = photos.samples.flatMap(({ lesionId }, a) => {
  const b = photos.samples.findIndex((other, row) => row > a && other.lesionId === lesionId);
  return b < 0 ? [] : [{ a, b, distance: 0.2, sameLesion: true }];
});
const known: LeakEvidence = { samples: photos.samples, ...relations, nearDuplicates: alike };

Deno.test("an as-written run that is called leak-free is caught; its leak must be allowed by name", () => {
  const parts = makeParts(createConfig({ preset: "smoke" }), photos);
  const images = (rows: readonly number[]) => rows.map((row) => parts.table[row]);
  const sides = { train: images(parts.subsetTrain), test: images(parts.test) };
  assert.throws(() => checkLeakFree(sides, known), /copy: [1-9]\d+ .*lesion: [1-9]\d+/s);
  checkLeakFree(sides, known, { allowed: "copies and lesions, as written" });
});

/** The table with its lesion_ids shuffled. */
const scrambled: Photos = {
  ...photos,
  samples: shuffled(photos.samples, randomFor("scrambled"))
    .map(({ lesionId }, row) => ({ ...photos.samples[row], lesionId })),
};

const sidesOf = (table: Photos, nearDuplicates: LeakEvidence["nearDuplicates"]) => {
  const groups = groupPhotos(table.samples, { ...relations, nearDuplicates });
  const { train, test } = divideGroups(table, { ...groups, mixed: [] }, { partition: 0, seed: 0 });
  return { train: train.map((row) => image(row)), test: test.map((row) => image(row)) };
};

Deno.test("parts from shuffled lesion_ids are caught by the true lesion_ids, or by near-duplicates without them", () => {
  const sides = sidesOf(scrambled, []);
  assert.throws(() => checkLeakFree(sides, known), /lesion: [1-9]/);
  const believed = { ...known, samples: scrambled.samples };
  assert.throws(() => checkLeakFree(sides, believed), /near-duplicate: [1-9]/);
});

Deno.test("shuffled lesion_ids are caught even if near-duplicates stay together: too few pairs share a lesion_id", () => {
  const sides = sidesOf(scrambled, alike);
  const believed = { ...known, samples: scrambled.samples };
  assert.deepEqual(findLeaks(sides, believed), [], "by the scrambled table nothing leaks");
  assert.throws(
    () => checkLeakFree(sides, believed),
    /lesion_ids do not fit its photos: of \d+ pairs of near-duplicates only \d+ have one lesion_id/,
  );
  const unknown = photos.samples.map((sample, row) =>
    row % 40 === 0 ? sample : { ...sample, lesionId: sample.imageId }
  );
  checkLeakFree({ train: [], test: [] }, { ...known, samples: unknown }); // most lesions are not known, which is no shuffling
  const alone = photos.samples.map(({ imageId }) => ({ imageId, lesionId: imageId }));
  checkLeakFree({ train: [], test: [] }, { ...known, samples: alone }); // a table without lesions claims nothing
});

Deno.test("leak-free parts pass", () => {
  const groups = groupPhotos(photos.samples, known);
  const parts = divideGroups(photos, groups, { partition: 1, seed: 9 });
  const images = (rows: readonly number[]) => rows.flatMap((row) => [image(row), image(row, 1)]);
  const { train, validation, test } = parts;
  checkLeakFree({ train: images(train), validation: images(validation), test: images(test) }, known);
});
