import assert from "node:assert/strict";
import { basename, join } from "node:path";
import sharp from "sharp";
import { type ConfigOptions, createConfig } from "../../lib/config.ts";
import { openImages, openSource } from "../../lib/experiment/experiment.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** A picture of one colour, another for each number. */
const photoOf = (n: number) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 4 * n, g: 90, b: 60 } } }).png()
    .toBuffer();

/** A data folder with the given tables and the photos P0 … P59. */
async function withFolder(
  tables: Record<string, string>,
  check: (folder: string, open: (options?: ConfigOptions) => ReturnType<typeof openSource>) => Promise<void>,
) {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await Deno.mkdir(join(folder, "photos"));
  for (const [name, text] of Object.entries(tables)) await Deno.writeTextFile(join(folder, name), text);
  for (let i = 0; i < 60; i++) await Deno.writeFile(join(folder, "photos", `P${i}.png`), await photoOf(i));
  const config = { preset: "quick", data: folder, out: join(folder, "out") } as const;
  await check(folder, (options) => openSource(createConfig({ ...config, ...options })));
}

const rowsOf = (row: (photo: number) => string) =>
  Array.from({ length: 60 }, (_, i) => `${row(i)}\n`).join("");
const dxOf = (photo: number) => photo % 3 === 0 ? "mel" : "nv";

Deno.test("the lines about the photos, shown in every notebook, say what a table lacks and how it was read", () => {
  const ham = `lesion_id,image_id,dx,dx_type,age,sex,localization\n${
    rowsOf((i) => `${i < 20 ? "NA" : `L${i >> 1}`},P${i},${dxOf(i)},histo,,${i % 2 ? "male" : "Male"},back`)
  }`;
  const plain = `image_id;dx\n${rowsOf((i) => `P${i};${dxOf(i)}`)}`;
  return withFolder({ "HAM10000_metadata.csv": ham, "list.csv": plain }, async (folder, open) => {
    const own = await open();
    assert.deepEqual([own.own, own.about], [
      false,
      [
        "HAM10000: 60 photos of 40 lesions",
        "20 photos have no lesion_id; each counts as a lesion of its own",
        "sex: names that differ only in case count as one: Male as male",
        `Results in out: preset quick, seed 0, photos in ${basename(folder)}`,
      ],
    ]);
    const other = await open({ metadata: join(folder, "list.csv") });
    assert.equal(other.own, true);
    assert.equal(
      other.about[0],
      "Own data, not HAM10000: 60 photos, each counted as a lesion of its own; 7 classes",
    );
    assert.match(
      other.about.join("\n"),
      /list\.csv has no photo of akiec, .*\nNo column for dx_type, age, sex, localization/,
    );
    assert.deepEqual(other.counts, [0, 0, 0, 0, 20, 40, 0]);
  });
});

Deno.test("the digest of the data covers all its tables and photos", () => {
  const truth = `image,MEL,NV\n${rowsOf((i) => `P${i},${i % 3 ? "0,1" : "1,0"}`)}`;
  const more = `image,age\n${rowsOf((i) => `P${i},${i}`)}`;
  return withFolder({ "truth.csv": truth, "more.csv": more }, async (folder, open) => {
    const metadata = ["truth.csv", "more.csv"].map((name) => join(folder, name));
    const config = createConfig({ preset: "quick", data: folder, out: join(folder, "out"), metadata });
    const source = await open({ metadata });
    const { images, digest } = await openImages(config, source);
    const bytes = (text: string) => new TextEncoder().encode(text);
    assert.equal(digest, sha256(bytes(truth), bytes(more), ...images.fileDigests));
    const alone = await openImages(config, await open({ metadata: metadata[0] }));
    assert.equal(alone.digest, sha256(bytes(truth), ...images.fileDigests));
  });
});
