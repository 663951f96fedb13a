/** The official test set beside the test as written, on drawn photos; and the real set's table and photos, where they are. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { type Config, type ConfigOptions, createConfig, experimentOf } from "../../lib/config.ts";
import { classesOf, ham10000Classes } from "../../lib/data/diagnosis.ts";
import { divideGroups } from "../../lib/data/leak_free_parts.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { measureBaselines } from "../../lib/experiment/baselines.ts";
import { conclusion } from "../../lib/experiment/conclusion.ts";
import { openExperiment } from "../../lib/experiment/experiment.ts";
import { honestPlan } from "../../lib/experiment/honest/choice.ts";
import { testHonest } from "../../lib/experiment/honest/testing.ts";
import { openLabelledSet } from "../../lib/experiment/labelled_set.ts";
import { relate } from "../../lib/experiment/leakage/division.ts";
import { evaluateModel } from "../../lib/experiment/model_evaluation.ts";
import { findTruthTable, openOfficialSet } from "../../lib/experiment/official_set.ts";
import { loadReadable, openOfficialImages, testOfficially } from "../../lib/experiment/official_testing.ts";
import { describeOfficial } from "../../lib/experiment/official_texts.ts";
import { readOpenings } from "../../lib/experiment/openings.ts";
import { makeResults } from "../../lib/experiment/results.ts";
import { modelOf, train } from "../../lib/experiment/run.ts";
import { saveNetwork } from "../../lib/experiment/saved_network.ts";
import { openTest, type TestedRun } from "../../lib/experiment/testing.ts";
import { officialTable } from "../../lib/figures/result_tables.ts";
import { loadModel } from "../../lib/model/saved_model.ts";
import { parse } from "../../lib/support/csv.ts";
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { shared } from "../model/images.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

await startEngine();

const root = await lastingFolder("official ");

const photosIn = (folder: string) =>
  [1, 2].flatMap((part) => {
    const place = join(folder, `HAM10000_images_part_${part}`);
    return Array.from(Deno.readDirSync(place), ({ name }) => join(place, name));
  }).sort();
const data = join(root, "data");
await makeStandIn(data, { seed: 0, images: 120 });

/** A test set in the official one's form: other drawn photos, a plain table, and if wanted the run's own photos in another form. */
async function makeSet(name: string, { control = true, columns = "image_id,dx" } = {}): Promise<string> {
  const [drawn, folder] = [join(root, "drawn"), join(root, name)];
  await makeStandIn(drawn, { seed: 9, images: 70 });
  await Deno.mkdir(join(folder, "images"), { recursive: true });
  for (const path of photosIn(drawn)) {
    await Deno.copyFile(path, join(folder, "images", path.split("/").at(-1)!.replace("SYN", "TEST")));
  }
  const rows = parse(await Deno.readTextFile(join(drawn, "HAM10000_metadata.csv")), { skipFirstRow: true });
  const lines = rows.map(({ image_id, dx }) => `${image_id.replace("SYN", "TEST")},${dx.toUpperCase()}`);
  await Deno.writeTextFile(join(folder, "Some_Test_GroundTruth.csv"), [columns, ...lines].join("\n") + "\n");
  if (!control) return folder;
  await Deno.mkdir(join(folder, "ham10000_same_form"));
  for (const path of photosIn(data).filter((_, i) => i % 4 > 0)) {
    const form = await sharp(path).modulate({ brightness: 0.5 }).jpeg({ quality: 20 }).toBuffer();
    await Deno.writeFile(join(folder, "ham10000_same_form", path.split("/").at(-1)!), form);
  }
  return folder;
}
const set = await makeSet("set");

const configOf = (out: string, changes: ConfigOptions = {}): Config =>
  createConfig({
    ...{ preset: "quick", data, weights: null, size: 32, epochs: 2, out: join(root, out), officialTest: set },
    ...changes,
  });

