/** Photos as they come: of odd kinds, damaged, too large, not there. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { decodeBytes, decodeImage } from "../../lib/data/decode.ts";
import type { ImageSize } from "../../lib/image_size.ts";
import { randomFor } from "../../lib/support/random.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { runDeno } from "../support/run_deno.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/images/${name}`, import.meta.url));
const colours = [[200, 40, 60], [50, 180, 70], [40, 60, 190], [220, 210, 200]];
/** A square of the first colour. */
const plain = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: { r: 200, g: 40, b: 60 } } });
const decode = (bytes: Uint8Array) => decodeBytes(bytes, { size: 64, name: "photo.jpg" });

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

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await Deno.chmod(folder, 0o755);
  await test(folder);
}

/** Decodes one photo in a process of its own: why it cannot be, and the process's peak memory in MB. */
async function decodeInProcess(path: string): Promise<{ problem: string | null; peak: number }> {
  const program = fileURLToPath(new URL("decode_one.ts", import.meta.url));
  const { code, out, err } = await runDeno(["run", "-A", "--no-check", program, path]);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

/** A sound PNG of black and white pixels: 20,000×20,000 of them in 50 kB. */
function blackPng(side: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const bytes = new Uint8Array(12 + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, data.length);
    bytes.set(new TextEncoder().encode(type), 4);
    bytes.set(data, 8);
    view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
    return bytes;
  };
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, side);
  new DataView(header.buffer).setUint32(4, side);
  header[8] = 1; // bit a pixel
  const rows = deflateSync(new Uint8Array(side * (1 + Math.ceil(side / 8))));
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const parts = [signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", new Uint8Array())];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("every kind of RGB file gives (64, 64, 3) with its own colours, regardless of its name", async () => {
  const tolerances = {
    ...{ "rgb.png": 0, "png_named.jpg": 0, "palette.png": 0 },
    ...{ "baseline.jpg": 3, "progressive.jpg": 3 },
    "alpha.png": 0, // alpha is dropped: a transparent pixel shows its own colour
  };
  for (const [name, tolerance] of Object.entries(tolerances)) {
    const image = await decodeImage(fixture(name), 64);
    assert.equal(image.length, 64 * 64 * 3);
    assertNear(quadrants(image), colours, tolerance, name);
  }
});

/** A 30 × 20 picture of noise as its file stores it with an orientation: shown upright, it is the same for all eight. */
function storedTurned(orientation: number, channels: 3 | 4) {
  const [width, height] = [30, 20];
  const random = randomFor("upright");
  const upright = Uint8Array.from({ length: width * height * channels }, () => random() * 256);
  const [w, h] = orientation > 4 ? [height, width] : [width, height];
  const stored = new Uint8Array(upright.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [right, down] = [width - 1 - x, height - 1 - y];
      // EXIF 2.3, tag 274: where the upper left corner of what is seen is stored
      const places = [[x, y], [right, y], [right, down], [x, down], [y, x], [y, right], [down, right], [
        down,
        x,
      ]];
      const [column, row] = places[orientation - 1];
      const pixel = upright.subarray(channels * (y * width + x), channels * (y * width + x + 1));
      stored.set(pixel, channels * (row * w + column));
    }
  }
  return sharp(stored, { raw: { width: w, height: h, channels } });
}

