import assert from "node:assert/strict";
import { dirname } from "node:path";
import sharp from "sharp";
import { diagnoses, ham10000Counts } from "../../lib/data/diagnosis.ts";
import { drawnPhoto } from "../../lib/data/drawn_lesion.ts";
import { readMetadata } from "../../lib/data/metadata.ts";
import { isStandIn, makeStandIn, standInCounts } from "../../lib/data/stand_in.ts";
import { digestsIn } from "../support/folder_files.ts";
import { inFolder } from "../support/temporary_folder.ts";

const small = { seed: 3, images: 60 };

/** Runs `work` with the path of a folder that does not exist yet, in one that is removed afterwards. */
const withFolder = (work: (folder: string) => Promise<void>) =>
  inFolder((parent) => work(`${parent}/stand_in`));

const entries = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("the stand-in has HAM10000's form: table, two parts, 200×150 photos, missing values, lesions with several photos", () =>
  withFolder(async (folder) => {
    await makeStandIn(folder, { seed: 1, images: 150 });
    const files = await digestsIn(folder);
    assert.equal(new Set(Object.values(files)).size, 152, "no two photos are the same");
    const text = await Deno.readTextFile(`${folder}/HAM10000_metadata.csv`);
    assert.match(text, /^lesion_id,image_id,dx,dx_type,age,sex,localization\nSYNL_0000001,SYN_0000001,/);
    assert.match(await Deno.readTextFile(`${folder}/SYNTHETIC.txt`), /^SYNTHETIC: every picture .* is drawn/);

    const samples = await readMetadata(folder);
    const counts = diagnoses.map((_, label) => samples.filter((sample) => sample.label === label).length);
    assert.deepEqual(counts, standInCounts(150));
    for (const [i, { imageId, imagePath }] of samples.entries()) {
      assert.equal(imageId, `SYN_${String(i + 1).padStart(7, "0")}`);
      assert.equal(imagePath, `HAM10000_images_part_${i < 75 ? 1 : 2}/${imageId}.jpg`);
      const { format, width, height, space } = await sharp(`${folder}/${imagePath}`).metadata();
      assert.deepEqual([format, width, height, space], ["jpeg", 200, 150, "srgb"]);
    }

    const values = (of: (sample: typeof samples[number]) => string) => [...new Set(samples.map(of))].sort();
    assert.deepEqual(values(({ sex }) => sex), ["female", "male", "unknown"]);
    assert.deepEqual(
      values(({ dxType }) => dxType).filter((type) => !/^(histo|follow_up|consensus|confocal)$/.test(type)),
      [],
    );
    assert.ok(values(({ localization }) => localization).length > 6);
    assert.ok(samples.some(({ age }) => age === null));
    for (const { age } of samples) assert.ok(age === null || (age >= 5 && age <= 85 && age % 5 === 0));

    const lesions = Map.groupBy(samples, ({ lesionId }) => lesionId);
    const most = Math.max(...[...lesions.values()].map((photos) => photos.length));
    assert.ok(most > 1 && most <= 4 && lesions.size > 0.6 * 150 && lesions.size < 0.9 * 150);
    for (const photos of lesions.values()) {
      const patients = photos.map(({ imageId: _, imagePath: _path, ...patient }) => patient);
      for (const patient of patients) assert.deepEqual(patient, patients[0]);
    }
  }));

Deno.test("the counts add up, keep HAM10000's class shares and give each class at least six", () => {
  assert.deepEqual(standInCounts(10_015), [...ham10000Counts]);
  assert.deepEqual(standInCounts(600), [19, 31, 66, 7, 67, 402, 8]);
  for (let images = 60; images <= 1500; images += 7) {
    const counts = standInCounts(images);
    assert.equal(counts.reduce((sum, count) => sum + count, 0), images);
    assert.ok(Math.min(...counts) >= 6, `${images}: ${counts}`);
    assert.equal(Math.max(...counts), counts[5], "nv stays the commonest");
    if (images < 530) continue; // below, the six images of a rare class are more than its share
    counts.forEach((count, label) => {
      assert.ok(Math.abs(count - images * ham10000Counts[label] / 10_015) < 1, `${images}: ${counts}`);
    });
  }
});

