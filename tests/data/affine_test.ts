import assert from "node:assert/strict";
import { affineMatrix, applyAffine } from "../../lib/data/affine.ts";
import { randomFor } from "../../lib/support/random.ts";

const size = 16;
const noise = (seed: number) => {
  const random = randomFor("noise", seed);
  return Uint8Array.from({ length: size * size * 3 }, () => random() * 256);
};
const draw = (image: Uint8Array, parameters: Parameters<typeof affineMatrix>[0]) =>
  applyAffine(image, affineMatrix(parameters, size), size);

/** The image whose pixel [row, column] is the source's `from(row, column)`, held inside the edges. */
function permuted(image: Uint8Array, from: (row: number, column: number) => [number, number]): Uint8Array {
  const inside = (place: number) => Math.min(Math.max(place, 0), size - 1);
  const result = new Uint8Array(image.length);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [y, x] = from(row, column).map(inside);
      const start = 3 * (y * size + x);
      result.set(image.subarray(start, start + 3), 3 * (row * size + column));
    }
  }
  return result;
}

Deno.test("no parameters give the same image in an array of its own", () => {
  for (let seed = 0; seed < 20; seed++) {
    const image = noise(seed);
    const before = image.slice();
    const result = draw(image, {});
    assert.deepEqual(result, image);
    result.fill(0);
    assert.deepEqual(image, before);
  }
});

Deno.test("quarter and half turns are exact permutations of the pixels", () => {
  const last = size - 1;
  for (let seed = 0; seed < 20; seed++) {
    const image = noise(seed);
    const counterclockwise = permuted(image, (row, column) => [column, last - row]);
    const half = permuted(image, (row, column) => [last - row, last - column]);
    assert.deepEqual(draw(image, { theta: 90 }), counterclockwise);
    assert.deepEqual(draw(image, { theta: 180 }), half);
    assert.deepEqual(draw(image, { theta: -180 }), half);
    assert.deepEqual(draw(draw(image, { theta: 90 }), { theta: -90 }), image);
  }
});

Deno.test("a half turn of a rectangle is its pixels in reverse", () => {
  for (const size of [[12, 20], [20, 12], [7, 16]] as const) {
    const image = noise(0).subarray(0, size[0] * size[1] * 3);
    const result = applyAffine(image, affineMatrix({ theta: 180 }, size), size);
    for (let from = 0, to = image.length - 3; to >= 0; from += 3, to -= 3) {
      assert.deepEqual(result.subarray(to, to + 3), image.subarray(from, from + 3));
    }
  }
});

Deno.test("whole shifts move the picture left and up and repeat the edge", () => {
  for (let seed = 0; seed < 20; seed++) {
    const image = noise(seed);
    for (const shift of [-20, -3, 1, 5]) {
      assert.deepEqual(
        draw(image, { tx: shift }),
        permuted(image, (row, column) => [row, column + shift]),
      );
      assert.deepEqual(draw(image, { ty: shift }), permuted(image, (row, column) => [row + shift, column]));
    }
  }
});

Deno.test("half a pixel's shift is the mean of two neighbours, halves to even", () => {
  const image = new Uint8Array(2 * 2 * 3);
  image.set([10, 20, 30, 13, 21, 255]); // upper row
  const result = applyAffine(image, affineMatrix({ tx: 0.5 }, 2), 2);
  assert.deepEqual([...result.subarray(0, 6)], [12, 20, 142, 13, 21, 255]); // 11.5 → 12, 20.5 → 20, 142.5 → 142
});

Deno.test("a result never leaves the range of its source's values", () => {
  for (let seed = 0; seed < 50; seed++) {
    const image = noise(seed).map((value) => 80 + value / 4);
    const random = randomFor("affine", seed);
    const [theta, tx, ty] = [random() * 360, random() * 99 - 50, random() * 99 - 50];
    const result = draw(image, { theta, tx, ty, zx: 0.2 + 3 * random(), zy: 0.2 + 3 * random() });
    assert.ok(Math.min(...result) >= Math.min(...image) && Math.max(...result) <= Math.max(...image));
  }
});

Deno.test("values that make no transform are refused by name", () => {
  assert.throws(() => affineMatrix({ theta: NaN }, 64), { name: "RangeError", message: /theta.*NaN/ });
  assert.throws(() => affineMatrix({ tx: Infinity }, 64), { name: "RangeError", message: /tx.*Infinity/ });
  assert.throws(() => affineMatrix({ zy: 0 }, 64), { name: "RangeError", message: /zy.*above 0.*0/ });
  assert.throws(() => affineMatrix({ zx: -1 }, 64), { name: "RangeError", message: /zx.*-1/ });
});
