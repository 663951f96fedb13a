import { rankRuns } from "../../lib/evaluation/metrics.ts";
import assert from "node:assert/strict";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { colourHistogram, histogramLength, measureBaselines } from "../../lib/experiment/baselines.ts";
import { configurationOf, modelOf, networkOf, type Run, runName, train } from "../../lib/experiment/run.ts";
import {
  describeChoice,
  describeRecipe,
  describeTraining,
  learningCurveOf,
} from "../../lib/experiment/run_texts.ts";
import { stageOf } from "../../lib/recipe.ts";
import { engine, startEngine, tf } from "../../lib/support/engine/engine.ts";
import { randomFor } from "../../lib/support/random.ts";
import { withExperiment } from "./small_experiment.ts";

await startEngine();

const ignore = engine.name === "wasm"; // it has no gradients of convolutions
const head = { depth: "head", epochs: 2 } as const;
const block5 = { depth: "block5", epochs: 2 } as const;
const withoutTime = ({ seconds: _, computed: _computed, ...run }: Run) => run;

Deno.test({
  name: "a recipe is trained once and reused: history by line, TensorBoard logs, no leaked tensors",
  ignore,
  async fn() {
    await withExperiment({ tensorBoard: true }, async (experiment) => {
      const before = tf.memory().numTensors;
      const first = await train(experiment, modelOf(experiment), [block5]);
      assert.equal(tf.memory().numTensors - before, 5, "of TensorBoard's writer, which stays open");
      assert.deepEqual([first.computed, first.name], [true, "VGG16 trained from block5, nadam"]);
      const folder = join(experiment.config.out, "trainings", `block5-${first.configuration.slice(0, 12)}`);
      const lines = (await Deno.readTextFile(join(folder, "history.jsonl"))).trim().split("\n");
      assert.deepEqual(lines.map((line) => JSON.parse(line)), first.history);
      const [log] = await Array.fromAsync(Deno.readDir(join(folder, "tensorboard")));
      const text = new TextDecoder("latin1").decode(
        await Deno.readFile(join(folder, "tensorboard", log.name)),
      );
      assert.match(text, /accuracy\/validation/);

      await Deno.remove(join(folder, "history.jsonl"));
      const again = await train(experiment, modelOf(experiment), [block5]);
      assert.equal(again.computed, false);
      assert.equal((await Deno.readTextFile(join(folder, "history.jsonl"))).trim(), lines.join("\n"));
      assert.deepEqual(withoutTime(again), withoutTime(first));
      const longer = await train(experiment, modelOf(experiment), [block5, { ...block5, epochs: 1 }]);
      assert.deepEqual(
        longer.history.slice(0, 2),
        first.history,
        "a recipe that begins alike takes the stage",
      );
      assert.deepEqual(longer.history.map(({ stage, epoch }) => [stage, epoch]), [[1, 1], [1, 2], [2, 1]]);
      assert.equal((await networkOf(experiment, first)).classes, experiment.source.classes.length);
    });
  },
});

Deno.test("a recipe has one result, with or without its defaults written out; for the softmax the last epoch counts", async () => {
  await withExperiment({}, async (experiment) => {
    const { learningRate, batchSize } = experiment.config;
    const model = modelOf(experiment);
    const spelled = await train(experiment, model, [{
      ...head,
      optimizer: "nadam",
      learningRate,
      batchSize,
    }]);
    const usual = await train(experiment, modelOf(experiment), [head]);
    assert.deepEqual([usual.computed, usual.configuration], [false, spelled.configuration]);
    assert.equal(spelled.bestEpoch, null);
    const { validationAccuracy, validationLoss } = spelled.history.at(-1)!;
    assert.equal(spelled.validation.accuracy, validationAccuracy);
    assert.ok(Math.abs(spelled.validation.loss - validationLoss!) < 1e-4);
    assert.equal(learningCurveOf(spelled).chosen, undefined, "no epoch was chosen, so none is marked");
  });
});

