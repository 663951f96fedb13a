import assert from "node:assert/strict";
import { initialHead } from "../../lib/training/head.ts";
import { type Parameter, parametersBehind, withParameters } from "../../lib/training/parameters.ts";
import { cuts, parameterCount } from "../../lib/model/architecture.ts";
import { randomWeights } from "../../lib/model/weights.ts";

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

Deno.test("a missing head, an unknown layer and another shape are refused", () => {
  const parameters = parametersBehind("flatten", weights, head);
  const strange: Parameter = { name: "block6_conv1/kernel", shape: [1], values: new Float32Array(1) };
  const flat: Parameter = { name: "block1_conv1/kernel", shape: [1728], values: new Float32Array(1728) };
  const short: Parameter = { ...parameters[1], values: new Float32Array(2) };
  for (
    const [given, message] of [
      [[], /Received: none$/],
      [[parameters[0]], /predictions\/bias\. Received: predictions\/kernel$/],
      [[...parameters, strange], /Received: .*block6_conv1\/kernel$/],
      [
        [...parameters, flat],
        /block1_conv1\/kernel must have shape \(3, 3, 3, 64\)\. Received: \(1728\), 1728 values/,
      ],
      [[parameters[0], short], /predictions\/bias must have shape \(7\)\. Received: \(7\), 2 values/],
    ] as [Parameter[], RegExp][]
  ) {
    assert.throws(() => withParameters(weights, given), { name: "TypeError", message });
  }
});
