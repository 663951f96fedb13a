import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { decodeImage } from "../../lib/data/decode.ts";
import { countStoredImages, type ImageSet, loadImageSet } from "../../lib/data/image_set.ts";
import { sha256 } from "../../lib/support/digest.ts";
import type { ImageSize } from "../../lib/image_size.ts";
import { randomFor } from "../../lib/support/random.ts";

const size = 16;
const pixelsFile = "images/pixels_16.records";
const filesFile = "images/files_16.records";

interface Place {
  store: string;
  paths: string[];
}

/** Runs `work` with a folder of drawn photos and a place for a store. */
async function withPhotos(count: number, work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = [];
    for (let i = 0; i < count; i++) {
      paths.push(`${folder}/photo_${String(i).padStart(3, "0")}.jpg`);
      await draw(paths[i], i);
    }
    await work({ store: `${folder}/store`, paths });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function draw(path: string, seed: number): Promise<void> {
  const random = randomFor("photo", seed);
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, () => random() * 256);
  await Deno.writeFile(
    path,
    await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } }).jpeg().toBuffer(),
  );
}

interface Loaded extends ImageSet {
  notices: string[];
}

async function load({ paths, store }: Place): Promise<Loaded> {
  const notices: string[] = [];
  const set = await loadImageSet(paths, { size, store, onNotice: (message) => notices.push(message) });
  return { ...set, notices };
}

const withoutCounts = ({ decoded: _, notices: __, ...rest }: Loaded) => rest;

Deno.test("images, their digests and their files' digests come in the order of the paths", () =>
  withPhotos(12, async (place) => {
    const paths = [...place.paths].reverse();
    paths.push(paths[3]); // a photo may be asked for twice
    const calls: [number, number][] = [];
    const set = await loadImageSet(paths, {
      size,
      store: place.store,
      onProgress: (done, total) => calls.push([done, total]),
    });
    assert.equal(set.size, size);
    assert.equal(set.pixels.length, 13 * size * size * 3);
    for (const [i, path] of paths.entries()) {
      const image = set.pixels.subarray(i * size * size * 3, (i + 1) * size * size * 3);
      assert.deepEqual(image, await decodeImage(path, size));
      assert.equal(set.pixelDigests[i], sha256(image));
      assert.equal(set.fileDigests[i], sha256(await Deno.readFile(path)));
    }
    assert.deepEqual(calls, Array.from({ length: 14 }, (_, i) => [i, 13]));
  }));

Deno.test("a rectangle's images lie in records of their own, beside the square's", () =>
  withPhotos(3, async ({ paths, store }) => {
    const load = (size: ImageSize) => loadImageSet(paths, { size, store });
    await load(16);
    const first = await load([12, 16]);
    assert.deepEqual([first.size, first.pixels.length, first.decoded], [[12, 16], 3 * 12 * 16 * 3, 3]);
    assert.deepEqual(first.pixels.subarray(0, 576), await decodeImage(paths[0], [12, 16]));
    const again = await load([12, 16]);
    assert.deepEqual([again.decoded, again.pixels], [0, first.pixels]);
    assert.equal((await load([16, 12])).decoded, 3);
    assert.deepEqual(Array.from(Deno.readDirSync(`${store}/images`), ({ name }) => name).sort(), [
      ...["files_12x16.records", "files_16.records", "files_16x12.records"],
      ...["pixels_12x16.records", "pixels_16.records", "pixels_16x12.records"],
    ]);
    assert.deepEqual([countStoredImages(store, [12, 16]), countStoredImages(store, [12, 20])], [3, 0]);
  }));

Deno.test("how many are decoded at a time changes nothing", () =>
  withPhotos(12, async ({ paths, store }) => {
    const one = await loadImageSet(paths, { size, store: `${store}1`, concurrency: 1 });
    const many = await loadImageSet(paths, { size, store: `${store}2`, concurrency: 30 });
    assert.deepEqual(many, one);
  }));

Deno.test("a second call decodes nothing and does not read the photos", () =>
  withPhotos(12, async (place) => {
    const first = await load(place);
    assert.equal(first.decoded, 12);
    const readFile = Deno.readFile;
    try {
      Deno.readFile = () => Promise.reject(new Error("a photo was read"));
      assert.deepEqual(await load(place), { ...first, decoded: 0 });
      await Deno.utime(place.paths[4], 1, 1);
      await assert.rejects(load(place), /1 of 12 .*\n.*photo_004\.jpg: a photo was read/);
    } finally {
      Deno.readFile = readFile;
    }
  }));

