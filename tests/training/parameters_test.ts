import assert from "node:assert/strict";
import { initialHead } from "../../lib/training/head.ts";
import { withParameters } from "../../lib/training/parameters.ts";
import { type Parameter, parametersBehind } from "../../lib/training/trainable_network.ts";
import { cuts } from "../../lib/vgg16/architecture.ts";
import { randomWeights, weightsDigest } from "../../lib/vgg16/weights.ts";

const base = randomWeights(0);
const head = initialHead({ inputs: 512, classes: 3, seed: 1 });

Deno.test("what stood behind a cut comes back as the network that it was taken from", () => {
  for (const cut of cuts) {
    const whole = withParameters(base, parametersBehind(cut, base, head));
    assert.equal(whole.weights.digest, base.digest, cut);
    assert.equal(whole.weights.source, "random");
    assert.deepEqual(whole.head, head);
  }
});

Deno.test("trained layers replace the base's, the others stay", () => {
  const trained = parametersBehind("block5", base, head).map((parameter) => ({
    ...parameter,
    values: parameter.values.map((value) => value + 1),
  }));
  const { weights, head: newHead } = withParameters(base, trained);
  assert.deepEqual(weights.layers.slice(0, 10), base.layers.slice(0, 10));
  assert.deepEqual(weights.layers.map(({ name }) => name), base.layers.map(({ name }) => name));
  for (const [i, name] of ["block5_conv1", "block5_conv2", "block5_conv3"].entries()) {
    assert.equal(weights.layers[10 + i].kernel, trained[2 * i].values, name);
    assert.equal(weights.layers[10 + i].bias, trained[2 * i + 1].values, name);
  }
  assert.equal(newHead.kernel, trained.at(-2)!.values);
  assert.equal(newHead.bias, trained.at(-1)!.values);
  assert.equal(weights.source, "other");
  assert.equal(weights.digest, weightsDigest(weights.layers));
});

Deno.test("a missing head, an unknown layer and another shape are refused", () => {
  const parameters = parametersBehind("flatten", base, head);
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
      [[parameters[0], short], /predictions\/bias must have shape \(3\)\. Received: \(3\), 2 values/],
    ] as [Parameter[], RegExp][]
  ) {
    assert.throws(() => withParameters(base, given), { name: "TypeError", message });
  }
});