Deno.test("a photo with an EXIF orientation is read upright, with identical pixels, in all eight orientations", async () => {
  const forms: Record<string, (photo: Sharp, orientation: number) => Sharp> = {
    PNG: (photo, orientation) => photo.withMetadata({ orientation }).png(),
    TIFF: (photo, orientation) => photo.withMetadata({ orientation }).tiff({ compression: "none" }),
    WebP: (photo, orientation) => photo.withMetadata({ orientation }).webp({ lossless: true }),
    "16 bits": (photo, orientation) => photo.withMetadata({ orientation }).toColourspace("rgb16").png(),
    "Display P3": (photo, orientation) => photo.withMetadata({ orientation, icc: "p3" }).png(),
    grey: (photo, orientation) => photo.withMetadata({ orientation }).toColourspace("b-w").png(),
    alpha: (photo, orientation) => photo.withMetadata({ orientation }).png(),
  };
  for (const [name, save] of Object.entries(forms)) {
    for (const size of [8, 64] as const) {
      const read = async (orientation: number) => {
        const file = await save(storedTurned(orientation, name === "alpha" ? 4 : 3), orientation).toBuffer();
        assert.equal((await sharp(file).metadata()).orientation, orientation);
        return await decodeBytes(file, { size, name });
      };
      const upright = await read(1);
      for (let orientation = 2; orientation <= 8; orientation++) {
        assert.deepEqual(
          await read(orientation),
          upright,
          `${name}, ${size} pixels, orientation ${orientation}`,
        );
      }
    }
  }
  const turned = [[40, 60, 190], [200, 40, 60], [220, 210, 200], [50, 180, 70]]; // a quarter to the right
  assertNear(quadrants(await decodeImage(fixture("turned.jpg"), 64)), turned, 3, "turned.jpg");
});

Deno.test("grey becomes RGB with three equal channels, 16 bits a channel become 8", async () => {
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
  const deep = await plain(32).toColourspace("rgb16").png().toBuffer();
  assert.equal((await sharp(deep).metadata()).depth, "ushort");
  assertNear(quadrants(await decode(deep)), new Array(4).fill(colours[0]), 2, "16 bits, RGB");
});

Deno.test("CMYK becomes RGB, not its negative", async () => {
  const [red, green, blue, light] = quadrants(await decodeImage(fixture("cmyk.jpg"), 64));
  assert.ok(red[0] > red[1] + 30 && red[0] > red[2] + 30, `red: ${red}`);
  assert.ok(green[1] > green[0] + 30 && green[1] > green[2] + 30, `green: ${green}`);
  assert.ok(blue[2] > blue[0] + 30 && blue[2] > blue[1] + 30, `blue: ${blue}`);
  assert.ok(Math.min(...light) > 150, `light: ${light}`);
});

Deno.test("an embedded colour profile is converted to sRGB", async () => {
  for (const photo of [plain(32).png(), plain(32).jpeg({ quality: 100 }), plain(32).ensureAlpha().png()]) {
    const tagged = await photo.withIccProfile("p3").toBuffer();
    const stored = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
    assert.ok(colours[0][0] - stored[0] > 10, "the file's own numbers are others");
    assertNear(quadrants(await decode(tagged)), new Array(4).fill(colours[0]), 2, "Display P3");
  }
});

Deno.test("the whole picture fills the square, from 600×450, 200×150 and sizes smaller than the result", async () => {
  for (const [width, height] of [[600, 450], [200, 150], [150, 200], [20, 15], [64, 64]]) {
    const ramp = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      const [row, column] = [Math.floor(i / width), i % width];
      ramp.set([255 * (column + 0.5) / width, 255 * (row + 0.5) / height, 90], 3 * i);
    }
    const image = await decode(await sharp(ramp, { raw: { width, height, channels: 3 } }).png().toBuffer());
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

Deno.test("one pixel fills the square", async () => {
  for (const one of [await plain(1).png().toBuffer(), await plain(1).jpeg({ quality: 100 }).toBuffer()]) {
    const image = await decode(one);
    assert.equal(image.length, 64 * 64 * 3);
    for (let i = 0; i < image.length; i += 3) {
      assertNear([[...image.subarray(i, i + 3)]], [colours[0]], 2, `pixel ${i / 3}`);
    }
  }
});

Deno.test("a photo is resized to [height, width]: rows are as long as the width", async () => {
  // 40 wide, 30 high, the right half white
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (Math.floor(i / 3) % 40 < 20 ? 0 : 255));
  const png = await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } }).png().toBuffer();
  assert.deepEqual(await decodeBytes(png, { size: [30, 40], name: "halves.png" }), pixels);
  const smaller = await decodeBytes(png, { size: [10, 16], name: "halves.png" });
  assert.equal(smaller.length, 10 * 16 * 3);
  for (let i = 0; i < 160; i++) {
    const column = i % 16;
    if (column < 5 || column > 10) assert.equal(smaller[3 * i], column < 8 ? 0 : 255, `pixel ${i}`);
  }
});

