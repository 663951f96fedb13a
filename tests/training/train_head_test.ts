import assert from "node:assert/strict";
import type { OptimizerName } from "../../lib/recipe.ts";
import { optimizerNames } from "../../lib/recipe.ts";
import { normal, randomFor, shuffled } from "../../lib/support/random.ts";
import { tf } from "../../lib/support/engine/engine.ts";
import { initialHead, predict } from "../../lib/training/head.ts";
import { trainHead, type TrainOptions } from "../../lib/training/train_head.ts";
import golden from "../fixtures/keras_optimizers/head.json" with { type: "json" };

/** Rows around one centre a class: learnable, not trivially. */
function drawExamples(seed: number, { n = 100, inputs = 12, classes = 4 } = {}) {
  const random = randomFor("examples", seed);
  const centres = Array.from({ length: classes * inputs }, () => normal(random));
  const labels = Uint8Array.from({ length: n }, (_, row) => row % classes);
  const features = Float32Array.from(
    { length: n * inputs },
    (_, i) => centres[labels[Math.floor(i / inputs)] * inputs + i % inputs] + normal(random),
  );
  return { features, labels };
}

const options: TrainOptions = {
  classes: 4,
  optimizer: "nadam",
  learningRate: 0.01,
  epochs: 3,
  batchSize: 32,
  seed: 1,
};
const { features, labels } = drawExamples(0);

/** max |Δ| / max |reference| */
function difference(values: Float32Array, reference: number[]): number {
  const deltas = reference.map((value, i) => Math.abs(values[i] - value));
  return Math.max(...deltas) / Math.max(...reference.map(Math.abs));
}

for (const run of golden.runs) {
  Deno.test(`${run.optimizer}: weights, reports and answers are those of Keras' model.fit`, async () => {
    const { inputs, classes, epochs, batchSize, seed, learningRate } = golden;
    const validation = {
      features: Float32Array.from(golden.validationFeatures),
      labels: Uint8Array.from(golden.validationLabels),
    };
    const { head, history } = await trainHead(
      Float32Array.from(golden.features),
      Uint8Array.from(golden.labels),
      {
        classes,
        epochs,
        batchSize,
        seed,
        learningRate,
        validation,
        optimizer: run.optimizer as OptimizerName,
        initial: {
          kernel: Float32Array.from(golden.kernel),
          bias: new Float32Array(classes),
          inputs,
          classes,
        },
      },
    );
    assert.ok(difference(head.kernel, run.kernel) < 1e-5);
    assert.ok(difference(head.bias, run.bias) < 1e-5);
    assert.ok(difference(predict(head, validation.features), run.probabilities) < 1e-5);
    run.history.forEach((expected, i) => {
      const record = history[i];
      assert.equal(record.epoch, i + 1);
      assert.ok(Math.abs(record.loss - expected.loss) < 1e-5);
      assert.ok(Math.abs(record.validationLoss! - expected.validationLoss) < 1e-5);
      assert.ok(Math.abs(record.accuracy - expected.accuracy) < 1e-7);
      assert.ok(Math.abs(record.validationAccuracy! - expected.validationAccuracy) < 1e-7);
    });
  });
}

Deno.test("the order of an epoch is a shuffle that depends on seed and epoch alone", () => {
  const rows = golden.labels.map((_, row) => row);
  golden.orders.forEach((order, i) => {
    assert.deepEqual(shuffled(rows, randomFor(golden.seed, "order", i + 1)), order);
  });
});

