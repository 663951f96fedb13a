/** What trains the honest model: a network that reads images, a moving average of the weights, the balanced softmax. */
import assert from "node:assert/strict";
import { makeBase } from "../../lib/model/forward.ts";
import { randomFor } from "../../lib/support/random.ts";
import { engine, startEngine, tf, valuesOf } from "../../lib/support/engine/engine.ts";
import { ConvolutionNetwork } from "../../lib/training/convolution_network.ts";
import { softmax } from "../../lib/training/cross_entropy.ts";
import { examplesOf } from "../../lib/training/examples.ts";
import { fit, type FitOptions, predict } from "../../lib/training/fit.ts";
import { ImageNetwork } from "../../lib/training/image_network.ts";
import type { Model } from "../../lib/training/model.ts";
import { noise, smallModel, softmaxModel } from "./noise.ts";

await startEngine();
const ignore = engine.name === "wasm";

const depth = "block5";
const size = 32;
const length = 3 * size * size;
const random = randomFor("image network");
const n = 6;
const images = Float32Array.from({ length: n * length }, () => Math.floor(256 * random()));
const labels = Uint8Array.of(0, 1, 2, 0, 1, 2);

Deno.test({
  name:
    "a network on images gives the same results as one on stored activations, and leaves no tensor behind",
  ignore,
  async fn() {
    const model = smallModel();
    const before = tf.memory().numTensors;
    {
      using base = makeBase(model, { size, scaling: model.scaling, depth });
      const activations = valuesOf(() => base.forward(tf.tensor4d(images, [n, size, size, 3])));
      using stored = new ConvolutionNetwork(model, depth);
      stored.batch(n).forEach((row, i) =>
        row.set(activations.subarray(i * row.length, (i + 1) * row.length))
      );
      using network = new ImageNetwork(model, new ConvolutionNetwork(model, depth), depth);
      assert.equal(network.inputs, length);
      network.batch(n).forEach((row, i) => row.set(images.subarray(i * length, (i + 1) * length)));
      assert.deepEqual(await network.logits(), await stored.logits());
      const losses = [network, stored].map((each) => each.lossAndGradients([...labels]));
      const [own, others] = await Promise.all(losses);
      assert.deepEqual(own, others);
      assert.deepEqual(network.gradients.all, stored.gradients.all);
      assert.ok(network.gradients.all.some((value) => value !== 0));
    }
    assert.equal(tf.memory().numTensors, before);
  },
});

Deno.test({
  name: "training from block5 on gives the same weights from images as from stored activations",
  ignore,
  async fn() {
    const model = smallModel();
    using base = makeBase(model, { size, scaling: model.scaling, depth });
    const activations = valuesOf(() => base.forward(tf.tensor4d(images, [n, size, size, 3])));
    const options: FitOptions = { depth, epochs: 2, batchSize: n, seed: 3, restoreBestWeights: false };
    const behind = await fit(model, examplesOf(activations, labels), options);
    const reading = await fit(model, examplesOf(images, labels), { ...options, readsImages: true });
    assert.deepEqual(weightsOf(reading.model), weightsOf(behind.model));
    assert.notEqual(reading.key, behind.key);
  },
});

function weightsOf({ layers, head }: Model) {
  return [...layers, head].map(({ kernel, bias }) => [kernel, bias]);
}

Deno.test("the weights' moving average starts at the initial ones and takes its share of each step's", async () => {
  const model = softmaxModel({ inputs: 4, classes: 3 });
  const train = examplesOf(Float32Array.from({ length: 12 }, (_, i) => (i % 5) - 2), Uint8Array.of(0, 1, 2));
  const options: FitOptions = { depth: "head", batchSize: 3, seed: 1, learningRate: 0.1, epochs: 1 };
  const plain: Model[] = [model];
  for (const epochs of [1, 2, 3]) plain.push((await fit(model, train, { ...options, epochs })).model);
  const momentum = 0.8;
  const averaged = await fit(model, train, { ...options, epochs: 3, emaMomentum: momentum });
  let expected = Array.from(model.head.kernel);
  for (const { head } of plain.slice(1)) {
    expected = expected.map((value, i) => momentum * value + (1 - momentum) * head.kernel[i]);
  }
  averaged.model.head.kernel.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) < 1e-6, `at ${i}`)
  );
  assert.deepEqual(averaged.last!.head.kernel, plain[3].head.kernel, "the last weights are kept beside it");
  assert.notEqual(averaged.last!.digest, averaged.model.digest);
  assert.equal((await fit(model, train, options)).last, null);
});

Deno.test("with averaged weights, validation is measured on the average", async () => {
  const model = softmaxModel();
  const [train, validation] = [noise(40, 12, "train"), noise(20, 12, "validation")];
  const options: FitOptions = {
    depth: "head",
    batchSize: 8,
    seed: 1,
    learningRate: 0.05,
    epochs: 3,
    validation,
  };
  const { model: average, history } = await fit(model, train, { ...options, emaMomentum: 0.9 });
  const answers = await predict(average, validation);
  const loss = -validation.labels.reduce((sum, label, row) => sum + Math.log(answers[4 * row + label]), 0) /
    20;
  assert.ok(Math.abs(loss - history.at(-1)!.validationLoss!) < 1e-5);
});

Deno.test("with uninformative features, balanced softmax gives equal probabilities, plain softmax the class shares", async () => {
  const counts = [80, 15, 5];
  const truth = Uint8Array.from(counts.flatMap((count, label) => Array.from({ length: count }, () => label)));
  const train = examplesOf(new Float32Array(truth.length * 4).fill(1), truth);
  const model = softmaxModel({ inputs: 4, classes: 3 });
  const options: FitOptions = { depth: "head", batchSize: 100, seed: 1, learningRate: 0.05, epochs: 400 };
  const answerOf = async (balancedSoftmax: boolean) => {
    const { model: fitted } = await fit(model, train, { ...options, balancedSoftmax });
    return Array.from(await predict(fitted, examplesOf(new Float32Array(4).fill(1), Uint8Array.of(0))));
  };
  (await answerOf(false)).forEach((share, label) => assert.ok(Math.abs(share - counts[label] / 100) < 0.01));
  (await answerOf(true)).forEach((share) => assert.ok(Math.abs(share - 1 / 3) < 0.01));
});

Deno.test({
  name: "a convolution network adds offsets to the logits only in the loss",
  ignore,
  async fn() {
    const offsets = Float32Array.of(0.5, -1, 2);
    const model = smallModel();
    using network = new ConvolutionNetwork(model, depth);
    const rows = noise(n, network.inputs, "offsets");
    const fill = () => network.batch(n).forEach((target, row) => rows.read(row, target));
    fill();
    const shifted = (await network.logits()).map((value, i) => value + offsets[i % 3]);
    const probabilities = softmax(shifted, 3);
    const expected = -labels.reduce((sum, label, row) => sum + Math.log(probabilities[3 * row + label]), 0) /
      n;
    const { loss } = await network.lossAndGradients([...labels], { offsets });
    assert.ok(Math.abs(loss - expected) < 1e-5, `${loss} ${expected}`);
    const plain = await network.lossAndGradients([...labels]);
    assert.ok(Math.abs(plain.loss - expected) > 0.05);
  },
});