Deno.test("a photo that changed, moved or was touched is noticed; only new content is decoded", () =>
  withPhotos(12, async (place) => {
    const first = await load(place);
    await draw(place.paths[2], 100);
    await Deno.utime(place.paths[2], 1, 1);
    await Deno.utime(place.paths[5], 1, 1);
    const moved = `${place.paths[7]}.moved.jpg`;
    await Deno.rename(place.paths[7], moved);
    const second = await load({ ...place, paths: place.paths.with(7, moved) });
    assert.equal(second.decoded, 1);
    assert.deepEqual(second.notices, []);
    const changed = first.fileDigests.flatMap((digest, i) => digest === second.fileDigests[i] ? [] : [i]);
    assert.deepEqual(changed, [2]);
    assert.deepEqual(second.pixels.subarray(2 * 768, 3 * 768), await decodeImage(place.paths[2], size));
    // back again: its pixels are still there
    await draw(place.paths[2], 2);
    const third = await load({ ...place, paths: place.paths.with(7, moved) });
    assert.deepEqual(withoutCounts(third), withoutCounts(first));
    assert.equal(third.decoded, 0);
  }));

Deno.test("with keepGoing damaged photos are named, in order, and the others loaded", () =>
  withPhotos(6, async ({ paths, store }) => {
    const whole = await loadImageSet(paths, { size, store: `${store}1` });
    await Deno.writeFile(paths[4], new Uint8Array());
    await Deno.truncate(paths[1], 300);
    const set = await loadImageSet(paths, { size, store, concurrency: 3, keepGoing: true });
    assert.deepEqual(set.damaged.map(({ index }) => index), [1, 4]);
    assert.match(set.damaged[1].problem, /photo_004\.jpg: is empty/);
    for (const index of paths.keys()) {
      const expected = [1, 4].includes(index) ? "" : whole.fileDigests[index];
      assert.equal(set.fileDigests[index], expected);
    }
    assert.deepEqual(whole.damaged, []);
  }));

Deno.test("another size is stored beside the first", () =>
  withPhotos(3, async (place) => {
    await load(place);
    const larger = await loadImageSet(place.paths, { size: 20, store: place.store });
    assert.deepEqual([larger.decoded, larger.pixels.length], [3, 3 * 20 * 20 * 3]);
    assert.equal((await load(place)).decoded, 0);
  }));

Deno.test("flipped bytes and cuts in the store are named, and only what they hit is decoded again", () =>
  withPhotos(12, async (place) => {
    const first = await load(place);
    const random = randomFor("damage");
    const flip = (name: string, from: number, to: number) => {
      const path = `${place.store}/${name}`;
      const bytes = Deno.readFileSync(path);
      bytes[from + Math.floor(random() * (to - from))] ^= 1 << Math.floor(random() * 8);
      Deno.writeFileSync(path, bytes);
    };
    const record = 40 + size * size * 3;
    for (let round = 0; round < 30; round++) {
      const hit = Math.floor(random() * 12);
      const start = 16 + hit * record;
      if (round % 3 === 0) flip(pixelsFile, start, start + 40);
      else if (round % 3 === 1) flip(pixelsFile, start + 40, start + record);
      else flip(filesFile, 16 + hit * 72, 16 + hit * 72 + 72);
      const again = await load(place);
      assert.deepEqual(withoutCounts(again), withoutCounts(first), `round ${round}`);
      assert.equal(again.decoded, round % 3 === 2 ? 0 : 1, `round ${round}`);
      assert.match(again.notices.join(), /damaged/);
      if (round % 3 !== 2) {
        assert.match(again.notices.join(), /1 of 12 images were stored, .* decoded again: .*photo_\d+\.jpg/);
      }
      const quiet = await load(place);
      assert.deepEqual([quiet.decoded, quiet.notices], [0, []], `round ${round}`);
      await Deno.remove(place.store, { recursive: true }); // damaged records stay as gaps: start from twelve in order
      await load({ ...place, paths: place.paths });
    }
    const whole = await Deno.readFile(`${place.store}/${pixelsFile}`);
    for (const kept of [0, 5, 16, 17, 16 + record, 16 + 5 * record, 16 + 11 * record + 60]) {
      await Deno.writeFile(`${place.store}/${pixelsFile}`, whole.subarray(0, kept));
      const again = await load(place);
      assert.deepEqual(withoutCounts(again), withoutCounts(first), `cut at ${kept}`);
      assert.equal(again.decoded, 12 - Math.max(0, Math.floor((kept - 16) / record)));
      assert.match(again.notices.join(), /photo_\d+\.jpg/);
    }
    await Deno.remove(`${place.store}/${pixelsFile}`);
    const rebuilt = await load(place);
    assert.deepEqual(withoutCounts(rebuilt), withoutCounts(first));
    assert.match(rebuilt.notices.join(), /12 of 12 images were stored, .* and 2 more/);
  }));

