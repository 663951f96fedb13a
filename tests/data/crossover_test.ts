import assert from "node:assert/strict";
import { createConfig } from "../../lib/config.ts";
import type { AugmentedImage } from "../../lib/data/augmented_table.ts";
import { crossoverLists, type TrainingList, trainingListCsv } from "../../lib/data/crossover.ts";
import { countLabels, ham10000Classes, ham10000Counts } from "../../lib/data/diagnosis.ts";
import { divideGroups, groupPhotos, type LeakFreeParts } from "../../lib/data/leak_free_parts.ts";
import { checkLeakFree, findLeaks } from "../../lib/data/leak_check.ts";
import { readMetadata } from "../../lib/data/metadata.ts";
import type { PhotoRelations } from "../../lib/data/near_duplicates.ts";
import { labelsOf, makeParts, type Photos } from "../../lib/data/parts.ts";
import { splitFirst } from "../../lib/data/split_first.ts";
import { ham10000Folder, inventedPhotos } from "./leak_free_photos.ts";

const originals = (rows: readonly number[]) => rows.map((row) => ({ row, copy: 0 }));

function listsOf(photos: Photos, relations: PhotoRelations, options: { partition: number; seed: number }) {
  const asWritten = makeParts(createConfig({ preset: "smoke", seed: options.seed }), photos);
  const classCounts = countLabels(labelsOf(asWritten, asWritten.subsetTrain), photos.classes.length);
  const parts = divideGroups(photos, groupPhotos(photos.samples, relations), options);
  const { pixelDigests } = relations;
  const lists = crossoverLists(photos, parts, { pixelDigests, classCounts, seed: options.seed });
  return { asWritten, classCounts, parts, lists };
}

/** Images of each photo, by the photo's row. */
const copiesOf = (images: readonly AugmentedImage[]) => Map.groupBy(images, ({ row }) => row);

/** What must hold of the lists of any partition. */
function checkLists(
  photos: Photos,
  relations: PhotoRelations,
  { parts, lists, classCounts }: { parts: LeakFreeParts; lists: TrainingList[]; classCounts: number[] },
): void {
  const { samples } = photos;
  assert.deepEqual(lists.map(({ rung, half }) => [rung, half]), [
    ["none", null],
    ["lesion", "A"],
    ["lesion", "B"],
    ["copy", "A"],
    ["copy", "B"],
  ]);
  const [none] = lists;
  const trained = new Set(parts.train);
  const evidence = { samples, ...relations };
  const spread = (images: readonly AugmentedImage[]) =>
    photos.classes.map((_, label) =>
      [...copiesOf(images.filter((image) => image.label === label)).values()].map(({ length }) => length)
        .sort()
    );
  for (const { rung, half, images } of lists) {
    assert.deepEqual(countLabels(images.map(({ label }) => label), photos.classes.length), classCounts);
    assert.ok(images.every(({ row, copy, label }) => copy >= 1 && samples[row].label === label));
    assert.equal(new Set(images.map(({ row, copy }) => `${row} ${copy}`)).size, images.length, "none twice");
    assert.deepEqual(spread(images), spread(none.images), "equal numbers of photos, and of copies a photo");

    // Place by place the same list but for the photos that leak, and those leak whole
    const changed = images.filter(({ row }, place) => row !== none.images[place].row);
    assert.ok(images.every(({ copy }, place) => copy === none.images[place].copy));
    assert.ok(images.every(({ row }, place) => trained.has(row) || row !== none.images[place].row));
    const leaked = new Set(changed.map(({ row }) => row));
    const source = rung === "none" ? [] : rung === "copy" ? parts.test : parts.relatives;
    assert.deepEqual([...leaked].sort((a, b) => a - b), source.filter((row) => parts.halfOf[row] === half));
    assert.ok([...leaked].every((row) => !trained.has(row)));

    for (const tested of ["A", "B"] as const) {
      const sides = {
        train: images,
        test: originals(parts.test.filter((row) => parts.halfOf[row] === tested)),
      };
      if (tested !== half) checkLeakFree(sides, evidence);
      else {
        const allowed = rung === "copy"
          ? "copies of the test's photos, rung copy"
          : "photos of the test's lesions, rung lesion";
        checkLeakFree(sides, evidence, { allowed });
        const groups = new Set([...leaked].map((row) => parts.groupOf[row]));
        assert.equal(findLeaks(sides, evidence).length, groups.size, "each of the half that can leak, leaks");
      }
    }
    checkLeakFree({ train: images, validation: originals(parts.validation) }, evidence);
  }
}

Deno.test("over seeds, the training lists differ only in which photos have leaked", () => {
  for (let seed = 0; seed < 10; seed++) {
    const counts = [60, 70, 150, 40, 150, 400 + 20 * seed, 45];
    const { photos, relations } = inventedPhotos(counts, { seed });
    checkLists(photos, relations, listsOf(photos, relations, { partition: seed % 3, seed }));
  }
});

