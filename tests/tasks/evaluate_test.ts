/** `deno task evaluate` as users call it, with the permissions that it has in deno.json. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeImage } from "../../lib/data/decode.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { evaluate } from "../../lib/evaluation/metrics.ts";
import { openLabelledSet } from "../../lib/experiment/labelled_set.ts";
import { evaluateModel, type ModelEvaluation } from "../../lib/experiment/model_evaluation.ts";
import { makePredictor } from "../../lib/model/predictor.ts";
import { medicalNotice, saveModel } from "../../lib/model/saved_model.ts";
import { digestTraining } from "../../lib/model/trained_on.ts";
import { parse } from "../../lib/support/csv.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { randomFor } from "../../lib/support/random.ts";
import { parseEvaluateFlags, usage } from "../../lib/tasks/evaluate.ts";
import { planted } from "../data/near_duplicates/plant.ts";
import { seededModel } from "../model/seeded_model.ts";
import { startEngine } from "../../lib/support/engine/engine.ts";
import { runTask } from "../support/run_deno.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

await startEngine();

const folder = await lastingFolder("evaluate é ");
const drawn = join(folder, "drawn");
await makeStandIn(drawn, { seed: 1, images: 70 });
const rows = parse(await Deno.readTextFile(join(drawn, "HAM10000_metadata.csv")), { skipFirstRow: true });
const photos = new Map<string, string>();
for (const part of ["HAM10000_images_part_1", "HAM10000_images_part_2"]) {
  for (const { name } of Deno.readDirSync(join(drawn, part))) {
    photos.set(name.replace(".jpg", ""), join(drawn, part, name));
  }
}

/** A model of 32 pixels that claims to have learned from every third row of the table. */
const seeded = seededModel({ size: 32, scaling: "divide255" });
const trained = rows.filter((_, row) => row % 3 === 0);
const learned = await Promise.all(
  trained.map(async ({ image_id, lesion_id }) => ({
    fileDigest: sha256(await Deno.readFile(photos.get(image_id)!)),
    lesionId: lesion_id,
  })),
);
const model = join(folder, "model");
await saveModel(model, { ...seeded, trainedOn: digestTraining(learned) });

const run = (...args: string[]) => runTask("evaluate", ["--model", model, ...args], { cwd: folder });

/** Writes a table of drawn photos, with other names for columns and classes than the model's. */
async function writeTable(name: string, header: string, lines: readonly string[]): Promise<void> {
  await Deno.writeTextFile(join(folder, name), [header, ...lines].join("\n") + "\n");
}

/** The model's answers to some rows, by itself. */
async function answersTo(some: typeof rows, orientations: 1 | 8 = 1): Promise<Float32Array> {
  using predictor = makePredictor(seeded, { orientations });
  const pixels = await Promise.all(some.map(({ image_id }) => decodeImage(photos.get(image_id)!, 32)));
  return await predictor.predict(Uint8Array.from(pixels.flatMap((image) => [...image])));
}
const codes = seeded.classes.map(({ code }) => code);
const scoresOf = (some: typeof rows, answers: Float32Array) =>
  evaluate(some.map(({ dx }) => codes.indexOf(dx)), answers, 7);

