import assert from "node:assert/strict";
import { join } from "node:path";
import { type ConfigOptions, createConfig } from "../../lib/config.ts";
import { openImages, openSource } from "../../lib/experiment/source.ts";
import { estimateCost } from "../../lib/tasks/estimate.ts";

Deno.test("where the images are stored, what is left is counted, and weights that cannot be used are an error about the call", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const config = createConfig({ preset: "smoke", standInImages: 70, out: join(folder, "out") });
    const estimate = (weights: string | null) =>
      estimateCost({ ...config, weights }, ["04_optimizer_comparison"]);
    assert.match((await estimate(null))[0], /70 images to decode, \d\d through VGG16/);
    await openImages(config, await openSource(config));
    assert.match((await estimate(null))[0], / 0 images to decode, \d\d through VGG16/);
    const weights = join(folder, "weights.h5");
    await Deno.writeTextFile(weights, "<!doctype html>");
    await assert.rejects(estimate(weights), {
      name: "RangeError",
      message: /weights\.h5: expected an HDF5 file/,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what a recipe trains is part of the estimate; the further notebook's is that of all its runs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const estimate = async (notebook: string, options: ConfigOptions = {}) => {
      const config = createConfig({ preset: "smoke", weights: null, out: folder, ...options });
      return (await estimateCost({ ...config, weights: null }, [notebook], { fresh: true })).join("\n");
    };
    assert.doesNotMatch(await estimate("04_optimizer_comparison"), /to train/);
    const one = await estimate("04_optimizer_comparison", { recipe: [{ depth: "block3", epochs: 7 }] });
    assert.match(one, /to train +1 recipe, 7 epochs, less what is stored; about [\d a-z]+ of the time/);
    const studies = await estimate("06_future_work", { recipe: [{ depth: "block3", epochs: 7 }] });
    const [, recipes, epochs] = /to train +(\d+) recipes, ([\d,]+) epochs/.exec(studies) ?? [];
    assert.ok(Number(recipes) >= 15 && Number(epochs) >= 150, studies);
    const megabytes = (text: string) => Number(/disk +about ([\d,]+) MB/.exec(text)![1].replace(",", ""));
    assert.ok(megabytes(studies) > megabytes(one));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