Deno.test("the same seed gives the same lists; a list's file names image and copy", () => {
  const { photos, relations } = inventedPhotos([60, 70, 150, 40, 150, 500, 45], { seed: 0 });
  const [{ lists }, again, other] = [[0, 1], [0, 1], [1, 1]]
    .map(([partition, seed]) => listsOf(photos, relations, { partition, seed }));
  assert.deepEqual(lists, again.lists);
  assert.notDeepEqual(lists, other.lists);
  const { row, copy } = lists[3].images[5];
  assert.equal(
    trainingListCsv(photos, lists[3].images).split("\n")[6],
    `${photos.samples[row].imageId},${copy}`,
  );
});

Deno.test("a relative with the same pixels as its test photo does not leak as a relative", () => {
  const { photos, relations } = inventedPhotos([60, 70, 150, 40, 150, 500, 45], { seed: 2 });
  const options = { partition: 0, seed: 2 };
  const { parts, lists } = listsOf(photos, relations, options);
  const relative = parts.relatives.find((row) => parts.halfOf[row] === "A")!;
  const tested = parts.test.find((row) => parts.groupOf[row] === parts.groupOf[relative])!;
  const pixelDigests = relations.pixelDigests.with(relative, relations.pixelDigests[tested]);
  const changed = listsOf(photos, { ...relations, pixelDigests }, options);
  assert.deepEqual(changed.parts.test, parts.test);
  const has = ({ images }: TrainingList) => images.some(({ row }) => row === relative);
  assert.deepEqual([has(lists[1]), has(changed.lists[1])], [true, false]);
});

Deno.test("a class without room for the leaked photos is named", () => {
  const { photos, relations } = inventedPhotos([60, 70, 150, 40, 150, 500, 45], { seed: 0 });
  const parts = divideGroups(photos, groupPhotos(photos.samples, relations), { partition: 0, seed: 0 });
  const { pixelDigests } = relations;
  assert.throws(
    () => crossoverLists(photos, parts, { pixelDigests, classCounts: [2, 99, 99, 99, 99, 99, 99], seed: 0 }),
    { name: "RangeError", message: /^Class akiec: \d+ photos leak.*Received: \d+ photos in training/ },
  );
});

Deno.test("split first: the write-up's counts, no group on two sides, and the same photos in both forms", () => {
  for (let seed = 0; seed < 5; seed++) {
    const { photos, relations } = inventedPhotos([60, 70, 150, 40, 150, 700, 45], { seed });
    const { parts, asWritten } = listsOf(photos, relations, { partition: 0, seed });
    checkBridge(photos, relations, splitFirst(photos, parts, { asWritten, seed }), { asWritten });
  }
});

function checkBridge(
  photos: Photos,
  relations: PhotoRelations,
  { train, test }: ReturnType<typeof splitFirst>,
  { asWritten }: { asWritten: ReturnType<typeof makeParts> },
): void {
  const counts = (images: readonly AugmentedImage[]) => countLabels(images.map(({ label }) => label), 7);
  for (const [both, rows] of [[train, asWritten.subsetTrain], [test, asWritten.test]] as const) {
    assert.deepEqual(counts(both.originals), countLabels(labelsOf(asWritten, rows), 7));
    assert.ok(both.copies.every(({ copy }) => copy >= 1));
    assert.deepEqual(both.copies.map(({ row }) => row), both.originals.map(({ row }) => row));
    assert.equal(
      new Set(both.originals.map(({ row, copy }) => `${row} ${copy}`)).size,
      both.originals.length,
    );
  }
  // The commonest class consists of originals, as in the write-up, but for the few that a small test part lacks
  const nv = train.originals.filter(({ label }) => label === 5);
  assert.ok(nv.every(({ copy }) => copy === 0));
  const evidence = { samples: photos.samples, ...relations };
  for (const one of [train.originals, train.copies]) {
    for (const other of [test.originals, test.copies]) checkLeakFree({ train: one, test: other }, evidence);
  }
}

Deno.test({
  name:
    "HAM10000: 9,600 images per list, the protocol's copies per leaked photo, 8,530 test images for the bridge",
  ignore: ham10000Folder === null,
  fn: async () => {
    const samples = await readMetadata(ham10000Folder!);
    const photos = { samples, classes: ham10000Classes, counts: ham10000Counts };
    const relations = { pixelDigests: samples.map(({ imageId }) => imageId), nearDuplicates: [] };
    const made = listsOf(photos, relations, { partition: 0, seed: 0 });
    checkLists(photos, relations, made);
    const { lists, parts, asWritten } = made;
    assert.ok(lists.every(({ images }) => images.length === 9_600));
    for (const { images } of lists.slice(1)) {
      const leaked = images.filter(({ row }) => parts.halfOf[row] !== null);
      const copies = new Map(leaked.map(({ row, label }) => [label, copiesOf(leaked).get(row)!.length]));
      assert.deepEqual([...copies].sort(([a], [b]) => a - b).map(([, many]) => many), [4, 3, 1, 12, 1, 1, 9]);
    }
    const nv = [...copiesOf(lists[0].images.filter(({ label }) => label === 5)).values()];
    assert.ok(nv.every(({ length }) => length === 1), "nv: one image a photo");
    const bridge = splitFirst(photos, parts, { asWritten, seed: 0 });
    checkBridge(photos, relations, bridge, { asWritten });
    assert.deepEqual([bridge.train.originals.length, bridge.test.copies.length], [9_600, 8_530]);
  },
});
