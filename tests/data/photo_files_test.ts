import assert from "node:assert/strict";
import { join } from "node:path";
import { photoExtensionsText } from "../../lib/support/photo_kinds.ts";
import { listPhotos } from "../../lib/data/photo_files.ts";
import { withFiles } from "../support/temporary_folder.ts";

Deno.test("a folder stands for its photos at any depth, in order; a file for itself, regardless of its name", async () => {
  const files = ["b.jpg", "A.PNG", "deep/er/c.jpeg", "notes.txt", "._b.jpg", ".hidden/d.jpg", "photo.dat"];
  await withFiles([...files, "__MACOSX/e.jpg"], async (folder) => {
    const { photos, problems } = await listPhotos([folder, join(folder, "photo.dat"), "nowhere.jpg"]);
    assert.deepEqual(photos, [
      ...["A.PNG", "b.jpg", "deep/er/c.jpeg", "photo.dat"].map((name) => join(folder, name)),
      "nowhere.jpg",
    ]);
    assert.deepEqual(problems, []);
  });
});

Deno.test("a photo named twice counts once, under its first name", async () => {
  await withFiles(["a.jpg", "b.jpg"], async (folder) => {
    const [a, b] = [join(folder, "a.jpg"), join(folder, "b.jpg")];
    const { photos } = await listPhotos([`${folder}/./b.jpg`, folder, a]);
    assert.deepEqual(photos, [`${folder}/./b.jpg`, a]);
    assert.deepEqual((await listPhotos([folder, folder])).photos, [a, b]);
  });
});

Deno.test("a folder without photos is named, and the other folders are used", async () => {
  await withFiles(["empty/notes.txt", "full/a.jpg"], async (folder) => {
    const { photos, problems } = await listPhotos([join(folder, "empty"), join(folder, "full")]);
    assert.deepEqual(photos, [join(folder, "full", "a.jpg")]);
    assert.deepEqual(problems, [
      `${
        join(folder, "empty")
      }: holds no photos (${photoExtensionsText}), also not in subfolders. Give another folder`,
    ]);
  });
});

Deno.test("other files in a folder are counted by kind; pictures that must be converted are a problem", async () => {
  const files = ["a.jpg", "b.HEIC", "c.heic", "in/d.heic", "in/e.bmp", "x.txt", "in/y.txt", "z", ".DS_Store"];
  await withFiles(files, async (folder) => {
    const { photos, problems, notes } = await listPhotos([folder]);
    assert.deepEqual(photos, [join(folder, "a.jpg")]);
    assert.equal(problems.length, 1);
    assert.ok(
      problems[0].startsWith(
        `${folder}: left out 3 .heic, 2 .txt, 1 .bmp, 1 without extension. Convert HEIC`,
      ),
    );
    assert.match(
      problems[0],
      /HEIC photos to JPEG first \(.*sips.*heif-convert.*\)\. Convert BMP pictures to JPEG first$/,
    );
    assert.deepEqual(notes, []);
    for (const name of ["b.HEIC", "c.heic", "in"]) await Deno.remove(join(folder, name), { recursive: true });
    const rest = await listPhotos([folder]);
    assert.deepEqual([rest.problems, rest.notes], [[], [`${folder}: left out 1 .txt, 1 without extension`]]);
  });
});

Deno.test({
  name: "links are followed, also one that leads back to its own folder",
  ignore: Deno.build.os === "windows", // links need a right that users lack
  fn: () =>
    withFiles(["a.jpg", "in/b.jpg"], async (folder) => {
      await Deno.symlink(folder, join(folder, "in", "back"));
      const { photos, problems } = await listPhotos([folder]);
      assert.deepEqual(photos, [join(folder, "a.jpg"), join(folder, "in", "b.jpg")]);
      assert.deepEqual(problems, []);
    }),
});
