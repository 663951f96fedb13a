/** Notebook 7, which runs only by name, through the real kernel on drawn images. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { LeakFreeResults } from "../lib/experiment/leakage/results.ts";
import { readOpenings } from "../lib/experiment/openings.ts";
import { parse } from "../lib/support/csv.ts";
import { leakageNotebook } from "../lib/tasks/notebooks.ts";
import { finishRun, makePlace } from "./interruptions/run.ts";

Deno.test("notebook 07 divides, trains and compares; its lists and results are kept; a second run reuses it", async () => {
  await using place = await makePlace({ preset: "smoke", standInImages: 300, size: 32, epochs: 2 });
  const reproduce = () => finishRun(place, "out", { flags: ["--only", "07"] });
  assert.match(await reproduce(), new RegExp(`to train +7 recipes[^]*${leakageNotebook} +done in`));
  const out = join(place.folder, "out");
  const { ladder, effects, official, bridge }: LeakFreeResults = JSON.parse(
    await Deno.readTextFile(join(out, "leak_free.json")),
  );
  assert.deepEqual(ladder.map(({ rung, half }) => [rung, half]), [
    ["none", null],
    ["lesion", "A"],
    ["lesion", "B"],
    ["copy", "A"],
    ["copy", "B"],
  ]);
  for (const { trainingList } of ladder) {
    const images = parse(await Deno.readTextFile(join(out, trainingList)), { skipFirstRow: true });
    assert.ok(images.length > 0 && images.every(({ copy }) => Number(copy) >= 1), trainingList);
  }
  assert.deepEqual(effects.map(({ kind }) => kind), ["copy", "lesion"]);
  assert.ok(effects[0].reached === effects[0].photos && effects[1].reached < effects[1].photos);
  assert.deepEqual(official, [], "drawn images have no official set");
  assert.deepEqual(bridge.map(({ trained, tested }) => [trained, tested]), [
    ["originals", "originals"],
    ["originals", "copies"],
    ["copies", "originals"],
    ["copies", "copies"],
  ]);
  const openings = await readOpenings(join(out, "leak_free"));
  assert.equal(openings.length, 5 + 4, "each network once on its test, those of the bridge on two");
  assert.match(await reproduce(), new RegExp(`${leakageNotebook} +reused, nothing changed`));
});
