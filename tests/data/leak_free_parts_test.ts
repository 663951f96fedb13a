import assert from "node:assert/strict";
import { classesOf, ham10000Classes, ham10000Counts } from "../../lib/data/diagnosis.ts";
import {
  describeGroups,
  divideGroups,
  groupPhotos,
  type LeakFreeParts,
  leakFreePartsCsv,
} from "../../lib/data/leak_free_parts.ts";
import { checkLeakFree } from "../../lib/data/leak_check.ts";
import { readMetadata } from "../../lib/data/metadata.ts";
import type { Photos } from "../../lib/data/parts.ts";
import { parse } from "../../lib/support/csv.ts";
import { ham10000Folder, inventedPhotos, sampleOf } from "./leak_free_photos.ts";

const originals = (rows: readonly number[]) => rows.map((row) => ({ row, copy: 0 }));

/** What must hold of any parts. */
function checkParts({ samples, classes }: Photos, parts: LeakFreeParts): void {
  const { train, validation, test, relatives, groupOf, halfOf, mixed, tooSmall } = parts;
  const all = [...train, ...validation, ...test, ...relatives];
  assert.deepEqual(all.sort((a, b) => a - b), [...samples.keys()], "complete and disjoint");
  const groupsOf = (rows: readonly number[]) => new Set(rows.map((row) => groupOf[row]));
  const sides = [train, validation, [...test, ...relatives]].map(groupsOf);
  assert.equal(
    sides.reduce((sum, { size }) => sum + size, 0),
    new Set(groupOf).size,
    "no group on two sides",
  );
  assert.equal(groupsOf(test).size, test.length, "one photo of each test group");
  assert.ok(groupsOf(test).isSupersetOf(groupsOf(relatives)), "relatives: of test groups");
  assert.ok(mixed.every((group) => sides[0].has(group)), "groups with two diagnoses are trained on");

  const withRelatives = groupsOf(relatives);
  for (const label of classes.keys()) {
    const of = (rows: Iterable<number>) =>
      [...rows].filter((group) => samples[group].label === label && !mixed.includes(group));
    const counts = sides.map((groups) => of(groups).length);
    const sum = counts.reduce((a, b) => a + b, 0);
    if (tooSmall.includes(label)) assert.deepEqual(counts, [sum, 0, 0]);
    else [7, 1, 2].forEach((share, i) => assert.ok(Math.abs(counts[i] - share * sum / 10) < 1, `${counts}`));
    const half = (letter: string, rows: readonly number[]) =>
      rows.filter((row) => samples[row].label === label && halfOf[row] === letter).length;
    assert.ok(Math.abs(half("A", test) - half("B", test)) <= 1, "halves are equal in each class");
    const related = test.filter((row) => withRelatives.has(groupOf[row]));
    assert.ok(Math.abs(half("A", related) - half("B", related)) <= 1, "and among groups with relatives");
    assert.equal(half("A", test) + half("B", test), counts[2]);
  }
  assert.ok([...train, ...validation].every((row) => halfOf[row] === null));
  const halves = new Map(test.map((row) => [groupOf[row], halfOf[row]]));
  assert.ok(
    relatives.every((row) => halfOf[row] === halves.get(groupOf[row])),
    "relatives: their group's half",
  );
}

Deno.test("over seeds and sizes: complete, disjoint, stratified, no group on two sides, balanced halves", () => {
  for (let seed = 0; seed < 100; seed++) {
    const counts = [0, 1, 2, 3, 4, 5, 6].map((label) => 20 + ((seed * 7 + label * 31) % 90));
    const { photos, relations } = inventedPhotos(counts, { seed });
    const groups = groupPhotos(photos.samples, relations);
    const parts = divideGroups(photos, groups, { partition: seed % 5, seed });
    checkParts(photos, parts);
    const sides = {
      train: originals(parts.train),
      validation: originals(parts.validation),
      test: originals([...parts.test, ...parts.relatives]),
    };
    checkLeakFree(sides, { samples: photos.samples, ...relations });
  }
});

Deno.test("the same partition and seed give the same parts; others give different ones", () => {
  const { photos, relations } = inventedPhotos([60, 60, 60, 60, 60, 200, 60], { seed: 1 });
  const groups = groupPhotos(photos.samples, relations);
  const test = (partition: number, seed: number) => divideGroups(photos, groups, { partition, seed }).test;
  assert.deepEqual(test(0, 1), test(0, 1));
  assert.notDeepEqual(test(0, 1), test(1, 1));
  assert.notDeepEqual(test(0, 1), test(0, 2));
});

Deno.test("photos that share lesion or pixels or are near-duplicates are grouped, in chains too; mixed diagnoses are listed", () => {
  const classes = classesOf(["x", "y"]);
  const samples = [..."aabcde"].map((lesionId, i) =>
    sampleOf({ imageId: `I${i}`, lesionId, label: i === 4 ? 1 : 0, classes })
  );
  const pair = (a: number, b: number) => ({ a, b, distance: 0.2, sameLesion: false });
  const groups = groupPhotos(samples, {
    pixelDigests: ["0", "1", "1", "3", "4", "5"],
    nearDuplicates: [pair(2, 3), pair(4, 5)],
  });
  assert.deepEqual(groups, { groupOf: [0, 0, 0, 0, 4, 4], mixed: [4] });
});

