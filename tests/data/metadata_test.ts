import assert from "node:assert/strict";
import { join } from "node:path";
import { openTable, readMetadata, type TableOptions } from "../../lib/data/metadata.ts";
import { withFiles } from "../support/temporary_folder.ts";

const header = "lesion_id,image_id,dx,dx_type,age,sex,localization";

/** Text, bytes, or no file at all. */
type Table = string | Uint8Array | null;

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** A data folder with the given table and an empty file for each named photo. */
function withFolder(table: Table, photos: string[], check: (folder: string) => Promise<void>) {
  const files = Object.fromEntries(photos.map((photo) => [`HAM10000_images_part_1/${photo}`, ""]));
  return withFiles(table === null ? files : { ...files, "HAM10000_metadata.csv": table }, check);
}

Deno.test("rows are read in order and joined with their photos", async () => {
  const table = `${header}\nHAM_1,ISIC_2,nv,histo,,unknown,back\nHAM_1,ISIC_1,mel,histo,80.0,male,scalp\n`;
  await withFolder(table, ["ISIC_1.jpg", "ISIC_2.JPG"], async (folder) => {
    const samples = await readMetadata(folder);
    const rows = samples.map(({ imageId, label, age, imagePath }) => [imageId, label, age, imagePath]);
    assert.deepEqual(rows, [
      ["ISIC_2", 5, null, "HAM10000_images_part_1/ISIC_2.JPG"],
      ["ISIC_1", 4, 80, "HAM10000_images_part_1/ISIC_1.jpg"],
    ]);
  });
});

Deno.test("a release with an extra column, a BOM and CRLF is read", async () => {
  const table = `\uFEFF${header},dataset\r\nHAM_1,ISIC_1,df,histo,40.0,female,"ear, left",vidir\r\n`;
  await withFolder(table, ["ISIC_1.jpg"], async (folder) => {
    assert.equal((await readMetadata(folder))[0].localization, "ear, left");
  });
});

/** What is wrong, the table, and what the error says; one photo, I.jpg, is there. */
const faults: [string, Table, RegExp][] = [
  [
    "an unknown diagnosis",
    `${header}\nL,I,nv,h,1,m,b\nL,J,mell,h,1,m,b\n`,
    /row 3: dx "mell" is not one of akiec, bcc, bkl, df, mel, nv, vasc/,
  ],
  ["an age that is no number", `${header}\nL,I,nv,h,abc,m,b\n`, /row 2: age "abc"/],
  ["a negative age", `${header}\nL,I,nv,h,-3,m,b\n`, /row 2: age "-3"/],
  [
    "an image_id twice",
    `${header}\nL,I,nv,h,1,m,b\nL,I,nv,h,1,m,b\n`,
    /row 3: image_id "I" .* row 2 has it too/,
  ],
  ["an empty image_id", `${header}\nL, ,nv,h,1,m,b\n`, /row 2: image_id "" is not the name of a photo/],
  ["an image_id that is missing", `${header}\nL,NaN,nv,h,1,m,b\n`, /row 2: image_id "NaN" is not the name/],
  ["an image_id that is a folder", `${header}\nL,images/,nv,h,1,m,b\n`, /row 2: image_id "images\/" is not/],
  [
    "missing diagnoses",
    `${header}\nL,I,NA,h,1,m,b\nL,J,nv,h,1,m,b\nL,K,,h,1,m,b\n`,
    /HAM10000_metadata\.csv: dx must be given in every row.*Received: "NA" in row 2; "" in row 4$/,
  ],
  [
    "HAM10000's diagnoses in capitals",
    `${header}\nL,I,NV,h,1,m,b\nL,J,nv,h,1,m,b\nL,K,MEL,h,1,m,b\n`,
    /dx .*NV and nv, MEL and mel differ only in case.*--join-case.*joinCase.*Received: "NV" in row 2; "nv" in row 3; "MEL"/,
  ],
  [
    "missing columns",
    "photo,finding\nI,nv\n",
    /column image_id, dx is missing; expected image_id, dx\. .*--columns.*Received: photo, finding/,
  ],
  [
    "a column twice",
    `${header},dx\nL,I,nv,h,1,m,b,mel\n`,
    /HAM10000_metadata\.csv: two columns are called "dx"\. Rename one of them\. Received: lesion_id/,
  ],
  [
    "a row with too many fields",
    `${header}\nL,I,nv,h,1,m,b\nL,J,nv,h,1,m,b,more\n`,
    /HAM10000_metadata\.csv, row 3: expected 7 fields.*"," in it must be in double quotes\. Received: 8, L, J, nv/,
  ],
  ["a row with too few fields", `${header}\nL,I,nv\n`, /row 2: expected 7 fields.*Received: 3, L, I, nv$/],
  [
    "an open quote",
    `${header}\nL,I,nv,h,1,m,"b\n`,
    /: a field that begins with a double quote must end with one.*Received: .*line/,
  ],
  [
    "latin-1",
    latin1(`${header}\nL,I,nv,h,1,m,b\nL,J,nv,h,1,m,Rücken\n`),
    /row 3, byte 80: not UTF-8. Save the table as CSV, UTF-8. Received: byte 0xfc/,
  ],
  [
    "latin-1 after a U+FFFD of the table's own, lines that end with CR alone",
    latin1(`${header}\rL,\xef\xbf\xbd,nv,h,1,m,b\rL,J,nv,h,1,m,R\xfccken\r`),
    /row 3, byte 82: not UTF-8. .*Received: byte 0xfc/,
  ],
  [
    "UTF-8 cut in a letter",
    new TextEncoder().encode(`${header}\nL,I,nv,h,1,m,ü`).slice(0, -1),
    /row 2, byte 64: not UTF-8.*0xc3/,
  ],
  [
    "UTF-16",
    new Uint8Array(Uint16Array.from(header, (c) => c.charCodeAt(0)).buffer),
    /row 1, byte 1: a NUL byte.*UTF-16/,
  ],
  [
    "an Excel workbook",
    Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0),
    /row 1, byte 0: an archive or an Excel workbook, not text\. .*save its sheet as CSV, UTF-8\. Received: PK/,
  ],
  ["a NUL byte", `${header}\nL,I,nv,h,1,m,\0\n`, /row 2, byte 64: a NUL byte/],
  [
    "a picture in place of the table",
    Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16),
    /row 1, byte 4: a NUL byte. The file is not text/,
  ],
  ["an empty file", "", /is empty \(0 bytes\)/],
  ["a table of blank lines", "\n\n", /no rows/],
  ["a table without rows", `${header}\n`, /no rows below its header/],
  [
    "photos that are not there",
    `${header}\nL,I,nv,h,1,m,b\nL,J,nv,h,1,m,b\n`,
    /1 of 2 images .*: J\. HAM10000 comes in two parts/,
  ],
  [
    "many photos that are not there",
    `${header}\n${Array.from({ length: 9 }, (_, i) => `L,I${i || ""},nv,h,1,m,b\n`).join("")}`,
    /8 of 9 images .*: I1, I2, I3, I4, I5, …\./,
  ],
  ["an empty folder", null, /has no HAM10000_metadata.csv/],
];