Deno.test("a table with any column names is evaluated: metrics with intervals, as text, JSON and a page without photos", async () => {
  const lines = rows.map(({ image_id, dx, lesion_id }) => `${image_id}.jpg,${dx.toUpperCase()},${lesion_id}`);
  await writeTable("list.csv", "photo,diagnosis,patient", lines);
  const { code, out, err } = await run(
    ...["--metadata", "list.csv", "--data", "drawn", "--out", "results/it"],
    ...["--columns", "image_id=photo,dx=diagnosis,lesion_id=patient"],
  );
  assert.equal(code, 0, err);
  const answers = await answersTo(rows);
  const expected = scoresOf(rows, answers);
  const found: ModelEvaluation & { notice: string; warnings: string[] } = JSON.parse(
    await Deno.readTextFile(join(folder, "results", "it.json")),
  );
  assert.deepEqual(found.all.confusion, expected.confusion);
  assert.ok(Math.abs(found.all.loss - expected.loss) < 1e-5);
  assert.equal(found.all.balancedAccuracy, expected.balancedAccuracy);
  const lesions = new Set(rows.map(({ lesion_id }) => lesion_id)).size;
  assert.deepEqual([found.set.photos, found.set.lesions, found.all.groups], [70, lesions, lesions]);
  assert.ok(lesions < 70, "some lesions have several photos");
  const { low, high } = found.all.intervals.balancedAccuracy;
  assert.ok(low <= expected.balancedAccuracy && expected.balancedAccuracy <= high);
  assert.equal(
    found.all.baseline.accuracy,
    Math.max(...found.all.perClass.map(({ support }) => support)) / 70,
  );
  assert.equal(found.notice, medicalNotice);
  assert.deepEqual(found.warnings.map((text) => text.split(":")[0]), ["SYNTHETIC", "RANDOM BASE"]);
  assert.ok(!JSON.stringify(found).includes(folder), "no path of this machine");
  assert.ok(!JSON.stringify(found).includes("--join-case"), "classes were matched: nothing is to be joined");

  const shown = out.replaceAll("\u00a0", " ");
  assert.match(shown, /^Model: .*VGG16.*\nSYNTHETIC: .*\nRANDOM BASE: /);
  assert.match(shown, new RegExp(`list\\.csv: 70 photos of ${lesions} lesions\\.`));
  assert.match(shown, /Matched without regard to case: AKIEC → akiec, .*VASC → vasc\./);
  const accuracy = (100 * expected.balancedAccuracy).toFixed(1);
  assert.match(
    shown,
    new RegExp(`^balanced accuracy +${accuracy} % +[\\d.]+ % to [\\d.]+ % +14\\.3 %$`, "m"),
  );
  assert.match(shown, /^ +precision +recall +f1-score +support$/m);
  assert.ok(shown.trimEnd().endsWith(medicalNotice));

  const html = await Deno.readTextFile(join(folder, "results", "it.html"));
  assert.doesNotMatch(html, /<(img|script|link|iframe|svg)|https?:|url\(/i);
  for (
    const part of [medicalNotice, "SYNTHETIC: ", "RANDOM BASE: ", "Confusion matrix", `${accuracy}\u00a0%`]
  ) {
    assert.ok(html.includes(part), part);
  }
  assert.ok(!html.includes(folder));
  assert.doesNotMatch(html, /f1-score/, "each class stands in one table alone");
  const names = Array.from(Deno.readDirSync(join(folder, "results")), ({ name }) => name).sort();
  assert.deepEqual(names, ["it.html", "it.json"]);
});

Deno.test("photos and lesions used in training are counted, and the others are also evaluated separately", async () => {
  const { code, out, err } = await run("--data", "drawn", "--out", "seen.json"); // HAM10000's own table, found in the folder
  assert.equal(code, 0, err);
  const found: ModelEvaluation = JSON.parse(await Deno.readTextFile(join(folder, "seen.json")));
  const lesions = new Set(trained.map(({ lesion_id }) => lesion_id));
  const rest = rows.filter(({ lesion_id }) => !lesions.has(lesion_id));
  const either = 70 - rest.length;
  assert.deepEqual(found.shared, { photos: 24, lesions: either, either, nearDuplicates: null });
  assert.match(
    out,
    /Near-duplicates .* were not looked for: --training-photos with the folder of these photos/,
  );
  assert.ok(rest.length < 46, "some photos share their lesion alone");
  assert.equal(found.unseen!.n, rest.length);
  assert.deepEqual(found.unseen!.confusion, scoresOf(rest, await answersTo(rest)).confusion);
  assert.match(
    out,
    /The model was trained on 24 of these photos, by the bytes of their files; \d+ photos of a lesion/,
  );
  assert.match(out, new RegExp(`^The ${rest.length} photos that share nothing with training$`, "m"));
});

/** Two of training's photos, turned and saved again, then the rest as they are; under other names, without lesions. */
async function writeNear(): Promise<{ flags: string[]; copied: typeof rows; others: typeof rows }> {
  const lesions = new Set(trained.map(({ lesion_id }) => lesion_id));
  const others = rows.filter(({ lesion_id }) => !lesions.has(lesion_id)).slice(0, 6);
  const copied = trained.slice(3, 5);
  await Deno.mkdir(join(folder, "near"), { recursive: true });
  for (const [i, { image_id }] of [...copied, ...others].entries()) {
    const path = photos.get(image_id)!;
    const bytes = i < copied.length
      ? await planted(path, ["turned by any angle", "JPEG quality 60"][i], randomFor("near", i))
      : await Deno.readFile(path);
    await Deno.writeFile(join(folder, "near", `N${i}.jpg`), bytes);
  }
  await writeTable("near.csv", "image_id,dx", [...copied, ...others].map(({ dx }, i) => `N${i},${dx}`));
  return { flags: ["--metadata", "near.csv", "--data", "near"], copied, others };
}

Deno.test("near-duplicates of training photos are found by their pixels, named, and left out of the scores on unseen photos", async () => {
  const { flags, copied, others } = await writeNear();
  const { code, out, err } = await run(...flags, "--training-photos", "drawn", "--out", "near");
  assert.equal(code, 0, err);
  const found: ModelEvaluation = JSON.parse(await Deno.readTextFile(join(folder, "near.json")));
  assert.deepEqual(found.shared, { photos: 0, lesions: null, either: 2, nearDuplicates: 2 });
  const { trained: all, found: looked, pairs } = found.nearDuplicates!;
  assert.deepEqual([all, looked], [24, 24]);
  assert.deepEqual(
    pairs.map(({ photo, trained }) => [photo, trained]),
    copied.map(({ image_id }, i) => [`N${i}`, image_id]),
  );
  assert.deepEqual([found.all.n, found.unseen!.n], [8, 6]);
  assert.deepEqual(found.unseen!.confusion, scoresOf(others, await answersTo(others)).confusion);
  const [first, second] = copied.map(({ image_id }, i) => `N${i} of ${image_id}`);
  const html = await Deno.readTextFile(join(folder, "near.html"));
  for (const text of [out, html]) {
    assert.ok(text.includes(`2 other photos are nearly one that it was trained on`), text);
    assert.ok(text.includes(`saved again): ${first}, ${second}.`), text);
    assert.doesNotMatch(text, /were not looked for|only \d+ were found/);
  }
  assert.match(out, /^The 6 photos that share nothing with training$/m);
  // its own photos are trained on, and no near-duplicates of themselves
  const own = await run("--data", "drawn", "--training-photos", "drawn", "--out", "own.json");
  assert.equal(own.code, 0, own.err);
  const { shared, nearDuplicates }: ModelEvaluation = JSON.parse(
    await Deno.readTextFile(join(folder, "own.json")),
  );
  assert.equal(shared!.photos, 24);
  assert.equal(shared!.nearDuplicates, new Set(nearDuplicates!.pairs.map(({ photo }) => photo)).size);
  const isTrained = new Set(trained.map(({ image_id }) => image_id));
  assert.ok(
    nearDuplicates!.pairs.every(({ photo, trained }) => !isTrained.has(photo) && isTrained.has(trained)),
  );
});

Deno.test("if few training photos are found, this is reported; if none are found or listed in the model, it stops", async () => {
  const { flags } = await writeNear();
  await Deno.mkdir(join(folder, "few", "deep"), { recursive: true });
  await Deno.copyFile(photos.get(trained[3].image_id)!, join(folder, "few", "deep", "renamed.jpg"));
  const few = await run(...flags, "--training-photos", "few", "--out", "few.json");
  assert.equal(few.code, 0, few.err);
  assert.match(few.out, /1 other photo is nearly one .*: N0 of renamed\./);
  assert.match(few.out, /Of the 24 photos that it was trained on only 1 was found in the folder/);

  for (
    const [place, received] of [
      ["near", /Expected: some of 24 photos, .*Received: none of them in near with 8 photos\n$/],
      ["nowhere", /Received: none of them in nowhere with 0 photos; nowhere: the folder does not exist\n$/],
    ] as const
  ) {
    const { code, err } = await run(...flags, "--training-photos", place);
    assert.equal(code, 1);
    assert.match(err, received);
  }
  const older = join(folder, "older still");
  await saveModel(older, seeded);
  const { code, err } = await run(...flags, "--model", older, "--training-photos", "drawn");
  assert.equal(code, 1);
  assert.match(
    err,
    /^The model's folder .* does not say what it was trained on.* Leave out --training-photos/,
  );
});

Deno.test("unknown classes and unreadable photos stop it, or are left out with a note; eight orientations are averaged", async () => {
  const some = rows.slice(20, 45);
  const table = (more: string[]) =>
    writeTable("some.csv", "image_id,dx", [...some.map(({ image_id, dx }) => `${image_id},${dx}`), ...more]);
  await Deno.mkdir(join(folder, "some"), { recursive: true });
  for (const { image_id } of some) {
    await Deno.copyFile(photos.get(image_id)!, join(folder, "some", `${image_id}.jpg`));
  }
  const [cut] = rows;
  const bytes = await Deno.readFile(photos.get(cut.image_id)!);
  await Deno.writeFile(join(folder, "some", `${cut.image_id}.jpg`), bytes.subarray(0, bytes.length >> 1));
  await Deno.copyFile(photos.get(rows[1].image_id)!, join(folder, "some", "odd.jpg"));
  await table([`${cut.image_id},${cut.dx}`, "odd,SCC"]);
  const flags = ["--metadata", "some.csv", "--data", "some", "--orientations", "8", "--out", "some.json"];

  const unknown = await run(...flags);
  assert.equal(unknown.code, 2);
  assert.match(
    unknown.err,
    /^some\.csv has classes that the model does not know\..*Received: SCC \(1 photo\)\n$/,
  );
  const damaged = await run(...flags, "--skip-unknown");
  assert.equal(damaged.code, 1);
  assert.match(damaged.err, /1 of 26 photos cannot be used:\n.*\.jpg: is .*cut short[^]*--skip-damaged\.\n$/);
  await assert.rejects(Deno.stat(join(folder, "some.json")), Deno.errors.NotFound);

  const { code, out, err } = await run(...flags, "--skip-unknown", "--skip-damaged");
  assert.equal(code, 0, err);
  assert.match(out, /^1 photo left out, of classes that the model does not know: SCC 1\.$/m);
  assert.match(out, new RegExp(`^Cannot be decoded, so left out: 1 photo, ${cut.image_id}\\.$`, "m"));
  assert.match(out, /mean of the eight orientations/);
  const found: ModelEvaluation = JSON.parse(await Deno.readTextFile(join(folder, "some.json")));
  const turned = scoresOf(some, await answersTo(some, 8));
  assert.ok(Math.abs(found.all.loss - turned.loss) < 1e-5);
  assert.ok(Math.abs(found.all.loss - scoresOf(some, await answersTo(some)).loss) > 1e-5);
  assert.deepEqual([found.orientations, found.set.photos, found.set.damaged], [8, 25, [cut.image_id]]);
});

Deno.test("no flag skips photos that the disk cannot deliver: it stops, so that no score covers only the others", async () => {
  const disk = join(folder, "disk");
  await Deno.mkdir(disk);
  const some = rows.slice(0, 12);
  for (const { image_id } of some) {
    await Deno.copyFile(photos.get(image_id)!, join(disk, `${image_id}.jpg`));
  }
  await writeTable("disk.csv", "image_id,dx", some.map(({ image_id, dx }) => `${image_id},${dx}`));
  const set = await openLabelledSet(disk, seeded.classes, { metadata: join(folder, "disk.csv") });
  await Deno.rename(disk, join(folder, "another disk")); // as where it is taken away
  await assert.rejects(evaluateModel(seeded, set, { skipDamaged: true }), {
    message: /^12 of 12 photos could not be read because of the disk or the network/,
  });
});

Deno.test("an older model's page says that it cannot know what the model was trained on", async () => {
  const older = join(folder, "older");
  await saveModel(older, seeded);
  const { code, out, err } = await run("--model", older, "--data", "drawn", "--out", "older.html");
  assert.equal(code, 0, err);
  const page = await Deno.readTextFile(join(folder, "older.html"));
  for (const text of [out, page]) assert.match(text, /It is not known whether the model was trained on/);
  assert.match(page, /<h2>All 70 photos<\/h2>/);
});

Deno.test("invalid flags are refused with exit code 2; --help prints the usage page", async () => {
  const cases: [string[], RegExp][] = [
    [[], /^Name the table of the photos with --metadata, .*Received: neither\n\ndeno task evaluate/],
    [["photo.jpg"], /photo\.jpg[\s\S]*deno task evaluate/],
    [
      ["--metadata", "a.csv", "--rename", "MEL"],
      /^--rename is a list of .*MEL=mel,SCC=akiec\. Received: "MEL"$/,
    ],
    [["--metadata", "a.csv", "--rename", "A=b,A=c"], /Received: A twice$/],
    [["--metadata", "a.csv", "--orientations", "2"], /^--orientations is 1, .*Received: 2$/],
    [
      ["--metadata", "a.csv", "--out", "a.csv"],
      /^--out is a file ending in \.json or \.html, .*Received: a\.csv$/,
    ],
    ...["folder/", ".", "folder/.."].map((out): [string[], RegExp] => [
      ["--metadata", "a.csv", "--out", out],
      /^--out is a file ending in \.json or \.html, /,
    ]),
    [
      ["--metadata", "a.csv", "--training-photos="],
      /^--training-photos needs a path\. Received: an empty text$/,
    ],
    [["--metadata="], /^--metadata needs a path\. Received: an empty text$/],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseEvaluateFlags(args), { name: "RangeError", message });
  }
  const out = (text: string) => parseEvaluateFlags(["--data", "a", "--out", text]).out;
  assert.deepEqual(out("b.v2/it"), ["b.v2/it.json", "b.v2/it.html"]);
  assert.deepEqual([out("it.HTML"), out("it.json"), out("run.2")], [
    ...[["it.HTML"], ["it.json"], ["run.2.json", "run.2.html"]],
  ]);
  const own = ["--metadata", "x/a.csv", "--rename", " MEL = mel,SCC=akiec", "--classes", "a, b"];
  const { data, rename, classes } = parseEvaluateFlags(own);
  assert.deepEqual({ data, rename, classes }, {
    ...{ data: "x", rename: { MEL: "mel", SCC: "akiec" }, classes: ["a", "b"] },
  });
  assert.equal((await run("--nonsense")).code, 2);
  const { code, out: page } = await run("--help");
  assert.deepEqual([code, page], [0, `${usage}\n`]);
});

Deno.test("a result that cannot be written is refused before the work", async () => {
  const [photo] = photos.values();
  const { code, err, out } = await run("--data", "drawn", "--out", join(photo, "it.json"));
  assert.equal(code, 1);
  assert.match(err, /^--out must be a file in a folder where you may write\. Received: .*it\.json \(.+\)\n$/);
  assert.equal(out, "");
});
