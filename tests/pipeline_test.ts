/** The whole way from photos to executed notebooks, on 300 real photos and ImageNet weights. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../lib/support/project.ts";
import { parse, stringify } from "../lib/support/csv.ts";
import { metadataColumns } from "../lib/columns.ts";
import { parseNotebook } from "../lib/support/notebook/ipynb.ts";
import { loadModel } from "../lib/model/saved_model.ts";
import { assertNoPhotos, isPhoto, withoutPhotos } from "../lib/support/notebook/photos.ts";

interface Run {
  configuration: string;
  validation: { accuracy: number };
}

const shared = fileURLToPath(new URL("../../shared/", import.meta.url));
const photos = join(shared, "ham10000");
const weights = join(shared, "vgg16", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");
const ignore = !existsSync(photos) || !existsSync(weights);

/** A data folder with about `count` of the real photos, every class among them. */
async function sampleOfPhotos(folder: string, count: number): Promise<void> {
  const rows = parse(await Deno.readTextFile(join(photos, "HAM10000_metadata.csv")), { skipFirstRow: true });
  const step = rows.length / count;
  const chosen = Array.from({ length: count }, (_, i) => rows[Math.floor(i * step)]);
  await Deno.mkdir(join(folder, "HAM10000_images_part_1"), { recursive: true });
  for (const { image_id } of chosen) {
    const part = [1, 2].find((n) => existsSync(join(photos, `HAM10000_images_part_${n}`, `${image_id}.jpg`)));
    const from = join(photos, `HAM10000_images_part_${part}`, `${image_id}.jpg`);
    await Deno.copyFile(from, join(folder, "HAM10000_images_part_1", `${image_id}.jpg`));
  }
  await Deno.writeTextFile(
    join(folder, "HAM10000_metadata.csv"),
    stringify(chosen, { columns: metadataColumns }),
  );
}

async function reproduce(...flags: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(projectRoot, "lib/tasks/reproduce.ts"), ...flags],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { code, text };
}

Deno.test(
  { name: "300 real photos go through all five notebooks; a second run reuses them", ignore },
  async (t) => {
    const folder = await Deno.makeTempDir();
    const [data, out] = [join(folder, "data"), join(folder, "out")];
    const recipe = join(folder, "recipe.json");
    const flags = ["--data", data, "--weights", weights, "--out", out, "--config", recipe];
    const first = join(data, "HAM10000_images_part_1");
    try {
      await sampleOfPhotos(data, 300);
      const stages = [{ depth: "head", epochs: 3 }, { depth: "block5", epochs: 2 }];
      await Deno.writeTextFile(recipe, JSON.stringify({ recipe: stages }));

      await t.step(
        "a truncated photo stops the run, names notebook, cell and photo, and keeps what was rendered",
        async () => {
          const [name] = (await Array.fromAsync(Deno.readDir(first))).map((entry) => entry.name).sort();
          const whole = await Deno.readFile(join(first, name));
          await Deno.writeFile(join(first, name), whole.subarray(0, whole.length >> 1));
          const { code, text } = await reproduce(...flags);
          assert.equal(code, 1, text);
          assert.match(text, /02_augmentation, cell 2 .*/);
          assert.match(text, new RegExp(`1 of 300 photos[^]*${name}`));
          const executed = parseNotebook(await Deno.readTextFile(join(out, "notebooks", "01_eda.ipynb")));
          assert.ok(executed.cells.some((cell) => cell.cell_type === "code" && cell.outputs.length > 0));
          await Deno.writeFile(join(first, name), whole);
        },
      );

      await t.step("the run goes on and ends with all results", async () => {
        const { code, text } = await reproduce(...flags);
        assert.equal(code, 0, text);
        const results = JSON.parse(await Deno.readTextFile(join(out, "results.json")));
        assert.equal(results.synthetic, false);
        assert.equal(results.counts.images, 300);
        assert.equal(results.counts.train + results.counts.test, results.counts.augmented);
        const runs = results.runs.map((run: { depth: string; optimizer: string }) =>
          `${run.depth} ${run.optimizer}`
        );
        assert.deepEqual(runs, ["head nadam", "head adam", "head rmsprop", "block5 nadam"]);
        const [trained] = results.runs.slice(-1);
        assert.deepEqual(trained.history.map(({ stage }: { stage: number }) => stage), [1, 1, 1, 2, 2]);
        assert.equal(results.claim.trained.ours, trained.test.accuracy);
        const [colours] = results.baselines.slice(-1);
        const chosen = results.runs.find((run: { optimizer: string }) => run.optimizer === results.chosen);
        // ImageNet features of copies that training has seen: well above chance, and above always the commonest class.
        assert.ok(chosen.test.accuracy > 0.4 && chosen.test.accuracy < 1, `${chosen.test.accuracy}`);
        assert.ok(colours.test.accuracy < 1);
        const trueCounts = chosen.test.confusion.map((row: number[]) => row.reduce((a, b) => a + b));
        assert.deepEqual(trueCounts, results.counts.perClass.test);
      });

      await t.step("executed notebooks count 1 … n, and published ones show no photo", async () => {
        let tagged = 0;
        for await (const { name } of Deno.readDir(join(out, "notebooks"))) {
          const executed = parseNotebook(await Deno.readTextFile(join(out, "notebooks", name)), name);
          const code = executed.cells.filter((cell) => cell.cell_type === "code");
          assert.deepEqual(code.map((cell) => cell.execution_count), code.map((_, index) => index + 1));
          tagged += code.flatMap((cell) => cell.outputs).filter(isPhoto).length;
          assertNoPhotos(await withoutPhotos(executed), { name });
        }
        assert.equal(tagged, 4, "two grids in 01, two in 02");
      });

      await t.step("the best network is there to be used", async () => {
        const results = JSON.parse(await Deno.readTextFile(join(out, "results.json")));
        const best = Math.max(...results.runs.map((run: Run) => run.validation.accuracy));
        const { size, classes, provenance } = await loadModel(join(out, "model"));
        assert.deepEqual([size, classes.length, provenance.synthetic], [64, 7, false]);
        const kept = results.runs.find((run: Run) => run.configuration === provenance.configuration);
        assert.equal(kept.validation.accuracy, best);
      });

      await t.step("a second run computes nothing and says so", async () => {
        const before = await Deno.readTextFile(join(out, "results.json"));
        const { code, text } = await reproduce(...flags);
        assert.equal(code, 0, text);
        assert.equal(text.match(/reused, nothing changed/g)?.length, 5, text);
        assert.equal(await Deno.readTextFile(join(out, "results.json")), before);
      });

      await t.step("a lost result is made again, to the same bytes, from what is stored", async () => {
        const before = await Deno.readTextFile(join(out, "results.json"));
        await Deno.remove(join(out, "results.json"));
        const { code, text } = await reproduce(...flags);
        assert.equal(code, 0, text);
        assert.match(text, /05_final_evaluation +results.json is missing or was changed/);
        assert.match(text, /0 images to decode, 0 through VGG16/);
        assert.equal(await Deno.readTextFile(join(out, "results.json")), before);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
