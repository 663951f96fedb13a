import assert from "node:assert/strict";
import { randomFor } from "../../lib/support/random.ts";
import { tf } from "../../lib/support/engine/engine.ts";
import { pixelExamples } from "../../lib/training/examples.ts";
import { scalePixels } from "../../lib/model/forward.ts";

Deno.test("images as examples are scaled as the frozen part scales them, to the bit", () => {
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
