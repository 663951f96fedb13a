/** The golden answers of Keras with the models that this project saved; tests/fixtures/keras_model has the recipe. */
import assert from "node:assert/strict";
import { sha256 } from "../../../lib/support/digest.ts";
import { sidesOf, sizeText } from "../../../lib/image_size.ts";
import { kerasFile } from "../../../lib/model/saved/keras_file.ts";
import { kerasLayers } from "../../../lib/model/saved/keras_layers.ts";
import { makePredictor } from "../../../lib/model/saved/predictor.ts";
import { saveModel } from "../../../lib/model/saved/save_model.ts";
import { loadWeights, weightsDigest } from "../../../lib/model/weights.ts";
import { fixtureModels, largestDifference, seededModel, testPixels } from "./models.ts";

const golden = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/keras_model/predictions.json", import.meta.url)),
);

for (const [name, options] of Object.entries(fixtureModels)) {
  const { size, scaling } = options;
  Deno.test(`Keras reads a saved model as it is and answers within 1e-5: ${scaling}, ${sizeText(size)} pixels`, async () => {
    const { sha256: digest, predictions, layers, inputShape } = golden.models[name];
    const model = seededModel(options);
    const folder = await Deno.makeTempDir();
    try {
      await saveModel(folder, model);
      const file = `${folder}/model.h5`;
      const received = sha256(await Deno.readFile(file));
      assert.equal(received, digest, "Keras saw another file: make the fixture again");
      const { layers: trained } = await loadWeights(file, { expectedDigest: null });
      assert.equal(weightsDigest(trained), weightsDigest(model.layers), "a base to start a training from");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    const names = kerasLayers(model).map(({ config }) => config.name);
    assert.deepEqual(names, ["photo", ...layers]); // Keras counts the input apart
    assert.deepEqual(inputShape, [...sidesOf(size), 3]);
    using predictor = makePredictor(model);
    const answers = predictor.predict(testPixels(size));
    const difference = largestDifference(answers, predictions.flat());
    assert.ok(difference < 1e-5, `${difference}`);
  });
}

Deno.test("a Keras file does not depend on when it is written, and leaves the clock going", async () => {
  const layers = kerasLayers({ size: 32, scaling: "divide255", classes: [] }).slice(0, 3);
  const write = () => kerasFile(layers, (name) => new Float32Array(name.endsWith("kernel") ? 27 * 64 : 64));
  const before = Date.now();
  const now = await write();
  const { now: clock } = Date;
  Date.now = () => clock() + 3_600_000;
  const later = await write().finally(() => Date.now = clock);
  assert.equal(sha256(now), sha256(later));
  assert.ok(Date.now() >= before);
});

Deno.test("a Keras file that cannot be written is an error and leaves nothing in memory", async () => {
  const layers = kerasLayers({ size: 32, scaling: "divide255", classes: [] });
  const wrong = () => new Float32Array(5); // of no layer's shape
  await assert.rejects(kerasFile(layers, wrong));
  const { FS } = await (await import("h5wasm")).default.ready;
  assert.deepEqual(FS.readdir("/").filter((name: string) => name.endsWith(".h5")), []);
});
