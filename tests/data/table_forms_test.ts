/** Tables as programs and people write them, each with the right reading. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { openTable, readTables } from "../../lib/data/metadata.ts";
import { knownNames } from "../../lib/data/table/table_columns.ts";
import { parseTable } from "../../lib/data/table/table_text.ts";
import { randomFor } from "../../lib/support/random.ts";
import { read, withFiles } from "./read_table.ts";

const separators = [",", ";", "\t", "|"];
const quotings = ["where needed", "everywhere", "beside blanks"];
const starts = ["", "\uFEFF", "sep"];
const lineEnds = ["\n", "\r\n", "\r"];
const missingTokens = ["", "NA", "<NA>", "-"];
const pathForms = ["P1", "images/P1.JPG", "C:\\photos\\P1.png"];
const orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]];

/** All combinations of one item from each list. */
function product<Lists extends readonly (readonly unknown[])[]>(...lists: Lists) {
  const all = lists.reduce<unknown[][]>(
    (before, list) => before.flatMap((some) => list.map((one) => [...some, one])),
    [[]],
  );
  return all as { [I in keyof Lists]: Lists[I][number] }[];
}

Deno.test("every separator, quoting, file start, line ending, missing value, path form and column order is read correctly", () => {
  const random = randomFor(7, "table forms");
  const blank = () => ["", " ", "  ", "\u00A0"][Math.floor(random() * 4)];
  let tables = 0;
  const forms = product(separators, quotings, starts, lineEnds, missingTokens, pathForms, orders);
  for (const [separator, quoting, start, lineEnd, missing, path, order] of forms) {
    const rows = [
      ["image_id", "dx", "lesion_id", "age", "sex"],
      [path, "Melanoma, NOS", "L1", "45.0", "male"],
      [path.replace("P1", "P2"), 'so-called "blue"; a|b', missing, "50", missing],
      [path.replace("P1", "P3"), "nevus\t1", "L1", missing, "female"],
      [path.replace("P1", "P4"), "Melanoma,  NOS", missing, "0", "male"],
    ];
    const quote = (cell: string) => {
      const isNeeded = /["\r\n]/.test(cell) || cell.includes(separator);
      const padded = quoting === "beside blanks" ? blank() + cell + blank() : cell;
      return isNeeded || quoting === "everywhere" ? `"${padded.replaceAll('"', '""')}"` : padded;
    };
    const body = rows.map((row) => order.map((place) => quote(row[place])).join(separator) + lineEnd);
    const text = (start === "sep" ? `sep=${separator}${lineEnd}` : start) + body.join("");
    const { samples, classes, notes } = read(text);
    const found = samples.map(({ imageId, dx, lesionId, age, sex }) =>
      [imageId, dx, lesionId, age, sex].join("/")
    );
    assert.deepEqual(found, [
      "P1/Melanoma, NOS/L1/45/male",
      'P2/so-called "blue"; a|b/P2/50/unknown',
      "P3/nevus 1/L1//female",
      "P4/Melanoma, NOS/P4/0/male",
    ], JSON.stringify(text));
    assert.equal(classes.length, 3);
    assert.match(notes[0], /^2 photos have no lesion_id/);
    tables++;
  }
  assert.equal(tables, 4 * 3 * 3 * 3 * 4 * 3 * 3);
});

Deno.test("reading time grows linearly up to 200,000 rows; errors about most rows are short", () => {
  const read = (count: number) => {
    const rows = Array.from(
      { length: count },
      (_, i) => `ISIC_${i},${i % 3 ? "nv" : "NV"},,${i % 90},male,back`,
    );
    const text = `isic_id,diagnosis,lesion_id,age_approx,sex,anatom_site_general\n${rows.join("\n")}\n`;
    const start = process.cpuUsage();
    const tables = [parseTable(text, { name: "list.csv", known: knownNames(null) })];
    const { samples, classes, notes } = readTables(tables, { joinCase: true });
    assert.deepEqual([samples.length, classes.length, samples.at(-1)!.label], [count, 7, 5]);
    assert.match(notes.join("\n"), /NV as nv/);
    const inAll = Math.ceil(count / 3);
    assert.throws(
      () => readTables(tables, {}),
      new RegExp(`"NV" in row 2, 5, .*\\(${inAll} in all\\); "nv" in row 3`),
    );
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const [first, whole] = [read(20_000), read(200_000)];
  assert.ok(whole < 40 * first, `${whole} ms, ${first} ms`); // in proportion 10 times, by squares 100 times
});

const tokens = [
  ..."|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null"
    .split("|"),
  ...[
    "-",
    "--",
    "–",
    "?",
    ".",
    "na",
    "Null",
    "NAN",
    "none",
    "n.a.",
    " ",
    "\u00A0",
    "\u200B",
    "#VALUE!",
    "(null)",
  ],
];

Deno.test("what pandas and people write for missing values is missing in every column, also in HAM10000's table", () => {
  for (const token of tokens) {
    const cell = `"${token}"`;
    const text = `lesion_id,image_id,dx,dx_type,age,sex,localization
L,A,nv,histo,1,male,back\n${cell},B,nv,${cell},${cell},${cell},${cell}\n${cell},C,mel,,,,\n`;
    const { samples, own, notes } = read(text);
    const { lesionId, dxType, age, sex, localization } = samples[1];
    assert.deepEqual([own, lesionId, dxType, age, sex, localization], [
      ...[false, "B", "", null, "unknown", "unknown"],
    ], JSON.stringify(token));
    assert.deepEqual(notes, ["2 photos have no lesion_id; each counts as a lesion of its own"]);
    assert.throws(() => read(text.replace("C,mel", `C,${cell}`)), {
      name: "SyntaxError",
      message: /dx must be given in every row.*Received: ".*" in row 4$/,
    });
  }
});

Deno.test("an unknown lesion or age is missing; a class that --classes names is not a missing value", () => {
  const text = "image_id,dx,lesion_id,age\nA,none,Unknown,unknown\nB,mel,Unknown,45\n";
  const { samples } = read(text, { classes: ["none", "mel"] });
  assert.deepEqual(samples.map(({ lesionId, age, label }) => [lesionId, age, label]), [["A", null, 0], [
    "B",
    45,
    1,
  ]]);
  assert.throws(() => read(text), /given in every row.*"none" in row 2/);
});

Deno.test("a photo without a lesion_id belongs to no named lesion, even if its image_id equals one", () => {
  const { samples } = read("image_id,dx,lesion_id\n1,nv,2\n2,mel,\n3,nv,2\n4,mel,\n");
  assert.deepEqual(samples.map(({ lesionId }) => lesionId), ["2", "photo 2", "2", "4"]);
});

Deno.test("blanks around cells and column names are ignored, and all kinds of blanks within names are equal", () => {
  const text =
    "image_id , dx,\u00A0lesion_id,localization\n A\u00A0,nevus, L1 ,lower  extremity\nB,\u200Bnevus,L1,lower\u00A0extremity\nC, mel,L1,\n";
  const { samples, classes, notes } = read(text);
  assert.deepEqual(samples.map((s) => `${s.imageId} ${s.lesionId} ${s.localization}`), [
    ...["A L1 lower extremity", "B L1 lower extremity", "C L1 unknown"],
  ]);
  assert.deepEqual(classes.map(({ code }) => code), ["mel", "nevus"]);
  assert.deepEqual(notes, ["No column for dx_type, age, sex: unknown"]);
});

Deno.test("accented letters match in either Unicode form; blanks within a photo's name are kept", () => {
  const { classes, samples } = read("image_id,dx\na  b,na\u0308vus\nB,nävus\nC,mel\n");
  assert.deepEqual(classes.map(({ code }) => code), ["mel", "nävus"]);
  assert.equal(samples[0].imageId, "a  b");
});

Deno.test("lesions, sexes and sites that differ only in case are merged, with a note", () => {
  const text =
    "image_id,dx,lesion_id,sex,localization\nA,x,l1,Male,Back\nB,y,L1,male,back\nC,x,L1,Female,back\nD,y,L2,M,Unknown\n";
  const { samples, notes } = read(text);
  assert.deepEqual(samples.map((s) => `${s.lesionId} ${s.sex} ${s.localization}`), [
    ...["L1 male back", "L1 male back", "L1 female back", "L2 M unknown"],
  ]);
  const said = notes.join("\n");
  assert.match(said, /lesion_id: names that differ only in case count as one: l1 as L1/);
  assert.match(said, /sex: .*Male as male; Female as female/);
  assert.match(said, /localization: .*Back as back; Unknown as unknown/);
});

Deno.test("diagnoses that differ only in case are an error with rows and flag; --join-case merges them, with a note", () => {
  const text = "image_id,dx\nA,Nevus\nB,nevus\nC,NEVUS\nD,nevus\nE,wart\n";
  assert.throws(() => read(text), {
    name: "SyntaxError",
    message:
      /list\.csv: dx must be written in one way: Nevus and nevus and NEVUS .*--join-case .*joinCase.*"Nevus" in row 2; "nevus" in row 3, 5; "NEVUS" in row 4$/,
  });
  const { classes, samples, notes } = read(text, { joinCase: true });
  assert.deepEqual(classes.map(({ code }) => code), ["nevus", "wart"]);
  assert.deepEqual(samples.map(({ label }) => label), [0, 0, 0, 0, 1]);
  assert.match(notes.join("\n"), /dx: .*Nevus, NEVUS as nevus/);
  assert.throws(() => read(text, { classes: ["NEVUS", "wart"] }), /--join-case/);
  const named = read(text, { classes: ["NEVUS", "wart"], joinCase: true });
  assert.deepEqual(named.samples.map(({ dx }) => dx), ["NEVUS", "NEVUS", "NEVUS", "NEVUS", "wart"]);
  const both = read("image_id,dx\nA,a\nB,A\n", { classes: ["a", "A"] });
  assert.deepEqual(both.samples.map(({ label }) => label), [0, 1]);
});

const ham = "lesion_id,image_id,dx,dx_type,age,sex,localization";

Deno.test("--join-case reads HAM10000's codes in capitals as HAM10000's, in its own table and in another", () => {
  const text = `${ham}\nL,A,NV,,,,\nM,B,nv,,,,\nN,C,MEL,,,,\n`;
  assert.throws(() => read(text), /--join-case/);
  const own = read(text, { joinCase: true });
  assert.deepEqual([own.own, ...own.samples.map(({ label }) => label)], [false, 5, 5, 4]);
  const other = read("image_id,dx\nA,NV\nB,BCC\n");
  assert.deepEqual(other.classes.map(({ code }) => code), ["BCC", "NV"]);
  assert.match(other.notes.join("\n"), /HAM10000's in another case; --join-case/);
  const joined = read("image_id,dx\nA,NV\nB,BCC\n", { joinCase: true });
  assert.deepEqual([joined.classes.length, ...joined.samples.map(({ label }) => label)], [7, 5, 1]);
});

Deno.test("a table of image_id and dx with HAM10000's names has its seven classes, with a note on what is missing", () => {
  const { samples, classes, own, knowsLesions, notes } = read("image_id,dx\nA,nv\nB,mel\nC,nv\n");
  assert.deepEqual([own, knowsLesions, classes.length], [true, false, 7]);
  assert.deepEqual(samples.map(({ label, lesionId }) => [label, lesionId]), [[5, "A"], [4, "B"], [5, "C"]]);
  assert.match(
    notes.join("\n"),
    /no photo of akiec, bcc, bkl, df, vasc: .*--classes mel,nv takes only those/,
  );
  assert.match(notes.join("\n"), /No column for dx_type, age, sex, localization/);
  assert.equal(read("image_id,dx\nA,nv\nB,mel\n", { classes: ["mel", "nv"] }).classes.length, 2);
});

Deno.test("columns with the usual names of well-known tables are read, with a note; of two candidates neither is used", () => {
  const isic = read(
    "isic_id,Diagnosis,age_approx,Sex,anatom_site_general,lesion_id\nISIC_1,nevus,45,male,torso,IL_1\nISIC_2,wart,,,,\n",
  );
  const { imageId, dx, age, sex, localization, lesionId } = isic.samples[0];
  assert.deepEqual([imageId, dx, age, sex, localization, lesionId], [
    ...["ISIC_1", "nevus", 45, "male", "torso", "IL_1"],
  ]);
  assert.match(
    isic.notes[0],
    /isic_id as image_id, Diagnosis as dx, age_approx as age, anatom_site_general as localization/,
  );
  const sites = "image,diagnosis,anatom_site_general,localisation\nA,x,torso,back\nB,y,torso,back\n";
  const unclear = read(sites);
  assert.equal(unclear.samples[0].localization, "unknown");
  assert.match(
    unclear.notes.join("\n"),
    /localization is not read, for it could be localisation or anatom_site_general/,
  );
  const named = read(sites, { columns: { localization: "localisation" } });
  assert.equal(named.samples[0].localization, "back");
});

Deno.test("a table without a header or of pixels is reported in a short message, not with thousands of names", () => {
  const pixels = `${Array.from({ length: 2352 }, (_, i) => `pixel${String(i).padStart(4, "0")}`)},label`;
  const cases: [string, RegExp][] = [
    [
      `${pixels}\n${"0,".repeat(2352)}1\n`,
      /list\.csv holds pixels, .*Received: 2353 columns, pixel0000, pixel0001, pixel0002, …$/,
    ],
    [`${"12,".repeat(784)}3\n`, /holds pixels/],
    ["TRAIN,train0.png,0\nTEST,test0.png,1\n", /list\.csv has no header: .*Received: TRAIN, train0\.png, 0$/],
    ["photo,finding,2020\nA,nv,1\n", /column image_id, dx is missing/],
    ["1,7\n2,4\n", /has no header/],
    ["ISIC_0000001,nv\nISIC_0000002,mel\n", /has no header/],
    [
      `image_id,${Array.from({ length: 400 }, (_, i) => `feature ${"x".repeat(50)} ${i}x`)}\n${
        "1,".repeat(400)
      }2\n`,
      /column dx is missing.*\(401 in all\)$/,
    ],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => read(text), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(error.message.length < 1000, `${error.message.length} characters`);
      return error.name === "SyntaxError";
    });
  }
});

Deno.test("row numbers count blank rows but not quoted line breaks; Excel's rows of empty cells are ignored", () => {
  const text = 'image_id;dx;\n\nA;"two\nlines";\n;;\nB;mel\n\nC;;\n;;\n';
  assert.throws(() => read(text), /given in every row.*"" in row 7$/);
  const { samples } = read(text.replace("C;;", 'C;5,5" wide;'));
  assert.deepEqual(samples.map(({ dx }) => dx), ["two lines", "mel", '5,5" wide']);
  const ages = read("image_id;dx;age\nA;x;45,5\nB;y;\n");
  assert.deepEqual(ages.samples.map(({ age }) => age), [45.5, null]);
});

Deno.test("an id is a photo's name without folders and extension; folders count only if names alone are ambiguous", () => {
  const ids = (...cells: string[]) => {
    const rows = cells.map((cell, i) => `${cell},${i % 2 ? "nv" : "mel"}\n`);
    return read(`image_id,dx\n${rows.join("")}`).samples.map(({ imageId }) => imageId);
  };
  assert.deepEqual(ids("images\\P1.JPG", "https://a.b/c/P2.jpeg", "./P3", "P.4"), ["P1", "P2", "P3", "P.4"]);
  assert.deepEqual(ids("mel/1.jpg", "./nv/1.jpg", "nv\\2.jpg"), ["mel/1", "nv/1", "2"]);
  assert.throws(
    () => ids("a/P1.jpg", "b/P1.jpg", ".\\a\\P1.png"),
    /row 4: image_id "a\/P1" is not unique, but row 2/,
  );
  const truth = "image,x,y\nx/1.jpg,1,0\ny/1.jpg,0,1\n";
  const { samples } = read({ truth, more: "image,age\ny/1.jpg,5\n" });
  assert.deepEqual(samples.map(({ imageId, age }) => [imageId, age]), [["x/1", null], ["y/1", 5]]);
  assert.equal(samples[0].imagePath, "x/1.jpg", "as the table has it, until it is looked for");
});

const released = `${ham}\nL,P1,nv,histo,80.0,male,back\nL,P2,mel,histo,,male,back\n`;
const dataverse = released.replaceAll(/[^,\n]*[a-zA-Z][^,\n]*/g, '"$&"').replaceAll(",", "\t");

Deno.test("HAM10000's table is found under other names (no extension, Dataverse's .tab) and one folder deeper", async () => {
  const names = [
    ...["HAM10000_metadata", "HAM10000_metadata.tab", "HAM10000_metadata.CSV", "HAM10000_metadata (1).csv"],
    ...[
      "dataverse_files/HAM10000_metadata.csv",
      "HAM10000_metadata.csv/HAM10000_metadata.csv",
      "photos/HAM10000_metadata",
    ],
  ];
  for (const name of names) {
    const text = name.endsWith(".tab") ? dataverse : released;
    await withFiles({ [name]: text }, async (folder) => {
      const { samples, own, paths } = await openTable(folder);
      assert.deepEqual([own, samples.length, samples[0].age], [false, 2, 80], name);
      assert.deepEqual(paths, [join(folder, name)]);
    });
  }
  const beside = {
    "HAM10000_metadata.csv": released,
    "HAM10000_metadata.tab": dataverse,
    "a/HAM10000_metadata": "x",
  };
  await withFiles(beside, async (folder) => {
    assert.deepEqual((await openTable(folder)).paths, [join(folder, "HAM10000_metadata.csv")]);
  });
});

Deno.test("two folders with HAM10000's table, or none, are an error that says what was found and how to choose", async () => {
  await withFiles(
    { "a/HAM10000_metadata.csv": released, "b/HAM10000_metadata.csv": released },
    (folder) =>
      assert.rejects(
        openTable(folder),
        /Several folders .*--metadata.*Received: .*a.HAM10000_metadata\.csv, .*b.HAM/,
      ),
  );
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`A${i}.jpg`, ""]));
  await withFiles({ ...many, "list.csv": released }, (folder) =>
    assert.rejects(
      openTable(folder),
      /has no HAM10000_metadata\.csv\..*--metadata \S*list\.csv names another one\. Received: list\.csv, A0\.jpg, .*, …$/,
    ));
});

Deno.test("UTF-16 with a BOM, Excel's Unicode text, is read", async () => {
  const text = `\uFEFF${released.replaceAll(",", "\t").replace("back", "Rücken")}`;
  for (const little of [true, false]) {
    const bytes = new DataView(new ArrayBuffer(2 * text.length));
    [...text].forEach((letter, i) => bytes.setUint16(2 * i, letter.charCodeAt(0), little));
    await withFiles({ "HAM10000_metadata.txt": new Uint8Array(bytes.buffer) }, async (folder) => {
      assert.equal((await openTable(folder)).samples[0].localization, "Rücken");
    });
  }
});