for (const [fault, table, message] of faults) {
  Deno.test(`${fault} is an error that says where`, () =>
    withFolder(table, ["I.jpg"], (folder) => assert.rejects(readMetadata(folder), { message })));
}

Deno.test("a folder that does not exist is named, with what to do", async () => {
  await assert.rejects(readMetadata("no/such/folder"), {
    message: /no\/such\/folder does not exist.*--preset smoke/,
  });
});

Deno.test("a folder in place of the table, and a table in place of the folder, are errors", () =>
  withFolder(null, [], async (folder) => {
    await Deno.mkdir(join(folder, "HAM10000_metadata.csv"));
    await assert.rejects(readMetadata(folder), /HAM10000_metadata\.csv is a folder, not a CSV table/);
    await Deno.writeTextFile(join(folder, "file"), "");
    await assert.rejects(readMetadata(join(folder, "file")), /file is not a folder/);
  }));

Deno.test("links that lead back to themselves are named: the data folder, the table, a photo", () =>
  withFolder(`${header}\nL,I,nv,h,1,m,b\nL,J,nv,h,1,m,b\n`, ["I.jpg"], async (folder) => {
    const loop = (name: string) => Deno.symlink(join(folder, name), join(folder, name));
    await loop("HAM10000_images_part_1/J.jpg");
    await assert.rejects(readMetadata(folder), /1 of 2 .*: J \(is a link that leads back to itself\)/);
    await loop("data");
    await assert.rejects(readMetadata(join(folder, "data")), /data is a link that leads back to itself/);
    await loop("list.csv");
    const metadata = join(folder, "list.csv");
    await assert.rejects(openTable(folder, { metadata }), /list\.csv is a link that leads back to itself/);
    await Deno.symlink(join(folder, "gone"), join(folder, "HAM10000_images_part_1", "J.png"));
    await assert.rejects(readMetadata(folder), /1 of 2/);
  }));

Deno.test("a photo folder without read permission is named", () =>
  withFolder(`${header}\nL,I,nv,h,1,m,b\n`, ["I.jpg"], async (folder) => {
    const readDir = Deno.readDir;
    try {
      Deno.readDir = (path) => {
        if (`${path}`.includes("part_1")) throw new Deno.errors.PermissionDenied("chmod 000");
        return readDir(path);
      };
      await assert.rejects(
        readMetadata(folder),
        /folder of photos .*HAM10000_images_part_1\/? may not be read \(permission denied\)\. Make it readable/,
      );
    } finally {
      Deno.readDir = readDir;
    }
  }));

