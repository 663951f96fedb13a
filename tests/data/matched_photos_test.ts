/** What a table's ids stand for in a folder as people have them: masks, thumbnails, several folders, paths in the table. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openTable } from "../../lib/data/metadata.ts";
import { matchPhotos } from "../../lib/data/matched_photos.ts";
import { listPhotos } from "../../lib/data/photo_files.ts";
import { withFiles } from "../support/temporary_folder.ts";

const match = (folder: string, ...ids: string[]) =>
  matchPhotos(folder, ids, { table: "list.csv", inParts: false });

Deno.test("photos are found at any depth, also with capital extensions; files added by the system are ignored", async () => {
  const files = ["a/a/P1.png", "b/b/c/P2.JPG", "P3.TIFF", "P4.WebP", "a/._P1.jpg", "__MACOSX/a/P1.png"];
  await withFiles([...files, ".thumbs/P2.jpg", "a/@eaDir/P1.png"], async (folder) => {
    const { paths, notes } = await match(folder, "P1", "P2", "P3", "P4.webp");
    assert.deepEqual(paths, files.slice(0, 4));
    assert.deepEqual(notes, []);
  });
});

const several: Record<string, string[]> = {
  "masks under the photos' names": ["GT/P1.png", "images/P1.jpg"],
  "thumbnails beside the full photos": ["HAM10000_64x64/P1.jpg", "HAM10000_images_part_1/P1.jpg"],
  "another kind of file beside a photo": ["images/P1.jpg", "images/P1.png"],
  "a photo in the folder itself and one below": ["P1.jpg", "old/P1.jpg"],
};
for (const [name, files] of Object.entries(several)) {
  Deno.test(`${name}: the run stops with both paths, and says how to choose`, () =>
    withFiles([...files, "P2.jpg"], async (folder) => {
      await assert.rejects(match(folder, "P1", "P2"), (error: Error) => {
        assert.match(
          error.message,
          /^list\.csv: 1 of its image ids may mean several different files in .*\./,
        );
        assert.match(
          error.message,
          /--data FOLDER .*move the other files.*paths into the table, as \S+ in place of P1/,
        );
        assert.ok(error.message.endsWith(`Received: P1 (${files.join(", ")})`), error.message);
        return true;
      });
      assert.deepEqual(
        (await match(folder, "P2")).paths,
        ["P2.jpg"],
        "what no row names is nobody's concern",
      );
      for (const path of files) {
        const id = path.includes("/") ? path : `./${path}`;
        assert.deepEqual(await match(folder, id, "P2"), { paths: [path, "P2.jpg"], notes: [] });
      }
      const narrower = join(folder, dirname(files[1]));
      if (dirname(files[0]) !== dirname(files[1])) {
        assert.deepEqual((await match(narrower, "P1")).paths, [files[1].split("/").at(-1)]);
      }
    }));
}

Deno.test("an id with an extension means that file if it exists, else one with another extension", () =>
  withFiles(["images/P1.jpg", "images/P1.png", "images/P2.jpeg"], async (folder) => {
    const { paths } = await match(folder, "P1.png", "P2.JPG");
    assert.deepEqual(paths, ["images/P1.png", "images/P2.jpeg"]);
    await assert.rejects(match(folder, "P1.tif"), /Received: P1\.tif \(images\/P1\.jpg, images\/P1\.png\)/);
  }));

Deno.test("files with the same bytes under several paths are one photo: the first is read, with a note", () =>
  withFiles(
    { "part_1/P1.jpg": "1", "part_1/P2.jpg": "2", "copy/P1.jpg": "1", "copy/P2.jpg": "3" },
    async (folder) => {
      assert.deepEqual((await match(folder, "P1")).paths, ["copy/P1.jpg"]);
      const { notes } = await match(folder, "P1");
      assert.equal(notes.length, 1);
      assert.match(
        notes[0],
        /^1 photo lies in \S+ several times, with the same bytes, and is read once: P1 \(copy\/P1\.jpg, part_1\/P1\.jpg\)$/,
      );
      await assert.rejects(match(folder, "P1", "P2"), /1 of its image ids .*Received: P2 \(/);
      await Deno.writeTextFile(join(folder, "copy", "P2.jpg"), "2");
      assert.match((await match(folder, "P1", "P2")).notes[0], /^2 photos lie in .*and are read once/);
    },
  ));

Deno.test("files that differ only after 20,000 bytes are not the same", async () => {
  const long = "x".repeat(20_000);
  await withFiles(
    { "a/P1.jpg": `${long}1`, "b/P1.jpg": `${long}2`, "a/P2.jpg": long, "b/P2.jpg": long },
    async (folder) => {
      await assert.rejects(match(folder, "P1"), /may mean several different files/);
      assert.deepEqual((await match(folder, "P2")).paths, ["a/P2.jpg"]);
    },
  );
});

Deno.test("ids that are paths match those files in any folder; a path from another machine is matched by its end", () =>
  withFiles(["set/train/1.jpg", "set/test/1.jpg", "set/other/2.jpg"], async (folder) => {
    const ids = ["train/1.jpg", "set\\test\\1"];
    assert.deepEqual(await match(folder, ...ids), {
      paths: ["set/train/1.jpg", "set/test/1.jpg"],
      notes: [],
    });
    const { paths, notes } = await match(
      folder,
      "/kaggle/input/set/train/1.jpg",
      "../data/test/1.jpg",
      "gone/2.jpg",
    );
    assert.deepEqual(paths, ["set/train/1.jpg", "set/test/1.jpg", "set/other/2.jpg"]);
    assert.equal(notes.length, 1);
    assert.match(
      notes[0],
      /^3 of the paths in list\.csv are not in .*: \/kaggle.* is set\/train\/1\.jpg, .*gone\/2\.jpg is set/,
    );
    const [note] = (await match(folder, "gone/2.jpg")).notes;
    assert.match(
      note,
      /^1 of the paths in list\.csv is not in .*; its photo was found by the end of the path: /,
    );
    await assert.rejects(
      match(folder, "gone/1.jpg"),
      /gone\/1\.jpg \(set\/test\/1\.jpg, set\/train\/1\.jpg\)/,
    );
  }));

Deno.test("an accented letter in the table matches file and folder names in either Unicode form", () =>
  withFiles(["Mu\u0308ller/M\u00fcller_1.jpg", "b/Mu\u0308ller_2.JPG"], async (folder) => {
    for (const form of ["NFC", "NFD"]) {
      const ids = ["Mu\u0308ller/M\u00fcller_1.jpg", "M\u00fcller_2"].map((id) => id.normalize(form));
      const table = `image_id,dx\n${ids[0]},nv\n${ids[1]},mel\n`;
      await Deno.writeTextFile(join(folder, "list.csv"), table);
      const { samples } = await openTable(folder, { metadata: join(folder, "list.csv") });
      assert.deepEqual(samples.map(({ imagePath }) => imagePath), [
        ...["Mu\u0308ller/M\u00fcller_1.jpg", "b/Mu\u0308ller_2.JPG"],
      ]);
    }
  }));

Deno.test("two ids never match the same file", () =>
  withFiles(["a/1.jpg", "a/2.jpg"], async (folder) => {
    for (const id of ["a/1.jpg", "b/1.jpg"]) {
      await assert.rejects(
        match(folder, "2", "1", id),
        { message: `list.csv: each image needs a photo of its own. Received: 1 and ${id} are both a/1.jpg` },
      );
    }
  }));

Deno.test("missing photos that exist as HEIC or raw files are named, with what to do", () =>
  withFiles(["P1.heic", "in/P2.HEIC", "P3.nef", "P4.txt", "P5.jpg"], async (folder) => {
    await assert.rejects(match(folder, "P1", "P2.heic", "P3", "P4", "P5"), (error: Error) => {
      assert.match(error.message, /^4 of 5 images that list\.csv names are not in .* or its folders: /);
      assert.match(
        error.message,
        /: P1 \(there is P1\.heic\), P2\.heic \(there is P2\.HEIC\), P3 \(there is P3\.nef\), P4\. /,
      );
      assert.match(
        error.message,
        /2 \.heic, 1 \.nef cannot be read\. Convert HEIC photos to JPEG first \(on a Mac: sips/,
      );
      return true;
    });
    await Deno.writeTextFile(join(folder, "P1.jpg"), "converted");
    assert.deepEqual((await match(folder, "P1.heic")).paths, ["P1.jpg"]);
  }));

Deno.test("a table's rows get the photos that their ids name, with notes on the choice", () =>
  withFiles(["images/P1.jpg", "GT/P1.jpg", "images/P2.jpg", "GT/P2.jpg"], async (folder) => {
    const metadata = join(folder, "list.csv");
    await Deno.writeTextFile(metadata, "image_id,dx\nimages/P1.jpg,a\n/x/images/P2.jpg,b\n");
    const { samples, notes } = await openTable(folder, { metadata, columns: {} });
    assert.deepEqual(samples.map(({ imagePath }) => imagePath), ["images/P1.jpg", "images/P2.jpg"]);
    assert.match(
      notes.at(-1)!,
      /^1 of the paths in list\.csv is not in .*: \/x\/images\/P2\.jpg is images\/P2\.jpg$/,
    );
    await Deno.writeTextFile(metadata, "image_id,dx\nP1.jpg,a\nP2.jpg,b\n");
    await assert.rejects(
      openTable(folder, { metadata, columns: {} }),
      /2 of its image ids may mean several/,
    );
    assert.equal(
      (await openTable(join(folder, "GT"), { metadata, columns: {} })).samples[1].imagePath,
      "P2.jpg",
    );
  }));

Deno.test("200,000 photos in one folder are found and matched, each once", () =>
  withFiles([], async (folder) => {
    const names = Array.from({ length: 200_000 }, (_, i) => `P${i}`);
    const readDir = Deno.readDir;
    try {
      Deno.readDir = async function* () {
        for (const name of names) {
          yield { name: `${name}.jpg`, isFile: true, isDirectory: false, isSymlink: false };
        }
      };
      const all = await matchPhotos(folder, names, { table: "list.csv", inParts: false });
      assert.equal(all.paths[199_999], "P199999.jpg");
      assert.equal(new Set(all.paths).size, 200_000);
      assert.equal((await listPhotos([folder])).photos.length, 200_000);
    } finally {
      Deno.readDir = readDir;
    }
  }));
