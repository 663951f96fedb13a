import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { runStudy, testOnAllImages } from "../../lib/experiment/studies.ts";
import {
  allImages,
  ladder,
  ownRecipe,
  studyConfigs,
  type StudyRun,
  variantOf,
} from "../../lib/experiment/study_runs.ts";
import {
  compareFairly,
  learningRates,
  trainingSeeds,
  tuningSeed,
} from "../../lib/experiment/fair_comparison.ts";
import { openExperiment } from "../../lib/experiment/experiment.ts";
import { readOpenings } from "../../lib/experiment/openings.ts";
import { modelOf, train } from "../../lib/experiment/run.ts";
import { depths, stageOf } from "../../lib/recipe.ts";
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { withConfig, withExperiment } from "./small_experiment.ts";

await startEngine();

const ignore = engine.name === "wasm";
const head = [{ depth: "head", epochs: 2 }] as const;
const block5 = [{ depth: "block5", epochs: 1 }] as const;

const recipe = [
  stageOf({ depth: "block5", epochs: 3 }),
  stageOf({ depth: "block1", epochs: 12, dropout: 0.3 }),
];
const config = createConfig({ preset: "smoke", weights: null, recipe, studyEpochs: 6 });

Deno.test("the ladder has every depth once and trains convolutions for the studies' epochs", () => {
  const stages = ladder(config).map((run) => variantOf(config, run).recipe);
  assert.deepEqual(stages.map(([{ depth }]) => depth), depths);
  assert.deepEqual(stages.map(([{ epochs }]) => epochs), [30, 6, 6, 6, 6, 6]);
  assert.ok(stages.flat().every(({ dropout, randomOrientation }) => dropout === 0 && !randomOrientation));
});

Deno.test("the own recipe is compared with itself at half the epochs of each stage, nothing else changed", () => {
  const [half, whole] = ownRecipe(config).map((run) => variantOf(config, run).recipe);
  assert.deepEqual(whole, recipe);
  assert.deepEqual(half, [{ ...recipe[0], epochs: 2 }, { ...recipe[1], epochs: 6 }]);
});

Deno.test("a one-epoch recipe is not halved; an empty recipe gives no runs", () => {
  const one = createConfig({
    ...config,
    depth: undefined,
    recipe: [stageOf({ depth: "block5", epochs: 1 })],
  });
  assert.equal(ownRecipe(one).length, 1);
  const slow = createConfig({
    preset: "smoke",
    weights: null,
    recipe: [{ depth: "block4", epochs: 2, warmUpEpochs: 1 }],
  });
  const [shorter] = ownRecipe(slow).map((run) => variantOf(slow, run).recipe[0]);
  assert.deepEqual(
    [shorter.epochs, shorter.warmUpEpochs],
    [1, 0.5],
    "a warm-up that does not fit is shorter",
  );
  assert.equal(allImages(slow).recipe[0].epochs, 1);
  assert.deepEqual(ownRecipe(createConfig({ preset: "smoke", weights: null })), []);
});

Deno.test("all images get as many steps as the subset, to within half an epoch, and as many warm-up steps", () => {
  const all = allImages(config);
  assert.equal(all.subsetShare, 1);
  all.recipe.forEach((stage, index) => {
    const before = recipe[index];
    const subset = (epochs: number) => epochs * config.subsetShare;
    assert.ok(Math.abs(stage.epochs - subset(before.epochs)) <= 0.5, `stage ${index + 1}`);
    assert.equal(stage.warmUpEpochs, subset(before.warmUpEpochs));
    assert.deepEqual({ ...stage, epochs: before.epochs, warmUpEpochs: before.warmUpEpochs }, before);
  });
});

Deno.test("the announced trainings count one shared by several studies once and mark those that open the test", () => {
  const keys = studyConfigs(config).map(({ config: { recipe, size, scaling, subsetShare } }) =>
    JSON.stringify({ recipe, size, scaling, subsetShare })
  );
  assert.equal(new Set(keys).size, keys.length);
  const tested = studyConfigs(config).filter(({ opensTest }) => opensTest).map(({ config }) => config);
  assert.deepEqual(tested, [config, allImages(config)]);
});

