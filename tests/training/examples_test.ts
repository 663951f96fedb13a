import assert from "node:assert/strict";
import { scalePixels } from "../../lib/model/forward.ts";
import { startEngine, tf } from "../../lib/support/engine/engine.ts";
import { randomFor } from "../../lib/support/random.ts";
import { orient } from "../../lib/data/augmentation.ts";
import { examplesOf, pixelExamples } from "../../lib/training/examples.ts";

await startEngine();

Deno.test("image examples are scaled exactly as the frozen layers scale them, to the bit", () => {
  const random = randomFor("pixels");
  const pixels = Uint8Array.from({ length: 3 * 4 * 4 * 3 }, () => Math.floor(256 * random()));
  for (const scaling of ["divide255", "imagenet"] as const) {
    const before = tf.memory().numTensors;
    const { read, labels } = pixelExamples(pixels, Uint8Array.of(2, 0, 1), { scaling });
    assert.equal(tf.memory().numTensors, before);
    assert.deepEqual([...labels], [2, 0, 1]);
    const expected = tf.tidy(() =>
      scalePixels(tf.tensor4d(new Int32Array(pixels), [3, 4, 4, 3], "int32"), scaling).dataSync()
    );
    for (const row of [1, 0, 2]) {
      const received = new Float32Array(48);
      read(row, received);
      assert.deepEqual(received, expected.slice(48 * row, 48 * (row + 1)), `${scaling}, row ${row}`);
    }
  }
});

Deno.test("array rows: values and labels decide the digest; a network with another input size is refused", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const examples = examplesOf(values, Uint8Array.of(1, 0));
  const row = new Float32Array(3);
  examples.read(1, row);
  assert.deepEqual([...row], [4, 5, 6]);
  const others = [[values, [1, 1]], [values.with(5, 7), [1, 0]]] as const;
  for (const [values, labels] of others) {
    assert.notEqual(examplesOf(values, Uint8Array.from(labels)).digest, examples.digest);
  }
  assert.equal(examplesOf(values.slice(), Uint8Array.of(1, 0)).digest, examples.digest);
  assert.throws(() => examples.read(0, new Float32Array(4)), {
    name: "TypeError",
    message: "The network reads 4 values a row. Received: 6 values for 2 labels",
  });
});

/** Pixels 0 … 8, each with channels (pixel, 10 + pixel, 20 + pixel); the first channel after `orient`. */
function oriented(way: number): number[] {
  const image = Float32Array.from({ length: 27 }, (_, i) => Math.floor(i / 3) + 10 * (i % 3));
  orient(image, way);
  for (let i = 0; i < 27; i += 3) {
    assert.deepEqual(
      [image[i + 1], image[i + 2]],
      [image[i] + 10, image[i] + 20],
      "a pixel's channels stay together",
    );
  }
  return [...image].filter((_, i) => i % 3 === 0);
}

Deno.test("six of an image's eight orientations match those worked by hand; all eight differ and lose no pixel", () => {
  const expected = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
    [2, 1, 0, 5, 4, 3, 8, 7, 6],
    [6, 7, 8, 3, 4, 5, 0, 1, 2],
    [8, 7, 6, 5, 4, 3, 2, 1, 0],
    [0, 3, 6, 1, 4, 7, 2, 5, 8],
    [6, 3, 0, 7, 4, 1, 8, 5, 2], // a quarter to the right
  ];
  expected.forEach((pixels, way) => assert.deepEqual(oriented(way), pixels, `${way}`));
  const all = Array.from({ length: 8 }, (_, way) => oriented(way));
  assert.equal(new Set(all.map((pixels) => pixels.join())).size, 8);
  for (const pixels of all) assert.deepEqual(pixels.sort(), expected[0]);
});
