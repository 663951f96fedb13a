import assert from "node:assert/strict";
import {
  type ActivationOptions,
  type Activations,
  activationsDigest,
  filesOfActivations,
  type KeyedImage,
  openActivations,
} from "../../lib/model/activations.ts";
import { makeBase } from "../../lib/model/forward.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { engine, startEngine, tf, valuesOf } from "../../lib/support/engine/engine.ts";
import { showProgress } from "../../lib/support/progress.ts";
import type { Store } from "../../lib/support/store.ts";
import { withStore } from "../support/store_folder.ts";
import { noiseImages } from "./images.ts";

await startEngine();

const size = 32;
const length = 512; // 1 × 1 × 512
const weights = randomWeights(0);
/** Small, quick batches. */
const options: ActivationOptions = { weights, scaling: "divide255", size, batchSize: 4 };

/** Seeded noise images; `onPixels` is told of each one that is drawn. */
function noise(count: number, onPixels?: (index: number) => void): KeyedImage[] {
  return Array.from({ length: count }, (_, index) => ({
    key: sha256(`noise ${index}`),
    pixels: () => {
      onPixels?.(index);
      return noiseImages(1, size, index);
    },
  }));
}

/** All rows, (count, length). */
function valuesIn({ count, length, read }: Activations): Float32Array {
  const values = new Float32Array(count * length);
  for (let row = 0; row < count; row++) read(row, values.subarray(row * length, (row + 1) * length));
  return values;
}

async function compute(images: readonly KeyedImage[], store: Store, more: Partial<ActivationOptions> = {}) {
  using activations = await openActivations(images, { ...options, ...more, store });
  return { computed: activations.computed, values: valuesIn(activations) };
}

/** What an unbroken run gives for 20 images. */
let unbroken: Float32Array;
Deno.test.beforeAll(() =>
  withStore(async (store) => void ({ values: unbroken } = await compute(noise(20), store)))
);

/** The only shard with activations of these options, and where its rows begin. */
function shardIn(store: Store): { path: string; rows: number } {
  const folder = `${store.folder}/activations/${activationsDigest(options)}`;
  const shards = Array.from(Deno.readDirSync(folder)).filter(({ isDirectory }) => isDirectory)
    .flatMap(({ name }) =>
      Array.from(Deno.readDirSync(`${folder}/${name}`), (file) => `${folder}/${name}/${file.name}`)
    );
  assert.equal(shards.length, 1);
  const { size } = Deno.statSync(shards[0]);
  return { path: shards[0], rows: size - 2 * length * Math.floor((size - 24) / (36 + 2 * length)) };
}

function flipByte(path: string, offset: number): void {
  const bytes = Deno.readFileSync(path);
  bytes[offset] ^= 4;
  Deno.writeFileSync(path, bytes);
}

Deno.test("values are the base's, rounded to half floats, whatever the order and batch size", () =>
  withStore(async (store) => {
    using activations = await openActivations(noise(7), { ...options, store });
    assert.deepEqual([activations.length, activations.count, activations.computed], [length, 7, 7]);
    const values = valuesIn(activations);
    using base = makeBase(weights, options);
    for (const [i, { pixels }] of noise(7).entries()) {
      const alone = valuesOf(() => base.forward(tf.tensor4d(pixels(), [1, size, size, 3], "int32")));
      const largest = Math.max(...alone);
      assert.ok(largest > 0);
      alone.forEach((value, j) => {
        const stored = values[length * i + j];
        assert.equal(stored, Math.f16round(stored));
        assert.ok(Math.abs(value - stored) < 1e-3 * value + 1e-5 * largest, `image ${i}, value ${j}`);
      });
    }
    const backwards = (await compute(noise(20).reverse(), store, { batchSize: 5 })).values;
    for (let i = 0; i < 20; i++) {
      const row = backwards.subarray(length * (19 - i), length * (20 - i));
      assert.deepEqual(row, unbroken.subarray(length * i, length * (i + 1)));
    }
  }));

