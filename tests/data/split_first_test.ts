import assert from "node:assert/strict";
import { createConfig } from "../../lib/config.ts";
import { countLabels, ham10000Classes, ham10000Counts } from "../../lib/data/diagnosis.ts";
import { checkLeakFree } from "../../lib/data/leak_check.ts";
import { groupPhotos } from "../../lib/data/leak_free_parts.ts";
import { readMetadata } from "../../lib/data/metadata.ts";
import type { PhotoRelations } from "../../lib/data/near_duplicates.ts";
import { labelsOf, makeParts, type Photos } from "../../lib/data/parts.ts";
import { partsSplitFirst } from "../../lib/data/split_first.ts";
import { ham10000Folder, inventedPhotos } from "./leak_free_photos.ts";

const lists = ["train", "test", "subset", "subsetTrain", "subsetValidation"] as const;

/** What must hold of the parts of any table. */
function makeChecked(photos: Photos, relations: PhotoRelations, { seed }: { seed: number }) {
  const config = createConfig({ preset: "smoke", seed });
  const parts = partsSplitFirst(config, photos, groupPhotos(photos.samples, relations));
  const asWritten = makeParts(config, photos);
  const { table, train, test, subset, subsetTrain, subsetValidation } = parts;
  const classes = photos.classes.length;
  for (const part of lists) {
    assert.deepEqual(
      countLabels(labelsOf(parts, parts[part]), classes),
      countLabels(labelsOf(asWritten, asWritten[part]), classes),
      part,
    );
    assert.ok(parts[part].every((row, i, rows) => i === 0 || rows[i - 1] < row), `${part} ascends`);
  }
  const sorted = (...rows: (readonly number[])[]) => rows.flat().sort((a, b) => a - b);
  assert.deepEqual(sorted(train, test), [...table.keys()]);
  assert.deepEqual(sorted(subsetTrain, subsetValidation), subset);
  assert.ok(subset.every((row) => train.includes(row)));
  assert.equal(new Set(table.map(({ row, copy }) => `${row} ${copy}`)).size, table.length, "none twice");
  assert.ok(table.every(({ row, label }) => photos.samples[row].label === label));

  const images = (rows: readonly number[]) => rows.map((row) => table[row]);
  const sides = { train: images(subsetTrain), validation: images(subsetValidation), test: images(test) };
  const evidence = { samples: photos.samples, ...relations };
  checkLeakFree(sides, evidence);
  const validation = new Set(subsetValidation);
  checkLeakFree({ ...sides, train: images(train.filter((row) => !validation.has(row))) }, evidence);
  return parts;
}

Deno.test("split first: all parts have the write-up's counts per class, and no group of photos is on two sides", () => {
  for (let seed = 0; seed < 8; seed++) {
    const { photos, relations } = inventedPhotos([60, 70, 150, 40, 150, 700, 45], { seed });
    makeChecked(photos, relations, { seed });
  }
  const { photos, relations } = inventedPhotos([60, 70, 150, 40, 150, 700, 45], { seed: 0 });
  const one = makeChecked(photos, relations, { seed: 1 });
  assert.deepEqual(makeChecked(photos, relations, { seed: 1 }), one, "the same seed, the same parts");
  assert.notDeepEqual(makeChecked(photos, relations, { seed: 2 }).test, one.test);
});

Deno.test("split first: a class with fewer than three groups is named", () => {
  const { photos, relations } = inventedPhotos([60, 70, 150, 40, 150, 700, 45], { seed: 0 });
  const samples = photos.samples.map((sample) =>
    sample.label === 3 ? { ...sample, lesionId: "one lesion" } : sample
  );
  const groups = groupPhotos(samples, { ...relations, nearDuplicates: [] });
  assert.throws(() => partsSplitFirst(createConfig({ preset: "smoke" }), { ...photos, samples }, groups), {
    name: "RangeError",
    message: /at least 3 groups \(lesions\), one for each of train, validation and test.*Received: df 1$/,
  });
});

Deno.test({
  name: "HAM10000, split first: 42,650 images, 34,120 / 8,530, and 9,600 / 2,400 of the 12,000",
  ignore: ham10000Folder === null,
  async fn() {
    const samples = await readMetadata(ham10000Folder!);
    const photos = { samples, classes: ham10000Classes, counts: ham10000Counts };
    const relations = { pixelDigests: samples.map(({ imageId }) => imageId), nearDuplicates: [] };
    const { table, ...parts } = makeChecked(photos, relations, { seed: 0 });
    assert.deepEqual([table.length, ...lists.map((part) => parts[part].length)], [
      ...[42_650, 34_120, 8_530, 12_000, 9_600, 2_400],
    ]);
  },
});
