/** `deno task classify` as users call it, with the permissions that it has in deno.json. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "../../lib/support/csv.ts";
import { classesOf, ham10000Classes } from "../../lib/data/diagnosis.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import type { PhotoAnswer } from "../../lib/model/predictor.ts";
import { type Assessment, medicalNotice, saveModel } from "../../lib/model/saved_model.ts";
import { answersCsv, answerText, findModel, parseClassifyFlags, usage } from "../../lib/tasks/classify.ts";
import { seededModel } from "../model/seeded_model.ts";
import { runTask } from "../support/run_deno.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

const folder = await lastingFolder("classify é ");
const drawn = join(folder, "drawn");
await makeStandIn(drawn, { seed: 1, images: 60 });
const part = join(drawn, "HAM10000_images_part_1");
const photo = join(part, "SYN_0000001.jpg");
const model = join(folder, "model");
await saveModel(model, seededModel({ size: 32, scaling: "divide255" }));

const classCodes = ham10000Classes.map(({ code }) => code);

const answer: PhotoAnswer = {
  ...{ path: "a, b.jpg", fileDigest: "", problem: null, isUnread: false },
  probabilities: Float32Array.of(0.01, 0.02, 0.04, 0.005, 0.613, 0.3, 0.012),
};

const run = (...args: string[]) => runTask("classify", args, { cwd: folder });

Deno.test("seven probabilities are printed with class names, after the SYNTHETIC line and before the notice", async () => {
  const { code, out, err } = await run("--model", model, photo);
  assert.equal(err, "");
  assert.equal(code, 0);
  const lines = out.trimEnd().split("\n");
  assert.equal(
    lines[0],
    `Model: ${model}, VGG16, random weights, trained from block1 on, seed 0, 32 × 32 pixels`,
  );
  assert.match(lines[1], /^SYNTHETIC: /);
  assert.match(lines[2], /^RANDOM BASE: /);
  assert.deepEqual(lines.slice(3, 5), ["", photo]);
  const answers = lines.slice(5, 12).map((line) => /^ {2}(\S+) +(.*?) +([\d.]+) %$/.exec(line)!.slice(1));
  const names = answers.map(([code, name]) => ({ code, name }));
  assert.deepEqual(names.toSorted((a, b) => (a.code < b.code ? -1 : 1)), [...ham10000Classes]);
  const percents = answers.map(([, , percent]) => Number(percent));
  assert.deepEqual(percents, percents.toSorted((a, b) => b - a));
  assert.ok(Math.abs(percents.reduce((sum, percent) => sum + percent) - 100) < 0.5);
  assert.deepEqual(lines.slice(12), ["", medicalNotice]);
});

Deno.test("if a folder has a damaged photo, the others are classified, also in the table, and the exit code is 1", async () => {
  const mixed = join(folder, "mixed");
  await Deno.mkdir(join(mixed, "deep"), { recursive: true });
  for (const name of ["SYN_0000002.jpg", "SYN_0000003.jpg"]) {
    await Deno.copyFile(join(part, name), join(mixed, "deep", name));
  }
  const bytes = await Deno.readFile(photo);
  await Deno.writeFile(join(mixed, "cut.jpg"), bytes.subarray(0, bytes.length >> 1));
  const { code, out, err } = await run(
    ...["--model", "model", "--csv", "tables/answers.csv", "mixed", "nowhere.png"],
  );
  assert.equal(code, 1);
  assert.match(
    err, // a slow machine has shown progress before
    /2 could not be used:\n {2}mixed\/cut\.jpg: is .*cut short.*\n {2}nowhere\.png: does not exist\n\n$/,
  );
  assert.match(out, /\nmixed\/deep\/SYN_0000002\.jpg\n {2}[\s\S]*\nmixed\/deep\/SYN_0000003\.jpg\n {2}/);
  assert.ok(out.endsWith(`tables/answers.csv: 2 photos\n${medicalNotice}\n`), out);
  const rows = parse(await Deno.readTextFile(join(folder, "tables", "answers.csv")), { skipFirstRow: true });
  assert.deepEqual(rows.map(({ path }) => path), [
    "mixed/deep/SYN_0000002.jpg",
    "mixed/deep/SYN_0000003.jpg",
  ]);
  const codes = ham10000Classes.map(({ code }) => code);
  for (const row of rows) {
    assert.deepEqual(Object.keys(row), ["path", "predicted", ...codes]);
    const values = codes.map((code) => Number(row[code]));
    assert.equal(row.predicted, codes[values.indexOf(Math.max(...values))]);
  }
  assert.deepEqual(Array.from(Deno.readDirSync(join(folder, "tables")), ({ name }) => name), ["answers.csv"]);
});

Deno.test("a folder without photos is named, and the exit code is 1", async () => {
  const { code, out, err } = await run("--model", model, join(model));
  assert.equal(code, 1);
  assert.match(err, /model: left out 1 \.bin, 1 \.h5, 2 \.json|model: left out 2 \.json, 1 \.bin, 1 \.h5/);
  assert.match(
    err,
    /model: holds no photos \(\.jpg, .* or \.avif\), also not in subfolders\. Give another folder/,
  );
  assert.ok(out.endsWith(`${medicalNotice}\n`));
});

Deno.test("a table that cannot be written is refused before the work", async () => {
  for (const path of [part, join(photo, "answers.csv")]) {
    const { code, out, err } = await run("--model", model, "--csv", path, photo);
    assert.equal(code, 1);
    assert.match(err, /^--csv must be a file in a folder where you may write\. Received: .*\(.+\)\n$/);
    assert.ok(err.includes(path));
    assert.equal(out, "");
  }
});

Deno.test("a model that is missing or damaged is named, and the exit code is 1", async () => {
  const missing = await run("--model", "nowhere", photo);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^nowhere\/about\.json: expected a model saved by this project.*\(--model\)\n$/);
  const damaged = join(folder, "damaged");
  await Deno.mkdir(damaged);
  for (const { name } of Deno.readDirSync(model)) await Deno.copyFile(join(model, name), join(damaged, name));
  await Deno.truncate(join(damaged, "weights.bin"), 5000);
  const cut = await run("--model", damaged, photo);
  assert.equal(cut.code, 1);
  assert.match(cut.err, /weights\.bin: cut short: about\.json names \d+ bytes\. Received: 5000 bytes/);
});

Deno.test("without --model the best run's model is used; if there is none, the error says what to do", async () => {
  const root = join(folder, "project");
  const bestFirst = [
    ...["honest/honest_model", "write-up/honest_model", "quick/honest_model"], // tested without a leak
    ...["write-up/model", "quick/model", "smoke/model"],
  ];
  await assert.rejects(findModel(root), {
    message: `There is no trained model. Received: nothing in ${
      bestFirst.map((place) => join(root, "outputs", place)).join(", ")
    }. Make one with \`deno task reproduce\`, or name its folder with --model`,
  });
  for (const place of bestFirst.toReversed()) {
    const path = join(root, "outputs", place);
    await Deno.mkdir(path, { recursive: true });
    await Deno.copyFile(join(model, "about.json"), join(path, "about.json"));
    assert.equal(await findModel(root), path);
  }
});

Deno.test("a model tested without a leak shows its scores, predicts as in that test and applies its melanoma threshold", async () => {
  const assessed = join(folder, "assessed");
  const shares = classCodes.map((code) => code === "nv" ? 0.7 : 0.05);
  const score = { balancedAccuracy: 0.7, low: 0.65, high: 0.75, photos: 1493 };
  const seeded = seededModel({ size: 32, scaling: "divide255" });
  const assessment: Assessment = {
    ...{ orientations: 8, own: score, official: { ...score, balancedAccuracy: 0.6 }, shares, temperature: 2 },
    melanoma: { threshold: 0.061, sensitivity: 0.82, specificity: 0.7 },
  };
  await saveModel(assessed, { ...seeded, provenance: { ...seeded.provenance, assessment } });
  const { out } = await run("--model", assessed, photo);
  assert.match(
    out,
    /^Tested without a leak: balanced accuracy 70\.0\u00a0% \(65\.0\u00a0% to 75\.0\u00a0%; 1,493 photos\) on new lesions, 60\.0/m,
  );
  assert.match(out, /^Each answer is the mean of eight orientations\.$/m);
  const otherwise = await run("--model", assessed, "--orientations", "1", photo);
  assert.match(
    otherwise.out,
    /^It was tested with the mean of eight orientations, and is used here with photos as they are: .*do not apply\.$/m,
  );
  assert.doesNotMatch(otherwise.out, /melanoma:/, "the threshold is that of other answers");
  assert.match(
    out,
    /^ {2}melanoma: [\d.]+\u00a0% at the test's prevalence, .* the threshold of 6\.1\u00a0%\. On the test its sensitivity was 82\u00a0% and its specificity 70\u00a0%\.$/m,
  );

  // By hand: divided by nothing (classes alike), times the shares, square roots, sums to 1
  const probabilities = Float32Array.from(classCodes, (code) => (code === "mel" ? 0.4 : 0.1));
  const weights = classCodes.map((_, i) => Math.sqrt(probabilities[i] * shares[i]));
  const own = weights[classCodes.indexOf("mel")] / weights.reduce((a, b) => a + b);
  const unsure = { ...answer, probabilities };
  const line = answerText(unsure, ham10000Classes, assessment).split("\n").at(-1)!;
  assert.match(line, new RegExp(`melanoma: ${(100 * own).toFixed(1)}\u00a0%.* at or above the threshold`));
  const high = { ...assessment, melanoma: { ...assessment.melanoma!, threshold: 0.9 } };
  assert.match(answerText(unsure, ham10000Classes, high), / below the threshold of 90\.0/);
  assert.doesNotMatch(answerText(unsure, ham10000Classes), /melanoma:/);
});

Deno.test("invalid flags are refused with exit code 2; --help prints the usage page", async () => {
  const cases: [string[], RegExp][] = [
    [[], /^Name the photos, or folders of photos\. Received: none\n\ndeno task classify/],
    [["a.jpg", ""], /^Name the photos, or folders of photos\. Received: an empty text\n/],
    [["--top", "3", "a.jpg"], /'--top'[\s\S]*deno task classify FILE/],
    [["--orientations", "4", "a.jpg"], /^--orientations is 1, .* or 8, .*\. Received: 4$/],
    [["--csv=", "a.jpg"], /^--csv needs a path\. Received: an empty text$/],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseClassifyFlags(args), { name: "RangeError", message });
  }
  assert.equal((await run("--top", "3")).code, 2);
  const { code, out } = await run("--help");
  assert.deepEqual([code, out], [0, `${usage}\n`]);
  assert.deepEqual(parseClassifyFlags(["a", "--model", "m", "b"]), {
    ...{ paths: ["a", "b"], model: "m", csv: null, orientations: null },
  });
});

Deno.test("an answer is the path and a line for each class, aligned, the most likely first", () => {
  assert.equal(
    answerText(answer, ham10000Classes),
    `a, b.jpg
  mel    Melanoma                             61.3 %
  nv     Melanocytic nevus                    30.0 %
  bkl    Benign keratosis-like lesion          4.0 %
  bcc    Basal cell carcinoma                  2.0 %
  vasc   Vascular lesion                       1.2 %
  akiec  Actinic keratosis, Bowen's disease    1.0 %
  df     Dermatofibroma                        0.5 %`,
  );
});

Deno.test("the table quotes paths, and classes named like its own columns get separate columns", () => {
  const classes = classesOf(["path", "predicted", "other"]);
  assert.equal(
    answersCsv([{ ...answer, probabilities: Float32Array.of(0.25, 0.5, 0.25) }], classes),
    'path,predicted,class path,class predicted,other\n"a, b.jpg",predicted,0.25,0.5,0.25\n',
  );
});
