import assert from "node:assert/strict";
import { join } from "node:path";
import { type Config, createConfig } from "../../lib/config.ts";
import { testOnAllImages } from "../../lib/experiment/all_images.ts";
import { compareOptimizers } from "../../lib/experiment/comparison.ts";
import {
  type DeepRun,
  predictDeep,
  predictWithoutRounding,
  trainDeep,
} from "../../lib/experiment/deep_training.ts";
import { compareFairly, learningRates, trainingSeeds } from "../../lib/experiment/fair_comparison.ts";
import { featuresOf } from "../../lib/experiment/features.ts";
import { evaluateOnTest } from "../../lib/experiment/final_evaluation.ts";
import { conclusion } from "../../lib/experiment/final_tables.ts";
import { openInputs } from "../../lib/experiment/inputs.ts";
import { keepModel } from "../../lib/experiment/keep_model.ts";
import { runStudy } from "../../lib/experiment/studies.ts";
import { imageSizes, type StudyRun, variantOf } from "../../lib/experiment/study_runs.ts";
import { stageOf } from "../../lib/recipe.ts";
import { loadModel } from "../../lib/model/saved_model.ts";
import { engine, tf } from "../../lib/support/engine/engine.ts";
import { argmaxRows } from "../../lib/training/cross_entropy.ts";

const ignore = engine.name === "wasm";
const block5 = stageOf({ depth: "block5", epochs: 2 });

