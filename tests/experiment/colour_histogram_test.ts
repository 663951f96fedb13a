import assert from "node:assert/strict";
import { colourHistogram, histogramLength } from "../../lib/experiment/colour_histogram.ts";
import { randomFor } from "../../lib/support/random.ts";

Deno.test("a hand-worked image: shares of joint colours, as square roots", () => {
  const black = [0, 0, 0], white = [255, 255, 255], red = [255, 31, 0];
  const histogram = colourHistogram(Uint8Array.from([black, black, white, red].flat()));
  assert.equal(histogram[0], Math.fround(Math.sqrt(0.5)));
  assert.equal(histogram[histogramLength - 1], 0.5);
  assert.equal(histogram[7 << 6], 0.5, "red, its green below 32");
  assert.equal(histogram.filter((value) => value > 0).length, 3);
});

Deno.test("squares sum to 1, and the order of pixels does not matter", () => {
  const random = randomFor("histogram");
  for (let trial = 0; trial < 20; trial++) {
    const pixels = Array.from(
      { length: 64 },
      () => Array.from({ length: 3 }, () => Math.floor(random() * 256)),
    );
    const histogram = colourHistogram(Uint8Array.from(pixels.flat()));
    assert.deepEqual(colourHistogram(Uint8Array.from(pixels.toReversed().flat())), histogram);
    assert.ok(Math.abs(histogram.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-5);
  }
});