Deno.test("near-duplicates in the official set count as one lesion, and damaged photos of the control are left out", async () => {
  const folder = await makeSet("with doubles");
  const images = join(folder, "images");
  const [first, second] = Array.from(Deno.readDirSync(images), ({ name }) => name).sort();
  const turned = await sharp(join(images, first)).rotate(90).jpeg({ quality: 90 }).toBuffer();
  await Deno.writeFile(join(images, second), turned);
  const control = join(folder, "ham10000_same_form");
  const [damaged] = Array.from(Deno.readDirSync(control), ({ name }) => name).sort();
  await Deno.truncate(join(control, damaged), 300);
  const experiment = await openExperiment(configOf("doubles", { officialTest: folder, skipDamaged: true }));
  const { images: { lesions }, kept, set, load } = (await openOfficialImages(experiment))!;
  const [a, b] = [first, second].map((name) => kept.findIndex(({ path }) => path.endsWith(name)));
  assert.equal(lesions[a], lesions[b]);
  assert.ok(new Set(lesions).size > 60, "others are not joined");
  const { samples } = experiment.source;
  const pathOf = (row: number) => set.sameForm!.get(samples[row].imageId);
  const { photos, inForm } = await loadReadable([...samples.keys()], pathOf, load);
  assert.equal(photos.length, set.sameForm!.size - 1);
  assert.ok(photos.every((row) => !damaged.startsWith(samples[row].imageId)));
  assert.deepEqual([inForm!.pixelDigests.length, inForm!.damaged], [photos.length, []]);
});

