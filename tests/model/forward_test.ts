import assert from "node:assert/strict";
import type { Tensor4D } from "@tensorflow/tfjs";
import { sha256 } from "../../lib/support/digest.ts";
import { decodeImage } from "../../lib/data/decode.ts";
import { type ImageSize, pixelsIn, sidesOf, sizeText } from "../../lib/image_size.ts";
import { startEngine, tf } from "../../lib/support/engine/engine.ts";
import { frozenLayers, inputLength } from "../../lib/model/vgg16.ts";
import { depths } from "../../lib/recipe.ts";
import { type FrozenBase, makeBase, scalePixels } from "../../lib/model/forward.ts";
import { loadWeights, randomWeights } from "../../lib/model/weights.ts";
import { exists, noiseImages, realPhotos, realWeights } from "./images.ts";
import { runDeno } from "../support/run_deno.ts";
import { relativeError } from "../support/close.ts";

await startEngine();

const fixtures = new URL("../fixtures/vgg16/", import.meta.url);
const weights = randomWeights(0);
const scalings = ["divide255", "imagenet"] as const;

function golden(name: string): Float32Array {
  return new Float32Array(Deno.readFileSync(new URL(name, fixtures)).buffer);
}

/** Images (n, height, width, 3) through the base, all in one batch: (n, outputs). */
function run(base: FrozenBase, pixels: Uint8Array, size: ImageSize): Float32Array {
  const n = pixels.length / (pixelsIn(size) * 3);
  const shape = [n, ...sidesOf(size), 3] as const;
  return tf.tidy(() => base.forward(tf.tensor4d(pixels, [...shape], "int32")).dataSync<"float32">());
}

Deno.test("features of noise under random weights match Keras' within 1e-4, in both scalings", () => {
  for (const scaling of scalings) {
    const base = makeBase(weights, { size: 64, scaling });
    const error = relativeError(run(base, noiseImages(4, 64), 64), golden(`noise_${scaling}.f32`));
    base[Symbol.dispose]();
    assert.ok(error < 1e-4, `${scaling}: ${error}`);
  }
});

Deno.test("WebAssembly features match Keras' within 1e-4 and are bit-identical with one or several workers", async () => {
  const program = new URL("print_noise_features.ts", import.meta.url).pathname;
  const { code, out, err } = await runDeno(["run", "-A", program, "3"], { env: { HAM10000_ENGINE: "wasm" } });
  assert.equal(code, 0, err);
  const { engine, features } = JSON.parse(out);
  assert.equal(engine, "wasm");
  const [one, ...several] = features;
  assert.ok(relativeError(one, golden("noise_divide255.f32")) < 1e-4);
  assert.deepEqual(several, [one, one]);
});

Deno.test({
  name: "features of 64 photos match Keras' within 1e-4, in both scalings",
  ignore: !exists(realWeights),
  fn: async () => {
    const record = JSON.parse(Deno.readTextFileSync(new URL("photos.json", fixtures)));
    const photos = await realPhotos();
    assert.deepEqual(photos.map(({ imageId }) => imageId), record.imageIds);
    const images = await Promise.all(photos.map(({ path }) => decodeImage(path, 64)));
    const pixels = Uint8Array.from(images.flatMap((image) => [...image]));
    assert.equal(sha256(pixels), record.pixelDigest, "Keras saw other pixels: make the fixture again");
    const imagenet = await loadWeights(realWeights);
    for (const scaling of scalings) {
      const base = makeBase(imagenet, { size: 64, scaling });
      const features = run(base, pixels, 64);
      base[Symbol.dispose]();
      const rows = photos.map((_, i) => features.subarray(2048 * i, 2048 * (i + 1)));
      const chosen = rows.flatMap((row) => record.positions.map((position: number) => row[position]));
      const error = relativeError(chosen, golden(`photos_${scaling}.f32`));
      assert.ok(error < 1e-4, `${scaling}: ${error}`);
      // and all 2,048 by their sum and norm, against those left out of the fixture
      const sums = rows.map((row) => row.reduce((sum, value) => sum + value, 0));
      const norms = rows.map((row) => Math.hypot(...row));
      assert.ok(relativeError(sums, record[scaling].sums) < 1e-4);
      assert.ok(relativeError(norms, record[scaling].norms) < 1e-4);
    }
  },
});

