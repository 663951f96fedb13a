import assert from "node:assert/strict";
import { createConfig } from "../../lib/config.ts";
import { allImages, ladder, ownRecipe, studyConfigs, variantOf } from "../../lib/experiment/study_runs.ts";
import { depths, stageOf } from "../../lib/recipe.ts";

const recipe = [
  stageOf({ depth: "block5", epochs: 3 }),
  stageOf({ depth: "block1", epochs: 12, dropout: 0.3 }),
];
const config = createConfig({ preset: "smoke", weights: null, recipe, studyEpochs: 6 });

Deno.test("the ladder has every depth once, convolutions for the studies' epochs", () => {
  const stages = ladder(config).map((run) => variantOf(config, run).recipe);
  assert.deepEqual(stages.map(([{ depth }]) => depth), depths);
  assert.deepEqual(stages.map(([{ epochs }]) => epochs), [30, 6, 6, 6, 6, 6]);
  assert.ok(stages.flat().every(({ dropout, randomOrientation }) => dropout === 0 && !randomOrientation));
});

Deno.test("the own recipe stands beside itself with half the epochs of each stage, nothing else changed", () => {
  const [half, whole] = ownRecipe(config).map((run) => variantOf(config, run).recipe);
  assert.deepEqual(whole, recipe);
  assert.deepEqual(half, [{ ...recipe[0], epochs: 2 }, { ...recipe[1], epochs: 6 }]);
});

Deno.test("a recipe of one epoch has no half, an empty one nothing", () => {
  const one = createConfig({
    ...config,
    depth: undefined,
    recipe: [stageOf({ depth: "block5", epochs: 1 })],
  });
  assert.equal(ownRecipe(one).length, 1);
  assert.deepEqual(ownRecipe(createConfig({ preset: "smoke", weights: null })), []);
});

Deno.test("all images get as many steps as the subset, to within half an epoch, and rise over as many", () => {
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

Deno.test("what is said before the start counts a training once that several studies share, the test where it is opened", () => {
  const keys = studyConfigs(config).map(({ config: { recipe, size, scaling, subsetShare } }) =>
    JSON.stringify({ recipe, size, scaling, subsetShare })
  );
  assert.equal(new Set(keys).size, keys.length);
  const tested = studyConfigs(config).filter(({ opensTest }) => opensTest).map(({ config }) => config);
  assert.deepEqual(tested, [config, allImages(config)]);
});
