/** Notebook 8, which runs only by name or preset, through the real kernel on drawn images. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { HonestResults } from "../lib/experiment/honest/results.ts";
import { readOpenings } from "../lib/experiment/openings.ts";
import { loadModel } from "../lib/model/saved_model.ts";
import { honestNotebook } from "../lib/tasks/notebooks.ts";
import { finishRun, makePlace } from "./interruptions/run.ts";

Deno.test("notebook 08 chooses on validation, records the choice, opens the test once and saves the model with its test score", async () => {
  await using place = await makePlace({ preset: "smoke", standInImages: 200, size: 32, epochs: 2 });
  const reproduce = () => finishRun(place, "out", { flags: ["--only", "08"] });
  assert.match(await reproduce(), new RegExp(`${honestNotebook} +done in`));
  const out = join(place.folder, "out");
  const read = async (name: string) => JSON.parse(await Deno.readTextFile(join(out, name)));
  const results: HonestResults = await read("honest_model.json");
  const { steps, choice, own, official, clinical, model, photos, synthetic } = results;
  assert.equal(synthetic, true);
  assert.equal(official, null, "drawn images have no official set");
  assert.equal(steps[0].difference, null);
  let expected = {};
  for (const { difference, stays, change } of steps.slice(1)) {
    assert.equal(stays, difference!.high < 0, "a change stays only if its interval lies below 0");
    if (stays) expected = { ...expected, ...change };
  }
  const larger = steps.find(({ label }) => /^then/.test(label))!;
  assert.equal(choice.before !== null, larger.stays, "its networks went on from those before it");
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(choice[name as keyof typeof choice], value, name);
  }
  assert.equal(own.n, clinical.n);
  assert.ok(photos.train > photos.validation && photos.validation >= photos.validationGroups);
  assert.ok(clinical.detections.every(({ onValidation }) => onValidation.sensitivity >= 0.9));

  const written = await read("honest/choice.json");
  assert.deepEqual([written.model, written.choice, written.validation], [model, choice, steps]);
  const openings = await readOpenings(join(out, "honest"));
  assert.deepEqual(openings.map(({ name }) => name), ["honest model"]);
  const written_at = (await Deno.stat(join(out, "honest", "choice.json"))).mtime!;
  assert.ok(
    written_at.getTime() <= Date.parse(openings[0].time),
    "the choice is written before the test is opened",
  );

  const { provenance: { assessment, configuration }, trainedOn } = await loadModel(join(out, "honest_model"));
  assert.equal(configuration, model);
  assert.equal(assessment!.own.balancedAccuracy, own.balancedAccuracy);
  assert.equal(assessment!.orientations, choice.orientations);
  assert.equal(trainedOn!.photos.length, photos.train);
  assert.match(await reproduce(), new RegExp(`${honestNotebook} +reused, nothing changed`));
});
