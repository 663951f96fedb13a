import assert from "node:assert/strict";
import { type LightRanges, varyLight } from "../../lib/data/light.ts";
import { randomFor } from "../../lib/support/random.ts";

const none: LightRanges = { brightness: 0, contrast: 0, saturation: 0, tint: 0 };
const image = () => {
  const random = randomFor("light");
  return Uint8Array.from({ length: 3 * 64 }, () => 60 + Math.floor(120 * random()));
};
/** Six draws: brightness, contrast, saturation, red, green, blue; 1 is the upper end of each range, 0.5 its middle. */
const draws = (...numbers: number[]) => {
  let next = 0;
  return () => numbers[next++];
};

Deno.test("with all ranges at 0, random draws leave an image unchanged", () => {
  const photo = image();
  varyLight(photo, none, randomFor(1));
  assert.deepEqual(photo, image());
});

Deno.test("each range does what its name says", () => {
  const vary = (ranges: Partial<LightRanges>, ...numbers: number[]) => {
    const photo = image();
    varyLight(photo, { ...none, ...ranges }, draws(...numbers));
    return Array.from(photo);
  };
  const before = Array.from(image());
  assert.deepEqual(vary({ brightness: 0.2 }, 1, 0, 0, 0, 0, 0), before.map((value) => value + 51));
  const middle = 127.5;
  vary({ contrast: 0.5 }, 0, 0, 0, 0, 0, 0).forEach((value, i) =>
    assert.ok(Math.abs(value - (middle + (before[i] - middle) / 2)) <= 0.5)
  );
  const grey = vary({ saturation: 0.999 }, 0, 0, 0, 0, 0, 0);
  for (let i = 0; i < grey.length; i += 3) {
    const [r, g, b] = before.slice(i, i + 3);
    const expected = 0.299 * r + 0.587 * g + 0.114 * b;
    grey.slice(i, i + 3).forEach((value) => assert.ok(Math.abs(value - expected) <= 1));
  }
  const tinted = vary({ tint: 0.1 }, 0, 0, 0, 1, 0.5, 0);
  tinted.forEach((value, i) => assert.ok(Math.abs(value - before[i] * [1.1, 1, 0.9][i % 3]) <= 0.5));
});

Deno.test("values are clipped to 0 and 255, and the same draws give the same bytes", () => {
  const strong: LightRanges = { brightness: 0.9, contrast: 0.9, saturation: 0.9, tint: 0.9 };
  for (let seed = 0; seed < 50; seed++) {
    const [first, second] = [image(), image()];
    varyLight(first, strong, randomFor(seed));
    varyLight(second, strong, randomFor(seed));
    assert.deepEqual(first, second);
    assert.notDeepEqual(first, image());
  }
  const bright = Uint8Array.of(250, 250, 250);
  varyLight(bright, { ...none, brightness: 0.5 }, draws(1, 0, 0, 0, 0, 0));
  assert.deepEqual(bright, Uint8Array.of(255, 255, 255));
});

Deno.test("an invalid range is refused by name", () => {
  assert.throws(() => varyLight(image(), { ...none, contrast: 1 }, randomFor(1)), {
    name: "RangeError",
    message: "contrast must be at least 0 and below 1. Received: 1",
  });
  assert.throws(
    () => varyLight(image(), { ...none, tint: -0.1 }, randomFor(1)),
    /tint must be .* Received: -0\.1/,
  );
});