const other = "image,diagnosis,patient\nA.JPG,nev,1\nB,mel,\nC.png,nev,1\n";
const columns = { image_id: "image", dx: "diagnosis", lesion_id: "patient" };

/** A folder with `other` as list.csv and its photos. */
async function withOther(table: string, check: (folder: string, metadata: string) => Promise<void>) {
  await withFolder(null, ["A.jpeg", "B.jpg", "C.png"], async (folder) => {
    await Deno.writeTextFile(join(folder, "list.csv"), table);
    await check(folder, join(folder, "list.csv"));
  });
}

Deno.test("another table: its own columns, classes sorted by code, JPEGs and PNGs; missing columns are unknown", () =>
  withOther(other, async (folder, metadata) => {
    const { samples, classes, knowsLesions, own } = await openTable(folder, { metadata, columns });
    assert.deepEqual(classes, [{ code: "mel", name: "Melanoma" }, { code: "nev", name: "nev" }]);
    assert.deepEqual([knowsLesions, own], [true, true]);
    assert.deepEqual(samples.map(({ imageId, label, lesionId }) => [imageId, label, lesionId]), [
      ["A", 1, "1"],
      ["B", 0, "B"],
      ["C", 1, "1"],
    ]);
    assert.equal(samples[2].imagePath, "HAM10000_images_part_1/C.png");
    const { age, sex, dxType, localization } = samples[0];
    assert.deepEqual([age, sex, dxType, localization], [null, "unknown", "", "unknown"]);
    const { lesion_id: _, ...alone } = columns;
    const without = await openTable(folder, { metadata, columns: alone });
    assert.equal(without.knowsLesions, false);
    assert.deepEqual(without.samples.map(({ lesionId }) => lesionId), ["A", "B", "C"]);
    const turned = await openTable(folder, { metadata, columns, classes: ["nev", "mel"] });
    assert.deepEqual(turned.samples.map(({ label }) => label), [0, 1, 0]);
  }));

Deno.test("codes that are numbers are ordered as numbers, before the others", () =>
  withOther("image_id,dx\nA,10\nB,b\nC,9\n", async (folder, metadata) => {
    const { classes } = await openTable(folder, { metadata, columns: {} });
    assert.deepEqual(classes.map(({ code }) => code), ["9", "10", "b"]);
  }));

const otherFaults: Record<string, [string, TableOptions, RegExp]> = {
  "diagnoses that --classes does not list": [
    other,
    { columns, classes: ["mel", "bkl"] },
    /list\.csv: diagnosis must be one of mel, bkl\. .*--classes\. Received: "nev" in row 2, 4$/,
  ],
  "an empty diagnosis": [
    "image,diagnosis,patient\nA,nev,1\nB,,1\n",
    { columns },
    /given in every row.*"" in row 3$/,
  ],
  "one class": [
    "image,diagnosis,patient\nA,nev,1\nB,nev,1\n",
    { columns },
    /2 to 255 classes.*Received: 1, nev/,
  ],
  "a mapped column that is not there": [
    other,
    { columns: { ...columns, age: "years" } },
    /column years is missing; expected patient, image, diagnosis, years.*Received: image, diagnosis, patient/,
  ],
  "required columns that are not there": [
    "photo,finding\nA,nev\n",
    { columns: {} },
    /column image_id, dx is missing; expected image_id, dx\. .*--columns image_id=image,dx=diagnosis/,
  ],
  "image ids by a name that is not there": [
    other,
    { columns: { ...columns, image_id: "photo" } },
    /column photo is missing; expected patient, photo, diagnosis\..*Received: image, diagnosis, patient/,
  ],
  "two columns that could be the image ids": [
    "image,isic_id,diagnosis\nA,A,nev\n",
    {},
    /column image_id is missing.* image_id could be image or isic_id\..*--columns/,
  ],
  "one image as JPEG and PNG": [
    "image,diagnosis,patient\nA.png,nev,1\nA.jpg,mel,1\n",
    { columns },
    /list\.csv, row 3: image "A" is not unique, but row 2 has it too/,
  ],
  "a broken age": [
    "image,diagnosis,patient,years\nA,nev,1,50\nB,mel,1,old\n",
    { columns: { ...columns, age: "years" } },
    /row 3: years "old" must be empty or an age from 0 to 120/,
  ],
};

for (const [fault, [table, options, message]] of Object.entries(otherFaults)) {
  Deno.test(`another table: ${fault} is an error that says where`, () =>
    withOther(
      table,
      (folder, metadata) => assert.rejects(openTable(folder, { metadata, ...options }), { message }),
    ));
}

Deno.test("a missing table given by --metadata is named itself", () =>
  withOther(other, async (folder) => {
    const metadata = join(folder, "elsewhere", "list.csv");
    await assert.rejects(openTable(folder, { metadata }), /elsewhere\/list\.csv does not exist/);
  }));
