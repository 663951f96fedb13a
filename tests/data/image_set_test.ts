import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { decodeImage } from "../../lib/data/decode.ts";
import { countStoredImages, type ImageSet, loadImageSet } from "../../lib/data/image_set.ts";
import type { ImageSize } from "../../lib/image_size.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { showProgress } from "../../lib/support/progress.ts";
import { randomFor } from "../../lib/support/random.ts";
import { openStore } from "../../lib/support/store.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const size = 16;
const imageBytes = size * size * 3;

interface Place {
  /** Folder of the store. */
  store: string;
  paths: string[];
}

/** Runs `work` with a folder of drawn photos and a place for a store. */
async function withPhotos(count: number, work: (place: Place) => Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const paths = [];
  for (let i = 0; i < count; i++) {
    paths.push(`${folder}/photo_${String(i).padStart(3, "0")}.jpg`);
    await draw(paths[i], i);
  }
  await work({ store: `${folder}/store`, paths });
}

async function draw(path: string, seed: number): Promise<void> {
  const random = randomFor("photo", seed);
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, () => random() * 256);
  const photo = sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } });
  await Deno.writeFile(path, await photo.jpeg().toBuffer());
}

async function load(
  { paths, store }: Place,
  options: { size?: ImageSize; keepGoing?: boolean } = {},
): Promise<ImageSet & { notices: string[] }> {
  const notices: string[] = [];
  const opened = openStore(store, { onNotice: (message) => notices.push(message) });
  return { ...await loadImageSet(paths, { size, store: opened, ...options }), notices };
}

/** What must not depend on what was stored before. */
const contentOf = ({ pixels, pixelDigests, fileDigests }: ImageSet) => ({
  pixels,
  pixelDigests,
  fileDigests,
});

