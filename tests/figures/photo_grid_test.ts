import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { photoGrid } from "../../lib/figures/photo_grid.ts";
import { display, show } from "../../lib/figures/show.ts";
import { type PhotoMetadata, photoTag } from "../../lib/support/photo_tag.ts";
import { randomFor } from "../../lib/support/random.ts";
import { pngSize } from "./drawing.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** (size, size, 3) of noise, no pixel like its neighbours. */
function noise(seed: number, size = 64): Uint8Array {
  const random = randomFor("noise", seed);
  return Uint8Array.from({ length: size * size * 3 }, () => Math.floor(256 * random()));
}

async function rgbOf(png: Uint8Array) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)];
  return { ...info, at };
}

/** Whether the PNG has the SYNTHETIC mark: its paper colour in the upper right corner. */
async function isMarked(png: Uint8Array): Promise<boolean> {
  const image = await rgbOf(png);
  return Array.from({ length: 400 }, (_, x) => image.at(image.width - 400 + x, 36)).some((color) =>
    color.join() === "255,241,214"
  );
}

Deno.test("photo grid: every pixel is in its place, enlarged without smoothing", async () => {
  const pixels = [0, 1, 2, 3, 4].map((seed) => noise(seed));
  const grid = await photoGrid(
    pixels.map((one, i) => ({ pixels: one, label: `mel\nISIC_000000${i}` })),
    { title: "Five", columns: 3, scale: 2 },
  );
  assert.deepEqual(pngSize(grid.png), { width: grid.width, height: grid.height });
  const image = await rgbOf(grid.png);
  const isAt = (left: number, top: number, one: Uint8Array) => {
    for (let y = 0; y < 128; y++) {
      for (let x = 0; x < 128; x++) {
        const from = ((y >> 1) * 64 + (x >> 1)) * 3;
        if (image.at(left + x, top + y).some((value, i) => value !== one[from + i])) return false;
      }
    }
    return true;
  };
  // Find the first photo of a row by its pixels, then the others by the spacing of the columns.
  const rowOf = (one: Uint8Array, from: number) => {
    for (let top = from; top < image.height - 128; top++) if (isAt(36, top, one)) return top;
    assert.fail("a row does not begin at the left margin");
  };
  const first = rowOf(pixels[0], 0);
  for (const i of [1, 2]) assert.ok(isAt(36 + i * 148, first, pixels[i]), `photo ${i}`);
  assert.ok(isAt(36 + 148, rowOf(pixels[3], first + 128), pixels[4]), "the second row");
});

Deno.test("photo grid: a picture with another row begins a new one, and a row that is too long is broken", async () => {
  const rows = ["a", "a", "a", "b", "c", "c"];
  const pixels = rows.map((_, seed) => noise(seed));
  const options = { title: "Rows", columns: 2, scale: 1 };
  const grid = await photoGrid(pixels.map((one, i) => ({ pixels: one, label: "x", row: rows[i] })), options);
  const image = await rgbOf(grid.png);
  const isAt = (left: number, top: number, one: Uint8Array) =>
    [...one.subarray(0, 192)].every((value, i) => image.at(left + Math.floor(i / 3), top)[i % 3] === value);
  const placeOf = (one: Uint8Array) => {
    for (const column of [0, 1]) {
      for (let top = 0; top < image.height; top++) {
        if (isAt(36 + column * (64 + 20), top, one)) return { top, column };
      }
    }
    assert.fail("a picture is not in the grid");
  };
  const places = pixels.map(placeOf);
  const tops = [...new Set(places.map(({ top }) => top))].sort((a, b) => a - b);
  assert.deepEqual(
    places.map(({ top, column }) => [tops.indexOf(top), column]),
    [[0, 0], [0, 1], [1, 0], [2, 0], [3, 0], [3, 1]],
  );
});

Deno.test("photo grid: a rectangular image is drawn with its given width and height", async () => {
  const pixels = noise(0).subarray(0, 48 * 64 * 3);
  const grid = await photoGrid([{ pixels, size: [48, 64], label: "nv" }], { title: "One", scale: 2 });
  const image = await rgbOf(grid.png);
  const row = (top: number) => Array.from({ length: 64 }, (_, x) => image.at(36 + 2 * x, top)).flat();
  let top = 0;
  while (top < image.height && row(top).join() !== pixels.subarray(0, 192).join()) top++;
  for (let y = 0; y < 48; y++) {
    assert.deepEqual(row(top + 2 * y), [...pixels.subarray(192 * y, 192 * (y + 1))]);
  }
});

Deno.test("photo grid: the same photos give the same bytes; a stand-in grid says SYNTHETIC", async () => {
  const photos = [0, 1].map((seed) => ({ pixels: noise(seed), label: "nv" }));
  const plain = await photoGrid(photos, { title: "Two" });
  assert.deepEqual(plain.png, (await photoGrid(photos, { title: "Two" })).png);
  const marked = await photoGrid(photos, { title: "Two", synthetic: true });
  assert.equal(plain.alt, "Two. 2 photos: nv.");
  assert.equal(marked.alt, "Two. 2 drawn stand-in images: nv.");
  assert.deepEqual([await isMarked(plain.png), await isMarked(marked.png)], [false, true]);
});

