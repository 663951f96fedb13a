import assert from "node:assert/strict";
import {
  type ImageSize,
  isImageSize,
  normalSize,
  pixelsIn,
  shapeText,
  sidesOf,
  sizeName,
  sizeText,
} from "../lib/image_size.ts";

Deno.test("a number is the side of a square, a pair is height and width", () => {
  assert.deepEqual([sidesOf(64), sidesOf([150, 200])], [[64, 64], [150, 200]]);
  assert.deepEqual([pixelsIn(64), pixelsIn([150, 200])], [4096, 30_000]);
});

Deno.test("texts give width × height; array shapes and file names give height, then width", () => {
  const texts = (size: ImageSize) => [sizeText(size), sizeName(size), shapeText(size)];
  assert.deepEqual(texts(64), ["64 × 64", "64", "(64, 64, 3)"]);
  assert.deepEqual(texts([150, 200]), ["200 × 150", "150x200", "(150, 200, 3)"]);
});

Deno.test("a pair of equal sides becomes a number; other sizes stay", () => {
  assert.equal(normalSize([64, 64]), 64);
  assert.equal(normalSize(64), 64);
  assert.deepEqual(normalSize([64, 96]), [64, 96]);
});

Deno.test("a size is one whole number, or a pair of them, within the limits", () => {
  const limits = { least: 32, most: 100 };
  for (const size of [32, 100, [32, 100], [64, 64]]) assert.ok(isImageSize(size, limits), `${size}`);
  const none = [31, 101, 64.5, NaN, "64", null, undefined, {}, [], [64], [64, 31], [64, "64"], [64, 64, 64]];
  for (const size of none) assert.ok(!isImageSize(size, limits), JSON.stringify(size));
  assert.ok(isImageSize([32, 1e6], { least: 32 }));
});
