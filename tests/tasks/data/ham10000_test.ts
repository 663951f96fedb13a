import assert from "node:assert/strict";
import { join } from "node:path";
import { zipSync } from "fflate";
import { fetchPhotos, ham10000, isic2018Test } from "../../../lib/tasks/data/ham10000.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { fakeDataverse, holdsAll, listPath } from "./fake_dataverse.ts";

/** A Dataverse and an empty folder. `run` gives what was printed. */
async function trial(options: Parameters<typeof fakeDataverse>[0] = {}, set = ham10000) {
  const folder = await temporaryFolder();
  const dataverse = fakeDataverse(options);
  const work = join(folder.path, ".download");
  await Deno.mkdir(work);
  return {
    dataverse,
    folder: folder.path,
    names: folder.names,
    /** What is left of work in progress. */
    work: () => Array.from(Deno.readDirSync(work), ({ name }) => name).sort(),
    /** The last part of what was asked for: `13` for a file's number. */
    asked: () =>
      dataverse.server.asked.splice(0).map(({ path }) => path === listPath ? "list" : path.slice(21)),
    /** Puts a file there as a person would. */
    put: (name: string, bytes = dataverse.stored[name].bytes) =>
      Deno.writeFile(join(folder.path, name), bytes),
    remove: (name: string) => Deno.remove(join(folder.path, name), { recursive: true }),
    record: async () => JSON.parse(await Deno.readTextFile(join(folder.path, "HAM10000_source.json"))),
    holdsAll: async () => assert.ok(await holdsAll(folder.path, dataverse)),
    async run(options: Partial<Parameters<typeof fetchPhotos>[2]> = {}) {
      const printed: string[] = [];
      const onNotice = (text: string) => void printed.push(text);
      await fetchPhotos(set, folder.path, {
        base: dataverse.base,
        work,
        waits: [0.01],
        onNotice,
        ...options,
      });
      return printed.join("\n");
    },
    async [Symbol.asyncDispose]() {
      await dataverse[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("size and licence are shown, then table and photos downloaded; a second call does nothing", async () => {
  await using test = await trial();
  assert.match(await test.run({ dryRun: true }), /0\.0254 MB to download/);
  assert.deepEqual(test.asked(), ["list"]);
  assert.deepEqual(await test.names(), [".download"]);

  const text = await test.run();
  await test.holdsAll();
  assert.deepEqual(test.work(), []);
  const [first, second, third] = text.split("\n");
  assert.match(first, /10\.7910\/DVN\/DBW86T, version 4\.0/);
  assert.match(second, /^ {2}0\.0254 MB to download from http.*, up to 0\.0379 MB on the disk/);
  assert.match(third, /licence: CC BY-NC 4\.0, for non-commercial use; the server says: CC BY-NC 4\.0/);
  assert.match(text, /HAM10000_metadata\.csv: 8 rows, MD5 agrees/);
  assert.match(text, /HAM10000_images_part_1: 4 photos, 0\.012 MB, MD5 agrees/);
  assert.match(text, /complete: 8 photos/);
  const { version, items } = await test.record();
  assert.equal(version, "4.0");
  assert.match(items.HAM10000_images_part_2.checked, /^md5 [0-9a-f]{32}$/);
  test.asked();
  assert.match(await test.run(), /as it was downloaded; nothing to do/);
  assert.deepEqual(test.asked(), []);
});

Deno.test("an ingested table's original is used, or else its tabs become commas; no checksum is claimed", async () => {
  for (
    const [table, message] of [
      [
        "ingested",
        /8 rows, checked against the photos only$/m,
      ],
      ["tabs only", /8 rows, tabs turned to commas/],
    ] as const
  ) {
    await using test = await trial({ table });
    assert.match(await test.run(), message);
    await test.holdsAll();
    assert.equal((await test.record()).items["HAM10000_metadata.csv"].checked, null);
    assert.match(await test.run(), /nothing to do/);
  }
});

Deno.test("if a photo is lost or truncated, only its part is downloaded again", async () => {
  await using test = await trial();
  await test.run();
  for (
    const [damage, file] of [
      [() => test.remove("HAM10000_images_part_2/ISIC_0000006.jpg"), "13"],
      [() => Deno.truncate(join(test.folder, "HAM10000_images_part_1", "ISIC_0000001.jpg"), 10), "12"],
    ] as const
  ) {
    test.asked();
    await damage();
    await test.run();
    await test.holdsAll();
    assert.deepEqual(test.asked(), ["list", file]);
  }
});

Deno.test("files that a person puts among downloaded photos are not deleted; hidden ones change nothing", async () => {
  await using test = await trial();
  await test.run();
  const part = join(test.folder, "HAM10000_images_part_1");
  await Deno.writeTextFile(join(part, "._ISIC_0000001.jpg"), "of macOS");
  assert.match(await test.run(), /as it was downloaded; nothing to do/);
  for (const own of ["mine.jpg", "notes.txt"]) {
    await Deno.writeTextFile(join(part, own), "of a person");
    await Deno.truncate(join(part, "ISIC_0000001.jpg"), 10);
    test.asked();
    await assert.rejects(test.run(), {
      message: /holds other files than the 4 photos .*Received: 5\. It is left as it is/,
    });
    assert.deepEqual(test.asked(), []);
    assert.equal(await Deno.readTextFile(join(part, own)), "of a person");
    await Deno.remove(join(part, own));
  }
  await test.run();
  await test.holdsAll();
});

Deno.test("a wrong checksum stops the download; complete parts stay, and the next call continues", async () => {
  await using test = await trial();
  const served = test.dataverse.stored["HAM10000_images_part_2.zip"];
  const { bytes } = served;
  served.bytes = bytes.slice();
  served.bytes[100] ^= 1;
  const message = /datafile\/13: expected MD5 .* It was not kept.*By hand: download HAM10000_metadata/;
  await assert.rejects(test.run(), { message });
  assert.deepEqual(test.work(), []);
  served.bytes = bytes;
  test.asked();
  await test.run();
  await test.holdsAll();
  assert.deepEqual(test.asked(), ["list", "13"]);
});

Deno.test("files that a person downloaded are checked, unpacked and kept", async () => {
  await using test = await trial();
  for (const name of ["HAM10000_metadata.tab", "HAM10000_images_part_1.zip"]) await test.put(name);
  const text = await test.run();
  assert.match(text, /0\.0125 MB to download/);
  assert.match(text, /HAM10000_images_part_1: 4 photos, 0\.012 MB, MD5 agrees/);
  assert.deepEqual(test.asked(), ["list", "13"]);
  for (const name of ["HAM10000_metadata.tab", "HAM10000_images_part_1.zip"]) await test.remove(name);
  await test.holdsAll();
});

Deno.test("with all files added by hand, no file list is needed; unchecked files are reported", async () => {
  await using test = await trial();
  const names = ["HAM10000_metadata", "HAM10000_images_part_1.zip", "HAM10000_images_part_2.zip"];
  for (const name of names) await test.put(name);
  delete test.dataverse.server.files[listPath];
  const text = await test.run();
  assert.match(text, /answered 404.*are taken as they are/);
  assert.match(text, /part_1: 4 photos, 0\.012 MB, CRC-32 of each agrees/);
  for (const name of names) await test.remove(name);
  await test.holdsAll();
});

Deno.test("a truncated manual archive is refused and kept; one with paths outside its folder leaves no photos", async () => {
  await using test = await trial();
  const archive = "HAM10000_images_part_1.zip";
  await test.put(archive, test.dataverse.stored[archive].bytes.slice(0, 5000));
  await assert.rejects(
    test.run(),
    /part_1\.zip: expected the dataset's file, md5 .* remove it and run this again/,
  );
  assert.equal((await Deno.stat(join(test.folder, archive))).size, 5000);
  await test.put(archive, zipSync({ "1.jpg": new Uint8Array(9), "../evil.jpg": new Uint8Array(9) }));
  test.dataverse.server.files[listPath] = list({
    "HAM10000_images_part_1.zip": 12,
    "HAM10000_images_part_2.zip": 13,
  });
  await assert.rejects(test.run(), /invalid relative path: \.\.\/evil\.jpg/);
  assert.deepEqual(test.work(), []);
  assert.deepEqual(await test.names(), [
    ".download",
    archive,
    "HAM10000_metadata.csv",
    "HAM10000_source.json",
  ]);
});

Deno.test("a complete set that a user put there is not changed; an incomplete folder is not overwritten", async () => {
  await using test = await trial();
  await Deno.writeTextFile(join(test.folder, "HAM10000_metadata.csv"), test.dataverse.csv);
  for (const [part, members] of Object.entries(test.dataverse.photos)) {
    await Deno.mkdir(join(test.folder, part));
    for (const [name, content] of Object.entries(members)) {
      await Deno.writeFile(join(test.folder, part, name), content);
    }
  }
  assert.match(await test.run(), /a table and its 8 photos; nothing to do/);
  await test.remove("HAM10000_images_part_1/ISIC_0000002.jpg");
  const message = /HAM10000_images_part_1 exists but lacks photos.*not changed: move it away/;
  await assert.rejects(test.run(), { message });
  assert.ok(await Deno.stat(join(test.folder, "HAM10000_images_part_1", "ISIC_0000001.jpg")));
  assert.deepEqual(test.asked(), []);
});

Deno.test("without enough disk space only the list is requested", async () => {
  await using test = await trial();
  const message =
    /HAM10000 needs 0\.0379 MB in .* Received: 0\.03 MB free\. Free 0\.00787 MB, or give a folder/;
  await assert.rejects(test.run({ free: () => Promise.resolve(30_000) }), { message });
  assert.deepEqual(test.asked(), ["list"]);
  assert.deepEqual(test.work(), []);
});

Deno.test("without space to unpack, the archive is kept and the next call unpacks it without another download", async () => {
  await using test = await trial();
  let looks = 0;
  const free = () => Promise.resolve(looks++ === 0 ? Infinity : 0);
  await assert.rejects(test.run({ free }), /Unpacking HAM10000_images_part_1\.zip needs 0\.012 MB/);
  assert.deepEqual(test.work(), ["HAM10000_images_part_1.zip"]);
  test.asked();
  await test.run();
  await test.holdsAll();
  assert.deepEqual(test.asked(), ["list", "13"]);
});

Deno.test("a dataset without the files is refused, with its file list", async () => {
  await using test = await trial();
  test.dataverse.server.files[listPath] = list({ "b.txt": 0, "a.txt": 1 });
  const message = /expected a file for HAM10000_metadata\.csv\. Received: a\.txt, b\.txt\. By hand/;
  await assert.rejects(test.run(), { message });
});

Deno.test("the official test set (one-hot table) comes from the same dataset and is resumed and checked like the photos", async () => {
  for (const table of ["plain", "tabs only"] as const) {
    await using test = await trial({ table, photoBytes: 40_000 }, isic2018Test);
    const { official, stored } = test.dataverse;
    assert.match(
      await test.run({ dryRun: true }),
      /^ISIC2018_Task3_Test \(.*, version 4\.0\): .*\n {2}0\.12/,
    );
    assert.deepEqual(test.asked(), ["list"]);
    stored["ISIC2018_Task3_Test_Images.zip"].first = [50_000];
    await assert.rejects(test.run({ waits: [] }), {
      message:
        /0\.05 MB are kept in .*\.part; .* download ISIC2018_Task3_Test_GroundTruth\.csv and ISIC2018_Task3_Test_Images\.zip from/,
    });
    const text = await test.run();
    assert.match(text, /0\.05 MB are already downloaded/);
    assert.match(text, /images: 3 photos, 0\.12 MB, MD5 agrees/);
    assert.match(text, /ISIC2018_Task3_Test is complete: 2 photos in /);
    assert.equal(
      await Deno.readTextFile(join(test.folder, "ISIC2018_Task3_Test_GroundTruth.csv")),
      official.csv,
    );
    for (const [name, bytes] of Object.entries(official.photos)) {
      assert.deepEqual(await Deno.readFile(join(test.folder, "images", name)), bytes);
    }
    assert.deepEqual(test.work(), []);
    test.asked();
    assert.match(await test.run(), /as it was downloaded; nothing to do/);
    await test.remove("images/ISIC_0000092.jpg");
    await test.run();
    assert.deepEqual(test.asked(), ["list", "17"]);
  }
});

Deno.test("a test set that a user put there is not changed; one whose table names missing photos is not called complete", async () => {
  await using test = await trial({}, isic2018Test);
  const { official } = test.dataverse;
  await Deno.mkdir(join(test.folder, "photos"));
  for (const [name, bytes] of Object.entries(official.photos)) {
    await Deno.writeFile(join(test.folder, "photos", name), bytes);
  }
  await Deno.writeTextFile(join(test.folder, "ISIC2018_Task3_Test_GroundTruth.csv"), official.csv);
  assert.match(await test.run(), /ISIC2018_Task3_Test is in .*: a table and its 2 photos; nothing to do/);
  assert.deepEqual(test.asked(), []);
  await test.remove("ISIC2018_Task3_Test_GroundTruth.csv");
  await test.remove("photos");
  test.dataverse.stored["ISIC2018_Task3_Test_GroundTruth.csv"].bytes = new TextEncoder().encode(
    `${official.csv}ISIC_0000099,1.0,0.0,0.0,0.0,0.0,0.0,0.0\n`,
  );
  test.dataverse.server.files[listPath] = list({
    "ISIC2018_Task3_Test_GroundTruth.csv": 15,
    "ISIC2018_Task3_Test_Images.zip": 17,
  });
  await assert.rejects(
    test.run(),
    /1 of 3 images that ISIC2018_Task3_Test_GroundTruth\.csv names are not in .*: ISIC_0000099\./,
  );
});

/** A dataset's list, of files by their number, as a server without checksums gives it. */
function list(numbers: Record<string, number>): () => Response {
  const files = Object.entries(numbers).map(([label, id]) => ({ label, dataFile: { id } }));
  return () => Response.json({ data: { latestVersion: { files } } });
}
