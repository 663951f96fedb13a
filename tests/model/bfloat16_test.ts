import assert from "node:assert/strict";
import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs";
import { makeBase, makeConvolutions } from "../../lib/model/forward.ts";
import { layers } from "../../lib/model/vgg16.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { instructionsIn } from "../../lib/support/engine/bfloat16.ts";
import { engine, startEngine, tf } from "../../lib/support/engine/engine.ts";
import { randomFor } from "../../lib/support/random.ts";

await startEngine();

const ignore = engine.name === "wasm";

/** −1, 0 and 1, a fifth of them not 0: their sums stay below 256, so bfloat16 is exact. */
function wholeNumbers(shape: number[], name: string): Tensor {
  const random = randomFor("bfloat16", name);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => {
    const drawn = random();
    return drawn < 0.1 ? -1 : drawn < 0.2 ? 1 : 0;
  });
  return tf.tensor(values, shape);
}

/** What block1 makes of whole numbers in a precision, at a side where float32 does not round either (no Winograd), and the gradients of its sum's with respect to filters and biases. */
function block1(precision: "float32" | "bfloat16"): Float32Array[] {
  return tf.tidy(() => {
    const some = layers.slice(0, 3);
    const convolutions = some.filter(({ kind }) => kind === "convolution");
    using block = makeConvolutions(some, { size: 64, tiles: "fine", precision });
    const images = wholeNumbers([1, 64, 64, 3], "images") as Tensor4D;
    const kernels = convolutions.map(({ name, inputs, outputs }) => {
      return wholeNumbers([3, 3, inputs, outputs], `${name}/kernel`) as Tensor4D;
    });
    const biases = convolutions.map(({ name, outputs }) =>
      wholeNumbers([outputs], `${name}/bias`) as Tensor1D
    );
    // A gradient is a sum over all pixels of all images: few of them count, or it would be rounded.
    const counted = wholeNumbers([1, 32, 32, 64], "counted").mul(wholeNumbers([1, 32, 32, 64], "few"));
    let value: Float32Array;
    const gradients = tf.grads((...given: Tensor[]) => {
      const [filters, biases] = [
        block.filters(given.slice(0, 2) as Tensor4D[]),
        given.slice(2) as Tensor1D[],
      ];
      const found = block.run(images, filters, biases);
      value = found.dataSync<"float32">();
      return found.mul(counted).sum();
    })([...kernels, ...biases]);
    return [value!, ...gradients.map((tensor) => tensor.dataSync<"float32">())];
  });
}

Deno.test({
  name: "on whole numbers, where bfloat16 is exact, layers and their gradients match float32",
  ignore,
  fn() {
    const before = tf.memory().numTensors;
    const [exact, found] = [block1("float32"), block1("bfloat16")];
    assert.ok(exact.every((values) => values.some((value) => value !== 0)));
    found.forEach((values, i) => {
      const rounded = values.findIndex((value, j) =>
        Math.abs(value - exact[i][j]) > 2 ** -8 * Math.abs(exact[i][j])
      );
      assert.equal(rounded, -1, `${i}: ${values[rounded]} for ${exact[i][rounded]}`);
    });
    assert.deepEqual(found[0], exact[0]);
    assert.equal(tf.memory().numTensors, before);
  },
});

Deno.test({
  name: "features in bfloat16 differ from float32, but by less than 2 % of the largest",
  ignore,
  fn() {
    const before = tf.memory().numTensors;
    const random = randomFor("noise");
    const pixels = Int32Array.from({ length: 3 * 32 * 32 * 3 }, () => Math.floor(256 * random()));
    const features = (precision: "float32" | "bfloat16", images: Int32Array) => {
      using base = makeBase(randomWeights(0), { size: 32, scaling: "divide255", precision });
      return tf.tidy(() =>
        base.forward(tf.tensor4d(images, [images.length / 3072, 32, 32, 3], "int32")).dataSync()
      );
    };
    const [exact, rounded] = [features("float32", pixels), features("bfloat16", pixels)];
    const largest = Math.max(...exact);
    const off = Math.max(...exact.map((value, i) => Math.abs(value - rounded[i]))) / largest;
    assert.ok(off > 1e-4 && off < 0.02, `${off}`);
    assert.equal(tf.memory().numTensors, before);
  },
});

Deno.test("oneDNN's log tells which instructions it uses", () => {
  const line = (isa: string) =>
    `onednn_verbose,v1,info,oneDNN v3.7.3 (commit N/A)\nonednn_verbose,v1,info,cpu,isa:${isa}\n{}`;
  assert.equal(instructionsIn(line("Intel AVX2")), "Intel AVX2");
  assert.match(instructionsIn(line("Intel AVX-512 with Intel DL Boost and bfloat16 support"))!, /bfloat16/);
  assert.equal(instructionsIn("{}"), null);
});