Deno.test("a class with too few groups is named and only trained on; fewer than two remaining classes are an error", () => {
  const classes = classesOf(["x", "y", "z"]);
  const invented = (counts: number[]) => {
    const { photos, relations } = inventedPhotos(counts, { seed: 3, classes });
    const { samples } = photos;
    return {
      photos,
      parts: divideGroups(photos, groupPhotos(samples, relations), { partition: 0, seed: 0 }),
    };
  };
  const { photos, parts } = invented([60, 4, 40]);
  checkParts(photos, parts);
  assert.deepEqual(parts.tooSmall, [1]);
  assert.match(describeGroups(photos, parts).join("\n"), /fewer than 8 groups .* go to training: y \d$/);
  assert.throws(() => invented([60, 4, 5]), { name: "RangeError", message: /Received: y \d, z \d$/ });
});

Deno.test("a class of 200,000 photos is divided: no function gets them all as arguments", () => {
  const classes = ham10000Classes.slice(0, 2);
  const samples = Array.from(
    { length: 200_020 },
    (_, row) =>
      sampleOf({ imageId: `I${row}`, lesionId: `L${row >> 1}`, label: Number(row >= 200_000), classes }),
  );
  const photos = { samples, classes };
  const groups = groupPhotos(samples, {
    pixelDigests: samples.map(({ imageId }) => imageId),
    nearDuplicates: [],
  });
  const parts = divideGroups(photos, groups, { seed: 0, partition: 0 });
  assert.equal(
    parts.train.length + parts.validation.length + parts.test.length + parts.relatives.length,
    200_020,
  );
  assert.deepEqual(describeGroups(photos, parts), []);
});

Deno.test("a group with several diagnoses counts for no class; a single one is reported in the singular", () => {
  const classes = classesOf(["x", "y", "z"]);
  const { photos, relations } = inventedPhotos([60, 4, 40], { seed: 3, classes });
  const { samples } = photos;
  const [a, b] = [1, 0].map((label) => samples.findIndex((sample) => sample.label === label));
  const told = (nearDuplicates: typeof relations.nearDuplicates) => {
    const groups = groupPhotos(samples, { ...relations, nearDuplicates });
    return describeGroups(photos, divideGroups(photos, groups, { partition: 0, seed: 0 }));
  };
  const pair = { a, b, distance: 0.1, sameLesion: false };
  const [[, before], [mixed, after]] = [["", ...told([])], told([pair])];
  assert.match(mixed, /^1 group of photos has several diagnoses and goes to training: /);
  const [all, pure] = [before, after].map((line) => Number(line.match(/y (\d)$/)![1]));
  assert.equal(pure, all - 1);
});

Deno.test("the table of parts names each photo's group, part and half", () => {
  const { photos, relations } = inventedPhotos([30, 30, 30, 30, 30, 80, 30], { seed: 5 });
  const parts = divideGroups(photos, groupPhotos(photos.samples, relations), { partition: 2, seed: 5 });
  const rows = parse(leakFreePartsCsv(photos, parts), { skipFirstRow: true });
  assert.deepEqual(Object.keys(rows[0]), ["image_id", "lesion_id", "group", "dx", "part", "half"]);
  assert.deepEqual(rows.map((row) => row.image_id), photos.samples.map(({ imageId }) => imageId));
  const count = (part: string) => rows.filter((row) => row.part === part).length;
  assert.deepEqual(
    ["train", "validation", "test", "relative"].map(count),
    [parts.train, parts.validation, parts.test, parts.relatives].map(({ length }) => length),
  );
  const row = parts.test[0];
  assert.deepEqual([rows[row].half, rows[row].group], [
    parts.halfOf[row],
    photos.samples[parts.groupOf[row]].lesionId,
  ]);
});

Deno.test({
  name: "HAM10000: the protocol's counts of test groups, about 500 relatives",
  ignore: ham10000Folder === null,
  fn: async () => {
    const samples = await readMetadata(ham10000Folder!);
    const photos = { samples, classes: ham10000Classes, counts: ham10000Counts };
    const pixelDigests = samples.map(({ imageId }) => imageId);
    const groups = groupPhotos(samples, { pixelDigests, nearDuplicates: [] });
    for (let partition = 0; partition < 5; partition++) {
      const parts = divideGroups(photos, groups, { partition, seed: 0 });
      checkParts(photos, parts);
      const counts = ham10000Classes.map((_, label) =>
        parts.test.filter((row) => samples[row].label === label).length
      );
      assert.deepEqual(counts, [46, 65, 145, 15, 123, 1081, 20]);
      assert.ok(Math.abs(parts.relatives.length - 510) < 60, `${parts.relatives.length} relatives`);
    }
  },
});
