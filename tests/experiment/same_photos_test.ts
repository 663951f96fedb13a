/** One photo under several ids: in the leak, on the pages, and with several diagnoses. */
import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { type ConfigOptions, createConfig } from "../../lib/config.ts";
import { countLeakage, exposureOf } from "../../lib/data/leakage.ts";
import { makeParts, type Parts } from "../../lib/data/parts.ts";
import { openImages, openSource, type Source } from "../../lib/experiment/experiment.ts";
import { readResults } from "../../lib/experiment/results.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { randomFor } from "../../lib/support/random.ts";
import { estimateCost } from "../../lib/tasks/estimate.ts";
import { ham10000Folder } from "../data/leak_free_photos.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Sixty photos P0 … P59 of three classes, a lesion each; `same` ones get the bytes of their first, `lesions` others. */
async function withTable(
  { same = [], lesions = {} }: { same?: string[][]; lesions?: Record<string, string> },
  check: (config: (more?: ConfigOptions) => ReturnType<typeof createConfig>, folder: string) => Promise<void>,
) {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const ids = Array.from({ length: 60 }, (_, i) => `P${i}`);
  for (const id of ids) {
    const random = randomFor(id);
    const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, () => random() * 256);
    await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } }).png().toFile(
      join(folder, `${id}.png`),
    );
  }
  for (const [first, ...others] of same) {
    for (const id of others) await Deno.copyFile(join(folder, `${first}.png`), join(folder, `${id}.png`));
  }
  const rows = ids.map((id, i) => `${id},${"abc"[i % 3]},${lesions[id] ?? `L${i}`}`);
  const metadata = join(folder, "list.csv");
  await Deno.writeTextFile(metadata, `image_id,dx,lesion_id\n${rows.join("\n")}\n`);
  const columns = { image_id: "image_id", dx: "dx", lesion_id: "lesion_id" };
  const given = {
    preset: "quick",
    data: folder,
    metadata,
    columns,
    weights: null,
    out: join(folder, "out"),
  } as const;
  await check((more = {}) => createConfig({ ...given, ...more }), folder);
}

/** What training on `trained` has shown of `tested`: 0, a copy; 1, the lesion; 2, nothing. */
function exposure(source: Source, trained: string, tested: string): number {
  const table = source.samples.map(({ label }, row) => ({ row, copy: 0, label }));
  const rowOf = (id: string) => source.samples.findIndex(({ imageId }) => imageId === id);
  const parts = { table, subsetTrain: [rowOf(trained)], test: [rowOf(tested)] } as unknown as Parts;
  const place = exposureOf(source, parts, parts.subsetTrain)(parts.test[0]);
  const all = countLeakage(source, parts, parts.subsetTrain).at(-1)!;
  assert.deepEqual([all.withCopy, all.withLesion], [Number(place === 0), Number(place <= 1)]);
  return place;
}

Deno.test("a photo listed under two ids counts as one photo in the leak, and every page says so", () =>
  withTable({ same: [["P0", "P3"], ["P1", "P4", "P7"]], lesions: { P6: "L3" } }, async (config) => {
    const source = await openSource(config());
    assert.equal(
      source.about.at(-2),
      "2 photos are in the table under several ids, with the same bytes. The leak counts each as one photo: P0 = P3; P1 = P4 = P7",
    );
    assert.equal(exposure(source, "P0", "P3"), 0);
    assert.equal(exposure(source, "P3", "P0"), 0);
    assert.equal(exposure(source, "P4", "P7"), 0);
    assert.equal(exposure(source, "P6", "P0"), 1, "P6 shows P3's lesion, and P3 is P0");
    assert.equal(exposure(source, "P0", "P6"), 1);
    assert.equal(exposure(source, "P0", "P9"), 2);
    const { images } = await openImages(config(), source);
    assert.equal(images.fileDigests[0], images.fileDigests[3]);
  }));

Deno.test("one photo under two ids of the same lesion counts as two photos, as in HAM10000, without a note", () =>
  withTable({ same: [["P0", "P3"]], lesions: { P3: "L0" } }, async (config) => {
    const source = await openSource(config());
    assert.doesNotMatch(source.about.join("\n"), /several ids/);
    assert.equal(exposure(source, "P0", "P3"), 1);
  }));

Deno.test("a photo with two diagnoses stops the run before it starts; --keep-contradictions goes on; both name the diagnoses", () =>
  withTable({ same: [["P0", "P1"], ["P3", "P6"]] }, async (config) => {
    const message =
      /^list\.csv: 1 photo has several diagnoses: .*--keep-contradictions\. Received: P0 \(a\) = P1 \(b\)$/;
    await assert.rejects(openSource(config()), { message });
    await assert.rejects(estimateCost(config(), ["01_eda"]), { name: "RangeError", message });
    const source = await openSource(config({ keepContradictions: true }));
    assert.equal(source.samples.length, 60);
    assert.match(source.about.at(-3)!, /^2 photos are in the table under several ids, .*: P0 = P1; P3 = P6$/);
    assert.match(
      source.about.at(-2)!,
      /^1 photo has several diagnoses: .* They are kept: P0 \(a\) = P1 \(b\)$/,
    );
    assert.equal(exposure(source, "P0", "P1"), 0);
  }));

Deno.test("a server's error page saved as many photos is reported as damage, not as contradicting diagnoses", () =>
  withTable({}, async (config, folder) => {
    for (const id of ["P0", "P1", "P2"]) {
      await Deno.writeTextFile(join(folder, `${id}.png`), "<html>404</html>");
    }
    const source = await openSource(config());
    await assert.rejects(
      openImages(config(), source),
      /3 of 60 photos cannot be used:[^]*not a picture in a known format/,
    );
    const { skipped, about } = await openSource(config({ skipDamaged: true }));
    assert.deepEqual(skipped, ["P0", "P1", "P2"]);
    assert.doesNotMatch(about.join("\n"), /several/);
  }));

Deno.test({
  name:
    "HAM10000 has two photos under two ids each, in the same lesion: its leak matches the committed report",
  ignore: !ham10000Folder,
  async fn() {
    const config = createConfig({ preset: "quick", data: ham10000Folder, weights: null });
    const source = await openSource(config);
    assert.deepEqual(source.about, [
      "HAM10000: 10,015 photos of 7,470 lesions",
      "Results in outputs/quick: preset quick, seed 0, photos in ham10000",
    ]);
    const parts = makeParts(config, source);
    const { leakage } = (await readResults(join(projectRoot, "outputs", "report")))!;
    assert.deepEqual(countLeakage(source, parts, parts.subsetTrain), leakage.against9600);
    assert.deepEqual(countLeakage(source, parts, parts.train), leakage.against34120);
  },
});
