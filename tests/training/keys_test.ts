/** Trainings of hours are stored under these keys: a refactoring must not change one. */
import assert from "node:assert/strict";
import { type Depth, depths, keyOf, type Stage, stageOf, type StageOptions } from "../../lib/recipe.ts";
import type { EngineIdentity } from "../../lib/support/engine/engine.ts";
import { fitKey } from "../../lib/training/fit.ts";
import { vgg16 } from "../../lib/training/model.ts";
import keys from "../fixtures/keys.json" with { type: "json" };

const engine: EngineIdentity = {
  ...{ name: "tfjs-node", tensorflow: "2.21.0", tfjs: "4.22.0" },
  ...{ oneDnn: true, threads: 2 },
};
const on = { train: "1".repeat(64), validation: "2".repeat(64), seed: 0 };
const start = "0".repeat(64);

Deno.test("the keys of trainings match tests/fixtures/keys.json", () => {
  for (const { stages, key } of keys.recipes as { stages: StageOptions[]; key: string }[]) {
    const found = stages.reduce((model, stage) => fitKey(model, stage, on, engine), start);
    assert.equal(found, key, JSON.stringify(stages));
  }
});

Deno.test("the digest of a new model matches tests/fixtures/keys.json", () => {
  const { weights, size, classes, seed, digest } = keys.model;
  const made = vgg16({ weights: { layers: [], digest: weights }, size, scaling: "divide255", classes, seed });
  assert.equal(made.digest, digest);
});

Deno.test("defaults match tests/fixtures/keys.json: keys leave them out, so changing one must raise fitVersion", () => {
  assert.deepEqual(Object.fromEntries(depths.map((depth) => [depth, stageOf({ depth })])), keys.defaults);
});

Deno.test("writing out a default changes no key; another value does, in any field", () => {
  const other: { [K in keyof Stage]: Stage[K] } = {
    ...{ depth: "block1", optimizer: "adam", learningRate: 0.5, schedule: "cosine", warmUpEpochs: 0.1 },
    ...{ epochs: 7, batchSize: 31, dropout: 0.1, weightDecay: 0.1, randomOrientation: true, patience: 3 },
    ...{ readsImages: true, balancedSoftmax: true, emaMomentum: 0.9 },
    restoreBestWeights: true,
  };
  const depth: Depth = "head";
  const key = (stage: StageOptions) => fitKey(start, stage, on, engine);
  assert.equal(key(stageOf({ depth })), key({ depth }));
  assert.equal(key({ depth, optimizer: undefined }), key({ depth }));
  const names = Object.keys(stageOf({ depth })) as (keyof Stage)[];
  const found = names.map((name) => key({ ...stageOf({ depth }), [name]: other[name] }));
  assert.equal(new Set([...found, key({ depth })]).size, names.length + 1);
  assert.deepEqual(keyOf({ depth, epochs: 30, learningRate: 0.002 }), { depth, learningRate: 0.002 });
});

Deno.test("model, examples, seed and engine are parts of a key", () => {
  const stage: StageOptions = { depth: "head" };
  const found = [
    fitKey(start, stage, on, engine),
    fitKey("9".repeat(64), stage, on, engine),
    ...Object.entries({ train: "3", validation: "3", seed: 1 }).map(([name, value]) =>
      fitKey(start, stage, { ...on, [name]: value }, engine)
    ),
    fitKey(start, stage, on, { ...engine, threads: 4 }),
  ];
  assert.equal(new Set(found).size, found.length);
});