Deno.test("every depth matches plain convolutions, at 64×64, at sides that tiles do not cover and on rectangles", () => {
  for (const size of [64, 40, [48, 64], [75, 50], [64, 65]] as const) {
    const pixels = noiseImages(2, size);
    for (const depth of depths) {
      const base = makeBase(weights, { size, scaling: "divide255", depth });
      const received = run(base, pixels, size);
      base[Symbol.dispose]();
      const expected = tf.tidy(() => {
        let x: Tensor4D = tf.tensor4d(pixels, [2, ...sidesOf(size), 3], "float32").div(255);
        for (const layer of frozenLayers(depth)) {
          if (layer.kind === "pool") {
            x = tf.maxPool(x, 2, 2, "valid");
            continue;
          }
          const { kernel, bias } = weights.layers.find(({ name }) => name === layer.name)!;
          const filter = tf.tensor4d(kernel, [3, 3, layer.inputs, layer.outputs]);
          x = tf.conv2d(x, filter, 1, "same").add<Tensor4D>(tf.tensor1d(bias)).relu();
        }
        return x.dataSync<"float32">();
      });
      assert.equal(received.length, 2 * inputLength(depth, size));
      const error = relativeError(received, expected);
      assert.ok(error < 5e-5, `${depth} at ${sizeText(size)}: ${error}`);
    }
  }
});

Deno.test("biases count: a bias added to the last layer raises its positive outputs by as much", () => {
  const raised = weights.layers.map((layer) =>
    layer.name === "block5_conv3" ? { ...layer, bias: new Float32Array(512).fill(3) } : layer
  );
  const pixels = noiseImages(1, 64);
  const features = [weights, { ...weights, layers: raised }].map((each) => {
    const base = makeBase(each, { size: 64, scaling: "divide255" });
    const result = run(base, pixels, 64);
    base[Symbol.dispose]();
    return result;
  });
  features[0].forEach((value, i) => {
    if (value > 0) assert.ok(Math.abs(features[1][i] - value - 3) < 1e-5);
  });
});

Deno.test("an image's features are bit-identical at any position in a batch, whatever the other images", () => {
  const [n, length] = [24, 64 * 64 * 3];
  const pixels = noiseImages(n, 64, 1);
  const image = (i: number) => pixels.subarray(i * length, (i + 1) * length);
  const base = makeBase(weights, { size: 64, scaling: "imagenet" });
  const inOrder = run(base, pixels, 64);
  const row = (features: Float32Array, i: number) => features.subarray(2048 * i, 2048 * (i + 1));

  const places = Array.from({ length: n }, (_, i) => (i * 7 + 5) % n);
  const permuted = new Uint8Array(pixels.length);
  places.forEach((place, i) => permuted.set(image(i), place * length));
  const moved = run(base, permuted, 64);
  const alone = new Uint8Array(pixels.length); // the last image among black ones
  alone.set(image(n - 1), 0);
  const lonely = run(base, alone, 64);
  base[Symbol.dispose]();

  places.forEach((place, i) => assert.deepEqual(row(moved, place), row(inOrder, i)));
  assert.deepEqual(row(lonely, 0), row(inOrder, n - 1));
  assert.notDeepEqual(row(inOrder, 0), row(inOrder, 1));
});

Deno.test("the two scalings match the write-up's and Keras'", () => {
  const scaled = (
    scaling: typeof scalings[number],
  ) => [
    ...tf.tidy(() => scalePixels(tf.tensor4d([[[[255, 51, 0]]]], undefined, "int32"), scaling).dataSync()),
  ];
  assert.deepEqual(scaled("divide255"), [1, 51 / 255, 0].map(Math.fround));
  const expected = [0 - 103.939, 51 - 116.779, 255 - 123.68]; // blue, green, red
  assert.ok(relativeError(scaled("imagenet"), expected) < 1e-6);
  assert.throws(() => scaled("tf" as "imagenet"), { name: "RangeError", message: /Received: tf/ });
});

Deno.test("a base leaves no tensors behind, and errors name the wrong shape or layer", () => {
  const before = tf.memory().numTensors;
  const base = makeBase(weights, { size: 64, scaling: "divide255" });
  run(base, noiseImages(1, 64), 64);
  tf.tidy(() => {
    assert.throws(() => base.forward(tf.zeros([1, 32, 32, 3])), {
      name: "TypeError",
      message: /\(batch, 64, 64, 3\). Received: \(1, 32, 32, 3\)/,
    });
    assert.throws(() => base.forward(tf.zeros([1, 64, 48, 3])), { message: /Received: \(1, 64, 48, 3\)/ });
  });
  base[Symbol.dispose]();
  const lacking = { ...weights, layers: weights.layers.slice(0, 12) };
  assert.throws(() => makeBase(lacking, { size: 64, scaling: "divide255" }), {
    message: /lack block5_conv3/,
  });
  assert.equal(tf.memory().numTensors, before);
});
