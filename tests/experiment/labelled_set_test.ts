/** Tables whose classes are, or are not, those of a model. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { classesOf, ham10000Classes } from "../../lib/data/diagnosis.ts";
import { describeSet, type LabelledSetOptions, openLabelledSet } from "../../lib/experiment/labelled_set.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

const folder = await lastingFolder("labelled set ");

/** Opens a table with these diagnoses, one a photo; the photos need not be decoded. */
async function open(dx: string[], options: LabelledSetOptions & { codes?: string[] } = {}) {
  const { codes, ...rest } = options;
  const lines = await Promise.all(dx.map(async (code, i) => {
    await Deno.writeTextFile(join(folder, `P${i}.jpg`), "photo");
    return `P${i},${code}`;
  }));
  const metadata = join(folder, "list.csv");
  await Deno.writeTextFile(metadata, ["image_id,dx", ...lines].join("\n") + "\n");
  return await openLabelledSet(folder, codes ? classesOf(codes) : ham10000Classes, { metadata, ...rest });
}
const labels = (set: Awaited<ReturnType<typeof open>>) => set.photos.map(({ label }) => label);
const counted = (set: Awaited<ReturnType<typeof open>>) =>
  describeSet(set, { photos: set.photos.length, lesions: set.photos.length }).join("\n");

Deno.test("classes are matched by name in any order of the table; classes missing from the set are named", async () => {
  const set = await open(["nv", "mel", "nv", "akiec"]);
  assert.deepEqual(labels(set), [5, 4, 5, 0]);
  assert.deepEqual(set.lacking, ["bcc", "bkl", "df", "vasc"]);
  assert.equal(set.photos[1].path, join(folder, "P1.jpg"));
  const text = counted(set);
  assert.match(text, /^list\.csv: 4 photos, each counted as a lesion of its own\.$/m);
  assert.match(text, /^The set has no photo of bcc, bkl, df, vasc: /m);
  assert.doesNotMatch(text, /regard|Renamed|left out/);
});

Deno.test("names that differ only in case are matched in both directions, with a note", async () => {
  const set = await open(["MEL", "NV", "bcc"]);
  assert.deepEqual(labels(set), [4, 5, 1]);
  assert.match(counted(set), /^Matched without regard to case: MEL → mel, NV → nv\.$/m);
  const other = await open(["mel", "nv"], { codes: ["NV", "Mel"] });
  assert.deepEqual(labels(other), [1, 0]);
});

Deno.test("if two classes of the table, or two of the model, differ only in case, nothing is guessed", async () => {
  await assert.rejects(open(["mel", "MEL", "nv"]), { message: /differ only in case.*--join-case/ });
  assert.deepEqual(labels(await open(["Mel", "MEL", "nv"], { joinCase: true })), [4, 4, 5]);
  await assert.rejects(open(["mel", "nv"], { codes: ["Mel", "MEL", "nv"] }), {
    message: /Received: mel \(1 photo\)$/,
  });
});

Deno.test("a class unknown to the model stops with advice; renaming it or leaving it out is noted", async () => {
  const dx = ["mel", "SCC", "nv", "SCC", "UNK"];
  await assert.rejects(open(dx), {
    name: "RangeError",
    message:
      "list.csv has classes that the model does not know. The model knows akiec, bcc, bkl, df, mel, nv, vasc. " +
      "Give the model's name of each with --rename, as in --rename SCC=akiec, or leave these photos out with " +
      "--skip-unknown. Received: SCC (2 photos), UNK (1 photo)",
  });
  const left = await open(dx, { skipUnknown: true });
  assert.deepEqual(labels(left), [4, 5]);
  assert.deepEqual(left.photos.map(({ imageId }) => imageId), ["P0", "P2"]);
  assert.match(
    counted(left),
    /^3 photos left out, of classes that the model does not know: SCC 2, UNK 1\.$/m,
  );
  const renamed = await open(dx, { skipUnknown: true, rename: { SCC: "akiec" } });
  assert.deepEqual(labels(renamed), [4, 0, 5, 0]);
  assert.match(counted(renamed), /^Renamed: SCC → akiec\.$/m);
  assert.match(counted(renamed), /^1 photo left out/m);
});

Deno.test("a renaming takes precedence over an equal name", async () => {
  assert.deepEqual(labels(await open(["mel", "nv"], { rename: { mel: "nv", nv: "mel" } })), [5, 4]);
  assert.deepEqual(labels(await open(["constructor", "nv"], { codes: ["nv", "constructor"] })), [1, 0]);
});

Deno.test("renaming from or to an unknown class is refused with a list of the known ones", async () => {
  await assert.rejects(open(["mel", "nv"], { rename: { MEL: "mel" } }), {
    name: "RangeError",
    message: "--rename needs on the left a class of list.csv, out of mel, nv. Received: MEL=mel",
  });
  await assert.rejects(open(["mel", "nv"], { rename: { mel: "melanoma" } }), {
    message:
      "--rename needs on the right a class of the model, out of akiec, bcc, bkl, df, mel, nv, vasc. Received: mel=melanoma",
  });
});

Deno.test("photos of a single diagnosis are a set if another class is named too", async () => {
  const set = await open(["mel", "mel"], { classes: ["mel", "nv"] });
  assert.deepEqual([labels(set), set.lacking.length], [[4, 4], 6]);
});

Deno.test("a set without any known class is refused, even with --skip-unknown", async () => {
  await assert.rejects(open(["cat", "dog"], { skipUnknown: true }), {
    name: "RangeError",
    message: /^list\.csv has no photo of a class that the model knows\..*--rename.*Received: cat, dog$/,
  });
});