Deno.test({
  name: "a study's trainings change only what they state; finished trainings are reused",
  ignore,
  async fn() {
    await withConfig({}, async (config) => {
      const runs: StudyRun[] = [
        { label: "head", change: { recipe: head } },
        { label: "head, imagenet", change: { recipe: head, scaling: "imagenet" } },
        { label: "larger", change: { recipe: head, size: 64 } },
        { label: "block5", change: { recipe: block5 } },
      ];
      const results = await runStudy(config, "ladder", runs);
      assert.deepEqual(results.map(({ label, depth, scaling, size }) => [label, depth, scaling, size]), [
        ["head", "head", "divide255", 32],
        ["head, imagenet", "head", "imagenet", 32],
        ["larger", "head", "divide255", 64],
        ["block5", "block5", "divide255", 32],
      ]);
      assert.deepEqual(results.map(({ parameters }) => parameters), [3591, 3591, 14343, 7_079_424 + 3591]);
      assert.deepEqual(results.map(({ bestEpoch }) => bestEpoch), [null, null, null, 1]);
      assert.equal(new Set(results.map(({ configuration }) => configuration)).size, 4);
      const path = join(config.out, "studies", "ladder.json");
      assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), results);
      // a row of the file is taken even where the training is not stored any more
      for (const kind of ["fits", "runs"]) {
        await Deno.remove(join(config.out, "store", kind), { recursive: true });
      }
      assert.deepEqual(await runStudy(config, "ladder", runs.slice(1).reverse()), results.slice(1).reverse());
      const again = await runStudy(config, "ladder", runs.slice(0, 2));
      const numbers = (all: typeof results) => all.map(({ minutes: _, ...rest }) => rest);
      assert.deepEqual(numbers(again), numbers(results.slice(0, 2)));
    });
  },
});

Deno.test({
  name:
    "the recipe on all images uses the whole training side; subset and all images open the test once each",
  ignore,
  async fn() {
    await withConfig({ recipe: block5 }, async (config) => {
      const rows = await testOnAllImages(config);
      const { parts } = await openExperiment(config);
      assert.deepEqual(rows.map(({ images }) => images), [parts.subset.length, parts.train.length]);
      assert.ok(rows[1].copyShare > rows[0].copyShare);
      for (const { test, interval } of rows) assert.ok(interval.low <= test && test <= interval.high);
      assert.deepEqual(await testOnAllImages(config), rows);
      const opened = (await readOpenings(config.out)).map(({ configuration }) => configuration);
      assert.deepEqual(opened, rows.map(({ configuration }) => configuration));
    });
  },
});

Deno.test("the fair comparison tunes each learning rate with a separate seed; differences are of mean accuracies", async () => {
  assert.ok(
    !trainingSeeds.some((seed: number) => seed === tuningSeed),
    "the tuning seed is not counted again",
  );
  await withExperiment({}, async (experiment) => {
    const { optimizers, differences } = await compareFairly(experiment);
    for (const { grid, learningRate, accuracies, mean } of optimizers) {
      assert.deepEqual(grid.map((tried) => tried.learningRate), [...learningRates]);
      const best = Math.max(...grid.map(({ accuracy }) => accuracy));
      assert.equal(grid.find((tried) => tried.learningRate === learningRate)!.accuracy, best);
      assert.equal(accuracies.length, trainingSeeds.length);
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
    const tuned = await train(experiment, modelOf(experiment, tuningSeed), [
      { depth: "head", optimizer: "nadam", learningRate: 1e-3, epochs: experiment.config.epochs },
    ], { seed: tuningSeed });
    assert.deepEqual([tuned.computed, tuned.validation.accuracy], [false, nadam.grid[2].accuracy]);
  });
});
