/** Another table and its photos through all five notebooks: columns by other names, three classes, damaged photos. */
import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { projectRoot } from "../lib/support/project.ts";
import { stringify } from "../lib/support/csv.ts";
import type { Diagnosis } from "../lib/data/diagnosis.ts";
import { inventLesion, photograph, photoSize } from "../lib/data/stand_in/draw_lesion.ts";
import { parseNotebook } from "../lib/support/notebook/ipynb.ts";
import { randomFor } from "../lib/support/random.ts";

const drawn: [code: string, dx: Diagnosis, photos: number][] = [["NV", "nv", 26], ["MEL", "mel", 12], [
  "other",
  "bkl",
  9,
]];

/** A table `list.csv` and a folder of JPEGs and PNGs beside it; every patient but the last has two photos. */
async function drawPhotos(folder: string): Promise<void> {
  const [width, height] = photoSize;
  await Deno.mkdir(join(folder, "input"), { recursive: true });
  const photos = drawn.flatMap(([code, dx, photos]) =>
    Array.from({ length: photos }, (_, i) => ({ code, dx, patient: `${code}-${i >> 1}`, photo: i }))
  );
  const rows = [];
  for (const [index, { code, dx, patient, photo }] of photos.entries()) {
    const image = index % 3 === 0 ? `ISIC_${index}.png` : `ISIC_${index}`;
    const lesion = inventLesion(dx, randomFor("lesion", patient));
    const pixels = photograph(lesion, randomFor("photo", patient, photo));
    const picture = sharp(pixels, { raw: { width, height, channels: 3 } });
    await picture.toFile(join(folder, "input", index % 3 === 0 ? image : `${image}.jpeg`));
    rows.push({ image, diagnosis: code, patient, age_approx: index % 5 ? "50" : "" });
  }
  const columns = ["image", "diagnosis", "patient", "age_approx"];
  await Deno.writeTextFile(join(folder, "list.csv"), stringify(rows, { columns }));
}

async function reproduce(...flags: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(projectRoot, "lib/tasks/reproduce.ts"), ...flags],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** All Markdown and plain text that the cells of an executed notebook show. */
async function shownText(out: string, name: string): Promise<string> {
  const { cells } = parseNotebook(await Deno.readTextFile(join(out, "notebooks", name)), name);
  const outputs = cells.flatMap((cell) => cell.cell_type === "code" ? cell.outputs : []);
  return outputs.map((output) => JSON.stringify(output)).join("\n");
}

Deno.test("an ISIC-style table of three classes goes through all five notebooks, without its damaged photos", async (t) => {
  const folder = await Deno.makeTempDir();
  const [data, out] = [join(folder, "data"), join(folder, "out")];
  const columns = "image_id=image,dx=diagnosis,lesion_id=patient,age=age_approx";
  const flags = [
    "--metadata",
    join(data, "list.csv"),
    "--columns",
    columns,
    "--out",
    out,
    "--weights",
    "none",
  ];
  const damaged = ["ISIC_1.jpeg", "ISIC_30.png"];
  try {
    await drawPhotos(data);
    for (const name of damaged) {
      const path = join(data, "input", name);
      await Deno.truncate(path, (await Deno.stat(path)).size >> 1);
    }

    await t.step(
      "without --columns the run does not begin: it says which columns are missing and which are there",
      async () => {
        const { code, text } = await reproduce(
          "--metadata",
          join(data, "list.csv"),
          "--out",
          out,
          "--weights",
          "none",
        );
        assert.equal(code, 2, text);
        assert.match(
          text,
          /list\.csv: column lesion_id, image_id.*--columns.*Received: image, diagnosis, patient, age_approx$/m,
        );
        assert.doesNotMatch(text, /Uncaught|\.ts:\d/);
      },
    );

    await t.step("damaged photos stop the run, which names them and the way on", async () => {
      const { code, text } = await reproduce(...flags, "--only", "02");
      assert.equal(code, 1, text);
      assert.match(text, /2 of 47 photos cannot be used/);
      for (const name of damaged) assert.ok(text.includes(name), text);
      assert.match(text, /--skip-damaged/);
    });

    await t.step(
      "--skip-damaged goes on without them, and every notebook and the results say so",
      async () => {
        const { code, text } = await reproduce(...flags, "--skip-damaged");
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
          const text = await shownText(out, name);
          assert.match(text, /Own data, not HAM10000: 45 photos of 24 lesions; 3 classes/, name);
          assert.match(
            text,
            /2 of 47 photos cannot be decoded and are left out: ISIC.{0,2}_1, ISIC.{0,2}_30/,
            name,
          );
          assert.doesNotMatch(text, /undefined|akiec|vasc/, name);
        }
      },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