Deno.test("only images not yet stored are loaded and computed", () =>
  withStore(async (store) => {
    const drawn: number[] = [];
    const images = noise(20, (index) => drawn.push(index));
    const stored = () => 20 - filesOfActivations(images, { ...options, store }).missing.length;
    assert.equal(stored(), 0);
    await compute(images.slice(3, 9), store);
    assert.equal(stored(), 6);
    const calls: number[][] = [];
    {
      using _ = showProgress(() => (done, total) => calls.push([done, total]));
      assert.deepEqual(await compute(images, store), { computed: 14, values: unbroken });
    }
    assert.deepEqual(calls, [[6, 20], [10, 20], [14, 20], [18, 20], [20, 20]]);
    assert.deepEqual(drawn.toSorted((a, b) => a - b), images.map((_, i) => i));
    assert.deepEqual(await compute(images, store), { computed: 0, values: unbroken });
    assert.deepEqual([drawn.length, stored()], [20, 20]);
  }));

Deno.test("equal keys are computed once and returned at each of their places; no images give no values", () =>
  withStore(async (store) => {
    const [first, second] = noise(2);
    const { computed, values } = await compute([first, second, first, first], store);
    const row = (i: number) => values.subarray(length * i, length * (i + 1));
    assert.equal(computed, 2);
    for (const i of [2, 3]) assert.deepEqual(row(i), row(0));
    assert.notDeepEqual(row(1), row(0));
    assert.deepEqual(await compute([], store), { computed: 0, values: new Float32Array(0) });
  }));

Deno.test("other weights, scaling, depth, batch size or precision are stored apart, each with a specification", () =>
  withStore(async (store) => {
    const others: Partial<ActivationOptions>[] = [
      {},
      { weights: randomWeights(1) },
      { scaling: "imagenet" },
      { depth: "block3" },
      { batchSize: 2 },
      ...engine.name === "tfjs-node" ? [{ precision: "bfloat16" }] as const : [],
    ];
    const digests = new Set<string>();
    for (const other of others) {
      using activations = await openActivations(noise(2), { ...options, ...other, store });
      assert.equal(activations.length, other.depth ? 8 * 8 * 128 : length);
      assert.equal(activations.computed, 2);
      digests.add(activations.digest);
    }
    assert.equal(digests.size, others.length);
    const specs = Array.from(
      Deno.readDirSync(`${store.folder}/activations`),
      ({ name }) => JSON.parse(Deno.readTextFileSync(`${store.folder}/activations/${name}/spec.json`)),
    );
    assert.equal(specs.length, others.length);
    assert.equal(specs.filter(({ scaling }) => scaling === "imagenet").length, 1);
    assert.equal(specs.filter(({ precision }) => precision === undefined).length, 5);
    assert.equal(specs.filter(({ depth }) => depth === "block3").length, 1);
    assert.equal(specs.filter(({ weights }) => weights === randomWeights(1).digest).length, 1);
  }));

Deno.test("the digest depends on the images and their order, not on how they were stored", () =>
  withStore(async (store) => {
    const digestOf = async (images: KeyedImage[]) => {
      using activations = await openActivations(images, { ...options, store });
      return activations.digest;
    };
    const [first, second, third] = noise(3);
    const digest = await digestOf([first, second]);
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.equal(await digestOf([first, second]), digest);
    for (const other of [[second, first], [first], [first, second, third]]) {
      assert.notEqual(await digestOf(other), digest);
    }
  }));

Deno.test("a killed computation goes on where it stopped; two processes at once give the same bytes", () =>
  withStore(async (store) => {
    const program = new URL("compute_activations.ts", import.meta.url).pathname;
    const start = (...stop: string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", program, store.folder, "20", ...stop],
        stderr: "null",
      }).output();
    assert.equal((await start("8")).signal, "SIGKILL");
    const stored = 20 - filesOfActivations(noise(20), { ...options, store }).missing.length;
    assert.equal(stored, 8);
    const drawn: number[] = [];
    const { computed, values } = await compute(noise(20, (index) => drawn.push(index)), store);
    assert.deepEqual([computed, drawn.length], [20 - stored, 20 - stored]);
    assert.deepEqual(values, unbroken);

    await Deno.remove(`${store.folder}/activations`, { recursive: true });
    for (const { success, stdout } of await Promise.all([start(), start()])) {
      assert.ok(success);
      assert.ok(new TextDecoder().decode(stdout).endsWith(`${sha256(new Uint8Array(unbroken.buffer))}\n`));
    }
  }));

