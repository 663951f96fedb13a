import assert from "node:assert/strict";
import { initialHead } from "../../lib/training/head.ts";
import { parametersBehind, withParameters } from "../../lib/training/parameters.ts";
import { cuts, parameterCount } from "../../lib/vgg16/architecture.ts";
import { randomWeights } from "../../lib/vgg16/weights.ts";

const weights = randomWeights(3);
const head = initialHead({ inputs: 2048, classes: 7, seed: 3 });

Deno.test("weights become parameters and parameters weights again, whatever is frozen", () => {
  for (const cut of cuts) {
    const network = withParameters(weights, parametersBehind(cut, weights, head));
    assert.deepEqual(network.layers, weights.layers);
    assert.deepEqual(network.head, head);
  }
});

Deno.test("all parameters of the network behind block1: VGG16's and the softmax's", () => {
  const parameters = parametersBehind("block1", weights, head);
  const count = parameters.reduce((sum, { values }) => sum + values.length, 0);
  assert.equal(count, parameterCount() + 2048 * 7 + 7);
  for (const { name, shape, values } of parameters) {
    assert.equal(shape.reduce((a, b) => a * b, 1), values.length, name);
  }
});

Deno.test("what was trained takes the place of what it started from, the rest stays", () => {
  const trained = parametersBehind("block5", weights, head);
  for (const { values } of trained) values.fill(7);
  const network = withParameters(weights, trained);
  network.layers.forEach(({ name, kernel, bias }, i) => {
    if (name.startsWith("block5")) assert.ok(kernel.every((value) => value === 7) && bias[0] === 7);
    else assert.equal(kernel, weights.layers[i].kernel);
  });
  assert.ok(network.head.kernel.every((value) => value === 7));
  assert.notEqual(weights.layers[12].kernel[0], 7);
});

Deno.test("parameters without a softmax are refused", () => {
  assert.throws(() => withParameters(weights, []), /must hold predictions\/kernel .*Received: /);
});