Deno.test("a file with several pictures is refused, regardless of its name; a still GIF or WebP is read", async () => {
  await assert.rejects(decodeImage(fixture("animated.gif"), 64), /animated\.gif: holds 2 pictures/);
  await assert.rejects(decodeImage(fixture("paged.tiff"), 64), /paged\.tiff: holds 2 pictures/);
  const pages = [await plain(8).png().toBuffer(), await plain(8).negate().png().toBuffer()];
  for (const format of ["gif", "webp"] as const) {
    const animated = await sharp(pages, { join: { animated: true } })[format]().toBuffer();
    await assert.rejects(decode(animated), /^Error: photo\.jpg: holds 2 pictures \(animated or paged\)/);
    assert.equal((await decode(await plain(8)[format]().toBuffer())).length, 64 * 64 * 3);
  }
});

Deno.test("a JPEG cut short anywhere is an error, never a picture with grey rows", async () => {
  const random = randomFor("cut");
  const noise = Uint8Array.from({ length: 200 * 150 * 3 }, () => random() * 256);
  const photo = sharp(noise, { raw: { width: 200, height: 150, channels: 3 } });
  for (const jpeg of [await photo.jpeg().toBuffer(), await photo.jpeg({ progressive: true }).toBuffer()]) {
    for (let share = 0.02; share < 1; share += 0.07) {
      const cut = jpeg.subarray(0, Math.floor(share * jpeg.length));
      await assert.rejects(decode(cut), /^Error: photo\.jpg: is /);
    }
    const almost = jpeg.subarray(0, jpeg.length - 2); // only the end marker is missing
    await assert.rejects(decode(almost), /photo\.jpg: is cut short/);
  }
});

/** JPEGs of a drawn scene: with JFIF's head, with EXIF and a colour profile, progressive. */
async function drawnJpegs(): Promise<Record<string, Uint8Array>> {
  const random = randomFor("scene");
  const [width, height] = [120, 90];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 70 * Math.sin(x / 9 + i % 3) + 30 * Math.cos(y / 7) + 20 * random();
  });
  const scene = () => sharp(pixels, { raw: { width, height, channels: 3 } });
  return {
    JFIF: await Deno.readFile(fixture("baseline.jpg")),
    plain: Uint8Array.from(await scene().jpeg().toBuffer()),
    EXIF: Uint8Array.from(await scene().withMetadata({ orientation: 6, icc: "p3" }).jpeg().toBuffer()),
    progressive: Uint8Array.from(await scene().jpeg({ progressive: true }).toBuffer()),
  };
}

/** Where the segments of a JPEG begin, up to its first scan's. */
function segmentsOf(jpeg: Uint8Array): { marker: number; start: number; end: number }[] {
  const segments = [];
  for (let start = 2, marker = 0; marker !== 0xda;) {
    marker = jpeg[start + 1];
    const end = start + 2 + 256 * jpeg[start + 2] + jpeg[start + 3];
    segments.push({ marker, start, end });
    start = end;
  }
  return segments;
}

const inserted = (jpeg: Uint8Array, place: number, ...bytes: number[]) =>
  Uint8Array.from([...jpeg.subarray(0, place), ...bytes, ...jpeg.subarray(place)]);

/** Whether sharp's strictest level reads a JPEG as it is. */
const isReadAsItIs = (jpeg: Uint8Array) =>
  sharp(jpeg, { failOn: "warning" }).resize(64, 64, { fit: "fill" }).raw().toBuffer().then(
    () => true,
    () => false,
  );