Deno.test("lost or damaged weights are trained again to the same bytes, even if the run's record is intact", async () => {
  await withExperiment({}, async (experiment) => {
    const { store } = experiment;
    const first = await train(experiment, modelOf(experiment), [head]);
    await store.remove("fits", first.configuration);
    const again = await train(experiment, modelOf(experiment), [head]);
    assert.equal(again.computed, true);
    assert.deepEqual(withoutTime(again), withoutTime(first));

    const paths = await Array.fromAsync(glob("**/*.tensors", { cwd: join(store.folder, "fits") }));
    for (const path of paths) {
      const bytes = await Deno.readFile(join(store.folder, "fits", path));
      bytes[bytes.length >> 1] ^= 1;
      await Deno.writeFile(join(store.folder, "fits", path), bytes);
    }
    await assert.rejects(
      networkOf(experiment, again),
      /is no longer in the store\. Run the same command to train it again/,
    );
    assert.equal((await train(experiment, modelOf(experiment), [head])).computed, true);
    await networkOf(experiment, again);
  });
});

Deno.test("the digest depends on learning rate, epochs, batch size, optimizer and seed, not on unused defaults", async () => {
  await withExperiment({}, (experiment) => {
    const of = (change: object, seed?: number) =>
      configurationOf(experiment, modelOf(experiment, seed), [{ ...head, ...change }], seed);
    const changes = [{}, { learningRate: 0.002 }, { epochs: 3 }, { batchSize: 16 }, { optimizer: "adam" }];
    const digests = [...changes.map((change) => of(change)), of({}, 1)];
    assert.equal(new Set(digests).size, digests.length);
    assert.equal(of(stageOf(head)), of({}), "all fields written out");
    const other = {
      ...experiment,
      config: { ...experiment.config, learningRate: 0.5, epochs: 99, studyEpochs: 9 },
    };
    assert.equal(configurationOf(other, modelOf(other), [head]), of({}), "what this recipe does not use");
  });
});

Deno.test({
  name: "the softmax and deeper layers can be trained on rectangular images",
  ignore,
  async fn() {
    await withExperiment({ size: [32, 64] }, async (experiment) => {
      const model = modelOf(experiment);
      assert.equal(model.head.inputs, 1024); // 1 × 2 × 512
      const run = await train(experiment, model, [head, { ...block5, epochs: 1 }]);
      assert.ok(run.validation.accuracy > 0);
    });
  },
});

const answered = (optimizer: string, answers: number[], loss: number) =>
  ({
    ...{
      optimizer,
      name: optimizer,
      validationAnswers: Float32Array.from(answers.flatMap((label) => label ? [0, 1] : [1, 0])),
    },
    train: { accuracy: 0.9 },
    validation: {
      n: answers.length,
      accuracy: answers.filter((label) => label === 0).length / answers.length,
      loss,
    },
  }) as unknown as Run;

const twoClasses = (n: number) =>
  ({
    ...{
      config: { seed: 0 },
      source: { classes: [{}, {}], samples: Array.from({ length: n }, (_, i) => ({ lesionId: `${i}` })) },
    },
    parts: {
      table: Array.from({ length: n }, (_, row) => ({ row, label: 0 })),
      subsetValidation: [...Array(n).keys()],
    },
  }) as unknown as Parameters<typeof describeChoice>[0];

Deno.test("if accuracies are equal, the lower loss is chosen, and the text says the same", () => {
  const runs = [
    answered("adam", [0, 0, 1, 0], 0.7),
    answered("nadam", [0, 1, 0, 0], 0.6),
    answered("rmsprop", [0, 1, 1, 0], 0.1),
  ];
  assert.deepEqual(rankRuns(runs).map(({ optimizer }) => optimizer), ["nadam", "adam", "rmsprop"]);
  const text = describeChoice(twoClasses(4), runs);
  assert.match(text, /^\*\*nadam\*\* is chosen/);
  assert.match(text, /- \*\*adam\*\*: .*Equally many correct answers, but a higher loss\.$/m);
  assert.match(text, /- \*\*rmsprop\*\*: .*1 of 4 images behind, 25\.00 points .*this may be chance\.$/m);
});

