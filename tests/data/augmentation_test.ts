import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import {
  augment,
  augmentedCopy,
  drawParameters,
  protocolRanges,
  transformImage,
  type TransformParameters,
} from "../../lib/data/augmentation.ts";
import { pixelsIn } from "../../lib/image_size.ts";
import { randomFor, shuffled } from "../../lib/support/random.ts";

const size = 64;
const length = size * size * 3;
const noise = (seed: number) => {
  const random = randomFor("noise", seed);
  return Uint8Array.from({ length }, () => random() * 256);
};

interface KerasParameters {
  theta?: number;
  tx?: number;
  ty?: number;
  zx?: number;
  zy?: number;
  flip_horizontal?: boolean;
  flip_vertical?: boolean;
}

async function checkGolden(name: string): Promise<void> {
  const folder = new URL("../fixtures/augmentation/", import.meta.url);
  const table = JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, folder)));
  const bytes = gunzipSync(await Deno.readFile(new URL(`${name}.bin.gz`, folder)));
  const { size } = table;
  const length = pixelsIn(size) * 3;
  const image = (index: number) => new Uint8Array(bytes.subarray(index * length, (index + 1) * length));
  const cases: { input: number; parameters: KerasParameters }[] = table.cases;
  assert.equal(bytes.length, (table.inputs + cases.length) * length);
  assert.ok(cases.length >= 30);

  let different = 0;
  cases.forEach(({ input, parameters }, number) => {
    const { flip_horizontal: flipHorizontal = false, flip_vertical: flipVertical = false, ...affine } =
      parameters;
    const result = transformImage(image(input), { ...affine, flipHorizontal, flipVertical }, size);
    const expected = image(table.inputs + number);
    let worst = 0;
    for (let i = 0; i < length; i++) {
      const difference = Math.abs(result[i] - expected[i]);
      if (difference > 0) different++;
      worst = Math.max(worst, difference);
    }
    assert.ok(worst <= 1, `case ${number} ${JSON.stringify(parameters)}: a pixel differs by ${worst}`);
  });
  // only ties at .5 may fall to the other side
  assert.ok(different < 1e-3 * cases.length * length, `${different} values differ`);
}

Deno.test("every pixel is within 1 of Keras' apply_transform", () => checkGolden("augmentation"));

Deno.test("on a rectangle too, about its middle", () => checkGolden("rectangle"));

Deno.test("a rectangle's shifts are shares of its own height and width", () => {
  const most = () => 1;
  const { tx, ty } = drawParameters(most, protocolRanges, [150, 200]);
  assert.deepEqual([tx, ty], [20, 15]);
});

Deno.test("a copy is the same for the same seed, image and number, in any order", () => {
  const image = noise(0);
  const jobs = Array.from({ length: 100 }, (_, i) => ({
    seed: i % 5,
    imageId: `ISIC_${i % 3}`,
    copy: 1 + Math.floor(i / 15),
  }));
  const nameOf = (job: typeof jobs[number]) => `${job.seed} ${job.imageId} ${job.copy}`;
  const first = new Map(jobs.map((job) => [nameOf(job), augmentedCopy(image, { size, ...job })]));
  for (const job of shuffled(jobs, randomFor("order"))) {
    assert.deepEqual(augmentedCopy(image, { size, ...job }), first.get(nameOf(job)));
  }
  const different = new Set([...first.values()].map((copy) => copy.join()));
  assert.equal(different.size, first.size, "other seeds, images and numbers give other copies");
});

Deno.test("copy 0 is the image itself in an array of its own", () => {
  const image = noise(1);
  const copy = augmentedCopy(image, { size, seed: 7, imageId: "a", copy: 0 });
  assert.deepEqual(copy, image);
  copy.fill(0);
  assert.notDeepEqual(copy, image);
});

Deno.test("augmenting leaves the original as it was", () => {
  const image = noise(2);
  const before = image.slice();
  for (let seed = 0; seed < 30; seed++) augment(image, { size, random: randomFor(seed) });
  assert.deepEqual(image, before);
});