Deno.test("all bad photos are named in one error, and the good ones are kept", () =>
  withPhotos(30, async (place) => {
    const good = await loadImageSet(place.paths, { size, store: `${place.store}_before` });
    for (let i = 0; i < 13; i++) {
      const path = place.paths[2 * i];
      if (i === 0) await Deno.remove(path);
      else if (i === 1) await Deno.writeFile(path, new Uint8Array(0));
      else await Deno.truncate(path, 200 + i);
    }
    await assert.rejects(load(place), (error: Error) => {
      assert.match(error.message, /^13 of 30 photos cannot be used:/);
      assert.match(error.message, /photo_000\.jpg: does not exist\n/);
      assert.match(error.message, /photo_002\.jpg: is empty \(0 bytes\)\n/);
      assert.match(error.message, /photo_018\.jpg: is /);
      assert.doesNotMatch(error.message, /photo_020/);
      assert.match(error.message, /… and 3 more\n.*run again/);
      return true;
    });
    for (let i = 0; i < 13; i++) await draw(place.paths[2 * i], 2 * i);
    const repaired = await load(place);
    assert.equal(repaired.decoded, 13);
    assert.deepEqual(repaired.pixels, good.pixels);
  }));

Deno.test("killed at any moment and started again, it gives the same images", () =>
  withPhotos(250, async (place) => {
    const whole = await loadImageSet(place.paths, { size, store: `${place.store}_whole` });
    const script = `
      import { loadImageSet } from ${
      JSON.stringify(new URL("../../lib/data/image_set.ts", import.meta.url).href)
    };
      const [store, stop, ...paths] = Deno.args;
      await loadImageSet(paths, { size: ${size}, store, onProgress: (done) => {
        if (done >= Number(stop)) Deno.kill(Deno.pid, "SIGKILL");
      } });`;
    const file = `${place.store}_script.ts`;
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    await Deno.writeTextFile(file, script);
    const kept = [];
    for (const stop of [30, 130, 230]) {
      const { signal } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-A",
          "--no-check",
          "--config",
          config,
          file,
          place.store,
          String(stop),
          ...place.paths,
        ],
      }).output();
      assert.equal(signal, "SIGKILL");
      const bytes = (await Deno.stat(`${place.store}/${pixelsFile}`)).size;
      kept.push(Math.floor((bytes - 16) / (40 + size * size * 3)));
    }
    assert.deepEqual(kept, [0, 100, 200]);
    const resumed = await load(place);
    assert.equal(resumed.decoded, 50);
    assert.deepEqual(resumed.notices, []);
    assert.deepEqual(resumed.pixels, whole.pixels);
    assert.deepEqual(resumed.pixelDigests, whole.pixelDigests);
  }));

Deno.test("an empty list gives an empty set, and options out of range are refused", async () => {
  const store = await Deno.makeTempDir();
  try {
    assert.deepEqual(await loadImageSet([], { size, store }), {
      size,
      pixels: new Uint8Array(0),
      pixelDigests: [],
      fileDigests: [],
      damaged: [],
      decoded: 0,
    });
    await assert.rejects(loadImageSet([], { size: 0, store }), { name: "RangeError", message: /size/ });
    await assert.rejects(loadImageSet([], { size, store, concurrency: 0 }), {
      name: "RangeError",
      message: /concurrency/,
    });
  } finally {
    await Deno.remove(store, { recursive: true });
  }
});