/** The shards of a kind, with their rows' number, in the order of their writing. */
function shardsOf({ store }: Place, kind: string, rowBytes: number): { path: string; rows: number }[] {
  const folder = `${store}/${kind}`;
  return Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`)
    .flatMap((part) => Array.from(Deno.readDirSync(part), ({ name }) => `${part}/${name}`))
    .map((path) => ({ path, rows: (Deno.statSync(path).size - 24) / (36 + rowBytes) }));
}

Deno.test("images, their digests and their files' digests keep the order of the paths", () =>
  withPhotos(12, async (place) => {
    const paths = [...place.paths].reverse();
    paths.push(paths[3]); // a photo may be asked for twice
    const calls: number[][] = [];
    const set = await (async () => {
      using _ = showProgress(() => (done, total) => calls.push([done, total]));
      return await load({ ...place, paths });
    })();
    assert.equal(set.pixels.length, 13 * imageBytes);
    for (const [i, path] of paths.entries()) {
      const image = set.pixels.subarray(i * imageBytes, (i + 1) * imageBytes);
      assert.deepEqual(image, await decodeImage(path, size));
      assert.equal(set.pixelDigests[i], sha256(image));
      assert.equal(set.fileDigests[i], sha256(await Deno.readFile(path)));
    }
    assert.deepEqual(calls, Array.from({ length: 14 }, (_, i) => [i, 13]));
  }));

Deno.test("images of each size are stored separately, also if only height and width are swapped", () =>
  withPhotos(3, async (place) => {
    await load(place);
    const first = await load(place, { size: [12, 16] });
    assert.deepEqual([first.size, first.pixels.length, first.decoded], [[12, 16], 3 * 12 * 16 * 3, 3]);
    assert.deepEqual(first.pixels.subarray(0, 576), await decodeImage(place.paths[0], [12, 16]));
    const again = await load(place, { size: [12, 16] });
    assert.deepEqual([again.decoded, again.pixels], [0, first.pixels]);
    assert.equal((await load(place, { size: [16, 12] })).decoded, 3);
    assert.equal((await load(place)).decoded, 0);
    const store = openStore(place.store);
    assert.deepEqual([countStoredImages(store, [12, 16]), countStoredImages(store, [12, 20])], [3, 0]);
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
    const paths = place.paths.with(7, moved);
    const second = await load({ ...place, paths });
    assert.deepEqual([second.decoded, second.notices], [1, []]);
    const changed = first.fileDigests.flatMap((digest, i) => digest === second.fileDigests[i] ? [] : [i]);
    assert.deepEqual(changed, [2]);
    const image = second.pixels.subarray(2 * imageBytes, 3 * imageBytes);
    assert.deepEqual(image, await decodeImage(place.paths[2], size));
    await draw(place.paths[2], 2); // as it was: its pixels are still there
    const third = await load({ ...place, paths });
    assert.deepEqual(contentOf(third), contentOf(first));
    assert.equal(third.decoded, 0);
  }));

Deno.test({
  name:
    "a photo replaced behind a link is decoded again despite equal size and date; so is a link's new target",
  ignore: Deno.build.os === "windows", // links need a right that users lack
  fn: () =>
    withPhotos(2, async (place) => {
      const folder = `${place.store}_links`;
      const date = new Date(2020, 1, 1);
      const draw = async (path: string, grey: number) => { // a format without compression: of one length
        const photo = sharp({
          create: { width: 8, height: 8, channels: 3, background: { r: grey, g: grey, b: grey } },
        });
        await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
        await Deno.writeFile(path, await photo.tiff({ compression: "none" }).toBuffer());
        await Deno.utime(path, date, date);
      };
      await draw(`${folder}/first/images/a.tif`, 10);
      await draw(`${folder}/second/images/a.tif`, 20);
      await Deno.symlink("first", `${folder}/current`);
      const linked = { ...place, paths: [`${folder}/current/images/a.tif`] };
      const grey = async () => (await load(linked)).pixels[0];
      assert.deepEqual([await grey(), (await load(linked)).decoded], [10, 0]);
      await new Promise((resolve) => setTimeout(resolve, 1100)); // Deno gives the time of a change in whole seconds
      await draw(`${folder}/first/images/a.tif`, 30);
      assert.equal(await grey(), 30);
      await Deno.remove(`${folder}/current`);
      await Deno.symlink("second", `${folder}/current`);
      assert.equal(await grey(), 20);
    }),
});

Deno.test("damage in the store is reported with the affected photos, and only these are decoded again", () =>
  withPhotos(12, async (place) => {
    const first = await load(place);
    const random = randomFor("damage");
    const table = 24 + 12 * 36;
    const inTable = () => 24 + random() * 12 * 36;
    const inRows = (bytes: number) => () => table + random() * 12 * bytes;
    const cases = [
      {
        name: "a key or checksum of an image",
        kind: "images-16",
        bytes: imageBytes,
        place: inTable,
        decoded: 1,
      },
      {
        name: "an image",
        kind: "images-16",
        bytes: imageBytes,
        place: inRows(imageBytes),
        decoded: 1,
      },
      { name: "a photo's key or checksum", kind: "photos-16-v2", bytes: 32, place: inTable, decoded: 0 },
      { name: "a photo's digest", kind: "photos-16-v2", bytes: 32, place: inRows(32), decoded: 0 },
    ];
    for (const { name, kind, bytes, place: offset, decoded } of [...cases, ...cases, ...cases]) {
      await Deno.remove(place.store, { recursive: true });
      await load(place);
      const [{ path, rows }] = shardsOf(place, kind, bytes);
      assert.equal(rows, 12);
      const content = Deno.readFileSync(path);
      content[Math.floor(offset())] ^= 1 << Math.floor(random() * 8);
      Deno.writeFileSync(path, content);
      const again = await load(place);
      assert.deepEqual(contentOf(again), contentOf(first), name);
      assert.equal(again.decoded, decoded, name);
      assert.match(again.notices[0], new RegExp(`${kind}/.*: damaged\\. 11 of its 12 rows are intact`), name);
      const lost = /1 of 12 images were stored, .* decoded again: photo_0\d\d\.jpg$/;
      assert.ok(decoded === 0 ? again.notices.length === 1 : lost.test(again.notices[1]), `${again.notices}`);
      const quiet = await load(place);
      assert.deepEqual([quiet.decoded, quiet.notices], [0, []], name);
    }
    await Deno.remove(`${place.store}/images-16`, { recursive: true });
    const rebuilt = await load(place);
    assert.deepEqual(contentOf(rebuilt), contentOf(first));
    assert.match(rebuilt.notices.join(), /12 of 12 images were stored, .* and 2 more/);
  }));

Deno.test("one error counts all bad photos and names the first ten; the good ones are kept", () =>
  withPhotos(30, async (place) => {
    const good = await load({ ...place, store: `${place.store}_before` });
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
    const rest = await load(place, { keepGoing: true });
    assert.equal(rest.decoded, 0);
    assert.deepEqual(rest.damaged.map(({ index }) => index), Array.from({ length: 13 }, (_, i) => 2 * i));
    assert.match(rest.damaged[1].problem, /photo_002\.jpg: is empty/);
    rest.fileDigests.forEach((digest, i) => {
      assert.equal(digest, i % 2 === 0 && i < 26 ? "" : good.fileDigests[i]);
    });
    for (let i = 0; i < 13; i++) await draw(place.paths[2 * i], 2 * i);
    const repaired = await load(place);
    assert.equal(repaired.decoded, 13);
    assert.deepEqual([repaired.pixels, repaired.damaged], [good.pixels, []]);
  }));

Deno.test("photos that a missing disk makes unreadable do not count as damaged: loading stops", () =>
  withPhotos(12, async (place) => {
    const gone = join(dirname(place.paths[0]), "gone"); // as where a disk is taken away
    const paths = place.paths.map((path, i) => i < 8 ? path : join(gone, basename(path)));
    await assert.rejects(load({ ...place, paths }, { keepGoing: true }), {
      message:
        /^4 of 12 photos could not be read because of the disk or the network\. They are not damaged, .*photo_008.*photo_009.*photo_010.*, …\. Check the disk/,
    });
    await Deno.mkdir(gone);
    for (const i of [8, 9, 10, 11]) await Deno.copyFile(place.paths[i], paths[i]);
    const again = await load({ ...place, paths }, { keepGoing: true });
    assert.deepEqual([again.decoded, again.damaged], [4, []], "the eight were stored");
  }));

Deno.test("loading that is killed at any moment and restarted gives the same images", () =>
  withPhotos(250, async (place) => {
    const whole = await load({ ...place, store: `${place.store}_whole` });
    const url = (path: string) => JSON.stringify(new URL(`../../lib/${path}`, import.meta.url).href);
    const script = `
      import { loadImageSet } from ${url("data/image_set.ts")};
      import { openStore } from ${url("support/store.ts")};
      import { showProgress } from ${url("support/progress.ts")};
      const [store, stop, ...paths] = Deno.args;
      showProgress(() => (done) => {
        if (done >= Number(stop)) Deno.kill(Deno.pid, "SIGKILL");
      });
      await loadImageSet(paths, { size: ${size}, store: openStore(store) });`;
    const file = `${place.store}_script.ts`;
    await Deno.writeTextFile(file, script);
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const kept = [];
    for (const stop of ["30", "130", "230"]) {
      const { signal } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--config", config, file, place.store, stop, ...place.paths],
      }).output();
      assert.equal(signal, "SIGKILL");
      kept.push(countStoredImages(openStore(place.store), size));
    }
    assert.deepEqual(kept, [0, 100, 200]);
    const resumed = await load(place);
    assert.deepEqual([resumed.decoded, resumed.notices], [50, []]);
    assert.deepEqual(contentOf(resumed), contentOf(whole));
  }));

Deno.test("an empty list gives an empty set, and a size out of range is refused", () =>
  withPhotos(0, async (place) => {
    const empty = { pixels: new Uint8Array(0), pixelDigests: [], fileDigests: [] };
    assert.deepEqual(await load(place), { size, ...empty, damaged: [], decoded: 0, notices: [] });
    await assert.rejects(load(place, { size: 0 }), { name: "RangeError", message: /size/ });
  }));
