/** Another table and its photos through all five notebooks: columns by other names, three classes, photos without a lesion, damaged photos. */
import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import type { Diagnosis } from "../lib/data/diagnosis.ts";
import { lesionSvg } from "../lib/data/drawn_lesion.ts";
import { stringify } from "../lib/support/csv.ts";
import { parseNotebook } from "../lib/support/notebook/ipynb.ts";
import { projectRoot } from "../lib/support/project.ts";
import { randomFor } from "../lib/support/random.ts";
import { runDeno } from "./support/run_deno.ts";
import { lastingFolder } from "./support/temporary_folder.ts";

const folder = await lastingFolder();
const table = join(folder, "list.csv");
const columns = "image_id=photo,dx=finding,lesion_id=patient,age=years";
const small = join(folder, "small.json");
await Deno.writeTextFile(small, '{ "size": 32 }');
const flags = ["--config", small, "--metadata", table, "--columns", columns, "--weights", "none"];
const damaged = ["ISIC_1.jpeg", "ISIC_30.png"];
const drawn: { code: string; dx: Diagnosis; count: number }[] = [
  { code: "NV", dx: "nv", count: 26 },
  { code: "MEL", dx: "mel", count: 12 },
  { code: "other", dx: "bkl", count: 9 },
];
await drawPhotos();

/** A table and JPEGs and PNGs beside it, two of them cut short; every patient but the last has two photos. */
async function drawPhotos(): Promise<void> {
  await Deno.mkdir(join(folder, "input"));
  const photos = drawn.flatMap(({ code, dx, count }) =>
    Array.from({ length: count }, (_, i) => ({ code, dx, patient: `${code}-${i >> 1}`, photo: i }))
  );
  const rows = [];
  for (const [index, { code, dx, patient, photo }] of photos.entries()) {
    const image = index % 3 === 0 ? `ISIC_${index}.png` : `ISIC_${index}`;
    const random = { lesion: randomFor("lesion", patient), photo: randomFor("photo", patient, photo) };
    await sharp(new TextEncoder().encode(lesionSvg(dx, random)))
      .toFile(join(folder, "input", index % 3 === 0 ? image : `${image}.jpeg`));
    const isLast = index === photos.length - 1; // the only photo of its patient
    rows.push({
      photo: image,
      finding: code,
      patient: isLast ? "NA" : patient,
      years: index % 5 ? "50" : "",
    });
  }
  const columns = ["photo", "finding", "patient", "years"];
  await Deno.writeTextFile(table, stringify(rows, { columns }));
  for (const name of damaged) {
    const path = join(folder, "input", name);
    await Deno.truncate(path, (await Deno.stat(path)).size >> 1);
  }
}

async function reproduce(...flags: string[]): Promise<{ code: number; text: string }> {
  const env = { NO_COLOR: "1", HAM10000_CONFIG: "a run that notebooks do not go on with" };
  const program = join(projectRoot, "lib/tasks/reproduce.ts");
  const { code, out, err } = await runDeno(["run", "-A", program, ...flags], { env });
  return { code, text: out + err };
}

Deno.test("without --columns the run does not start; it lists the missing and the existing columns", async () => {
  const out = join(folder, "columns");
  const { code, text } = await reproduce("--metadata", table, "--out", out, "--weights", "none");
  assert.equal(code, 2, text);
  assert.match(
    text,
    /list\.csv: column image_id, dx is missing.*--columns.*Received: photo, finding, patient, years$/m,
  );
  assert.doesNotMatch(text, /Uncaught|\.ts:\d/);
});

Deno.test("damaged photos stop the run; the error names them and --skip-damaged", async () => {
  const { code, text } = await reproduce(...flags, "--out", join(folder, "damaged"), "--only", "02");
  assert.equal(code, 1, text);
  assert.match(text, /2 of 47 photos cannot be used/);
  for (const name of damaged) assert.ok(text.includes(name), text);
  assert.match(text, /--skip-damaged/);
});

Deno.test("--skip-damaged continues without damaged photos; every notebook and the results say so", async () => {
  const out = join(folder, "skipped");
  const { code, text } = await reproduce(...flags, "--out", out, "--skip-damaged");
  assert.equal(code, 0, text);
  const results = JSON.parse(await Deno.readTextFile(join(out, "results.json")));
  assert.deepEqual(results.skipped, { count: 2, images: ["ISIC_1", "ISIC_30"] });
  assert.deepEqual(results.classes.map((c: { code: string }) => c.code), ["MEL", "NV", "other"]);
  assert.deepEqual(results.counts.perClass.images, [11, 25, 9]);
  assert.deepEqual(results.counts.perClass.augmented, [22, 25, 22], "0.8935 of the commonest");
  const chosen = results.runs.find((run: { optimizer: string }) => run.optimizer === results.chosen);
  const trueCounts = chosen.test.confusion.map((row: number[]) => row.reduce((a, b) => a + b));
  assert.deepEqual(trueCounts, results.counts.perClass.test);
  const names = (await Array.fromAsync(Deno.readDir(join(out, "notebooks")))).map(({ name }) => name);
  assert.equal(names.length, 5);
  for (const name of names) {
    const { cells } = parseNotebook(await Deno.readTextFile(join(out, "notebooks", name)), name);
    const outputs = cells.flatMap((cell) => cell.cell_type === "code" ? cell.outputs : []);
    const pictures = /[A-Za-z0-9+/]{200,}={0,2}/g; // whose Base64 may spell any word
    const shown = outputs.map((output) => JSON.stringify(output).replace(pictures, "")).join("\n");
    assert.match(shown, /Own data, not HAM10000: 45 photos of 24 lesions; 3 classes/, name);
    assert.match(shown, /1 photo has no lesion.{0,2}_id; it counts as a lesion of its own/, name);
    assert.match(
      shown,
      /2 of 47 photos cannot be decoded and are left out: ISIC.{0,2}_1, ISIC.{0,2}_30/,
      name,
    );
    assert.doesNotMatch(shown, /undefined|akiec|vasc/, name);
  }
});