Deno.test("repeats to the bit, whatever is watched meanwhile", async () => {
  for (const optimizer of optimizerNames) {
    const once = await trainHead(features, labels, { ...options, optimizer });
    const again = await trainHead(features.slice(), labels.slice(), {
      ...options,
      optimizer,
      validation: drawExamples(7),
      onEpoch: async () => {
        randomFor("noise")();
        tf.tidy(() => tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync());
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    assert.deepEqual(again.head, once.head);
    assert.deepEqual(again.history.map(({ loss }) => loss), once.history.map(({ loss }) => loss));
  }
});

Deno.test("seed and optimizer each change the weights; the inputs stay as they were", async () => {
  const kept = features.slice();
  const initial = initialHead({ inputs: 12, classes: 4, seed: 5 });
  const keptKernel = initial.kernel.slice();
  const base = (await trainHead(features, labels, { ...options, initial })).head.kernel;
  for (
    const change of [{ seed: 2 }, { optimizer: "adam" as const }, { learningRate: 0.02 }, { batchSize: 31 }]
  ) {
    const { head } = await trainHead(features, labels, { ...options, initial, ...change });
    assert.notDeepEqual(head.kernel, base, JSON.stringify(change));
  }
  assert.deepEqual(features, kept);
  assert.deepEqual(initial.kernel, keptKernel);
});

Deno.test("every optimizer learns what can be learned, and it shows on rows not trained on", async () => {
  for (const optimizer of optimizerNames) {
    for (let seed = 0; seed < 3; seed++) {
      const all = drawExamples(seed, { n: 400 });
      const validation = { features: all.features.slice(300 * 12), labels: all.labels.slice(300) };
      const { history } = await trainHead(all.features.slice(0, 300 * 12), all.labels.slice(0, 300), {
        ...options,
        optimizer,
        epochs: 15,
        seed,
        validation,
      });
      const last = history.at(-1)!;
      assert.ok(last.loss < 0.5 * history[0].loss, `${optimizer}: ${history[0].loss} → ${last.loss}`);
      assert.ok(last.validationAccuracy! > 0.85, `${optimizer}: ${last.validationAccuracy}`);
    }
  }
});

Deno.test("one row, a batch larger than the data, a last batch of one row: all are trained on", async () => {
  for (const [n, batchSize] of [[1, 32], [5, 32], [33, 32], [32, 32], [7, 1]]) {
    const part = { features: features.slice(0, n * 12), labels: labels.slice(0, n) };
    const { head, history } = await trainHead(part.features, part.labels, {
      ...options,
      batchSize,
      epochs: 60,
      learningRate: 0.05,
    });
    assert.equal(history.length, 60);
    const probabilities = predict(head, part.features);
    part.labels.forEach((label, row) => {
      assert.ok(probabilities[row * 4 + label] > 0.5, `${n} rows, batch ${batchSize}: row ${row}`);
    });
  }
});

Deno.test("without validation the records have none; onEpoch gets each record and is awaited", async () => {
  const seen: number[] = [];
  let finished = 0;
  const { history, seconds } = await trainHead(features, labels, {
    ...options,
    onEpoch: async (record) => {
      assert.equal(finished, seen.length);
      seen.push(record.epoch);
      await new Promise((resolve) => setTimeout(resolve, 5));
      finished++;
    },
  });
  assert.deepEqual(seen, [1, 2, 3]);
  assert.equal(finished, 3);
  assert.deepEqual(Object.keys(history[0]), ["epoch", "loss", "accuracy", "seconds"]);
  assert.ok(seconds >= history.reduce((sum, record) => sum + record.seconds, 0));
});

Deno.test("other work gets its turn between epochs", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const { seconds } = await trainHead(features, labels, { ...options, epochs: 20_000 });
  clearInterval(timer);
  assert.ok(seconds > 0.2, `${seconds} s are too short to tell`);
  assert.ok(turns >= seconds / 0.2, `${turns} turns in ${seconds} s`);
});

Deno.test("a training that diverges stops and says when, at what rate, and what to change", async () => {
  for (const optimizer of optimizerNames) {
    await assert.rejects(() => trainHead(features, labels, { ...options, optimizer, learningRate: 1e6 }), {
      name: "Error",
      message: new RegExp(
        `${optimizer} diverged in epoch 1, step 2, at learning rate 1000000.*try 100000.*Received: loss \\d`,
      ),
    });
  }
  const one = { features: features.slice(0, 12), labels: labels.slice(0, 1) };
  await assert.rejects(
    () => trainHead(one.features, one.labels, { ...options, epochs: 1, learningRate: 1e39 }),
    /diverged in epoch 1, step 1, at learning rate 1e\+39.*Received: loss NaN/,
    "weights that the very last step made infinite",
  );
  const huge = features.map((value) => value * 1e37);
  await assert.rejects(() => trainHead(huge, labels, { ...options, learningRate: 1e6 }), {
    message: /diverged in epoch 1, step \d.*Received: loss (NaN|Infinity)/,
  });
});

Deno.test("no tensor is left behind: after training, after divergence, after a throwing onEpoch", async () => {
  const before = tf.memory().numTensors;
  await trainHead(features, labels, { ...options, validation: { features, labels } });
  assert.equal(tf.memory().numTensors, before);
  await assert.rejects(() => trainHead(features, labels, { ...options, learningRate: 1e6 }));
  assert.equal(tf.memory().numTensors, before);
  const onEpoch = () => {
    throw new Error("stop here");
  };
  await assert.rejects(() => trainHead(features, labels, { ...options, onEpoch }), /stop here/);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("what cannot be trained on is refused, with its row", async () => {
  const refuse = (
    change: { features?: Float32Array; labels?: Uint8Array } & Partial<TrainOptions>,
    expected: { name: string; message: RegExp },
  ) => {
    const { features: x = features, labels: y = labels, ...rest } = change;
    return assert.rejects(() => trainHead(x, y, { ...options, ...rest }), expected);
  };
  const withNaN = features.slice();
  withNaN[5 * 12 + 3] = NaN;
  const withFour = labels.slice();
  withFour[17] = 4;
  const validation = { features: features.slice(1), labels };
  await refuse({ features: withNaN }, {
    name: "RangeError",
    message: /training .* row 5, column 3. Received: NaN/,
  });
  await refuse({ labels: withFour }, { name: "RangeError", message: /row 17 must be 0 … 3. Received: 4/ });
  await refuse({ features: features.slice(1) }, {
    name: "TypeError",
    message: /\(100, inputs\).*1199 values/,
  });
  await refuse({ validation }, { name: "TypeError", message: /validation .*\(100, 12\).*1199 values/ });
  await refuse({ labels: new Uint8Array(0) }, { name: "RangeError", message: /at least one row/ });
  await refuse({ features: new Float32Array(0) }, { name: "TypeError", message: /Received: 0 values/ });
  await refuse({ epochs: 0 }, { name: "RangeError", message: /epochs.*Received: 0/ });
  await refuse({ batchSize: 2.5 }, { name: "RangeError", message: /batchSize.*Received: 2.5/ });
  await refuse({ classes: 1 }, { name: "RangeError", message: /classes.*Received: 1/ });
  await refuse({ learningRate: 0 }, { name: "RangeError", message: /learningRate.*Received: 0/ });
  await refuse({ optimizer: "sgd" as OptimizerName }, {
    name: "RangeError",
    message: /nadam, adam, rmsprop/,
  });
  await refuse({ features: features.slice(0, 1100) }, {
    name: "RangeError",
    message: /multiple of four features. Received: 11/,
  });
  const initial = initialHead({ inputs: 11, classes: 4, seed: 0 });
  await refuse({ initial }, { name: "TypeError", message: /12 × 4/ });
});
