/** Photos as they come: of odd kinds, damaged, too large, not there. Cuts and flips of single bytes: tests/image/. */
import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { decodeBytes } from "../../lib/data/decode.ts";
import { loadImageSet } from "../../lib/data/image_set.ts";
import { openStore } from "../../lib/support/store.ts";

const colour = [200, 60, 60];
const plain = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: { r: 200, g: 60, b: 60 } } });
const firstPixel = async (
  bytes: Uint8Array,
) => [...(await decodeBytes(bytes, { size: 64, name: "photo.jpg" })).subarray(0, 3)];

function assertNear(found: number[], message: string): void {
  assert.ok(found.every((value, i) => Math.abs(value - colour[i]) <= 2), `${message}: ${found}`);
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function decodeInProcess(path: string): Promise<{ problem: string | null; peak: number }> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fileURLToPath(new URL("decode_one.ts", import.meta.url)), path],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
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
  const rows = new Uint8Array(side * (1 + Math.ceil(side / 8)));
  const parts = [
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("an embedded colour profile is converted to sRGB", async () => {
  for (const photo of [plain(32).png(), plain(32).jpeg({ quality: 100 }), plain(32).ensureAlpha().png()]) {
    const tagged = await photo.withIccProfile("p3").toBuffer();
    const stored = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
    assert.ok(colour[0] - stored[0] > 10, "the file's own numbers are others");
    assertNear(await firstPixel(tagged), "Display P3");
  }
});

Deno.test("16 bits a channel become 8, and one pixel fills the square", async () => {
  const deep = await plain(32).toColourspace("rgb16").png().toBuffer();
  assert.equal((await sharp(deep).metadata()).depth, "ushort");
  assertNear(await firstPixel(deep), "16 bits");
  for (const one of [await plain(1).png().toBuffer(), await plain(1).jpeg({ quality: 100 }).toBuffer()]) {
    const image = await decodeBytes(one, { size: 64, name: "photo.jpg" });
    assert.equal(image.length, 64 * 64 * 3);
    for (let i = 0; i < image.length; i += 3) assertNear([...image.subarray(i, i + 3)], "1×1");
  }
});

Deno.test("an animated GIF or WebP called .jpg is refused; a still one is read", async () => {
  const pages = [await plain(8).png().toBuffer(), await plain(8).negate().png().toBuffer()];
  for (const format of ["gif", "webp"] as const) {
    const animated = await sharp(pages, { join: { animated: true } })[format]().toBuffer();
    await assert.rejects(firstPixel(animated), /^Error: photo\.jpg: holds 2 pictures \(animated or paged\)/);
    assert.equal((await firstPixel(await plain(8)[format]().toBuffer())).length, 3);
  }
});

Deno.test("a sound photo of 20,000×20,000 pixels is refused before its pixels take memory", () =>
  inFolder(async (folder) => {
    await Deno.chmod(folder, 0o755);
    const [small, huge] = [`${folder}/small.jpg`, `${folder}/huge.jpg`];
    await Deno.writeFile(small, blackPng(200));
    await Deno.writeFile(huge, blackPng(20_000)); // 1.2 GB as RGB
    const usual = await decodeInProcess(small);
    assert.equal(usual.problem, null);
    const { problem, peak } = await decodeInProcess(huge);
    assert.equal(problem, `${huge}: has more than 100 megapixels, too many for a photo`);
    if (Deno.build.os === "linux") {
      assert.ok(peak < usual.peak + 50, `${peak} MB, ${usual.peak} MB for a small one`);
    }
  }));

Deno.test({
  name: "a photo that may not be read is named with the reason",
  ignore: Deno.build.os === "windows", // has no such permissions
  fn: () =>
    inFolder(async (folder) => {
      await Deno.chmod(folder, 0o755);
      const path = `${folder}/locked.jpg`;
      await plain(8).jpeg().toFile(path);
      await Deno.chmod(path, 0);
      assert.equal((await decodeInProcess(path)).problem, `${path}: may not be read (permission denied)`);
    }),
});

Deno.test("bad photos of all kinds stand in one error with what to do; the good ones are stored", () =>
  inFolder(async (folder) => {
    const path = (name: string) => `${folder}/${name}.jpg`;
    for (const name of ["good_1", "good_2"]) await plain(name === "good_1" ? 8 : 9).jpeg().toFile(path(name));
    const jpeg = await plain(64).jpeg().toBuffer();
    await Deno.writeFile(path("cut"), jpeg.subarray(0, jpeg.length >> 1));
    await Deno.writeFile(path("empty"), new Uint8Array());
    await Deno.writeTextFile(path("text"), "<!doctype html>");
    await Deno.mkdir(path("folder"));
    await Deno.symlink(path("gone"), path("dangling"));
    await Deno.symlink(path("loop_2"), path("loop"));
    await Deno.symlink(path("loop"), path("loop_2"));
    const reasons: Record<string, RegExp> = {
      cut: /^is (cut short|damaged) \(/,
      empty: /^is empty \(0 bytes\)$/,
      text: /^is not a picture in a known format$/,
      folder: /^is a folder, not a photo$/,
      dangling: /^is a link to a file that does not exist$/,
      loop: /^is a link that leads back to itself$/,
      none: /^does not exist$/,
    };
    const names = ["good_1", ...Object.keys(reasons), "good_2"];
    const options = { size: 16, store: openStore(`${folder}/store`) };
    await assert.rejects(loadImageSet(names.map(path), options), ({ message }: Error) => {
      const lines = message.split("\n").map((line) => line.trim());
      assert.equal(lines[0], "7 of 9 photos cannot be used:");
      for (const [i, [name, reason]] of Object.entries(reasons).entries()) {
        assert.ok(lines[1 + i].startsWith(`${path(name)}: `), lines[1 + i]);
        assert.match(lines[1 + i].slice(path(name).length + 2), reason);
      }
      return /^Put these files back .* run again; what was decoded is kept\./.test(lines[8]);
    });
    const { decoded } = await loadImageSet(["good_1", "good_2"].map(path), options);
    assert.equal(decoded, 0);
  }));