async function withConfig(changes: Partial<Config>, work: (config: Config) => Promise<void>): Promise<void> {
  const out = await Deno.makeTempDir();
  try {
    const { depth: _, ...config } = createConfig({
      preset: "smoke",
      standInImages: 80,
      epochs: 2,
      recipe: [block5],
    });
    await work(createConfig({ ...config, weights: null, out, ...changes }));
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

const withoutNetwork = ({ network: _, computed: _computed, ...run }: DeepRun) => run;

Deno.test({
  name:
    "a recipe is trained once and kept: history by line, TensorBoard's logs, no tensor of its own left, the same again",
  ignore,
  async fn() {
    await withConfig({ tensorBoard: true }, async (config) => {
      const inputs = await openInputs(config);
      const before = tf.memory().numTensors;
      const details: string[] = [];
      const first = await trainDeep(config, inputs, {
        training: (done, total, detail) => details.push(`${done} of ${total}: ${detail}`),
      });
      assert.equal(tf.memory().numTensors - before, 5, "of TensorBoard's writer, which stays open");
      assert.equal(first.computed, true);
      const images = inputs.parts.subsetTrain.length;
      assert.match(
        details[0],
        new RegExp(
          `^\\d+ of ${2 * images}: block5, epoch 1/2, step 1/\\d+, loss \\d\\.\\d+, accuracy [\\d.]+ %$`,
        ),
      );
      const folders = await Array.fromAsync(Deno.readDir(join(config.out, "trainings")));
      const { name } = folders.find(({ name }) => name.startsWith("block5-"))!;
      const path = join(config.out, "trainings", name);
      const lines = (await Deno.readTextFile(join(path, "history.jsonl"))).trim().split("\n");
      assert.deepEqual(lines.map((line) => JSON.parse(line)), first.history);
      const logs = await Array.fromAsync(Deno.readDir(join(path, "tensorboard")));
      assert.match(logs.map(({ name }) => name).join(), /^events\.out\.tfevents[^,]*$/);
      assert.match(
        new TextDecoder("latin1").decode(await Deno.readFile(join(path, "tensorboard", logs[0].name))),
        /accuracy\/validation/,
      );

      const again = await trainDeep(config, inputs);
      assert.equal(tf.memory().numTensors - before, 5);
      assert.equal(again.computed, false);
      assert.deepEqual(withoutNetwork(again), withoutNetwork(first));
      assert.deepEqual(again.network, first.network);
      const { depth: _, ...rest } = config;
      const longer = createConfig({ ...rest, recipe: [block5, { ...block5, epochs: 1 }] });
      let steps = 0;
      const extended = await trainDeep(longer, inputs, {
        training: (_, __, detail) => steps += detail ? 1 : 0,
      });
      assert.equal(steps, details.filter((detail) => detail.includes("epoch 1/")).length, "one epoch more");
      assert.deepEqual(
        extended.history.slice(0, 2),
        first.history,
        "a recipe that begins alike takes the stage",
      );

      const rows = inputs.parts.subsetValidation;
      const [stored, exact] = [
        await predictDeep(config, inputs, first.network, rows),
        await predictWithoutRounding(config, inputs, first.network, rows),
      ];
      stored.forEach((share, i) => assert.ok(Math.abs(share - exact![i]) < 0.01, `${share}, ${exact![i]}`));
      assert.ok(stored.some((share, i) => share !== exact![i]), "half floats round");
    });
  },
});

Deno.test({
  name:
    "the test is opened for the frozen and the trained network, both logged; the better on validation is kept",
  ignore,
  async fn() {
    await withConfig({}, async (config) => {
      const inputs = await openInputs(config);
      const runs = await compareOptimizers(config, inputs);
      const deep = await trainDeep(config, inputs);
      const final = await evaluateOnTest(config, inputs, runs, { deep });
      assert.equal(final.trained?.test.n, inputs.parts.test.length);
      assert.deepEqual(final.frozen.map(({ optimizer }) => optimizer), ["nadam", "adam", "rmsprop"]);
      const openings = (await Deno.readTextFile(join(config.out, "test_openings.jsonl"))).trim().split("\n")
        .map((line) => JSON.parse(line));
      assert.deepEqual(openings.map(({ depth }) => depth), ["head", "block5"]);
      assert.equal(openings[1].configuration, deep.configuration);
      const frozen = final.frozen.find(({ optimizer }) => optimizer === final.chosen)!;
      const better = deep.validation.accuracy > frozen.validation.accuracy ? final.trained : frozen;
      assert.equal(final.best, better);
      const exact = await predictWithoutRounding(config, inputs, deep.network, inputs.parts.test);
      const others = argmaxRows(exact!, inputs.source.classes.length);
      const changed = final.trained!.predicted.filter((label, i) => label !== others[i]).length;
      assert.equal(final.changedByHalfFloats.trained, changed);
      assert.match(
        conclusion(config, inputs, final),
        /half floats .* for \d+ of \d+ test images, the trained/,
      );
      await keepModel(config, inputs, final, { runs, deep });
      const { provenance } = await loadModel(join(config.out, "model"));
      assert.deepEqual([provenance.configuration, provenance.synthetic, provenance.base], [
        final.best.configuration,
        true,
        "random",
      ]);
    });
  },
});

Deno.test({
  name: "rectangles are trained on, behind the frozen network and deeper, and measured as without rounding",
  ignore,
  async fn() {
    const recipe = [stageOf({ depth: "head", epochs: 2 }), { ...block5, epochs: 1 }];
    await withConfig({ size: [48, 64], recipe: recipe.slice(0, 1), depth: undefined }, async (config) => {
      const inputs = await openInputs(config);
      const { values, length } = await featuresOf(config, inputs, [0, 1]);
      assert.deepEqual([length, values.length], [1024, 2048]); // 1 × 2 × 512 each
      for (const deeper of [config, createConfig({ ...config, depth: undefined, recipe })]) {
        const run = await trainDeep(deeper, inputs);
        assert.equal(run.network.head.inputs, 1024);
        const rows = inputs.parts.subsetValidation;
        const [stored, exact] = [
          await predictDeep(deeper, inputs, run.network, rows),
          await predictWithoutRounding(deeper, inputs, run.network, rows),
        ];
        stored.forEach((share, i) => assert.ok(Math.abs(share - exact![i]) < 0.01, `${share}, ${exact![i]}`));
      }
      const [last] = imageSizes(config).filter(({ label }) => label.startsWith("200 × 150"));
      assert.deepEqual(variantOf(config, last).size, [150, 200]);
    });
  },
});

Deno.test({
  name: "a study's runs change what they say and nothing else; what was trained is taken",
  ignore,
  async fn() {
    await withConfig({}, async (config) => {
      const head = [stageOf({ depth: "head", epochs: 2 })];
      const runs: StudyRun[] = [
        { label: "head", change: { recipe: head } },
        { label: "head, imagenet", change: { recipe: head, scaling: "imagenet" } },
        { label: "larger", change: { recipe: head, size: 96 } },
        { label: "block5", change: { recipe: [block5] } },
      ];
      const results = await runStudy(config, "ladder", { runs });
      assert.deepEqual(results.map(({ label, depth, scaling, size }) => [label, depth, scaling, size]), [
        ["head", "head", "divide255", 64],
        ["head, imagenet", "head", "imagenet", 64],
        ["larger", "head", "divide255", 96],
        ["block5", "block5", "divide255", 64],
      ]);
      assert.deepEqual(results.map(({ parameters }) => parameters), [14343, 14343, 32263, 7_079_424 + 14343]);
      assert.equal(new Set(results.map(({ configuration }) => configuration)).size, 4);
      const path = join(config.out, "studies", "ladder.json");
      assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), results);
      // results are taken without their weights; what the file lacks is trained
      await Deno.remove(join(config.out, "trainings"), { recursive: true });
      const taken = await runStudy(config, "ladder", { runs: runs.slice(1).reverse() });
      assert.deepEqual(taken, results.slice(1).reverse());
      assert.equal(await Deno.stat(join(config.out, "trainings")).catch(() => null), null);
      const again = await runStudy(config, "ladder", { runs });
      const numbers = (all: typeof results) => all.map(({ minutes: _, ...rest }) => rest);
      assert.deepEqual(numbers(again), numbers(results));
      assert.deepEqual((await Array.fromAsync(Deno.readDir(join(config.out, "trainings")))).length, 2); // one run, and stages
    });
  },
});

