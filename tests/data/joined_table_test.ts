/** One-hot tables, and several tables as one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openTable, type TableOptions } from "../../lib/data/metadata.ts";
import { read, withFiles } from "./read_table.ts";

const hot =
  "image,MEL,NV,BCC,UNK\nISIC_1,0.0,1.0,0.0,0.0\nISIC_2,1.0,0.0,0.0,0.0\nISIC_3,0,0,1,0\nISIC_4,0,1,0,0\n";

Deno.test("a one-hot table is recognised: classes are the column names; a column without a 1 is not a class", () => {
  const words = hot.replaceAll(/,1(\.0)?/g, ",True").replaceAll(/,0(\.0)?/g, ",False");
  for (const text of [hot, words, hot.replaceAll(/,0(\.0)?/g, ",")]) {
    const { samples, classes, own, notes } = read(text);
    assert.deepEqual(samples.map(({ dx }) => dx), ["NV", "MEL", "BCC", "NV"]);
    assert.deepEqual(classes.map(({ code }) => code), ["BCC", "MEL", "NV"]);
    assert.deepEqual([own, notes[0]], [true, "list.csv: read by their usual names: image as image_id"]);
    assert.match(notes[1], /list\.csv is a one-hot table/);
  }
  assert.match(read(hot).notes[2], /^UNK: no photo, so no class$/);
  const seven = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\nA,1,0,0,0,0,0,0\nB,0,1,0,0,0,0,0\n";
  assert.equal(read(seven).classes.length, 2);
  assert.deepEqual(read(seven, { joinCase: true }).samples.map(({ label }) => label), [4, 5]);
  assert.deepEqual(read(hot, { classes: ["NV", "MEL", "BCC"] }).samples.map(({ label }) => label), [
    0,
    1,
    2,
    0,
  ]);
  const pandas = ",image,dx_a,dx_b,score_weight\n0,A,True,False,1.0\n1,B,False,True,1.0\n";
  assert.deepEqual(read(pandas).samples.map(({ dx }) => dx), ["dx_a", "dx_b"]);
});

Deno.test("one-hot rows without exactly one 1 are named; a one-hot column given as dx is an error that explains it", () => {
  const wrong = `${hot}ISIC_5,0,0,0,0\nISIC_6,1,1,0,0\nISIC_7,,,,\n`;
  assert.throws(() => read(wrong), {
    name: "SyntaxError",
    message:
      /list\.csv is a one-hot table: of MEL, NV, BCC, UNK each row must have one 1\..*Received: a sum of 0 in row 6, 8; a sum of 2 in row 7$/,
  });
  assert.throws(() => read(hot, { columns: { image_id: "image", dx: "MEL" } }), {
    name: "SyntaxError",
    message:
      /list\.csv is a one-hot table: MEL is one of its 4 columns.*Leave dx out of --columns, as in --columns image_id=image: .*Received: dx=MEL$/,
  });
  assert.equal(read(hot, { columns: { image_id: "image" } }).classes.length, 3);
  const biopsied = hot.replace("UNK", "biopsied").replaceAll(/(?<=[^K]),0(\.0)?\n/g, ",1\n");
  assert.throws(
    () => read(biopsied),
    /column dx is missing.* If MEL, NV, BCC, biopsied are columns of a one-hot table, name its classes with --classes/,
  );
  assert.equal(read(biopsied, { classes: ["MEL", "NV", "BCC"] }).samples[2].label, 2);
  const flags = `image,target,train\n${
    Array.from({ length: 9 }, (_, i) => `P${i},${i > 6 ? 1 : 0},${i > 7 ? 0 : 1}\n`).join("")
  }`;
  assert.equal(read(flags, { columns: { dx: "target" } }).classes.length, 2);
  const binary = "image,target,age\nA,0,50\nB,1,60\n";
  assert.deepEqual(read(binary, { columns: { dx: "target" } }).classes.map(({ code }) => code), ["0", "1"]);
});

Deno.test("two 0/1 columns beside a text column are an error until --columns or --classes decides", () => {
  for (const [one, other] of [["male", "female"], ["is_train", "is_test"]]) {
    const text =
      `image_id,finding,${one},${other}\nA,nevus,1,0\nB,melanoma,0,1\nC,nevus,0,1\nD,melanoma,1,0\n`;
    assert.throws(() => read(text), {
      name: "SyntaxError",
      message:
        `list.csv: ${one}, ${other} contain only 0 and 1, like a one-hot table, but finding could also hold the classes. ` +
        `Choose one: --columns dx=finding, or --classes ${one},${other}`,
    });
    const { classes } = read(text, { columns: { dx: "finding" } });
    assert.deepEqual(classes.map(({ code }) => code), ["melanoma", "nevus"]);
    assert.equal(read(text, { classes: [one, other] }).classes.length, 2);
    const numbers = text.replaceAll("nevus", "1.5").replaceAll("melanoma", "3");
    assert.deepEqual(read(numbers).classes.map(({ code }) => code), [one, other].sort());
  }
});

Deno.test("three or more 0/1 columns beside a possible class column are an error until flags decide; known codes are read", () => {
  for (const [name, cells] of [["finding", ["nevus", "melanoma"]], ["label", ["1", "2"]]] as const) {
    const [a, b] = cells;
    const text = `image,${name},head,trunk,limbs\nA,${a},1,0,0\nB,${b},0,1,0\nC,${a},0,0,1\nD,${b},0,0,1\n`;
    assert.throws(() => read(text), {
      name: "SyntaxError",
      message: new RegExp(
        `head, trunk, limbs contain only 0 and 1, .* but ${name} could also hold the classes`,
      ),
    });
    const codes = (options: Parameters<typeof read>[1]) =>
      read(text, options).classes.map(({ code }) => code);
    assert.deepEqual(codes({ columns: { dx: name } }), [...cells].sort());
    assert.deepEqual(codes({ classes: ["head", "trunk", "limbs"] }), ["head", "trunk", "limbs"]);
  }
  const isic =
    "image,hospital,MEL,NV,BCC\nA,Vienna,1,0,0\nB,Queensland,0,1,0\nC,Vienna,0,0,1\nD,Vienna,0,1,0\n";
  assert.deepEqual(read(isic).classes.map(({ code }) => code), ["BCC", "MEL", "NV"]);
});

Deno.test("a trailing separator only in the header adds no column: both classes are read", () => {
  assert.deepEqual(read("image,benign,malignant,\na,1,0\nb,0,1\n").samples.map(({ dx }) => dx), [
    "benign",
    "malignant",
  ]);
});

Deno.test("if --columns names the diagnosis column, 0/1 columns of another table are not classes", async () => {
  const files = {
    "a.csv": "image,diagnosis\nA,nevus\nB,melanoma\nC,nevus\n",
    "b.csv": "image,itch,bleed,sex\nA,1,0,male\nB,0,1,female\nC,1,0,male\n",
  };
  const images = Object.fromEntries(["A", "B", "C"].map((name) => [`${name}.jpg`, name]));
  await withFiles({ ...files, ...images }, async (folder) => {
    const metadata = Object.keys(files).map((name) => join(folder, name));
    const { classes, samples } = await openTable(folder, { metadata, columns: { dx: "diagnosis" } });
    assert.deepEqual(classes.map(({ code }) => code), ["melanoma", "nevus"]);
    assert.equal(samples[1].sex, "female");
  });
});

const known =
  "image_name,age_approx,anatom_site_general,lesion_id,sex\nISIC_9,1,x,L9,male\nISIC_2.jpg,60,torso,L1,female\nISIC_1,45,,L1,male\nISIC_4,5,x,,\n";

Deno.test("several tables are joined by image id, and rows without a partner are counted", () => {
  const { samples, notes, knowsLesions, own } = read({ "truth.csv": hot, "meta.csv": known });
  assert.deepEqual(
    samples.map((s) => [s.imageId, s.dx, s.lesionId, s.age, s.sex, s.localization].join("/")),
    [
      "ISIC_1/NV/L1/45/male/unknown",
      "ISIC_2/MEL/L1/60/female/torso",
      "ISIC_3/BCC/ISIC_3//unknown/unknown",
      "ISIC_4/NV/ISIC_4/5/unknown/x",
    ],
  );
  assert.deepEqual([knowsLesions, own], [true, true]);
  const said = notes.join("\n");
  assert.match(said, /meta\.csv has no row for 1 of 4 photos/);
  assert.match(said, /meta\.csv: 1 of 4 rows left out, of images that truth\.csv does not name/);
  assert.match(said, /2 photos have no lesion_id/);
  const turned = read({ "meta.csv": known, "truth.csv": hot });
  assert.deepEqual(turned.samples, samples);
});

Deno.test("tables that cannot be joined give the reason: no common image, diagnoses in two or none, an id twice, an invalid age", () => {
  const cases: [Record<string, string>, RegExp, TableOptions?][] = [
    [
      { a: hot, b: known.replaceAll("ISIC_", "X_") },
      /b has no row for any image of a.*Received: ISIC_1, ISIC_2, ISIC_3, … and X_9/,
    ],
    [{ a: hot, b: hot }, /One of the tables must have the diagnoses.*Received: a, b$/],
    [{ a: known, b: known }, /One of the tables must have the diagnoses.*Received: none in a, b$/],
    [
      { a: hot, b: `${known}ISIC_9,1,x,L9,male\n` },
      /^b, row 6: image_name "ISIC_9" is not unique, but row 2 has it too/,
    ],
    [{ a: hot, b: known.replace("60", "old") }, /^b, row 3: age_approx "old" must be empty or an age/],
    [{ a: hot, b: "photo,age\nISIC_1,4\n" }, /^b: column image_id is missing/],
    [{ a: hot, b: known }, /^a: column years is missing/, { columns: { age: "years" } }],
  ];
  for (const [texts, message, options] of cases) {
    assert.throws(() => read(texts, options), { name: "SyntaxError", message });
  }
  assert.equal(read({ a: hot, b: known }, { columns: { age: "age_approx" } }).samples[0].age, 45);
});

Deno.test("two tables given by path: one-hot truth and metadata beside the photos, even with the same file name", async () => {
  const truth = "image,MEL,NV\nP1,1.0,0.0\nP2,0.0,1.0\n";
  const files = { "truth/list.csv": truth, "meta/list.csv": "image,lesion_id,sex\nP1,L1,male\nP2,L1,\n" };
  await withFiles(files, async (folder) => {
    const metadata = Object.keys(files).map((name) => join(folder, name));
    const { samples, paths } = await openTable(folder, { metadata });
    assert.deepEqual(samples.map(({ dx, lesionId }) => [dx, lesionId]), [["MEL", "L1"], ["NV", "L1"]]);
    assert.equal(samples[0].imagePath, "photos/P1.jpg");
    assert.deepEqual(paths, metadata);
    await Deno.writeTextFile(metadata[1], "image,lesion_id\nP1,L1\nP1,L1\n");
    await assert.rejects(openTable(folder, { metadata }), /meta.list\.csv, row 3: image "P1" is not unique/);
  });
});
