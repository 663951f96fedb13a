import { type AugmentationRanges, protocolRanges as ranges } from "../../lib/config.ts";
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import {
  augmentedCopy,
  drawTransform,
  transformImage,
  type TransformParameters,
} from "../../lib/data/augmentation.ts";
import { type ImageSize, pixelsIn } from "../../lib/image_size.ts";
import { randomFor, shuffled } from "../../lib/support/random.ts";
import { noiseImages } from "../model/images.ts";

const size = 16;
const images = Array.from({ length: 10 }, (_, seed) => noiseImages(1, size, seed));

/** Names of the parameters in the fixture are Keras' own. */
interface KerasParameters extends Partial<Omit<TransformParameters, "flipHorizontal" | "flipVertical">> {
  flip_horizontal?: boolean;
  flip_vertical?: boolean;
}

for (const name of ["augmentation", "rectangle"]) {
  Deno.test(`every pixel is within 1 of Keras' apply_transform: ${name}`, async () => {
    const folder = new URL("../fixtures/augmentation/", import.meta.url);
    const table = JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, folder)));
    const bytes = gunzipSync(await Deno.readFile(new URL(`${name}.bin.gz`, folder)));
    const cases: { input: number; parameters: KerasParameters }[] = table.cases;
    const length = pixelsIn(table.size) * 3;
    const image = (index: number) => new Uint8Array(bytes.subarray(index * length, (index + 1) * length));
    assert.equal(bytes.length, (table.inputs + cases.length) * length);
    assert.ok(cases.length >= 30);
    let different = 0;
    cases.forEach(({ input, parameters }, number) => {
      const { flip_horizontal: flipHorizontal, flip_vertical: flipVertical, ...affine } = parameters;
      const result = transformImage(image(input), { ...affine, flipHorizontal, flipVertical }, table.size);
      const expected = image(table.inputs + number);
      const differences = result.map((value, i) => Math.abs(value - expected[i]));
      different += differences.filter((difference) => difference > 0).length;
      assert.ok(Math.max(...differences) <= 1, `case ${number} ${JSON.stringify(parameters)}`);
    });
    assert.ok(
      different < 1e-3 * cases.length * length,
      `${different}: only ties at .5 may fall to the other side`,
    );
  });
}

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

Deno.test("quarter turns, flips and whole-pixel shifts move pixels without changing them; shifts repeat the edge", () => {
  const last = size - 1;
  const cases: [Partial<TransformParameters>, (row: number, column: number) => [number, number]][] = [
    [{}, (row, column) => [row, column]],
    [{ theta: 90 }, (row, column) => [column, last - row]], // counterclockwise
    [{ theta: 180 }, (row, column) => [last - row, last - column]],
    [{ theta: -180 }, (row, column) => [last - row, last - column]],
    [{ flipHorizontal: true }, (row, column) => [row, last - column]],
    [{ flipVertical: true }, (row, column) => [last - row, column]],
    [{ flipHorizontal: true, flipVertical: true }, (row, column) => [last - row, last - column]],
    [{ theta: 90, flipHorizontal: true }, (row, column) => [last - column, last - row]], // the flip comes after
    ...[-20, -3, 1, 5].flatMap((shift): typeof cases => [
      [{ tx: shift }, (row, column) => [row, column + shift]], // to the left
      [{ ty: shift }, (row, column) => [row + shift, column]], // up
    ]),
  ];
  for (const [parameters, from] of cases) {
    for (const image of images) {
      assert.deepEqual(transformImage(image, parameters, size), permuted(image, from));
    }
  }
});

Deno.test("a half turn of a rectangle reverses the order of its pixels", () => {
  for (const size of [[12, 20], [20, 12], [7, 16]] as const) {
    const image = noiseImages(1, size);
    const result = transformImage(image, { theta: 180 }, size);
    for (let from = 0, to = image.length - 3; to >= 0; from += 3, to -= 3) {
      assert.deepEqual(result.subarray(to, to + 3), image.subarray(from, from + 3));
    }
  }
});

Deno.test("a half-pixel shift gives the mean of two neighbours, halves rounded to even", () => {
  const image = new Uint8Array(2 * 2 * 3);
  image.set([10, 20, 30, 13, 21, 255]); // upper row
  const result = transformImage(image, { tx: 0.5 }, 2);
  assert.deepEqual([...result.subarray(0, 6)], [12, 20, 142, 13, 21, 255]); // 11.5 → 12, 20.5 → 20, 142.5 → 142
});

Deno.test("a result is a new array, and its values stay within the range of its source's values", () => {
  for (let seed = 0; seed < 50; seed++) {
    const image = images[seed % 10].map((value) => 80 + value / 4);
    const before = image.slice();
    const random = randomFor("affine", seed);
    const [theta, tx, ty] = [random() * 360, random() * 99 - 50, random() * 99 - 50];
    const parameters = seed === 0 ? {} : { theta, tx, ty, zx: 0.2 + 3 * random(), zy: 0.2 + 3 * random() };
    const result = transformImage(image, parameters, size);
    assert.ok(Math.min(...result) >= Math.min(...image) && Math.max(...result) <= Math.max(...image));
    result.fill(0);
    assert.deepEqual(image, before);
  }
});