Deno.test("an intact JPEG with unusual bytes in its headers gives the same pixels as without them", async () => {
  const random = randomFor("cuts");
  let cuts = 0;
  for (const [name, jpeg] of Object.entries(await drawnJpegs())) {
    const expected = await decode(jpeg);
    const segments = segmentsOf(jpeg);
    let refused = 0;
    const check = async (odd: Uint8Array, what: string) => {
      if (!await isReadAsItIs(odd)) refused++;
      assert.deepEqual(await decode(odd), expected, `${name}: ${what}`);
      for (let i = 0; i < 2; i++) { // what is cut short is refused where it is without the quirk
        const left = Math.floor(random() * (jpeg.length - 2));
        if (await isReadAsItIs(jpeg.subarray(0, jpeg.length - left))) continue;
        cuts++;
        const cut = odd.subarray(0, odd.length - left);
        await assert.rejects(decode(cut), /photo\.jpg: is /, `${name}: ${what}, ${left} bytes missing`);
      }
    };
    for (const { marker, start } of segments) {
      for (const bytes of [[0], [0, 0, 0], [0x12, 0x34], [0x0d, 0x0a, 0x41]]) {
        await check(inserted(jpeg, start, ...bytes), `${bytes} before ${marker.toString(16)}`);
      }
    }
    if (name !== "progressive") {
      const odd = jpeg.slice();
      odd[segments.at(-1)!.end - 2] = 0; // 03 11 00 00 00, as some phones write it
      await check(odd, "the scan's last coefficient");
      await check(inserted(odd, segments[1].start, 0, 0), "both");
    }
    assert.ok(refused >= 4 * segments.length, `${name}: ${refused} are refused as they are`);
  }
  assert.ok(cuts > 100, `${cuts} cuts`);
});

Deno.test("a JPEG with a flipped bit that the strictest level refuses is read only if its pixels are unchanged", async () => {
  const random = randomFor("flips");
  let refused = 0;
  let read = 0;
  for (const [name, jpeg] of Object.entries(await drawnJpegs())) {
    const expected = await decode(jpeg);
    const head = 8 * segmentsOf(jpeg).at(-1)!.end;
    const bits = Array.from({ length: 200 }, (_, i) => i % 2 ? random() * head : random() * 8 * jpeg.length);
    for (const bit of bits.map(Math.floor)) {
      const flipped = jpeg.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      if (await isReadAsItIs(flipped)) continue;
      refused++;
      const image = await decode(flipped).catch(() => null);
      if (image) read++;
      if (image) assert.deepEqual(image, expected, `${name}, byte ${bit >> 3}, bit ${bit & 7}`);
    }
  }
  assert.ok(refused > 120 && read > 0 && read < refused / 4, `${read} of ${refused} are read`);
});

Deno.test("a JPEG segment with a damaged marker or length is an error, not taken for bytes between segments", async () => {
  const { EXIF: jpeg } = await drawnJpegs();
  for (const { marker, start, end } of segmentsOf(jpeg).filter(({ marker }) => marker >= 0xe0)) {
    for (
      const [place, value] of [[start, 0xfe], [start + 1, 0x00], [start + 1, 0xff], [
        start + 3,
        jpeg[start + 3] & 0x0f,
      ]]
    ) {
      const damaged = jpeg.slice();
      damaged[place] = value;
      if (place === start + 3) damaged[start + 2] = 0; // the length
      await assert.rejects(
        decode(damaged),
        /photo\.jpg: is /,
        `${marker.toString(16)} to ${end}: byte ${place - start}`,
      );
    }
  }
});

Deno.test("a PNG cut short or with a flipped byte is an error", async () => {
  const png = await Deno.readFile(fixture("rgb.png"));
  await assert.rejects(decode(png.subarray(0, png.length - 30)), /photo\.jpg: is /);
  const flipped = png.slice();
  flipped[50] ^= 0x10; // inside the compressed pixels
  await assert.rejects(decode(flipped), /photo\.jpg: is /);
});

Deno.test("a photo above 100 megapixels is refused before it takes memory, even if only its header claims so", () =>
  withFolder(async (folder) => {
    const jpeg = await Deno.readFile(fixture("baseline.jpg"));
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    new DataView(jpeg.buffer).setUint32(frame + 5, 0xea60ea60); // 60,000 × 60,000
    const photos = { small: blackPng(200), huge: blackPng(20_000), claims: jpeg }; // huge: 1.2 GB as RGB
    let usual = 0;
    for (const [name, bytes] of Object.entries(photos)) {
      const path = `${folder}/${name}.jpg`;
      await Deno.writeFile(path, bytes);
      const { problem, peak } = await decodeInProcess(path);
      const refused = `${path}: has more than 100 megapixels, too many for a photo`;
      assert.equal(problem, name === "small" ? null : refused);
      if (name === "small") usual = peak;
      else if (Deno.build.os === "linux") {
        assert.ok(peak < usual + 50, `${peak} MB, ${usual} MB for a small one`);
      }
    }
  }));