Deno.test("photo grid: photos from files and labels of any length stay inside the picture", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const path = `${folder}/drawn.jpg`;
  await sharp(noise(1, 50), { raw: { width: 50, height: 50, channels: 3 } }).jpeg().toFile(path);
  const label = "a label of many words that does not fit in one line";
  const grid = await photoGrid([{ path, label }, { path, label: "" }], { title: "Drawn" });
  assert.deepEqual(pngSize(grid.png), { width: 640, height: grid.height });
  const image = await rgbOf(grid.png);
  for (let x = 0; x < grid.width; x++) {
    for (const y of [0, grid.height - 1]) assert.deepEqual(image.at(x, y), [255, 255, 255], `${x}, ${y}`);
  }
  const named = await photoGrid([{ path, label: "ISIC_0000022_downsampled_by_hand" }, { path, label: "b" }], {
    title: "Drawn",
  });
  assert.equal(named.height, grid.height, "an id without blanks is broken, too");
  await assert.rejects(photoGrid([{ path: `${folder}/none.jpg`, label: "x" }], { title: "" }), /none\.jpg/);
});

Deno.test("photo grid: wrong input is named", async () => {
  const good = { pixels: noise(0), label: "good" };
  const cut = noise(0).subarray(0, 48 * 64 * 3);
  const cases = [
    [[], {}, /Received: none/],
    [[{ pixels: new Uint8Array(7), label: "bad" }], {}, /"bad".*7 bytes/],
    [[{ pixels: cut, label: "bad" }], {}, /9216 bytes/],
    [[{ pixels: cut, size: [48, 65] as [number, number], label: "bad" }], {}, /9216 bytes/],
    [[good, { pixels: noise(0, 32), label: "small" }], {}, /192×192 for "small"/],
    [[good], { scale: 1.5 }, /"scale".*1\.5/],
    [[good], { columns: 0 }, /"columns".*0/],
    [[good], { standIns: [] }, /Received: none/],
  ] as const;
  for (const [photos, options, message] of cases) {
    await assert.rejects(photoGrid(photos, { title: "", ...options }), message);
  }
});

Deno.test("a photo from a file is shown upright, and an unreadable one is named", async () => {
  await using folder = await temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const pixels = Uint8Array.from({ length: 150 * 200 * 3 }, (_, i) => (i % 600 < 300 ? 255 : 0)); // white on the left
  const image = () => sharp(pixels, { raw: { width: 200, height: 150, channels: 3 } });
  await image().png().toFile(path("upright.png"));
  await image().rotate(-90).withMetadata({ orientation: 6 }).png().toFile(path("turned.png")); // a camera held upright
  const [upright, turned] = await Promise.all(
    ["upright.png", "turned.png"].map((name) =>
      photoGrid([{ path: path(name), label: "nv" }], { title: "One" })
    ),
  );
  assert.deepEqual(turned.png, upright.png);
  await Deno.writeFile(path("cut.png"), (await Deno.readFile(path("upright.png"))).slice(0, -40));
  await assert.rejects(
    photoGrid([{ path: path("cut.png"), label: "nv" }], { title: "One" }),
    /cut\.png: is /,
  );
});

Deno.test("photos are shown only with the tag that marks them as photos", async () => {
  const grid = await photoGrid([{ pixels: noise(0), label: "nv" }], {
    title: "One",
    synthetic: true,
    alt: "one nevus",
  });
  const sent: [string, Record<string, unknown>][] = [];
  await show(grid, { broadcast: async (...message) => void sent.push(await message) });
  const { data, metadata } = grid.message();
  assert.deepEqual(sent, [["display_data", { data, metadata, transient: {} }]]);
  assert.deepEqual(Uint8Array.fromBase64(data["image/png"] as string), grid.png);
  assert.equal(data["text/plain"], "one nevus");
  assert.deepEqual(metadata, {
    ham10000: { photo: true, alt: "one nevus", synthetic: true },
    "image/png": { width: Math.round(grid.width / 2), height: Math.round(grid.height / 2) },
  });
  const shown = await grid[Symbol.for("Jupyter.display") as typeof display]();
  assert.deepEqual(Object.keys(shown), ["text/plain"]);
  await assert.rejects(show(grid), /kernel/);
});

Deno.test("a photo grid's tag contains the grid of its drawn stand-ins, marked SYNTHETIC", async () => {
  const [photos, standIns] = [0, 1].map((seed) => [{ pixels: noise(seed), label: "nv" }]);
  const grid = await photoGrid(photos, { title: "One", standIns });
  const drawn = await photoGrid(standIns, { title: "One", synthetic: true });
  const { standIn } = grid.message().metadata[photoTag] as PhotoMetadata;
  assert.equal(standIn, drawn.png.toBase64());
  assert.ok(await isMarked(Uint8Array.fromBase64(standIn!)));
  assert.equal(await isMarked(grid.png), false);
});