Deno.test("if another process began at the same place, the rest is computed from the other end of the list", () =>
  withStore(async (store) => {
    const images = noise(20);
    const drawn: number[] = [];
    const watched = noise(20, (index) => {
      drawn.push(index);
      if (drawn.length !== 4) return; // while the first batch is computed, another process stores its images and the next
      using rows = store.rows(`activations/${activationsDigest(options)}`, { rowBytes: 2 * length });
      for (let i = 0; i < 8; i++) {
        const halves = new Float16Array(unbroken.subarray(length * i, length * (i + 1)));
        rows.append(images[i].key, new Uint8Array(halves.buffer));
      }
    });
    const { computed, values } = await compute(watched, store);
    assert.deepEqual(values, unbroken);
    assert.deepEqual(drawn, [0, 1, 2, 3, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8]);
    assert.equal(computed, 16);
  }));

Deno.test("a flipped byte is found, reported once, and its image recomputed", () =>
  withStore(async (store, notices) => {
    await compute(noise(4), store);
    for (const place of ["key", "checksum", "first value", "last value"]) {
      const { path, rows } = shardIn(store);
      const offset = {
        key: 24 + 36,
        checksum: 24 + 36 + 32,
        "first value": rows,
        "last value": rows + 8 * length - 1,
      };
      flipByte(path, offset[place as keyof typeof offset]);
      assert.deepEqual(
        await compute(noise(4), store),
        { computed: 1, values: unbroken.slice(0, 4 * length) },
        place,
      );
      assert.match(
        notices.splice(0).join("\n"),
        /^.*damaged\. 3 of its 4 rows are intact; .* computed again$/,
        place,
      );
      await Deno.remove(`${store.folder}/activations`, { recursive: true });
      await compute(noise(4), store);
    }
  }));

Deno.test("rows too large for memory are read from disk; one damaged meanwhile is reported and recomputed at once", () =>
  withStore(async (store, notices) => {
    // 320,000 rows of 2 KB as float32: 655 MB
    const four = noise(4);
    const images = Array.from({ length: 320_000 }, (_, i) => four[i % 4]);
    using activations = await openActivations(images, { ...options, store });
    assert.equal(activations.computed, 4);
    const row = new Float32Array(length);
    const check = () => {
      for (const i of [319_999, 2, 100_001, 0]) {
        activations.read(i, row);
        assert.deepEqual(row, unbroken.slice(length * (i % 4), length * (i % 4 + 1)), `row ${i}`);
      }
    };
    check();
    assert.deepEqual(notices, []);
    const { path, rows } = shardIn(store);
    flipByte(path, rows + 2 * 2 * length + 100); // of image 2
    check();
    assert.match(notices.join("\n"), /^.*damaged\. 3 of its 4 rows are intact; .* computed again$/);
  }));

Deno.test("a failure in the middle keeps what was computed before it, and frees files and memory", () =>
  withStore(async (store) => {
    const failing = noise(20, (index) => {
      if (index === 9) throw new Error("photo 9 is gone");
    });
    const before = tf.memory().numTensors;
    await assert.rejects(compute(failing, store), { message: /photo 9/ });
    assert.equal(tf.memory().numTensors, before);
    assert.deepEqual(await compute(noise(20), store), { computed: 12, values: unbroken });
    assert.equal(tf.memory().numTensors, before);
  }));

Deno.test("invalid input and values beyond half floats are refused and not stored", () =>
  withStore(async (store) => {
    const [image] = noise(1);
    const layers = weights.layers.map((layer) => ({ ...layer, bias: layer.bias.map(() => 70_000) }));
    const huge = { ...weights, digest: sha256("huge"), layers };
    const cases: [KeyedImage, Partial<ActivationOptions>, RegExp][] = [
      [{ ...image, key: "photo 1" }, {}, /^TypeError: Image 0: .*64 hexadecimal digits\. Received: photo 1/],
      [
        { ...image, pixels: () => new Uint8Array(3) },
        {},
        /^TypeError: Image .*shape \(32, 32, 3\), 3072 values\. Received: 3/,
      ],
      [image, { batchSize: 0 }, /^RangeError: batchSize .*Received: 0/],
      [image, { weights: huge }, /half float\. Received: \d+/],
    ];
    for (const [given, more, message] of cases) {
      await assert.rejects(compute([given], store, more), message);
      const asked = { ...options, ...more, store };
      if (given.key === image.key) {
        assert.deepEqual(filesOfActivations([image], asked), { files: [], missing: [0] });
      }
    }
  }));
