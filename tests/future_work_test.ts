/** The notebook that runs only by name, through the real kernel, with recipes cut down to an epoch. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { engine, startEngine } from "../lib/support/engine/engine.ts";
import { studiesNotebook } from "../lib/tasks/notebooks.ts";
import { finishRun, makePlace } from "./interruptions/run.ts";

await startEngine();

Deno.test({
  name: "notebook 06 runs through and keeps each study; a second run reuses it",
  ignore: engine.name === "wasm",
  async fn() {
    const small = { standInImages: 70, subsetShare: 0.3, size: 32, epochs: 2, studyEpochs: 1 };
    await using place = await makePlace({ ...small, recipe: [{ depth: "block5", epochs: 1 }] });
    const reproduce = () =>
      finishRun(place, "out", { flags: ["--only", "06", "--preset", "smoke", "--weights", "none"] });
    assert.match(await reproduce(), new RegExp(`to train +\\d+ recipes[^]*${studiesNotebook} +done in`));
    const out = join(place.folder, "out");
    const studies = Array.from(Deno.readDirSync(join(out, "studies")), ({ name }) => name).sort();
    assert.deepEqual(studies, [
      "all_images.json",
      "deep_optimizers.json",
      "image_sizes.json",
      "ladder.json",
      "optimizers.json",
      "scaling.json",
    ]);
    const executed = await Deno.readTextFile(join(out, "notebooks", `${studiesNotebook}.ipynb`));
    assert.match(executed, /"image\/png"/);
    assert.match(executed, /SYNTHETIC/);
    assert.match(await reproduce(), new RegExp(`${studiesNotebook} +reused, nothing changed`));
  },
});