Deno.test("the same seed gives the same bytes; a complete folder is kept, a damaged one or one of another seed replaced", () =>
  withFolder(async (folder) => {
    await makeStandIn(folder, small);
    const made = await digestsIn(folder);
    const { ino } = await Deno.stat(folder);
    await makeStandIn(folder, small);
    assert.equal((await Deno.stat(folder)).ino, ino);
    await Deno.remove(`${folder}/HAM10000_images_part_2/SYN_0000060.jpg`);
    await makeStandIn(folder, small);
    assert.deepEqual(await digestsIn(folder), made);
    await makeStandIn(folder, { ...small, seed: 4 });
    for (const [path, digest] of Object.entries(await digestsIn(folder))) {
      assert.notEqual(made[path], digest, path);
    }
    assert.deepEqual(entries(dirname(folder)), ["stand_in"]);
  }));

Deno.test("a folder with any other content is refused and left unchanged", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(folder);
    assert.equal(await isStandIn(folder), false);
    await Deno.writeTextFile(`${folder}/HAM10000_metadata.csv`, "mine");
    await assert.rejects(makeStandIn(folder, small), /not replaced.*Received: HAM10000_metadata\.csv/);
    assert.equal(await Deno.readTextFile(`${folder}/HAM10000_metadata.csv`), "mine");
    assert.deepEqual(entries(dirname(folder)), ["stand_in"]);
    await Deno.remove(`${folder}/HAM10000_metadata.csv`);
    await makeStandIn(folder, small); // empty: taken
    assert.equal(await isStandIn(folder), true);
    assert.equal(await isStandIn(`${folder}/nowhere`), false);
    for (const images of [59, 100.5, NaN, 1e6]) {
      await assert.rejects(makeStandIn(folder, { seed: 1, images }), {
        name: "RangeError",
        message: /images must be/,
      });
    }
  }));

Deno.test("several concurrent calls leave one complete folder", () =>
  withFolder(async (folder) => {
    await Promise.all([1, 2, 3].map(() => makeStandIn(folder, small)));
    assert.equal((await readMetadata(folder)).length, 60);
    assert.deepEqual(entries(dirname(folder)), ["stand_in"]);
  }));

Deno.test("photos of one lesion differ, and each is the same every time it is drawn", async () => {
  for (const dx of diagnoses) {
    const draw = (photo: number) => drawnPhoto(dx, { seed: 1, size: [48, 64], photo });
    const [first, second] = [await draw(0), await draw(1)];
    assert.equal(first.length, 48 * 64 * 3);
    assert.notDeepEqual(first, second);
    assert.deepEqual(await drawnPhoto(dx, { seed: 1, size: [48, 64] }), first);
    assert.notDeepEqual(await drawnPhoto(dx, { seed: 2, size: [48, 64] }), first);
  }
});

Deno.test("colours alone classify better than chance and leave something to learn", async () => {
  /** Share of each channel's eight levels. */
  const histogramOf = async (label: number, seed: number) => {
    const photo = await drawnPhoto(diagnoses[label], { seed, size: 64 });
    const bins = new Float64Array(24);
    for (let i = 0; i < photo.length; i++) bins[8 * (i % 3) + (photo[i] >> 5)] += 3 / photo.length;
    return bins;
  };
  const drawn = await Promise.all(
    Array.from({ length: 280 }, async (_, i) => ({ label: i % 7, bins: await histogramOf(i % 7, i) })),
  );
  const [known, asked] = [drawn.slice(0, 175), drawn.slice(175)];
  const right = asked.filter(({ label, bins }) => {
    const distances = known.map((other) =>
      bins.reduce((sum, bin, k) => sum + Math.abs(bin - other.bins[k]), 0)
    );
    return known[distances.indexOf(Math.min(...distances))].label === label;
  });
  const accuracy = right.length / asked.length; // chance: 0.14, with a standard deviation of 0.03
  assert.ok(accuracy > 0.25 && accuracy < 0.8, `nearest colour histogram: ${accuracy}`);
});
