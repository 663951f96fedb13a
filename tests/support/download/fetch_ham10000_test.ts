import assert from "node:assert/strict";
import { join } from "node:path";
import { fetchHam10000 } from "../../../lib/support/download/fetch_ham10000.ts";
import { type FakeDataverse, fakeDataverse, holdsAll, listPath } from "./fake_dataverse.ts";
import { zip } from "./zip.ts";

type Options = Partial<Parameters<typeof fetchHam10000>[1]>;

/** A Dataverse and an empty folder. `run` gives what was printed. */
async function trial(
  options: Parameters<typeof fakeDataverse>[0],
  test: (how: {
    dataverse: FakeDataverse;
    folder: string;
    run: (options?: Options) => Promise<string>;
    /** What is left of work in progress. */
    work: () => Promise<string[]>;
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  await using dataverse = fakeDataverse(options);
  const work = join(folder, ".download");
  await Deno.mkdir(work);
  const run = async (options: Options = {}) => {
    const printed: string[] = [];
    const line = { print: (text: string) => void printed.push(text), show: () => {}, clear: () => {} };
    await fetchHam10000(folder, { base: dataverse.base, line, work, waits: [0.01, 0.01], ...options });
    return printed.join("\n");
  };
  const names = async () => (await Array.fromAsync(Deno.readDir(work))).map(({ name }) => name).sort();
  try {
    await test({ dataverse, folder, run, work: names });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("table and photos come, size and licence are said first, a second call does nothing", async () => {
  await trial({}, async ({ dataverse, folder, run, work }) => {
    const text = await run();
    assert.ok(await holdsAll(folder, dataverse));
    assert.deepEqual(await work(), []);
    const [first, second, third] = text.split("\n");
    assert.match(first, /10\.7910\/DVN\/DBW86T, version 4\.0/);
    assert.match(second, /^ {2}25 kB to download from http.*, up to 38 kB on the disk/);
    assert.match(
      third,
      /licence: CC BY-NC 4\.0, for non-commercial use; the server says: CC BY-NC 4\.0 \(http/,
    );
    assert.match(text, /HAM10000_metadata\.csv: 8 rows, MD5 agrees/);
    assert.match(text, /HAM10000_images_part_1: 4 photos, 12 kB, MD5 agrees/);
    assert.match(text, /complete: 8 photos/);
    const asked = dataverse.server.asked.length;
    assert.match(await run(), /as it was downloaded; nothing to do/);
    assert.equal(dataverse.server.asked.length, asked);
    const record = JSON.parse(await Deno.readTextFile(join(folder, "HAM10000_source.json")));
    assert.equal(record.version, "4.0");
    assert.match(record.items.HAM10000_images_part_2.checked, /^md5 [0-9a-f]{32}$/);
  });
});

Deno.test("a dry run says the same and loads nothing", async () => {
  await trial({}, async ({ dataverse, folder, run }) => {
    assert.match(await run({ dryRun: true }), /25 kB to download/);
    assert.deepEqual(dataverse.server.asked.map(({ path }) => path), [listPath]);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [".download"]);
  });
});

Deno.test("of an ingested table the original is taken, and it is said that its checksum proves nothing", async () => {
  await trial({ table: "ingested" }, async ({ dataverse, folder, run }) => {
    const text = await run();
    assert.ok(await holdsAll(folder, dataverse));
    assert.match(
      text,
      /8 rows, checked against the photos only: the server's checksum is of another form of it/,
    );
    const record = JSON.parse(await Deno.readTextFile(join(folder, "HAM10000_source.json")));
    assert.equal(record.items["HAM10000_metadata.csv"].checked, null);
    assert.match(await run(), /nothing to do/);
  });
});

Deno.test("a table that is there with tabs only gets commas", async () => {
  await trial({ table: "tabs only" }, async ({ dataverse, folder, run }) => {
    const text = await run();
    assert.ok(await holdsAll(folder, dataverse));
    assert.match(text, /no original; taking its tab-separated form/);
    assert.match(text, /8 rows, tabs turned to commas/);
  });
});

Deno.test("a lost photo brings its part again, and no other", async () => {
  await trial({}, async ({ dataverse, folder, run }) => {
    await run();
    await Deno.remove(join(folder, "HAM10000_images_part_2", "ISIC_0000006.jpg"));
    dataverse.server.asked.length = 0;
    await run();
    assert.ok(await holdsAll(folder, dataverse));
    assert.deepEqual(dataverse.server.asked.map(({ path }) => path), [listPath, "/api/access/datafile/13"]);
    await Deno.truncate(join(folder, "HAM10000_images_part_1", "ISIC_0000001.jpg"), 10);
    await run();
    assert.ok(await holdsAll(folder, dataverse));
  });
});

Deno.test("a wrong checksum stops it; what was whole before stays, and the next call goes on", async () => {
  await trial({}, async ({ dataverse, folder, run, work }) => {
    const served = dataverse.stored["HAM10000_images_part_2.zip"];
    const bytes = served.bytes;
    served.bytes = bytes.slice();
    served.bytes[100] ^= 1;
    await assert.rejects(
      run(),
      /datafile\/13: expected MD5 .* it was removed.*By hand: download HAM10000_metadata/s,
    );
    assert.deepEqual(await work(), []);
    served.bytes = bytes;
    dataverse.server.asked.length = 0;
    await run();
    assert.ok(await holdsAll(folder, dataverse));
    assert.equal(dataverse.server.asked.length, 2);
  });
});

Deno.test("an archive that climbs out is refused and leaves nothing behind", async () => {
  await trial({}, async ({ dataverse, folder, run, work }) => {
    const evil = zip([...dataverse.photos.HAM10000_images_part_1, {
      name: "../evil.jpg",
      content: new Uint8Array(9),
    }]);
    await Deno.writeFile(join(folder, "HAM10000_images_part_1.zip"), evil);
    dataverse.server.files[listPath] = () => Response.json(withoutChecksums(dataverse));
    await assert.rejects(run(), /invalid relative path: \.\.\/evil\.jpg/);
    assert.deepEqual(await work(), []);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort(), [
      ".download",
      "HAM10000_images_part_1.zip",
      "HAM10000_metadata.csv",
      "HAM10000_source.json",
    ]);
  });
});

Deno.test("files that a person downloaded are checked, unpacked and kept", async () => {
  await trial({}, async ({ dataverse, folder, run }) => {
    const put = (name: string) => Deno.writeFile(join(folder, name), dataverse.stored[name].bytes);
    await put("HAM10000_metadata.tab");
    await put("HAM10000_images_part_1.zip");
    const text = await run();
    assert.match(text, /13 kB to download/);
    assert.match(text, /HAM10000_images_part_1: 4 photos, 12 kB, MD5 agrees/);
    assert.deepEqual(dataverse.server.asked.map(({ path }) => path), [listPath, "/api/access/datafile/13"]);
    await Deno.remove(join(folder, "HAM10000_metadata.tab"));
    await Deno.remove(join(folder, "HAM10000_images_part_1.zip"));
    assert.ok(await holdsAll(folder, dataverse));
  });
});

Deno.test("with all files put there by hand it works without a network, and says what is not checked", async () => {
  await trial({}, async ({ dataverse, folder, run }) => {
    const names = ["HAM10000_metadata", "HAM10000_images_part_1.zip", "HAM10000_images_part_2.zip"];
    for (const name of names) await Deno.writeFile(join(folder, name), dataverse.stored[name].bytes);
    delete dataverse.server.files[listPath];
    const text = await run();
    assert.match(text, /answered 404.*are taken as they are/);
    assert.match(text, /part_1: 4 photos, 12 kB, CRC-32 of each agrees/);
    for (const name of names) await Deno.remove(join(folder, name));
    assert.ok(await holdsAll(folder, dataverse));
  });
});

Deno.test("a half-downloaded archive that a person put there is refused and left", async () => {
  await trial({}, async ({ dataverse, folder, run }) => {
    const path = join(folder, "HAM10000_images_part_1.zip");
    await Deno.writeFile(path, dataverse.stored["HAM10000_images_part_1.zip"].bytes.slice(0, 5000));
    await assert.rejects(
      run(),
      /part_1\.zip: expected the dataset's file, MD5 .* remove it and run this again/,
    );
    assert.equal((await Deno.stat(path)).size, 5000);
  });
});

Deno.test("a whole set that a person put there is left alone, a folder with holes is not overwritten", async () => {
  await trial({}, async ({ dataverse, folder, run }) => {
    await Deno.writeTextFile(join(folder, "HAM10000_metadata.csv"), dataverse.csv);
    for (const [part, members] of Object.entries(dataverse.photos)) {
      await Deno.mkdir(join(folder, part));
      for (const { name, content } of members) await Deno.writeFile(join(folder, part, name), content);
    }
    assert.match(await run(), /a table and its 8 photos; nothing to do/);
    assert.equal(dataverse.server.asked.length, 0);
    await Deno.remove(join(folder, "HAM10000_images_part_1", "ISIC_0000002.jpg"));
    await assert.rejects(
      run(),
      /HAM10000_images_part_1 is there already, photos are missing.*left as it is: move it away/,
    );
    assert.ok(await Deno.stat(join(folder, "HAM10000_images_part_1", "ISIC_0000001.jpg")));
  });
});

Deno.test("without room nothing is asked for but the list", async () => {
  await trial({}, async ({ dataverse, run, work }) => {
    const free = () => Promise.resolve(30_000);
    await assert.rejects(
      run({ free }),
      /HAM10000 needs 38 kB in .* Received: 30 kB free\. Free 8 kB, or give a folder/,
    );
    assert.deepEqual(dataverse.server.asked.map(({ path }) => path), [listPath]);
    assert.deepEqual(await work(), []);
  });
});

Deno.test("no room for unpacking: the archive stays, and the next call unpacks it without loading it again", async () => {
  await trial({}, async ({ dataverse, folder, run, work }) => {
    let asked = 0;
    const free = () => Promise.resolve(asked++ === 0 ? Infinity : 0);
    await assert.rejects(run({ free }), /Unpacking HAM10000_images_part_1\.zip needs 12 kB/);
    assert.deepEqual(await work(), ["HAM10000_images_part_1.zip"]);
    dataverse.server.asked.length = 0;
    await run();
    assert.ok(await holdsAll(folder, dataverse));
    assert.deepEqual(dataverse.server.asked.map(({ path }) => path), [listPath, "/api/access/datafile/13"]);
  });
});

Deno.test("a dataset without the files, or with restricted ones, says which it has", async () => {
  await trial({}, async ({ dataverse, run }) => {
    const answer = (files: object[]) => () =>
      Response.json({ status: "OK", data: { latestVersion: { files } } });
    const file = (label: string, restricted = false) => ({
      label,
      restricted,
      dataFile: { id: 1, filename: label },
    });
    dataverse.server.files[listPath] = answer([file("b.txt"), file("a.txt")]);
    await assert.rejects(
      run(),
      /expected a file for HAM10000_metadata\.csv\. Received: a\.txt, b\.txt\. By hand/,
    );
    dataverse.server.files[listPath] = answer([file("HAM10000_metadata", true)]);
    await assert.rejects(run(), /HAM10000_metadata is restricted/);
  });
});

/** The dataset's list as a server without checksums gives it. */
function withoutChecksums({ stored }: FakeDataverse): object {
  const names = ["HAM10000_metadata", "HAM10000_images_part_1.zip", "HAM10000_images_part_2.zip"];
  const files = names.map((label, i) => ({
    label,
    dataFile: { id: 11 + i, filesize: stored[label].bytes.length },
  }));
  return { status: "OK", data: { latestVersion: { files } } };
}
