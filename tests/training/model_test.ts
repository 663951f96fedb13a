import assert from "node:assert/strict";
import { randomWeights } from "../../lib/model/weights.ts";
import { initialHead, vgg16, withTensors } from "../../lib/training/model.ts";

Deno.test("the initial kernel is uniform within ±√(6 / (inputs + classes)) and depends only on the seed; the bias is zero", () => {
  const limit = Math.sqrt(6 / 2055);
  for (let seed = 0; seed < 10; seed++) {
    const { kernel, bias } = initialHead({ inputs: 2048, classes: 7, seed });
    const mean = kernel.reduce((a, b) => a + b, 0) / kernel.length;
    const variance = kernel.reduce((a, b) => a + b * b, 0) / kernel.length;
    assert.equal(kernel.length, 14_336);
    assert.ok(kernel.every((value) => Math.abs(value) <= limit));
    assert.ok(kernel.some((value) => value > 0.999 * limit));
    assert.ok(kernel.some((value) => value < -0.999 * limit));
    assert.ok(Math.abs(mean) < 0.03 * limit, `mean ${mean}`);
    assert.ok(Math.abs(variance / (limit ** 2 / 3) - 1) < 0.03, `variance ${variance}`);
    assert.deepEqual([...bias], new Array(7).fill(0));
    assert.deepEqual(initialHead({ inputs: 2048, classes: 7, seed }).kernel, kernel);
    assert.notDeepEqual(initialHead({ inputs: 2048, classes: 7, seed: seed + 1 }).kernel, kernel);
  }
});

Deno.test("a new model takes VGG16's output for its images as input; its digest covers what it was made from", () => {
  const given = { weights: randomWeights(3), size: 64, scaling: "divide255", classes: 7, seed: 0 } as const;
  const model = vgg16(given);
  assert.deepEqual([model.depth, model.head.inputs, model.head.classes], ["head", 2048, 7]);
  assert.equal(vgg16({ ...given, size: [48, 64] }).head.inputs, 1024); // 1 × 2 × 512
  const changes = [{}, { size: 96 }, { scaling: "imagenet" }, { classes: 3 }, { seed: 1 }, {
    weights: { ...given.weights, digest: "other" },
  }, { precision: "bfloat16" }] as const;
  assert.equal(new Set(changes.map((change) => vgg16({ ...given, ...change }).digest)).size, changes.length);
});

Deno.test("trained weights replace the initial ones; all others stay", () => {
  const model = vgg16({ weights: randomWeights(3), size: 64, scaling: "divide255", classes: 7, seed: 0 });
  const names = ["block5_conv2/kernel", "block5_conv2/bias", "predictions/kernel", "predictions/bias"];
  const trained = withTensors(model, Object.fromEntries(names.map((name, i) => [name, Float32Array.of(i)])));
  trained.layers.forEach(({ name, kernel, bias }, i) => {
    if (name === "block5_conv2") assert.deepEqual([kernel[0], bias[0]], [0, 1]);
    else assert.deepEqual([kernel, bias], [model.layers[i].kernel, model.layers[i].bias]);
  });
  assert.deepEqual([trained.head.kernel[0], trained.head.bias[0], trained.head.inputs], [2, 3, 2048]);
});
