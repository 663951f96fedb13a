import assert from "node:assert/strict";
import { orient } from "../../lib/training/orientation.ts";

const side = 3;
/** Pixels 0 … 8, each with channels (pixel, 10 + pixel). */
const image = Float32Array.from({ length: 18 }, (_, i) => (i >> 1) + 10 * (i & 1));

function oriented(source: Float32Array, way: number): Float32Array {
  const target = new Float32Array(source.length);
  orient(source, target, { side, channels: 2, way });
  return target;
}

const firstChannel = (values: Float32Array) => [...values].filter((_, i) => i % 2 === 0);

Deno.test("as it is, mirrored, upside down, turned: worked by hand", () => {
  assert.deepEqual(firstChannel(oriented(image, 0)), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(firstChannel(oriented(image, 1)), [2, 1, 0, 5, 4, 3, 8, 7, 6]);
  assert.deepEqual(firstChannel(oriented(image, 2)), [6, 7, 8, 3, 4, 5, 0, 1, 2]);
  assert.deepEqual(firstChannel(oriented(image, 3)), [8, 7, 6, 5, 4, 3, 2, 1, 0]);
  assert.deepEqual(firstChannel(oriented(image, 4)), [0, 3, 6, 1, 4, 7, 2, 5, 8]);
  assert.deepEqual(firstChannel(oriented(image, 5)), [6, 3, 0, 7, 4, 1, 8, 5, 2]); // a quarter to the right
});

Deno.test("all eight differ, keep each pixel's channels together and lose none", () => {
  const all = Array.from({ length: 8 }, (_, way) => oriented(image, way));
  assert.equal(new Set(all.map((values) => values.join())).size, 8);
  for (const values of all) {
    assert.deepEqual(firstChannel(values).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (let i = 0; i < 18; i += 2) assert.equal(values[i + 1], values[i] + 10);
  }
});
