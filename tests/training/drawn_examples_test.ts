import assert from "node:assert/strict";
import { protocolRanges } from "../../lib/config.ts";
import { countLabels } from "../../lib/data/diagnosis.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { randomFor } from "../../lib/support/random.ts";
import {
  balancedOrder,
  type Drawing,
  drawnExamples,
  type DrawnPhotos,
} from "../../lib/training/drawn_examples.ts";

const size = 16;
const length = 3 * size * size;
const labels = Uint8Array.from({ length: 120 }, (_, row) => row < 100 ? 0 : row < 116 ? 1 : 2);
const pixels = Array.from(labels, (_, row) => {
  const random = randomFor("drawn", row);
  return Uint8Array.from({ length }, () => Math.floor(256 * random()));
});
const photos: DrawnPhotos = {
  ...{ size, labels, photoOf: (row) => pixels[row] },
  pixelDigests: pixels.map((image) => sha256(image)),
  imageIds: pixels.map((_, row) => `photo ${row}`),
};
const plain: Drawing = { shape: null, light: null, balance: 0 };
const full: Drawing = {
  shape: protocolRanges,
  light: { brightness: 0.1, contrast: 0.2, saturation: 0.3, tint: 0.1 },
  balance: 0.5,
};

function read(
  drawing: Drawing,
  row: number,
  showing?: { epoch: number; place: number },
  seed = 0,
): Float32Array {
  const target = new Float32Array(length);
  drawnExamples(photos, drawing, { seed }).read(row, target, showing);
  return target;
}

Deno.test("each class is shown in its share, and all its rows once before any again", () => {
  for (let seed = 0; seed < 100; seed++) {
    for (const [balance, shares] of [[1, [40, 40, 40]], [0.5, [75, 30, 15]]] as const) {
      const order = balancedOrder(labels, { balance, seed, epoch: 1 + seed % 3 });
      assert.equal(order.length, labels.length);
      const shown = countLabels(order.map((row) => labels[row]), 3);
      assert.deepEqual(shown, [...shares], `balance ${balance}`);
      for (const label of [0, 1, 2]) {
        const times = [...labels.keys()].filter((row) => labels[row] === label)
          .map((row) => order.filter((shownRow) => shownRow === row).length);
        assert.ok(Math.max(...times) - Math.min(...times) <= 1);
      }
    }
  }
});

Deno.test("classes are balanced even with more photos than a function call can take as arguments", () => {
  const many = Uint8Array.from({ length: 300_000 }, (_, row) => row % 3 === 0 ? 1 : 0);
  const order = balancedOrder(many, { balance: 1, seed: 0, epoch: 1 });
  assert.deepEqual(countLabels(order.map((row) => many[row]), 2), [150_000, 150_000]);
});

Deno.test("the order depends only on seed and epoch, and mixes the classes", () => {
  const order = balancedOrder(labels, { balance: 1, seed: 1, epoch: 1 });
  assert.deepEqual(balancedOrder(labels, { balance: 1, seed: 1, epoch: 1 }), order);
  assert.notDeepEqual(balancedOrder(labels, { balance: 1, seed: 1, epoch: 2 }), order);
  assert.notDeepEqual(balancedOrder(labels, { balance: 1, seed: 2, epoch: 1 }), order);
  const halves = [order.slice(0, 60), order.slice(60)].map((half) =>
    countLabels(half.map((row) => labels[row]), 3)
  );
  assert.ok(halves.flat().every((count) => count > 8), `${halves}`);
});

Deno.test("without augmentation a photo is read unchanged; with it, each showing is a new, reproducible image", () => {
  assert.deepEqual(read(plain, 3, { epoch: 2, place: 5 }), Float32Array.from(pixels[3]));
  const first = read(full, 3, { epoch: 1, place: 0 });
  assert.deepEqual(read(full, 3, { epoch: 1, place: 0 }), first);
  for (const showing of [{ epoch: 2, place: 0 }, { epoch: 1, place: 1 }]) {
    assert.notDeepEqual(read(full, 3, showing), first);
  }
  assert.notDeepEqual(read(full, 3, { epoch: 1, place: 0 }, 1), first, "another seed");
  assert.ok(first.every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
});

Deno.test("everything that decides what is shown is part of the digest", () => {
  const digests = [
    drawnExamples(photos, full, { seed: 0 }),
    drawnExamples(photos, full, { seed: 1 }),
    drawnExamples(photos, { ...full, shape: null }, { seed: 0 }),
    drawnExamples(photos, { ...full, light: null }, { seed: 0 }),
    drawnExamples(photos, { ...full, balance: 1 }, { seed: 0 }),
    drawnExamples({ ...photos, labels: labels.map((label) => 2 - label) }, full, { seed: 0 }),
    drawnExamples({ ...photos, imageIds: photos.imageIds.toReversed() }, full, { seed: 0 }),
    drawnExamples({ ...photos, pixelDigests: photos.pixelDigests.toReversed() }, full, { seed: 0 }),
  ].map(({ digest }) => digest);
  assert.equal(new Set(digests).size, digests.length);
  assert.equal(drawnExamples(photos, full, { seed: 0 }).digest, digests[0]);
});

Deno.test("a balance outside 0 to 1, and an image of another size, are refused", () => {
  assert.throws(() => drawnExamples(photos, { ...plain, balance: 1.5 }, { seed: 0 }), {
    name: "RangeError",
    message: "balance must be from 0 to 1. Received: 1.5",
  });
  assert.throws(() => drawnExamples(photos, plain, { seed: 0 }).read(0, new Float32Array(5)), {
    name: "TypeError",
    message: /reads 5 values a row\. Received: images of 768/,
  });
});
