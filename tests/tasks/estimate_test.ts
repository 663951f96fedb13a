import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
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
