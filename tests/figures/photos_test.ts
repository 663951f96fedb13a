import assert from "node:assert/strict";
import sharp from "sharp";
import { display } from "../../lib/figures/display.ts";
import { photoGrid } from "../../lib/figures/photo_grid.ts";
import { isPhoto, photoMetadata, photoTag } from "../../lib/support/photo_tag.ts";
import { show } from "../../lib/figures/show.ts";
import { randomFor } from "../../lib/support/random.ts";
import { pngSize } from "./inspect_svg.ts";

/** (size, size, 3) of noise, no pixel like its neighbours. */
function noise(seed: number, size = 64): Uint8Array {
  const random = randomFor("noise", seed);
  return Uint8Array.from({ length: size * size * 3 }, () => Math.floor(256 * random()));
}

async function rgbOf(png: Uint8Array) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    at: (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)],
    ...info,
  };
}

Deno.test("photo grid: every pixel is in its place, enlarged without smoothing", async () => {
  const pixels = [0, 1, 2, 3, 4].map((seed) => noise(seed));
  const grid = await photoGrid(
    pixels.map((one, i) => ({ pixels: one, label: `mel\nISIC_000000${i}` })),
    { title: "Five", columns: 3, scale: 2 },
  );
  assert.deepEqual(pngSize(grid.png), { width: grid.width, height: grid.height });
  const image = await rgbOf(grid.png);
  // Find the first photo by its first pixels, then the others by the spacing of the columns and rows.
  const matches = (left: number, top: number, one: Uint8Array) => {
    for (let y = 0; y < 128; y++) {
      for (let x = 0; x < 128; x++) {
        const from = ((y >> 1) * 64 + (x >> 1)) * 3;
        const found = image.at(left + x, top + y);
        if (found.some((value, i) => value !== one[from + i])) return false;
      }
    }
    return true;
  };
  let top = 0;
  while (top < image.height - 128 && !matches(36, top, pixels[0])) top++;
  assert.ok(matches(36, top, pixels[0]), "the first photo is at the left margin");
  for (const i of [1, 2]) assert.ok(matches(36 + i * 148, top, pixels[i]), `photo ${i}`);
  let second = top + 128;
  while (second < image.height - 128 && !matches(36, second, pixels[3])) second++;
  assert.ok(matches(36 + 148, second, pixels[4]), "the second row");
});

Deno.test("photo grid: a rectangle of pixels is drawn as wide and high as it says", async () => {
  const pixels = noise(0).subarray(0, 48 * 64 * 3);
  const grid = await photoGrid([{ pixels, size: [48, 64], label: "nv" }], { title: "One", scale: 2 });
  const image = await rgbOf(grid.png);
  const row = (top: number) => Array.from({ length: 64 }, (_, x) => image.at(36 + 2 * x, top)).flat();
  let top = 0;
  while (top < image.height && row(top).join() !== pixels.subarray(0, 192).join()) top++;
  for (let y = 0; y < 48; y++) {
    assert.deepEqual(row(top + 2 * y), [...pixels.subarray(192 * y, 192 * (y + 1))]);
  }
  await assert.rejects(photoGrid([{ pixels, label: "bad" }], { title: "" }), /9216 bytes/);
  await assert.rejects(photoGrid([{ pixels, size: [48, 65], label: "bad" }], { title: "" }), /9216 bytes/);
});

Deno.test("photo grid: the same photos give the same bytes, a stand-in's says SYNTHETIC", async () => {
  const photos = [0, 1].map((seed) => ({ pixels: noise(seed), label: "nv" }));
  const plain = await photoGrid(photos, { title: "Two" });
  assert.deepEqual(plain.png, (await photoGrid(photos, { title: "Two" })).png);
  const marked = await photoGrid(photos, { title: "Two", synthetic: true });
  assert.equal(marked.synthetic, true);
  assert.match(marked.alt, /stand-in/);
  assert.match(plain.alt, /^Two\. 2 photos: nv\.$/);
  // The mark's paper colour is in the upper right corner of the marked one only.
  const paper = async (png: Uint8Array) => {
    const image = await rgbOf(png);
    for (let x = image.width - 400; x < image.width; x++) {
      if (image.at(x, 36).join() === "255,241,214") return true;
    }
    return false;
  };
  assert.deepEqual([await paper(plain.png), await paper(marked.png)], [false, true]);
});

Deno.test("photo grid: photos from files, and labels of any length, stay inside", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/drawn.jpg`;
    await sharp(noise(1, 50), { raw: { width: 50, height: 50, channels: 3 } }).jpeg().toFile(path);
    const label = "a label of many words that does not fit in one line";
    const grid = await photoGrid([{ path, label }, { path, label: "" }], {
      title: "Drawn",
      tile: { width: 120, height: 90 },
    });
    assert.deepEqual(pngSize(grid.png), { width: 640, height: grid.height });
    const image = await rgbOf(grid.png);
    const border = Array.from(
      { length: grid.width },
      (_, x) => [image.at(x, 0), image.at(x, grid.height - 1)],
    ).flat();
    assert.ok(border.every((color) => color.join() === "255,255,255"), "nothing reaches the edge");
    await assert.rejects(photoGrid([{ path: `${folder}/none.jpg`, label: "x" }], { title: "" }), /none\.jpg/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("photo grid: wrong input is named", async () => {
  const good = { pixels: noise(0), label: "good" };
  await assert.rejects(photoGrid([], { title: "" }), RangeError);
  await assert.rejects(
    photoGrid([{ pixels: new Uint8Array(7), label: "bad" }], { title: "" }),
    /"bad".*7 bytes/,
  );
  await assert.rejects(
    photoGrid([good, { pixels: noise(0, 32), label: "small" }], { title: "" }),
    /192×192 for "small"/,
  );
  await assert.rejects(photoGrid([good], { title: "", scale: 1.5 }), RangeError);
  await assert.rejects(photoGrid([good], { title: "", columns: 0 }), RangeError);
});

Deno.test("photos are shown with the tag, and never without it", async () => {
  const grid = await photoGrid([{ pixels: noise(0), label: "nv" }], {
    title: "One",
    synthetic: true,
    alt: "one nevus",
  });
  const sent: [string, Record<string, unknown>][] = [];
  await show(grid, {
    broadcast: (type, content) => {
      sent.push([type, content]);
      return Promise.resolve();
    },
  });
  const [[type, content]] = sent;
  assert.equal(sent.length, 1);
  assert.equal(type, "display_data");
  const data = content.data as Record<string, string>;
  const metadata = content.metadata as Record<string, Record<string, unknown>>;
  assert.deepEqual(Uint8Array.fromBase64(data["image/png"]), grid.png);
  assert.equal(data["text/plain"], "one nevus");
  assert.deepEqual(metadata[photoTag], { photo: true, alt: "one nevus", synthetic: true });
  assert.equal(metadata.ham10000.photo, true);
  assert.deepEqual(metadata["image/png"], {
    width: Math.round(grid.width / 2),
    height: Math.round(grid.height / 2),
  });
  assert.deepEqual(Object.keys(await grid[Symbol.for("Jupyter.display") as typeof display]()), [
    "text/plain",
  ]);
  await assert.rejects(show(grid), /kernel/);
});

Deno.test("the tag is read from any metadata", () => {
  assert.equal(isPhoto(photoMetadata({ alt: "" })), true);
  for (
    const other of [undefined, null, {}, { ham10000: null }, { ham10000: { photo: "yes" } }, {
      ham10000: { progress: {} },
    }, 5]
  ) {
    assert.equal(isPhoto(other), false);
  }
});
