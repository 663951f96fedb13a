import assert from "node:assert/strict";
import { argmaxRows } from "../../lib/evaluation/metrics.ts";
import { type OptimizerName, optimizerNames } from "../../lib/recipe.ts";
import { engine, startEngine, tf } from "../../lib/support/engine/engine.ts";
import { normal, randomFor, shuffled } from "../../lib/support/random.ts";
import type { Store } from "../../lib/support/store.ts";
import { type Examples, examplesOf } from "../../lib/training/examples.ts";
import { fit, type FitOptions, fitSoftmax, loadFitted, predict } from "../../lib/training/fit.ts";
import type { Model } from "../../lib/training/model.ts";
import { softmaxAnswers } from "../../lib/training/softmax_network.ts";
import { withStore } from "../support/store_folder.ts";
import golden from "../fixtures/keras_optimizers/head.json" with { type: "json" };
import { noise, smallModel, softmaxModel } from "./noise.ts";

await startEngine();

const ignore = engine.name === "wasm";

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

const { features, labels } = drawExamples(0);
const train = examplesOf(features, labels);
const model = softmaxModel();
const options: FitOptions = { depth: "head", learningRate: 0.01, epochs: 3, seed: 1 };

/** Two epochs from block5 on noise: 3 steps each. */
const deepTrain = noise(22, 4 * 512, "train");
const deepOptions: FitOptions & { validation: Examples } = {
  ...{ depth: "block5", epochs: 2, batchSize: 8, seed: 5 },
  validation: noise(9, 4 * 512, "validation"),
};

for (const run of golden.runs) {
  Deno.test(`${run.optimizer}: weights, history and predictions match Keras' model.fit`, async () => {
    const { inputs, classes, epochs, batchSize, seed, learningRate } = golden;
    const start = softmaxModel({ inputs, classes });
    start.head.kernel.set(golden.kernel);
    const validation = examplesOf(
      Float32Array.from(golden.validationFeatures),
      Uint8Array.from(golden.validationLabels),
    );
    const learned = examplesOf(Float32Array.from(golden.features), Uint8Array.from(golden.labels));
    const { model: { head }, history } = await fit(start, learned, {
      ...{ depth: "head", optimizer: run.optimizer as OptimizerName, learningRate, epochs, batchSize, seed },
      validation,
    });
    const answers = softmaxAnswers(head, Float32Array.from(golden.validationFeatures));
    for (
      const [values, reference] of [[head.kernel, run.kernel], [head.bias, run.bias], [
        answers,
        run.probabilities,
      ]] as const
    ) {
      const largest = Math.max(...reference.map(Math.abs));
      reference.forEach((value, i) => assert.ok(Math.abs(values[i] - value) < 1e-5 * largest));
    }
    run.history.forEach((expected, i) => {
      const { epoch, learningRate: rate, ...record } = history[i];
      assert.deepEqual([epoch, rate], [i + 1, learningRate]);
      for (const name of ["loss", "validationLoss", "accuracy", "validationAccuracy"] as const) {
        assert.ok(Math.abs(record[name]! - expected[name]) < 1e-5, `${name} of epoch ${epoch}`);
      }
    });
  });
}

Deno.test("the order of an epoch is a shuffle that depends only on seed and epoch", () => {
  const rows = golden.labels.map((_, row) => row);
  golden.orders.forEach((order, i) => {
    assert.deepEqual(shuffled(rows, randomFor(golden.seed, "order", i + 1)), order);
  });
});