Deno.test("drawn parameters fill the protocol's ranges evenly and never leave them", () => {
  const draws = Array.from({ length: 4000 }, (_, i) => drawParameters(randomFor(i), protocolRanges, size));
  const within = (name: "theta" | "tx" | "ty" | "zx" | "zy", least: number, most: number) => {
    const values = draws.map((drawn) => drawn[name]);
    assert.ok(Math.min(...values) >= least && Math.max(...values) <= most, name);
    const quarters = [0, 0, 0, 0];
    for (const value of values) quarters[Math.min(3, Math.floor(4 * (value - least) / (most - least)))]++;
    for (const count of quarters) assert.ok(Math.abs(count - 1000) < 150, `${name}: ${quarters}`);
  };
  within("theta", -180, 180);
  within("tx", -6.4, 6.4);
  within("ty", -6.4, 6.4);
  within("zx", 0.9, 1.1);
  within("zy", 0.9, 1.1);
  for (const flip of ["flipHorizontal", "flipVertical"] as const) {
    const count = draws.filter((drawn) => drawn[flip]).length;
    assert.ok(Math.abs(count - 2000) < 200, `${flip}: ${count}`);
  }
  const both = draws.filter((drawn) => drawn.flipHorizontal && drawn.flipVertical).length;
  assert.ok(Math.abs(both - 1000) < 150, `both flips: ${both}`);
});

Deno.test("a range set to nothing leaves the other draws as they are", () => {
  const nothing: typeof protocolRanges = {
    rotation: 0,
    zoom: [1, 1],
    widthShift: 0,
    heightShift: 0,
    horizontalFlip: false,
    verticalFlip: false,
  };
  const still: TransformParameters = {
    theta: 0,
    tx: 0,
    ty: 0,
    zx: 1,
    zy: 1,
    flipHorizontal: false,
    flipVertical: false,
  };
  const effects = {
    rotation: ["theta"],
    zoom: ["zx", "zy"],
    widthShift: ["tx"],
    heightShift: ["ty"],
    horizontalFlip: ["flipHorizontal"],
    verticalFlip: ["flipVertical"],
  } as const;
  for (let seed = 0; seed < 50; seed++) {
    assert.deepEqual(drawParameters(randomFor(seed), nothing, size), still);
    const all = drawParameters(randomFor(seed), protocolRanges, size);
    for (const range of Object.keys(effects) as (keyof typeof effects)[]) {
      const expected = { ...still };
      for (const name of effects[range]) Object.assign(expected, { [name]: all[name] });
      const alone = { ...nothing, [range]: protocolRanges[range] };
      assert.deepEqual(drawParameters(randomFor(seed), alone, size), expected);
    }
  }
});

Deno.test("a copy is drawn by the seven numbers in the documented order", () => {
  const numbers = [0.75, 0.25, 1, 0.5, 0, 0.49, 0.5];
  let taken = 0;
  const drawn = drawParameters(() => numbers[taken++], protocolRanges, size);
  assert.equal(taken, 7);
  assert.deepEqual(drawn, {
    theta: 90,
    ty: -3.2,
    tx: 6.4,
    zx: 1,
    zy: 0.9,
    flipHorizontal: true,
    flipVertical: false,
  });
});

Deno.test("two flips undo each other and both together are a half turn", () => {
  for (let seed = 0; seed < 20; seed++) {
    const image = noise(seed);
    const flip = (source: Uint8Array, flips: Partial<TransformParameters>) =>
      transformImage(source, flips, size);
    for (const flips of [{ flipHorizontal: true }, { flipVertical: true }]) {
      assert.notDeepEqual(flip(image, flips), image);
      assert.deepEqual(flip(flip(image, flips), flips), image);
    }
    const both = flip(image, { flipHorizontal: true, flipVertical: true });
    assert.deepEqual(both, transformImage(image, { theta: 180 }, size));
  }
});

Deno.test("flips come after the affine part", () => {
  const image = noise(3);
  const affine = { theta: 31, tx: 4, ty: -2, zx: 0.9, zy: 1.1 };
  const once = transformImage(image, { ...affine, flipHorizontal: true }, size);
  const twice = transformImage(transformImage(image, affine, size), { flipHorizontal: true }, size);
  assert.deepEqual(once, twice);
});

Deno.test("wrong shapes, copies and ranges are refused", () => {
  const options = { size, seed: 1, imageId: "a" };
  assert.throws(() => transformImage(new Uint8Array(64 * 48 * 3), {}, size), {
    name: "TypeError",
    message: /\(64, 64, 3\).*12288.*9216/,
  });
  assert.throws(() => augmentedCopy(new Uint8Array(3), { ...options, copy: 1 }), TypeError);
  for (const copy of [-1, 1.5, NaN]) {
    assert.throws(() => augmentedCopy(noise(0), { ...options, copy }), {
      name: "RangeError",
      message: /copy/,
    });
  }
  const bad: Partial<typeof protocolRanges>[] = [
    { rotation: 181 },
    { rotation: -1 },
    { zoom: [0, 1] },
    { zoom: [1.1, 0.9] },
    { widthShift: 2 },
    { heightShift: NaN },
  ];
  for (const range of bad) {
    assert.throws(() => drawParameters(randomFor(0), { ...protocolRanges, ...range }, size), {
      name: "RangeError",
      message: new RegExp(Object.keys(range)[0]),
    });
  }
});