Deno.test("a lead on many lesions is called more than chance", () => {
  const n = 400;
  const right = Array<number>(n).fill(0);
  const worse = right.map((_, row) => (row % 5 === 0 ? 1 : 0));
  const text = describeChoice(twoClasses(n), [answered("nadam", right, 0.1), answered("adam", worse, 0.5)]);
  assert.match(
    text,
    /80 of 400 images behind, 20\.00 points .*: more than the draw of lesions explains; another seed may change it\.$/m,
  );
});

Deno.test("names, recipes and findings are described in words", () => {
  assert.equal(runName({ depth: "head", optimizer: "adam" }), "frozen VGG16, adam");
  assert.equal(
    describeRecipe([stageOf({ depth: "head" }), stageOf({ depth: "block3", dropout: 0.3, patience: 2 })]),
    "1. **the softmax alone**: nadam, 30 epochs of batches of 32, learning rate 0.001, the weights of the last epoch are kept\n" +
      "2. **block3 and all layers after it**: nadam, 10 epochs of batches of 32, learning rate 0.0001 (rising over the first 0.5 epochs, " +
      "then falling along half a cosine to 0), dropout 0.3 before the softmax, ended after 2 epochs without a better validation, " +
      "the weights of the best epoch are kept",
  );
  assert.match(
    describeRecipe([{ depth: "block3", epochs: 3 }]),
    /^\*\*block3 and all layers after it\*\*: nadam, 3 epochs /,
  );
  const runs = [answered("nadam", [0, 0, 0, 1], 1), answered("adam", [0, 1, 0, 1], 1)];
  const deep = { ...answered("nadam", [0, 0, 0, 0], 1), depth: "block1" } as Run;
  const text = describeTraining(runs, deep).replaceAll("\u00a0", " ");
  assert.match(text, /2 optimizers end within 25\.0 points/);
  assert.match(text, /90\.0 % of its training images correctly and 75\.0 % of the validation images/);
  assert.match(text, /from block1 on, .* from 75\.0 % to 100\.0 %/);
  assert.doesNotMatch(describeTraining(runs, null), /Trained from/);
});

Deno.test("a colour histogram holds square roots of joint colour shares: squares sum to 1, pixel order does not matter", () => {
  const [black, white, red] = [[0, 0, 0], [255, 255, 255], [255, 31, 0]];
  const histogram = colourHistogram(Uint8Array.from([black, black, white, red].flat()));
  assert.equal(histogram[0], Math.fround(Math.sqrt(0.5)));
  assert.equal(histogram[histogramLength - 1], 0.5);
  assert.equal(histogram[7 << 6], 0.5, "red, its green below 32");
  const random = randomFor("histogram");
  const pixels = Array.from(
    { length: 64 },
    () => Array.from({ length: 3 }, () => Math.floor(random() * 256)),
  );
  const drawn = colourHistogram(Uint8Array.from(pixels.flat()));
  assert.deepEqual(colourHistogram(Uint8Array.from(pixels.toReversed().flat())), drawn);
  assert.ok(Math.abs(drawn.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-5);
});

Deno.test("baselines: the commonest class scores its share, colours do better on drawn lesions; results are reused", async () => {
  await withExperiment({}, async (experiment) => {
    const [commonest, colours] = await measureBaselines(experiment);
    const { parts } = experiment;
    const labels = parts.test.map((row) => parts.table[row].label);
    const trained = parts.subsetTrain.map((row) => parts.table[row].label);
    const count = (list: number[], label: number) => list.filter((one) => one === label).length;
    const most = [...new Set(trained)].sort((a, b) => count(trained, b) - count(trained, a) || a - b)[0];
    assert.equal(commonest.test.accuracy, count(labels, most) / labels.length);
    assert.ok(colours.train.accuracy > commonest.train.accuracy);
    assert.deepEqual((await measureBaselines(experiment))[1], colours);
    const { source } = experiment;
    const more = { ...experiment, source: { ...source, classes: [...source.classes, source.classes[0]] } };
    const [, ofMore] = await measureBaselines(more);
    assert.equal(
      ofMore.test.perClass.length,
      source.classes.length + 1,
      "another number of classes is another result",
    );
  });
});