Deno.test({
  name: "the recipe on all images leaves none of the training side out and opens the test once for each",
  ignore,
  async fn() {
    await withConfig({}, async (config) => {
      const { rows } = await testOnAllImages(config);
      const { parts } = await openInputs(config);
      assert.deepEqual(rows.map(({ images }) => images), [parts.subset.length, parts.train.length]);
      assert.ok(rows[1].copyShare > rows[0].copyShare);
      for (const { test, interval } of rows) assert.ok(interval.low <= test && test <= interval.high);
      assert.deepEqual((await testOnAllImages(config)).rows, rows);
      const openings = (await Deno.readTextFile(join(config.out, "test_openings.jsonl"))).trim().split("\n");
      assert.deepEqual(
        openings.map((line) => JSON.parse(line).configuration),
        rows.map(({ configuration }) => configuration),
      );
    });
  },
});

Deno.test("the fair comparison tries every rate with the first seed and the best with all; differences are those of the accuracies", async () => {
  await withConfig({ recipe: [] }, async (config) => {
    const inputs = await openInputs(config);
    const { optimizers, differences } = await compareFairly(config, inputs);
    for (const { grid, learningRate, accuracies, mean } of optimizers) {
      assert.deepEqual(grid.map((tried) => tried.learningRate), [...learningRates]);
      const best = Math.max(...grid.map(({ accuracy }) => accuracy));
      assert.equal(grid.find((tried) => tried.learningRate === learningRate)!.accuracy, best);
      assert.equal(accuracies.length, trainingSeeds.length);
      assert.equal(accuracies[0], best);
      assert.ok(Math.abs(mean - accuracies.reduce((a, b) => a + b) / accuracies.length) < 1e-12);
    }
    assert.deepEqual(differences.map(({ a, b }) => `${a} ${b}`), [
      "nadam adam",
      "nadam rmsprop",
      "adam rmsprop",
    ]);
    const [nadam, , rmsprop] = optimizers;
    assert.ok(Math.abs(differences[1].seeds.mean - (nadam.mean - rmsprop.mean)) < 1e-12);
    const { low, high } = differences[1].lesions;
    assert.ok(low <= differences[1].seeds.mean && differences[1].seeds.mean <= high);
    // the comparison of the write-up starts from the same softmax and order: its run is one of the grid's
    const [written] = await compareOptimizers(config, inputs);
    assert.equal(nadam.grid[2].accuracy, written.validation.accuracy);
  });
});
