/** The whole way from photos to executed notebooks, on 200 real photos and ImageNet weights. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { metadataColumns } from "../lib/columns.ts";
import { asWrittenResult, bestResult, readResults } from "../lib/experiment/results.ts";
import { loadModel } from "../lib/model/saved_model.ts";
import { parse, stringify } from "../lib/support/csv.ts";
import { parseNotebook } from "../lib/support/notebook/ipynb.ts";
import { assertNoPhotos, isPhoto, withoutPhotos } from "../lib/support/notebook/photos.ts";
import { ham10000Folder } from "./data/leak_free_photos.ts";
import { realWeights } from "./model/images.ts";
import { silentCells } from "./support/notebook/run_cells.ts";
import { finishRun, makePlace, type Outcome, type Place, startRun } from "./interruptions/run.ts";

const ignore = !ham10000Folder || !existsSync(realWeights);

let place: Place;

Deno.test.beforeAll(async () => {
  place = await makePlace({ recipe: [{ depth: "head", epochs: 3 }, { depth: "block5", epochs: 2 }] });
});

Deno.test.afterAll(async () => await place[Symbol.asyncDispose]());

const inPlace = (...parts: string[]) => join(place.folder, ...parts);
const flags = () => ["--data", inPlace("data"), "--weights", realWeights];
const readExecuted = async (name: string) =>
  parseNotebook(await Deno.readTextFile(inPlace("out", "notebooks", name)), name);

/** A data folder with about `count` of the real photos, every class among them. */
async function sampleOfPhotos(folder: string, count: number): Promise<void> {
  const rows = parse(await Deno.readTextFile(join(ham10000Folder!, "HAM10000_metadata.csv")), {
    skipFirstRow: true,
  });
  const chosen = Array.from({ length: count }, (_, i) => rows[Math.floor(i * rows.length / count)]);
  const part1 = join(folder, "HAM10000_images_part_1");
  await Deno.mkdir(part1, { recursive: true });
  for (const { image_id } of chosen) {
    const places = [1, 2].map((n) => join(ham10000Folder!, `HAM10000_images_part_${n}`, `${image_id}.jpg`));
    await Deno.copyFile(places.find(existsSync)!, join(part1, `${image_id}.jpg`));
  }
  const table = stringify(chosen, { columns: metadataColumns });
  await Deno.writeTextFile(join(folder, "HAM10000_metadata.csv"), table);
}

interface Pipeline {
  /** The photo that was cut in half in the first run. */
  photo: string;
  stopped: Outcome;
  finished: Outcome;
}

let made: Promise<Pipeline> | undefined;

/** A run that a truncated photo stops, and the next one, with the photo whole again. Made once. */
function pipeline(): Promise<Pipeline> {
  return made ??= (async () => {
    const folder = inPlace("data", "HAM10000_images_part_1");
    await sampleOfPhotos(inPlace("data"), 200);
    const [photo] = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    const whole = await Deno.readFile(join(folder, photo));
    await Deno.writeFile(join(folder, photo), whole.subarray(0, whole.length >> 1));
    const stopped = await startRun(place, "out", { flags: flags() }).ended;
    await Deno.writeFile(join(folder, photo), whole);
    const finished = await startRun(place, "out", { flags: flags() }).ended;
    return { photo, stopped, finished };
  })();
}

Deno.test({
  name: "a truncated photo stops the run, names notebook, cell and photo, and keeps what was rendered",
  ignore,
  async fn() {
    const { photo, stopped: { code, text } } = await pipeline();
    assert.equal(code, 1, text);
    assert.match(text, /02_augmentation, cell 3 \(const config/);
    assert.match(text, new RegExp(`1 of 200 photos[^]*${photo}`));
    const { cells } = await readExecuted("01_eda.ipynb");
    assert.ok(cells.some((cell) => cell.cell_type === "code" && cell.outputs.length > 0));
  },
});

Deno.test({
  name: "200 real photos go through all five notebooks and end with all results",
  ignore,
  async fn() {
    const { code, text } = (await pipeline()).finished;
    assert.equal(code, 0, text);
    assert.match(text, /Test accuracy: \d+\.\d\u00a0% .*Claimed: 89\.5\u00a0%/);
    const results = (await readResults(inPlace("out")))!;
    assert.equal(results.synthetic, false);
    assert.equal(results.counts.images, 200);
    assert.equal(results.counts.train + results.counts.test, results.counts.augmented);
    const runs = results.runs.map(({ depth, optimizer }) => `${depth} ${optimizer}`);
    assert.deepEqual(runs, ["head nadam", "head adam", "head rmsprop", "block5 nadam"]);
    assert.deepEqual(results.runs[3].history.map(({ stage }) => stage), [1, 1, 1, 2, 2]);
    // ImageNet features of copies that training has seen: well above chance, and above always the commonest class.
    const { test: { accuracy, confusion } } = asWrittenResult(results);
    assert.ok(accuracy > 0.4 && accuracy < 1, `${accuracy}`);
    assert.ok(results.baselines.at(-1)!.test.accuracy < 1);
    assert.deepEqual(confusion.map((row) => row.reduce((a, b) => a + b)), results.counts.perClass.test);
  },
});

Deno.test({
  name: "executed code cells are numbered 1 … n and all have output; published notebooks show no photo",
  ignore,
  async fn() {
    await pipeline();
    let tagged = 0;
    for await (const { name } of Deno.readDir(inPlace("out", "notebooks"))) {
      const executed = await readExecuted(name);
      const code = executed.cells.filter((cell) => cell.cell_type === "code");
      assert.deepEqual(code.map((cell) => cell.execution_count), code.map((_, index) => index + 1));
      assert.deepEqual(silentCells(executed), [], name);
      tagged += code.flatMap((cell) => cell.outputs).filter(isPhoto).length;
      await assertNoPhotos(await withoutPhotos(executed), { name });
    }
    assert.equal(tagged, 5, "two grids in 01, two in 02, one in 05");
  },
});

Deno.test({
  name: "the network that is best on validation is saved as a model",
  ignore,
  async fn() {
    await pipeline();
    const { configuration } = bestResult((await readResults(inPlace("out")))!);
    const { size, classes, provenance } = await loadModel(inPlace("out", "model"));
    assert.deepEqual([size, classes.length, provenance.synthetic], [64, 7, false]);
    assert.equal(provenance.configuration, configuration);
  },
});

Deno.test({
  name: "a second run computes nothing and says so; a lost result is rebuilt from the store, byte for byte",
  ignore,
  async fn() {
    await pipeline();
    const path = inPlace("out", "results.json");
    const before = await Deno.readTextFile(path);
    const second = await finishRun(place, "out", { flags: flags() });
    assert.equal(second.match(/reused, nothing changed/g)?.length, 5, second);
    assert.equal(await Deno.readTextFile(path), before);

    await Deno.remove(path);
    const third = await finishRun(place, "out", { flags: flags() });
    assert.match(third, /05_final_evaluation +results.json is missing or was changed/);
    assert.match(third, /0 photos to decode, 0 images through VGG16/);
    assert.equal(await Deno.readTextFile(path), before);
  },
});
