import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { decodeBytes, decodeImage, readPhoto } from "../../lib/data/decode.ts";
import type { ImageSize } from "../../lib/image_size.ts";
import { randomFor } from "../../lib/support/random.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/images/${name}`, import.meta.url));
const colours = [[200, 40, 60], [50, 180, 70], [40, 60, 190], [220, 210, 200]];

/** The four quadrants' middle pixels of a (64, 64, 3) image: upper left, upper right, lower left, lower right. */
function quadrants(image: Uint8Array): number[][] {
  return [[16, 16], [16, 48], [48, 16], [48, 48]].map(([row, column]) => {
    const start = 3 * (row * 64 + column);
    return [...image.subarray(start, start + 3)];
  });
}

function assertNear(found: number[][], expected: number[][], tolerance: number, message: string): void {
  const worst = Math.max(...found.flat().map((value, i) => Math.abs(value - expected.flat()[i])));
  assert.ok(worst <= tolerance, `${message}: ${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
}

Deno.test("every kind of RGB file gives (64, 64, 3) with its own colours, whatever its name", async () => {
  const tolerance = {
    "rgb.png": 0,
    "png_named.jpg": 0,
    "palette.png": 0,
    "baseline.jpg": 3,
    "progressive.jpg": 3,
  };
  for (const [name, most] of Object.entries(tolerance)) {
    const image = await decodeImage(fixture(name), 64);
    assert.equal(image.length, 64 * 64 * 3);
    assertNear(quadrants(image), colours, most, name);
  }
});

Deno.test("alpha is dropped: a transparent pixel shows its own colour", async () => {
  assert.deepEqual(await decodeImage(fixture("alpha.png"), 64), await decodeImage(fixture("rgb.png"), 64));
});

Deno.test("grey becomes RGB with three equal channels, 16 bits become 8", async () => {
  const luma = colours.map(([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b);
  const expected = {
    "grey.jpg": luma.map((level) => [level, level, level]),
    "grey16.png": [30, 90, 160, 250].map((level) => [level, level, level]),
  };
  for (const [name, levels] of Object.entries(expected)) {
    const image = await decodeImage(fixture(name), 64);
    for (let i = 0; i < image.length; i += 3) {
      assert.ok(image[i] === image[i + 1] && image[i] === image[i + 2], name);
    }
    assertNear(quadrants(image), levels, name === "grey16.png" ? 0 : 3, name);
  }
});

Deno.test("CMYK becomes RGB, not its negative", async () => {
  const [red, green, blue, light] = quadrants(await decodeImage(fixture("cmyk.jpg"), 64));
  assert.ok(red[0] > red[1] + 30 && red[0] > red[2] + 30, `red: ${red}`);
  assert.ok(green[1] > green[0] + 30 && green[1] > green[2] + 30, `green: ${green}`);
  assert.ok(blue[2] > blue[0] + 30 && blue[2] > blue[1] + 30, `blue: ${blue}`);
  assert.ok(Math.min(...light) > 150, `light: ${light}`);
});

Deno.test("an EXIF orientation is ignored", async () => {
  assertNear(quadrants(await decodeImage(fixture("turned.jpg"), 64)), colours, 3, "turned.jpg");
});

Deno.test("the whole picture fills the square, from 600×450, 200×150 and from smaller than the result", async () => {
  for (const [width, height] of [[600, 450], [200, 150], [150, 200], [20, 15], [64, 64]]) {
    const ramp = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      ramp.set([
        255 * (i % width + 0.5) / width,
        255 * (Math.floor(i / width) + 0.5) / height,
        90,
      ], 3 * i);
    }
    const png = await sharp(ramp, { raw: { width, height, channels: 3 } }).png().toBuffer();
    const image = await decodeBytes(png, { size: 64, name: "ramp" });
    let worst = 0; // inside: at the edges an enlarged ramp flattens
    for (let row = 4; row < 60; row++) {
      for (let column = 4; column < 60; column++) {
        const at = 3 * (row * 64 + column);
        const expected = [255 * (column + 0.5) / 64, 255 * (row + 0.5) / 64, 90];
        expected.forEach((value, i) => worst = Math.max(worst, Math.abs(image[at + i] - value)));
      }
    }
    // enlarging spreads an 8-bit ramp's steps
    assert.ok(worst <= (width < 64 ? 5 : 1.6), `${width}×${height}: off by ${worst}`);
  }
});

Deno.test("a file with several pictures is refused", async () => {
  await assert.rejects(decodeImage(fixture("animated.gif"), 64), /animated\.gif: holds 2 pictures/);
  await assert.rejects(decodeImage(fixture("paged.tiff"), 64), /paged\.tiff: holds 2 pictures/);
});

Deno.test("a JPEG cut short anywhere is an error, never a picture with grey rows", async () => {
  const random = randomFor("cut");
  const noise = Uint8Array.from({ length: 200 * 150 * 3 }, () => random() * 256);
  const photo = sharp(noise, { raw: { width: 200, height: 150, channels: 3 } });
  for (const jpeg of [await photo.jpeg().toBuffer(), await photo.jpeg({ progressive: true }).toBuffer()]) {
    for (let share = 0.02; share < 1; share += 0.07) {
      const cut = jpeg.subarray(0, Math.floor(share * jpeg.length));
      await assert.rejects(decodeBytes(cut, { size: 64, name: "photo.jpg" }), /^Error: photo\.jpg: is /);
    }
    const almost = jpeg.subarray(0, jpeg.length - 2); // only the end marker is missing
    await assert.rejects(decodeBytes(almost, { size: 64, name: "photo.jpg" }), /photo\.jpg: is cut short/);
  }
});

Deno.test("a PNG cut short or with a flipped byte is an error", async () => {
  const png = await Deno.readFile(fixture("rgb.png"));
  await assert.rejects(
    decodeBytes(png.subarray(0, png.length - 30), { size: 64, name: "a.png" }),
    /a\.png: /,
  );
  const flipped = png.slice();
  flipped[50] ^= 0x10; // inside the compressed pixels
  await assert.rejects(decodeBytes(flipped, { size: 64, name: "a.png" }), /a\.png: /);
});

Deno.test("a header that claims more than 100 megapixels is refused before memory goes", async () => {
  const png = await Deno.readFile(fixture("rgb.png"));
  const view = new DataView(png.buffer);
  view.setUint32(16, 50_000); // IHDR: width, height
  view.setUint32(20, 50_000);
  view.setUint32(29, crc32(png.subarray(12, 29)));
  const before = Deno.memoryUsage().rss;
  await assert.rejects(
    decodeBytes(png, { size: 64, name: "huge.png" }),
    /huge\.png: has more than 100 megapixels/,
  );
  assert.ok(Deno.memoryUsage().rss - before < 500e6); // the pixels would take 7.5 GB

  const jpeg = await Deno.readFile(fixture("baseline.jpg"));
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  new DataView(jpeg.buffer).setUint32(frame + 5, 0xea60ea60); // 60,000 × 60,000
  await assert.rejects(
    decodeBytes(jpeg, { size: 64, name: "huge.jpg" }),
    /huge\.jpg: has more than 100 megapixels/,
  );
});

Deno.test("what is no photo is refused with its path and the reason", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/zero.jpg`, new Uint8Array(0));
    await Deno.writeTextFile(`${folder}/text.jpg`, "<html>404</html>");
    await Deno.symlink("b.jpg", `${folder}/a.jpg`);
    await Deno.symlink("a.jpg", `${folder}/b.jpg`);
    const cases = {
      [`${folder}/none.jpg`]: "does not exist",
      [`${folder}/zero.jpg`]: "is empty (0 bytes)",
      [`${folder}/text.jpg`]: "is not a picture in a known format",
      [`${folder}/a.jpg`]: "is a link that leads back to itself",
      [folder]: "is a folder, not a photo",
    };
    for (const [path, reason] of Object.entries(cases)) {
      await assert.rejects(decodeImage(path, 64), { name: "Error", message: `${path}: ${reason}` });
    }
    await assert.rejects(readPhoto(`${folder}/none.jpg`), /does not exist/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a photo is resized to [height, width]: rows are as long as the width", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/halves.png`; // 40 wide, 30 high, the right half white
    const pixels = Uint8Array.from(
      { length: 40 * 30 * 3 },
      (_, i) => (Math.floor(i / 3) % 40 < 20 ? 0 : 255),
    );
    await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } }).png().toFile(path);
    const image = await decodeImage(path, [30, 40]);
    assert.deepEqual(image, pixels);
    const smaller = await decodeImage(path, [10, 16]);
    assert.equal(smaller.length, 10 * 16 * 3);
    for (let i = 0; i < 160; i++) {
      const column = i % 16;
      if (column < 5 || column > 10) assert.equal(smaller[3 * i], column < 8 ? 0 : 255, `pixel ${i}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a size that is no number of pixels is refused", async () => {
  for (const size of [0, -1, 1.5, NaN, 5000, [64, 0], [64, 5000]] as ImageSize[]) {
    await assert.rejects(decodeImage(fixture("rgb.png"), size), { name: "RangeError", message: /size is/ });
  }
});