Deno.test("a copy is the same for the same seed, image and number, in any order; copy 0 is the image itself", () => {
  const jobs = Array.from({ length: 100 }, (_, i) => ({
    seed: i % 5,
    imageId: `ISIC_${i % 3}`,
    copy: 1 + Math.floor(i / 15),
  }));
  const nameOf = (job: typeof jobs[number]) => `${job.seed} ${job.imageId} ${job.copy}`;
  const draw = (job: typeof jobs[number]) => augmentedCopy(images[0], { size, ranges, ...job });
  const first = new Map(jobs.map((job) => [nameOf(job), draw(job)]));
  for (const job of shuffled(jobs, randomFor("order"))) assert.deepEqual(draw(job), first.get(nameOf(job)));
  const different = new Set([...first.values()].map((copy) => copy.join()));
  assert.equal(different.size, first.size, "other seeds, images and numbers give other copies");
  assert.deepEqual(draw({ ...jobs[0], copy: 0 }), images[0]);
});

Deno.test("drawn parameters fill the protocol's ranges evenly and never leave them", () => {
  const draws = Array.from({ length: 4000 }, (_, i) => drawTransform(randomFor(i), ranges, 64));
  const limits = { theta: [-180, 180], tx: [-6.4, 6.4], ty: [-6.4, 6.4], zx: [0.9, 1.1], zy: [0.9, 1.1] };
  for (const [name, [least, most]] of Object.entries(limits)) {
    const values = draws.map((drawn) => drawn[name as keyof typeof limits]);
    assert.ok(Math.min(...values) >= least && Math.max(...values) <= most, name);
    const quarters = [0, 0, 0, 0];
    for (const value of values) quarters[Math.min(3, Math.floor(4 * (value - least) / (most - least)))]++;
    for (const count of quarters) assert.ok(Math.abs(count - 1000) < 150, `${name}: ${quarters}`);
  }
  const count = (holds: (drawn: TransformParameters) => boolean) => draws.filter(holds).length;
  assert.ok(Math.abs(count((drawn) => drawn.flipHorizontal) - 2000) < 200);
  assert.ok(Math.abs(count((drawn) => drawn.flipVertical) - 2000) < 200);
  assert.ok(Math.abs(count((drawn) => drawn.flipHorizontal && drawn.flipVertical) - 1000) < 150);
});

Deno.test("a copy uses seven random numbers in the documented order; shifts are fractions of width and height", () => {
  const draw = (numbers: number[], size: ImageSize) => {
    const left = [...numbers];
    const drawn = drawTransform(() => left.shift()!, ranges, size);
    assert.equal(left.length, 0);
    return drawn;
  };
  const expected = {
    theta: 90,
    ty: -3.2,
    tx: 6.4,
    zx: 1,
    zy: 0.9,
    flipHorizontal: true,
    flipVertical: false,
  };
  assert.deepEqual(draw([0.75, 0.25, 1, 0.5, 0, 0.49, 0.5], 64), expected);
  const { tx, ty } = draw([1, 1, 1, 1, 1, 1, 1], [150, 200]);
  assert.deepEqual([tx, ty], [20, 15]);
});

Deno.test("turning ranges off does not change what is drawn for the others", () => {
  const nothing: AugmentationRanges = {
    ...{ rotation: 0, zoom: [1, 1], widthShift: 0, heightShift: 0 },
    ...{ horizontalFlip: false, verticalFlip: false },
  };
  const still = { theta: 0, tx: 0, ty: 0, zx: 1, zy: 1, flipHorizontal: false, flipVertical: false };
  const effects = {
    rotation: ["theta"],
    zoom: ["zx", "zy"],
    widthShift: ["tx"],
    heightShift: ["ty"],
    horizontalFlip: ["flipHorizontal"],
    verticalFlip: ["flipVertical"],
  } as const;
  for (let seed = 0; seed < 50; seed++) {
    const draw = (ranges: AugmentationRanges) => drawTransform(randomFor(seed), ranges, size);
    const all = draw(ranges);
    assert.deepEqual(draw(nothing), still);
    for (const range of Object.keys(effects) as (keyof typeof effects)[]) {
      const changed = Object.fromEntries(effects[range].map((name) => [name, all[name]]));
      assert.deepEqual(draw({ ...nothing, [range]: ranges[range] }), { ...still, ...changed });
    }
  }
});

Deno.test("wrong shapes, parameters, copies and ranges are refused by name", () => {
  assert.throws(() => transformImage(new Uint8Array(64 * 48 * 3), {}, 64), {
    name: "TypeError",
    message: /\(64, 64, 3\).*12288.*9216/,
  });
  const parameters: [Partial<TransformParameters>, RegExp][] = [
    [{ theta: NaN }, /theta.*NaN/],
    [{ tx: Infinity }, /tx.*Infinity/],
    [{ zy: 0 }, /zy.*above 0.*0/],
    [{ zx: -1 }, /zx.*-1/],
  ];
  for (const [given, message] of parameters) {
    assert.throws(() => transformImage(images[0], given, size), { name: "RangeError", message });
  }
  for (const copy of [-1, 1.5, NaN]) {
    assert.throws(() => augmentedCopy(images[0], { size, ranges, seed: 1, imageId: "a", copy }), {
      name: "RangeError",
      message: /copy must be a whole number/,
    });
  }
  const impossible: Partial<AugmentationRanges>[] = [
    ...[{ rotation: 181 }, { rotation: -1 }, { zoom: [0, 1] }, { zoom: [1.1, 0.9] }] as const,
    ...[{ widthShift: 2 }, { heightShift: NaN }],
  ];
  for (const range of impossible) {
    assert.throws(() => drawTransform(randomFor(0), { ...ranges, ...range }, size), {
      name: "RangeError",
      message: new RegExp(`${Object.keys(range)[0]} must be`),
    });
  }
});