Deno.test({
  name:
    "each network is tested once on the official set; deno task evaluate gives the same numbers for its saved model",
  ignore: engine.name === "wasm",
  async fn() {
    const experiment = await openExperiment(configOf("out"));
    const { config, parts, source } = experiment;
    const tested: TestedRun[] = [];
    for (const optimizer of ["nadam", "adam"] as const) {
      const run = await train(experiment, modelOf(experiment), [{ depth: "head", epochs: 2, optimizer }]);
      tested.push(await openTest(experiment, run));
    }
    const deep = await train(experiment, modelOf(experiment), [{ depth: "block5", epochs: 1 }]);
    tested.push(await openTest(experiment, deep));
    assert.equal((await readOpenings(config.out)).length, 3);

    const official = (await testOfficially(experiment, tested))!;
    const openings = await readOpenings(config.out);
    assert.equal(openings.length, 9, "two networks on the set and on the control's two forms");
    assert.equal(openings.filter(({ set }) => set === official.digest).length, 2);
    assert.deepEqual(await testOfficially(experiment, tested), official);
    assert.equal((await readOpenings(config.out)).length, 9, "stored answers are no opening");
    assert.deepEqual(JSON.parse(JSON.stringify(official)), official);

    const results = makeResults(experiment, tested, await measureBaselines(experiment), official);
    const [frozen, trained] = official.runs;
    assert.equal(frozen.name, `frozen VGG16, ${results.chosen}`, "the one that validation chose");
    assert.equal(trained.configuration, deep.configuration);
    assert.equal(official.set.photos, 70);
    assert.deepEqual(official.shared, { photos: 0, lesions: null, either: 0 });
    assert.equal(frozen.unseen, null);
    results.runs.filter(({ name }) => name === frozen.name).forEach(({ test }) => {
      assert.equal(frozen.asWritten.accuracy, test.accuracy);
      assert.equal(frozen.asWritten.balancedAccuracy, test.balancedAccuracy);
      assert.deepEqual(frozen.asWritten.intervals.accuracy, test.interval);
    });

    await saveNetwork(experiment, deep);
    const model = await loadModel(join(config.out, "model"));
    const metadata = join(set, "Some_Test_GroundTruth.csv");
    const labelled = await openLabelledSet(set, model.classes, { metadata });
    const { all, shared } = await evaluateModel(model, labelled);
    assert.deepEqual(trained.test.confusion, all.confusion);
    assert.ok(Math.abs(trained.test.loss - all.loss) < 1e-5);
    assert.deepEqual(trained.test.intervals.balancedAccuracy, all.intervals.balancedAccuracy);
    assert.deepEqual(shared, { ...official.shared, nearDuplicates: null });

    // The model's folder knows the photos of all rows trained on, copies too, and their lesions
    const own = await openLabelledSet(data, model.classes, { metadata: join(data, "HAM10000_metadata.csv") });
    const seen = new Set(parts.subsetTrain.map((row) => parts.table[row].row));
    const lesions = new Set([...seen].map((row) => source.samples[row].lesionId));
    const { shared: sharedOwn, unseen } = await evaluateModel(model, own);
    const ofLesions = source.samples.filter(({ lesionId }) => lesions.has(lesionId)).length;
    const counts = { photos: seen.size, lesions: ofLesions, either: ofLesions, nearDuplicates: null };
    assert.deepEqual(sharedOwn, counts);
    assert.equal(unseen!.n, source.samples.length - ofLesions);

    // The control: photos of the test part whose lesions are not trained on, as far as the folder has them
    const expected = new Set(
      parts.test.map((row) => parts.table[row].row).filter((row) =>
        !lesions.has(source.samples[row].lesionId) &&
        existsSync(join(set, "ham10000_same_form", `${source.samples[row].imageId}.jpg`))
      ),
    );
    assert.ok(expected.size > 5, `${expected.size}`);
    assert.equal(official.control!.photos, expected.size);
    for (const { control } of official.runs) {
      const { asTheyAre, sameForm, difference } = control!;
      assert.deepEqual([asTheyAre.n, sameForm.n], [expected.size, expected.size]);
      const { balancedAccuracy } = difference;
      assert.equal(balancedAccuracy.difference, sameForm.balancedAccuracy - asTheyAre.balancedAccuracy);
      assert.ok(balancedAccuracy.low <= balancedAccuracy.high);
    }
    assert.notEqual(frozen.control!.sameForm.loss, frozen.control!.asTheyAre.loss, "the form is another");

    const text = describeOfficial(results).replaceAll("\u00a0", " ");
    const share = (value: number) => `${(100 * value).toFixed(1)} %`;
    for (const { name, test, asWritten, control } of official.runs) {
      assert.ok(text.includes(`**${name}**: ${share(test.balancedAccuracy)} (95 % interval`), text);
      assert.ok(text.includes(`against ${share(asWritten.balancedAccuracy)}`));
      assert.ok(text.includes(`Control for ${name}: ${expected.size} photos`));
      assert.ok(text.includes(`in the set's form: ${share(control!.sameForm.balancedAccuracy)}`));
    }
    assert.match(text, /so the leak of the run's own test cannot raise these scores/);
    assert.doesNotMatch(text + conclusion(results), /NaN|undefined|null/);
    assert.match(
      conclusion(results),
      /which nobody augmented, the network \(frozen VGG16.*that form alone changes the balanced accuracy on photos of the run's own test by [−+\d.]+ points \(.* to .*\)/,
    );
    const { markdown } = officialTable(official);
    assert.equal(markdown.split("\n").filter((line) => line.startsWith("| ")).length, 2 + 2 * 4 + 1);

    // A set that holds a photo trained on, and no control
    const leaky = await makeSet("leaky", { control: false });
    const [trainedOn] = [...seen];
    const [victim, torn] = Array.from(Deno.readDirSync(join(leaky, "images")), ({ name }) => name).sort();
    await Deno.copyFile(join(data, source.samples[trainedOn].imagePath), join(leaky, "images", victim));
    await Deno.truncate(join(leaky, "images", torn), 1000);
    const withSet = (changes: ConfigOptions) => ({ ...experiment, config: configOf("out", changes) });
    const [one] = tested;
    await assert.rejects(testOfficially(withSet({ officialTest: leaky }), [one]), {
      message: /^1 of 70 photos cannot be used:[^]*To go on without them: --skip-damaged\.$/,
    });
    const mixed = (await testOfficially(withSet({ officialTest: leaky, skipDamaged: true }), [one]))!;
    assert.deepEqual(mixed.damaged, [torn.replace(".jpg", "")]);
    assert.deepEqual(mixed.shared, { photos: 1, lesions: null, either: 1 });
    assert.deepEqual([mixed.runs[0].test.n, mixed.runs[0].unseen!.n], [69, 68]);
    assert.deepEqual([mixed.control, mixed.runs[0].control], [null, null]);
    const said = describeOfficial({ ...results, official: mixed });
    assert.match(said, /There is no control/);
    assert.match(
      said,
      /^- 1 photo of the set has the file or the lesion of a training photo\. .* without it\.$/m,
    );
    assert.match(said, /Cannot be decoded, so left out: 1 photo, TEST\\_/);
  },
});

Deno.test("the honest model is tested once on the official set, with and without near-duplicates, and once on the control", async () => {
  const folder = await makeSet("near");
  const images = join(folder, "images");
  const [name] = Array.from(Deno.readDirSync(images), ({ name }) => name).sort();
  const turned = await sharp(photosIn(data)[0]).rotate(90).jpeg({ quality: 90 }).toBuffer();
  await Deno.writeFile(join(images, name), turned);
  const experiment = await openExperiment(configOf("honest", { officialTest: folder }));
  const related = await relate(experiment, (await openOfficialImages(experiment))!.kept);
  const near = new Set(related.official.map(({ official }) => official));
  assert.ok(near.has(name.replace(".jpg", "")), [...near].join());
  const parts = divideGroups(experiment.source, related.groups, { partition: 0, seed: 0 });
  const selection = {
    ...{ experiment, model: modelOf(experiment), choice: honestPlan({ preset: "smoke" }).start },
    ...{ adjustment: null, rows: [], photos: 0, groups: 0 },
  };
  const { own, official } = await testHonest(selection, parts, related);
  const { scores, unrelated, control } = official!;
  assert.deepEqual([scores.n, unrelated!.n], [70, 70 - near.size]);
  const inForm = parts.test.filter((row) =>
    existsSync(join(folder, "ham10000_same_form", `${experiment.source.samples[row].imageId}.jpg`))
  );
  assert.equal(control!.photos, inForm.length);
  const { asTheyAre, sameForm } = control!;
  assert.deepEqual([asTheyAre.n, sameForm.n], [inForm.length, inForm.length]);
  assert.notEqual(sameForm.loss, asTheyAre.loss, "the form is another");
  const openings = await readOpenings(join(experiment.config.out, "honest"));
  assert.equal(openings.length, 3);
  assert.equal(own.photos.length, parts.test.length);
});

Deno.test("the set's folder is not part of any key; without it nothing is tested, and a line says how to get it", async () => {
  const config = configOf("keys");
  assert.deepEqual(experimentOf(config), experimentOf(configOf("keys", { officialTest: null })));
  const none = { classes: ham10000Classes, official: null, synthetic: false };
  const text = describeOfficial(none as unknown as Parameters<typeof describeOfficial>[0]);
  assert.match(text, /`deno task data --with test`, or name its folder with `--test`/);
  assert.equal(await openOfficialSet(configOf("keys", { officialTest: null }), ham10000Classes), null);
  const others = classesOf(["benign", "malignant"]);
  assert.equal(await openOfficialSet(config, others), null, "photos of other diagnoses");
  const ofOthers = { ...none, classes: others } as unknown as Parameters<typeof describeOfficial>[0];
  assert.match(describeOfficial(ofOthers), /has other diagnoses than these photos/);
});

Deno.test("a folder that is not a valid test set is named, with what was expected", async () => {
  const empty = join(root, "empty");
  await Deno.mkdir(join(empty, "deep", "deeper"), { recursive: true });
  const open = (officialTest: string) =>
    openOfficialSet(configOf("wrong", { officialTest }), ham10000Classes);
  await assert.rejects(open(empty), {
    name: "RangeError",
    message: /^--test .*empty: expected a folder with .*GroundTruth.*--with test.*Received: no such table$/,
  });
  const table = join(empty, "deep", "ISIC2018_Task3_Test_GroundTruth.csv"); // as the release unpacks
  await Deno.writeTextFile(table, "image_id,dx\nA,mel\nB,elephant\n");
  await Deno.writeTextFile(join(empty, "ISIC2018_Task3_Training_GroundTruth.csv"), "");
  for (const name of ["A", "B"]) await Deno.writeTextFile(join(empty, "deep", `${name}.jpg`), "photo");
  assert.equal(await findTruthTable(empty), table);
  await assert.rejects(open(empty), {
    name: "RangeError",
    message: /expected a set with the run's classes, akiec, .*deno task evaluate.*Received: elephant$/,
  });
  await Deno.writeTextFile(join(empty, "Another_test_groundtruth.csv"), "");
  await assert.rejects(open(empty), {
    name: "RangeError",
    message: /several tables.*Received: Another_test_groundtruth\.csv, ISIC2018_Task3_Test_GroundTruth\.csv$/,
  });
});

const real = new URL("isic2018_test/", shared).pathname;

Deno.test({
  name:
    "the official set of 1,512 photos is found by its ground truth, with its classes and the control's photos",
  ignore: !existsSync(real),
  async fn() {
    const { title, photos, sameForm, lacking, matching, knowsLesions } = (await openOfficialSet(
      configOf("real", { officialTest: real }),
      ham10000Classes,
    ))!;
    assert.equal(title, "the official test set of ISIC 2018 Task 3");
    const counts = ham10000Classes.map((_, label) => photos.filter((photo) => photo.label === label).length);
    assert.deepEqual(counts, [43, 93, 217, 44, 171, 909, 35]);
    assert.deepEqual([lacking, matching.unknown, knowsLesions, sameForm!.size], [[], [], false, 2561]);
    assert.ok(photos.every(({ path }) => path.startsWith(join(real, "images"))));
  },
});