Deno.test("anything that is not a photo is refused with path and reason", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/zero.jpg`, new Uint8Array(0));
    await Deno.writeTextFile(`${folder}/text.jpg`, "<html>404</html>");
    await Deno.symlink("b.jpg", `${folder}/a.jpg`);
    await Deno.symlink("a.jpg", `${folder}/b.jpg`);
    await Deno.symlink("none.jpg", `${folder}/dangling.jpg`);
    const cases = {
      [`${folder}/none.jpg`]: "does not exist",
      [`${folder}/zero.jpg`]: "is empty (0 bytes)",
      [`${folder}/text.jpg`]: "is not a picture in a known format",
      [`${folder}/a.jpg`]: "is a link that leads back to itself",
      [`${folder}/dangling.jpg`]: "is a link to a file that does not exist",
      [folder]: "is a folder, not a photo",
    };
    for (const [path, reason] of Object.entries(cases)) {
      await assert.rejects(decodeImage(path, 64), { name: "Error", message: `${path}: ${reason}` });
    }
  }));

Deno.test({
  name: "a photo without read permission is named with the reason",
  ignore: Deno.build.os === "windows", // has no such permissions
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/locked.jpg`;
      await plain(8).jpeg().toFile(path);
      await Deno.chmod(path, 0);
      assert.equal((await decodeInProcess(path)).problem, `${path}: may not be read (permission denied)`);
    }),
});

Deno.test("pictures that must be converted first are reported with what to do, regardless of their names", async () => {
  const text = (value: string) => Uint8Array.from(value.padEnd(200, "\0"), (letter) => letter.charCodeAt(0));
  const kinds: [Uint8Array, RegExp][] = [
    [
      text("\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
      /is a HEIC photo, which cannot be read\. .*sips -s format jpeg.*heif-convert/,
    ],
    [text("\0\0\0\x18ftypcrx \0\0\0\0"), /is a camera's raw file, .*Convert it to JPEG first/],
    [text("FUJIFILMCCD-RAW 0201"), /is a camera's raw file/],
    [text("BM\x36\0\0\0"), /is a BMP picture, which cannot be read\. Convert it to JPEG first$/],
    [text(`${"\0".repeat(128)}DICM`), /is a DICOM file/],
  ];
  for (const [bytes, message] of kinds) await assert.rejects(decode(bytes), { message });
});

Deno.test("a camera's raw file is refused, not read as its embedded thumbnail; TIFF and AVIF are read", async () => {
  const tiff = Uint8Array.from(await plain(8).tiff({ compression: "none" }).toBuffer());
  assertNear(quadrants(await decode(tiff)), new Array(4).fill(colours[0]), 0, "TIFF");
  assertNear(
    quadrants(await decode(await plain(64).avif({ lossless: true }).toBuffer())),
    new Array(4).fill(colours[0]),
    2,
    "AVIF",
  );
  const view = new DataView(tiff.buffer);
  const directory = view.getUint32(4, true);
  const tags = Array.from({ length: view.getUint16(directory, true) }, (_, i) => directory + 2 + 12 * i);
  const subfile = tags.find((place) => view.getUint16(place, true) === 254);
  const last = tags.at(-1)!;
  const raws = {
    "NewSubfileType: a reduced picture": () => view.setUint32((subfile ?? tags[0]) + 8, 1, true),
    "a DNG version": () => view.setUint16(last, 50706, true),
  };
  for (const [name, change] of Object.entries(raws)) {
    const before = tiff.slice();
    if (name.startsWith("New") && subfile === undefined) view.setUint16(tags[0], 254, true);
    change();
    await assert.rejects(decode(tiff), /photo\.jpg: is a camera's raw file/, name);
    tiff.set(before);
  }
});

Deno.test("an invalid image size is refused", async () => {
  for (const size of [0, -1, 1.5, NaN, 5000, [64, 0], [64, 5000]] as ImageSize[]) {
    await assert.rejects(decodeImage(fixture("rgb.png"), size), { name: "RangeError", message: /size is/ });
  }
});