Deno.test("trainings repeat to the bit, also with validation and callbacks, and do not change their inputs", async () => {
  const [before, kernel] = [features.slice(), model.head.kernel.slice()];
  for (const optimizer of optimizerNames) {
    const once = await fit(model, train, { ...options, optimizer });
    const again = await fit(model, examplesOf(features.slice(), labels.slice()), {
      ...{ ...options, optimizer },
      validation: examplesOf(features.slice(0, 240), labels.slice(0, 20)),
      onEpoch: async () => {
        tf.tidy(() => tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync());
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    assert.deepEqual(again.model.head, once.model.head);
    assert.deepEqual(again.history.map(({ loss }) => loss), once.history.map(({ loss }) => loss));
  }
  assert.deepEqual([features, model.head.kernel], [before, kernel]);
});

Deno.test("seed, optimizer, rate, batch size, epochs, schedule, warm-up, dropout and decay change the weights", async () => {
  const { model: { head } } = await fit(model, train, options);
  const changes: Partial<FitOptions>[] = [
    { seed: 2 },
    { optimizer: "adam" },
    { learningRate: 0.02 },
    { batchSize: 31 },
    { epochs: 2 },
    { schedule: "cosine" },
    { warmUpEpochs: 1 },
    { dropout: 0.1 },
    { weightDecay: 0.1 },
  ];
  for (const change of changes) {
    const other = await fit(model, train, { ...options, ...change });
    assert.notDeepEqual(other.model.head.kernel, head.kernel, JSON.stringify(change));
  }
});

Deno.test("every optimizer learns a learnable task, also measured on rows not trained on", async () => {
  for (const optimizer of optimizerNames) {
    for (let seed = 0; seed < 3; seed++) {
      const all = drawExamples(seed, { n: 400 });
      const { history } = await fit(
        model,
        examplesOf(all.features.slice(0, 300 * 12), all.labels.slice(0, 300)),
        {
          ...{ ...options, optimizer, epochs: 15, seed },
          validation: examplesOf(all.features.slice(300 * 12), all.labels.slice(300)),
        },
      );
      const last = history.at(-1)!;
      assert.ok(last.loss < 0.5 * history[0].loss, `${optimizer}: ${history[0].loss} → ${last.loss}`);
      assert.ok(last.validationAccuracy! > 0.85, `${optimizer}: ${last.validationAccuracy}`);
    }
  }
});

Deno.test("training works with one row, a batch larger than the data, a last batch of one row, and plain features", async () => {
  for (const [n, batchSize] of [[1, 32], [5, 32], [33, 32], [32, 32], [7, 1]]) {
    const part = { features: features.slice(0, n * 12), labels: labels.slice(0, n) };
    const settings = { batchSize, epochs: 60, learningRate: 0.05, seed: 1 };
    const { model: { head }, history } = await fit(model, examplesOf(part.features, part.labels), {
      ...{ depth: "head", ...settings },
    });
    assert.equal(history.length, 60);
    assert.deepEqual(await fitSoftmax(part.features, part.labels, { ...settings, classes: 4 }), head);
    const answers = softmaxAnswers(head, part.features);
    part.labels.forEach((label, row) =>
      assert.ok(answers[row * 4 + label] > 0.5, `${n} rows, batch ${batchSize}: row ${row}`)
    );
  }
});

Deno.test("the softmax alone ends with its last epoch's weights, or with its best epoch's if requested", async () => {
  const validation = examplesOf(features.slice(0, 25 * 12), labels.slice(0, 25));
  const restless = { ...options, learningRate: 0.5, epochs: 12, validation };
  const last = await fit(model, train, restless);
  const best = await fit(model, train, { ...restless, restoreBestWeights: true });
  assert.deepEqual(best.history, last.history);
  assert.equal(last.bestEpoch, null);
  assert.ok(best.bestEpoch! < 12, "so that the two differ");
  for (const [{ model }, epoch] of [[last, 12], [best, best.bestEpoch!]] as const) {
    const answers = argmaxRows(await predict(model, validation), 4);
    const right = answers.filter((label, row) => label === validation.labels[row]).length;
    assert.equal(right / 25, last.history[epoch - 1].validationAccuracy);
  }
});

Deno.test({
  name:
    "from block5 on, the best epoch's weights are restored, no tensor is left, and patience stops training early",
  ignore,
  async fn() {
    const before = tf.memory().numTensors;
    for (const optimizer of optimizerNames) {
      const { history, bestEpoch, model } = await fit(smallModel(), deepTrain, {
        ...{ ...deepOptions, optimizer, epochs: 3 },
      });
      assert.equal(tf.memory().numTensors, before);
      const losses = history.map(({ loss }) => loss);
      assert.ok(losses[2] < 0.8 * losses[0], `${optimizer}: ${losses}`);
      const best = history[bestEpoch! - 1];
      for (const { validationAccuracy, validationLoss } of history) {
        assert.ok(validationAccuracy! <= best.validationAccuracy!);
        if (validationAccuracy === best.validationAccuracy) {
          assert.ok(validationLoss! >= best.validationLoss!);
        }
      }
      const answers = argmaxRows(await predict(model, deepOptions.validation), 3);
      const right = answers.filter((label, row) => label === deepOptions.validation.labels[row]).length;
      assert.equal(right / 9, best.validationAccuracy);
      assert.equal(tf.memory().numTensors, before);
    }
    const { history, bestEpoch } = await fit(smallModel(), deepTrain, {
      ...{ ...deepOptions, epochs: 6, learningRate: 1e-12, patience: 2, warmUpEpochs: 0 },
    });
    assert.ok(history.length < 6 && history.length === bestEpoch! + 2, `${history.length}, ${bestEpoch}`);
  },
});

Deno.test("steps and epochs are reported, onEpoch is awaited; without validation there are no validation scores", async () => {
  const steps: string[] = [];
  const seen: number[] = [];
  let finished = 0;
  const { history } = await fit(model, train, {
    ...options,
    onStep: ({ epoch, step, steps: all, loss, accuracy }) => {
      assert.ok(loss > 0 && accuracy >= 0 && accuracy <= 1);
      steps.push(`${epoch}:${step}/${all}`);
    },
    onEpoch: async (history) => {
      assert.equal(finished, seen.length);
      seen.push(history.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
      finished++;
    },
  });
  assert.deepEqual(steps.slice(0, 5), ["1:1/4", "1:2/4", "1:3/4", "1:4/4", "2:1/4"]);
  assert.deepEqual([seen, finished], [[1, 2, 3], 3]);
  assert.deepEqual(Object.keys(history[0]), ["epoch", "loss", "accuracy", "learningRate"]);
});

Deno.test("timers still run during a training", async () => {
  let hadTurn = false;
  setTimeout(() => hadTurn = true);
  const onStep = () => {
    if (hadTurn) throw new Error("a timer has run");
  };
  await assert.rejects(fit(model, train, { ...options, epochs: 100_000, onStep }), /a timer has run/);
});

Deno.test("a training that diverges stops and says when, at what rate, and what to change; no tensor is left behind", async () => {
  const before = tf.memory().numTensors;
  for (const optimizer of optimizerNames) {
    await assert.rejects(fit(model, train, { ...options, optimizer, learningRate: 1e6 }), {
      name: "Error",
      message: new RegExp(
        `${optimizer} diverged in epoch 1, step 2, at learning rate 1000000\\. ` +
          `Take a smaller learning rate \\(try 100000\\) or a warm-up\\. Received: loss \\d`,
      ),
    });
  }
  const one = examplesOf(features.slice(0, 12), labels.slice(0, 1));
  await assert.rejects(
    fit(model, one, { ...options, epochs: 1, learningRate: 1e39 }),
    /diverged in epoch 1, step 1, at learning rate 1e\+39.*Received: loss NaN/,
    "weights that the very last step made infinite",
  );
  const broken = examplesOf(features.with(7, NaN), labels);
  await assert.rejects(fit(model, broken, options), /diverged in epoch 1, step \d.*Received: loss NaN/);
  if (!ignore) {
    await assert.rejects(
      fit(smallModel(), deepTrain, { ...deepOptions, learningRate: 1e6, warmUpEpochs: 0 }),
      /nadam diverged in epoch 1, step [23]/,
    );
    const onEpoch = () => Promise.reject(new Error("stop here"));
    await assert.rejects(fit(smallModel(), deepTrain, { ...deepOptions, onEpoch }), /stop here/);
  }
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("unusable data and options are refused, with what was expected and received", async () => {
  const none = examplesOf(new Float32Array(0), new Uint8Array(0));
  const strange = examplesOf(features, labels.with(17, 4));
  const longer = examplesOf(features.slice(0, 1100), labels); // 11 values a row
  const oblong: Model = { ...model, size: [32, 64] };
  const refuse = (message: RegExp, change: Partial<FitOptions>, { on = model, rows = train } = {}) =>
    assert.rejects(fit(on, rows, { ...options, ...change }), message);
  await refuse(/train: the label of row 17 must be 0 … 3\. Received: 4/, {}, { rows: strange });
  await refuse(/validation: the label of row 17/, { validation: strange });
  await refuse(/train must have at least one row/, {}, { rows: none });
  await refuse(/reads 12 values a row\. Received: 1100 values for 100 labels/, {}, { rows: longer });
  await refuse(/restoreBestWeights and patience need validation/, { restoreBestWeights: true });
  await refuse(/need validation\. Received: none/, { patience: 2 });
  const turned = { depth: "block1", randomOrientation: true, validation: train } as const;
  await refuse(/needs square images\. Received: 64 × 32 pixels/, turned, { on: oblong });
  const wrong = { epochs: 0, batchSize: 2.5, learningRate: 0, dropout: 1, optimizer: "sgd" };
  for (const [name, value] of Object.entries(wrong)) {
    await refuse(new RegExp(`${name} must be .*Received: ${value}`), { [name]: value });
  }
});

Deno.test("a stored training is not computed again, and its network is found by its key", async () => {
  await withStore(async (store) => {
    const validation = examplesOf(features.slice(0, 240), labels.slice(0, 20));
    const first = await fit(model, train, { ...options, validation, store });
    const again = await fit(model, train, {
      ...{ ...options, validation, store, optimizer: "nadam", batchSize: 32 }, // defaults written out
      onStep: () => assert.fail("a step"),
    });
    assert.deepEqual([first.computed, again.computed], [true, false]);
    assert.deepEqual({ ...again, computed: true }, first);
    assert.deepEqual([first.model.digest, first.key], [again.key, again.key]);
    assert.deepEqual(await loadFitted(store, first.key, model), first.model);
    await store.remove("fits", first.key);
    await assert.rejects(
      loadFitted(store, first.key, model),
      /training [0-9a-f]{12}… is no longer in the store/,
    );
  });
});

Deno.test("checkpoints are written as often as requested and deleted after the training; a damaged one is reported", async () => {
  await withStore(async (store, notices) => {
    const expected = await fit(model, train, options);
    let written = 0;
    let at: string | null = null;
    const counting: Store = {
      ...store,
      async write(kind, key, stored) {
        await store.write(kind, key, stored);
        if (kind === "checkpoints") [written, at] = [written + 1, key];
      },
    };
    await fit(model, train, { ...options, store: counting }); // 120 seconds have not passed
    assert.equal(written, 0);
    const { key } = await fit(model, train, { ...options, store: counting, checkpointSeconds: 0, seed: 2 });
    assert.deepEqual([written, at, store.has("checkpoints", key)], [3 * 4 + 3, key, false]);

    await store.remove("fits", expected.key);
    let steps = 0;
    const stop = () => {
      if (++steps === 6) throw new Error("stop here");
    };
    const interrupted = { ...options, store, checkpointSeconds: 0 };
    await assert.rejects(fit(model, train, { ...interrupted, onStep: stop }), /stop here/);
    const [[file]] = [
      await Array.fromAsync(Deno.readDir(`${store.folder}/checkpoints/${expected.key.slice(0, 2)}`)),
    ];
    const path = `${store.folder}/checkpoints/${expected.key.slice(0, 2)}/${file.name}`;
    await Deno.writeFile(path, (await Deno.readFile(path)).map((byte, i) => i === 300 ? byte ^ 1 : byte));
    let again = 0;
    const { model: { head } } = await fit(model, train, { ...interrupted, onStep: () => void again++ });
    assert.deepEqual(head, expected.model.head);
    assert.equal(again, 12, "from the start");
    assert.match(notices.join(), /SHA-256 does not match/);
  });
});

Deno.test({
  name: "a stage continues from the stage before; recipes with the same first stages share them",
  ignore,
  async fn() {
    await withStore(async (store) => {
      const softmax = { depth: "head", epochs: 2, seed: 5, store } as const;
      const first = await fit(smallModel(), noise(22, 512, "train"), softmax);
      const second = await fit(first.model, deepTrain, { ...deepOptions, store });
      const direct = await fit(smallModel(), deepTrain, { ...deepOptions, store });
      assert.notEqual(second.key, direct.key);
      assert.notDeepEqual(second.model.head, direct.model.head);
      assert.equal((await fit(smallModel(), noise(22, 512, "train"), softmax)).computed, false);
      // the last stage has all that the ones before have trained
      assert.deepEqual(await loadFitted(store, second.key, smallModel()), second.model);
      assert.deepEqual(
        second.model.layers.slice(0, 10),
        smallModel().layers.slice(0, 10),
        "what is frozen stays",
      );
    });
  },
});
