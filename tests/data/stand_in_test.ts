import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { diagnoses, ham10000Counts } from "../../../lib/data/diagnosis.ts";
import { inventLesion, photograph } from "../../../lib/data/stand_in/draw_lesion.ts";
import { readMetadata } from "../../../lib/data/metadata.ts";
import { isStandIn, makeStandIn, standInCounts } from "../../../lib/data/stand_in.ts";
import { sha256 } from "../../../lib/support/digest.ts";
import { randomFor } from "../../../lib/support/random.ts";

const small = { seed: 3, images: 60 };

/** Runs `work` with the path of a folder that does not exist yet, in one that is removed afterwards. */
async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await work(`${parent}/stand_in`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** Digest of every file, by its path in the folder. */
async function digests(folder: string, prefix = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${prefix}`)) {
    if (isDirectory) Object.assign(found, await digests(folder, `${prefix}${name}/`));
    else found[`${prefix}${name}`] = sha256(await Deno.readFile(`${folder}/${prefix}${name}`));
  }
  return found;
}

const entries = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("it reads as HAM10000 does: table, two parts, photos of 200×150", () =>
  withFolder(async (folder) => {
    await makeStandIn(folder, { seed: 1, images: 150 });
    assert.deepEqual(entries(folder), [
      "HAM10000_images_part_1",
      "HAM10000_images_part_2",
      "HAM10000_metadata.csv",
      "SYNTHETIC.txt",
    ]);
    const text = await Deno.readTextFile(`${folder}/HAM10000_metadata.csv`);
    assert.match(text, /^lesion_id,image_id,dx,dx_type,age,sex,localization\nSYNL_0000001,SYN_0000001,/);
    assert.ok(!text.includes("\r") && text.endsWith("\n"));

    const samples = await readMetadata(folder);
    assert.equal(samples.length, 150);
    assert.deepEqual(
      diagnoses.map((_, label) => samples.filter((sample) => sample.label === label).length),
      standInCounts(150),
    );
    for (const [i, { imageId, imagePath }] of samples.entries()) {
      assert.equal(imageId, `SYN_${String(i + 1).padStart(7, "0")}`);
      assert.equal(imagePath, `HAM10000_images_part_${i < 75 ? 1 : 2}/${imageId}.jpg`);
      const { format, width, height, space } = await sharp(`${folder}/${imagePath}`).metadata();
      assert.deepEqual([format, width, height, space], ["jpeg", 200, 150, "srgb"]);
    }
    assert.match(await Deno.readTextFile(`${folder}/SYNTHETIC.txt`), /^SYNTHETIC: every picture .* is drawn/);
  }));

Deno.test("its table has HAM10000's gaps and values, and lesions with several photos", () =>
  withFolder(async (folder) => {
    await makeStandIn(folder, { seed: 2, images: 150 });
    const samples = await readMetadata(folder);
    assert.ok(samples.some(({ age }) => age === null) && samples.some(({ sex }) => sex === "unknown"));
    const values = (of: (sample: typeof samples[number]) => string) => new Set(samples.map(of));
    assert.deepEqual([...values(({ sex }) => sex)].sort(), ["female", "male", "unknown"]);
    for (const dxType of values(({ dxType }) => dxType)) {
      assert.ok(["histo", "follow_up", "consensus", "confocal"].includes(dxType), dxType);
    }
    assert.ok(values(({ localization }) => localization).size > 6);
    for (const { age } of samples) assert.ok(age === null || (age >= 5 && age <= 85 && age % 5 === 0));

    const lesions = Map.groupBy(samples, ({ lesionId }) => lesionId);
    const sizes = [...lesions.values()].map((photos) => photos.length);
    assert.ok(Math.max(...sizes) > 1 && Math.max(...sizes) <= 4);
    assert.ok(lesions.size > 0.6 * samples.length && lesions.size < 0.9 * samples.length);
    for (const photos of lesions.values()) {
      const { dx, dxType, age, sex, localization } = photos[0];
      for (const photo of photos) {
        assert.deepEqual(
          [photo.dx, photo.dxType, photo.age, photo.sex, photo.localization],
          [dx, dxType, age, sex, localization],
        );
      }
    }
    const files = await digests(folder);
    assert.equal(new Set(Object.values(files)).size, Object.keys(files).length, "no two photos are the same");
  }));

Deno.test("the counts add up, keep HAM10000's shares and give every class six", () => {
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

Deno.test("the same seed gives the same bytes, another seed other photos", () =>
  withFolder(async (folder) => {
    await makeStandIn(`${folder}/a`, small);
    await makeStandIn(`${folder}/b`, small);
    await makeStandIn(`${folder}/c`, { ...small, seed: 4 });
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => digests(`${folder}/${name}`)));
    assert.equal(Object.keys(a).length, 62);
    assert.deepEqual(a, b);
    for (const [path, digest] of Object.entries(c)) assert.notEqual(a[path], digest, path);
  }));

Deno.test("a whole folder is left as it is; a damaged one or one of another seed is made anew", () =>
  withFolder(async (folder) => {
    await makeStandIn(folder, small);
    const made = await digests(folder);
    const { ino } = await Deno.stat(folder);
    await makeStandIn(folder, small);
    assert.equal((await Deno.stat(folder)).ino, ino);
    await Deno.remove(`${folder}/HAM10000_images_part_2/SYN_0000060.jpg`);
    await makeStandIn(folder, small);
    assert.deepEqual(await digests(folder), made);
    await makeStandIn(folder, { ...small, seed: 4 });
    assert.notDeepEqual(await digests(folder), made);
    await makeStandIn(folder, small);
    assert.deepEqual(await digests(folder), made);
    assert.deepEqual(entries(dirname(folder)), ["stand_in"]);
  }));

Deno.test("a folder with anything else in it is refused and stays as it was", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(folder);
    assert.equal(await isStandIn(folder), false);
    await Deno.writeTextFile(`${folder}/HAM10000_metadata.csv`, "mine");
    await assert.rejects(makeStandIn(folder, small), /is not a stand-in.*Received: HAM10000_metadata\.csv/);
    assert.equal(await Deno.readTextFile(`${folder}/HAM10000_metadata.csv`), "mine");
    assert.deepEqual(entries(dirname(folder)), ["stand_in"]);
    await Deno.remove(`${folder}/HAM10000_metadata.csv`);
    await makeStandIn(folder, small); // empty: taken
    assert.equal(await isStandIn(folder), true);
    assert.equal(await isStandIn(`${folder}/nowhere`), false);
    for (const images of [59, 100.5, NaN, 1e6]) {
      await assert.rejects(makeStandIn(folder, { seed: 1, images }), {
        name: "RangeError",
        message: /images/,
      });
    }
  }));

Deno.test("several makers at once end with one whole folder", () =>
  withFolder(async (folder) => {
    await Promise.all([1, 2, 3].map(() => makeStandIn(folder, small)));
    assert.equal((await readMetadata(folder)).length, 60);
    assert.deepEqual(entries(dirname(folder)), ["stand_in"]);
  }));

Deno.test("killed half-way, it leaves no folder; what it left beside is cleared away later", () =>
  withFolder(async (folder) => {
    const script = `${folder}_script.ts`;
    await Deno.writeTextFile(
      script,
      `import { makeStandIn } from ${
        JSON.stringify(new URL("../../../lib/data/stand_in.ts", import.meta.url).href)
      };
      const writeFile = Deno.writeFile;
      let written = 0;
      Deno.writeFile = (...content) => {
        if (++written === 30) Deno.kill(Deno.pid, "SIGKILL");
        return writeFile(...content);
      };
      await makeStandIn(Deno.args[0], { seed: 3, images: 60 });`,
    );
    const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
    const { signal } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", config, script, folder],
    }).output();
    assert.equal(signal, "SIGKILL");
    const left = entries(dirname(folder)).filter((name) => name.endsWith(".tmp"));
    assert.equal(left.length, 1);
    assert.ok(!entries(dirname(folder)).includes("stand_in"));
    await Deno.utime(`${dirname(folder)}/${left[0]}`, 1, 1);
    await makeStandIn(folder, small);
    assert.equal((await readMetadata(folder)).length, 60);
    assert.deepEqual(entries(dirname(folder)), ["stand_in", "stand_in_script.ts"]);
  }));

Deno.test("photos of one lesion differ, and each is the same however often it is taken", () => {
  for (const dx of diagnoses) {
    const lesion = inventLesion(dx, randomFor(dx));
    const photos = [0, 1, 2].map((photo) => photograph(lesion, randomFor(dx, photo)));
    assert.deepEqual(photograph(inventLesion(dx, randomFor(dx)), randomFor(dx, 1)), photos[1]);
    assert.equal(photos[0].length, 200 * 150 * 3);
    assert.notDeepEqual(photos[0], photos[1]);
    assert.notDeepEqual(photos[1], photos[2]);
  }
});

Deno.test("colours alone tell the diagnoses better than chance and leave something to learn", () => {
  /** Share of each channel's eight levels. */
  const histogram = (photo: Uint8Array) => {
    const bins = new Float64Array(24);
    for (let i = 0; i < photo.length; i++) bins[8 * (i % 3) + (photo[i] >> 5)] += 3 / photo.length;
    return bins;
  };
  const draw = (label: number, i: number) =>
    histogram(photograph(inventLesion(diagnoses[label], randomFor("lesion", label, i)), randomFor(label, i)));
  const known = diagnoses.flatMap((_, label) =>
    Array.from({ length: 25 }, (_, i) => ({ label, bins: draw(label, i) }))
  );
  let right = 0;
  for (let label = 0; label < 7; label++) {
    for (let i = 25; i < 40; i++) {
      const bins = draw(label, i);
      const distances = known.map((other) =>
        bins.reduce((sum, bin, k) => sum + Math.abs(bin - other.bins[k]), 0)
      );
      if (known[distances.indexOf(Math.min(...distances))].label === label) right++;
    }
  }
  const accuracy = right / 105; // chance: 0.14, with a standard deviation of 0.03
  assert.ok(accuracy > 0.25 && accuracy < 0.8, `nearest colour histogram: ${accuracy}`);
});
