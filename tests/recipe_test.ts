import assert from "node:assert/strict";
import { checkRecipe, depths, type Stage, stageOf } from "../lib/recipe.ts";

Deno.test("a stage needs only its depth: defaults make it valid at every depth", () => {
  for (const depth of depths) {
    const stage = stageOf({ depth });
    checkRecipe([stage]);
    assert.equal(stage.depth, depth);
    assert.equal(stage.optimizer, "nadam");
  }
  const { learningRate, epochs, schedule } = stageOf({ depth: "head" });
  assert.deepEqual([learningRate, epochs, schedule], [1e-3, 30, "constant"]); // as written
  assert.equal(stageOf({ depth: "block3", epochs: 2 }).epochs, 2);
});

Deno.test("a stage may be as deep as the previous one or deeper, but not shallower", () => {
  const recipe = (...depths: Stage["depth"][]) => depths.map((depth) => stageOf({ depth }));
  checkRecipe(recipe("head", "block5", "block5", "block2"));
  assert.throws(() => checkRecipe(recipe("head", "block2", "block5")), {
    name: "RangeError",
    message: "stage 3: depth must be at least as deep as the stage before, block2. Received: block5",
  });
});

Deno.test("an invalid stage is refused, with the stage, the field and the value received", () => {
  const impossible: [Partial<Record<keyof Stage, unknown>>, RegExp][] = [
    [{ depth: "block6" }, /stage 1: depth must be one of head, block5, .*Received: block6/],
    [{ optimizer: "sgd" }, /optimizer must be one of nadam, adam, rmsprop\. Received: sgd/],
    [{ schedule: "linear" }, /schedule must be one of constant, cosine\. Received: linear/],
    [{ learningRate: 0 }, /learningRate must be a positive number\. Received: 0/],
    [{ learningRate: NaN }, /learningRate .*NaN/],
    [{ epochs: 1.5 }, /epochs must be a whole number of at least 1\. Received: 1\.5/],
    [{ batchSize: 0 }, /batchSize .*Received: 0/],
    [{ warmUpEpochs: 10 }, /warmUpEpochs must be at least 0 and below the 10 epochs\. Received: 10/],
    [{ dropout: 1 }, /dropout must be at least 0 and below 1\. Received: 1/],
    [{ weightDecay: -1 }, /weightDecay must be .*Received: -1/],
    [{ randomOrientation: true }, /randomOrientation must be false, or true at depth block1, not block5/],
    [{ patience: 0 }, /patience must be .*or null\. Received: 0/],
    [{ dropout: "0.3" }, /dropout must be at least 0 and below 1\. Received: 0\.3/],
    [
      { learning_rate: 1e-5 } as object,
      /stage 1: fields must be out of .*learningRate.*Received: learning_rate/,
    ],
  ];
  for (const [change, message] of impossible) {
    assert.throws(() => checkRecipe([{ ...stageOf({ depth: "block5" }), ...change } as Stage]), {
      name: "RangeError",
      message,
    });
  }
});
