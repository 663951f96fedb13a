import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { type ConfigOptions, createConfig } from "../../lib/config.ts";
import { metadataColumns } from "../../lib/columns.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { openImages, openSource } from "../../lib/experiment/experiment.ts";
import { honestPlan, honestTrainings } from "../../lib/experiment/honest/choice.ts";
import { stringify } from "../../lib/support/csv.ts";
import { costLines, estimateCost } from "../../lib/tasks/estimate.ts";
import { honestNotebook, studiesNotebook } from "../../lib/tasks/notebooks.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

const folder = await lastingFolder();

/** The cost of notebook 04, of 600 drawn images unless the options say otherwise, with nothing stored. */
const cost = (options: ConfigOptions = {}, notebooks = ["04_optimizer_comparison"]) => {
  const config = createConfig({ preset: "smoke", out: join(folder, "nothing"), ...options });
  return estimateCost({ ...config, weights: null }, notebooks);
};

Deno.test("stored images are not counted as work again, and an unusable weight file is a usage error", async () => {
  const config = createConfig({ preset: "smoke", standInImages: 70, out: join(folder, "out") });
  const estimate = (weights: string | null) =>
    estimateCost({ ...config, weights }, ["04_optimizer_comparison"]);
  const before = await estimate(null);
  assert.equal(before.decoded, 70);
  assert.match(costLines(before)[0], /70 photos to decode, \d\d images through VGG16/);
  await openImages(config, await openSource(config));
  const { decoded, forward } = await estimate(null);
  assert.deepEqual([decoded, forward], [0, before.forward]);
  const forgotten = await estimateCost(config, ["04_optimizer_comparison"], { forgotten: ["images"] });
  assert.equal(forgotten.decoded, 70);
  const weights = join(folder, "weights.h5");
  await Deno.writeTextFile(weights, "<!doctype html>");
  await assert.rejects(estimate(weights), {
    name: "RangeError",
    message: /weights\.h5: expected an HDF5 file/,
  });
});

Deno.test("an unusable test set is reported before hours of training, but only if it will be opened", async () => {
  const data = join(folder, "drawn");
  await makeStandIn(data, { seed: 0, images: 70 });
  const options = { preset: "quick", data, officialTest: join(folder, "nowhere") } as const;
  await assert.rejects(cost(options, ["04_optimizer_comparison", "05_final_evaluation"]), {
    name: "RangeError",
    message: /^--test .*nowhere: expected a folder with photos and their table.*Received: no such table$/,
  });
  assert.equal((await cost(options)).decoded, 70);
});

Deno.test("the estimate includes the recipe's trainings; for notebook 06 it includes all its runs", async () => {
  const options: ConfigOptions = { recipe: [{ depth: "block3", epochs: 7 }] };
  assert.doesNotMatch(costLines(await cost({}, ["02_augmentation"])).join("\n"), /to train/);
  const one = await cost(options);
  const said = costLines(one).join("\n");
  assert.match(
    said,
    /to train +4 recipes, 97 epochs: about [\d a-z]+ of the time$/m,
    "the optimizers, 30 epochs each",
  );
  const studies = await cost(options, [studiesNotebook]);
  assert.ok(studies.trainings >= 15 && studies.epochs >= 150, JSON.stringify(studies));
  assert.ok(studies.bytes > one.bytes && studies.seconds > one.seconds);
  assert.match(costLines(studies).join("\n"), /of the time, less if trainings of 06 to 08 are stored$/m);
});

Deno.test("the honest model's estimate covers all its trainings and image sizes, with no stored activations", async () => {
  const plan = honestTrainings(honestPlan({ preset: "smoke" }));
  const { trainings, epochs, decoded, forward, seconds, trainingSeconds } = await cost({}, [honestNotebook]);
  assert.equal(trainings, plan.length);
  assert.equal(epochs, plan.reduce((sum, { recipe: [{ epochs }] }) => sum + epochs!, 0));
  assert.equal(decoded, 3 * 600, "of the run's own size, and of both of the plan's");
  assert.equal(forward, 0, "nothing is stored of images that are drawn anew");
  assert.ok(seconds > trainingSeconds);
  const real = honestTrainings(honestPlan({ preset: "honest" }));
  assert.ok(real.every(({ recipe: [{ depth, readsImages }] }) => depth === "block3" && readsImages));
});

Deno.test("the frozen pass and each epoch cost about in proportion to the pixels per image", async () => {
  const images = { standInImages: 20_000 };
  const besides = (await cost(images, ["02_augmentation"])).seconds; // decoding, a notebook
  const [small, large] = [await cost({ ...images, size: 64 }), await cost({ ...images, size: 128 })];
  const passes = [small, large].map(({ seconds, trainingSeconds }) => seconds - trainingSeconds - besides);
  assert.ok(Math.abs(passes[1] / passes[0] - 4) < 0.01, `${passes}`);
  const recipe = [{ depth: "block3", epochs: 100 }] as const;
  const trained = async (size: number) => (await cost({ ...images, size, recipe })).trainingSeconds;
  const ratio = await trained(128) / await trained(64);
  assert.ok(ratio > 3.5 && ratio < 4, `${ratio}`); // the softmaxes and updating the weights cost the same
  assert.ok(large.bytes > 3.5 * small.bytes);
});

Deno.test("fewer trained layers cost less per epoch; the layers before them run once, not once per epoch", async () => {
  const found = [];
  for (const depth of ["block5", "block3", "block1"] as const) {
    const seconds = async (epochs: number) => (await cost({ recipe: [{ depth, epochs }] })).seconds;
    const epoch = await seconds(11) - await seconds(10);
    found.push({ epoch, before: await seconds(10) - 10 * epoch });
  }
  const [block5, block3, block1] = found;
  assert.ok(block5.epoch < block3.epoch && block3.epoch < block1.epoch, JSON.stringify(found));
  assert.ok(block5.before > block3.before && block3.before > block1.before, JSON.stringify(found));
  assert.ok(Math.abs(block1.before - (await cost()).seconds) < 1e-6, "nothing is frozen before block1");
});

Deno.test("photos of 3,000 × 2,000 pixels take longer to decode than those of 200 × 150", async () => {
  const dx = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"].flatMap((dx) => Array(6).fill(dx));
  const seconds = async (width: number, height: number) => {
    const data = join(folder, `${width}`);
    await Deno.mkdir(join(data, "HAM10000_images_part_1"), { recursive: true });
    const photo = await sharp({ create: { width, height, channels: 3, background: "brown" } }).jpeg()
      .toBuffer();
    const rows = dx.map((dx, i) => ({
      ...{ lesion_id: `L${i}`, image_id: `I${i}`, dx, dx_type: "histo", age: "50", sex: "male" },
      localization: "back",
    }));
    for (const { image_id } of rows) {
      await Deno.writeFile(join(data, "HAM10000_images_part_1", `${image_id}.jpg`), photo);
    }
    const table = stringify(rows, { columns: metadataColumns });
    await Deno.writeTextFile(join(data, "HAM10000_metadata.csv"), table);
    return (await cost({ preset: "quick", data, keepContradictions: true }, ["02_augmentation"])).seconds;
  };
  const [small, large] = [await seconds(200, 150), await seconds(3000, 2000)];
  assert.ok(large - small > 0.5, `${small} s, ${large} s for 42 photos`);
});
