import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { earlierTraining } from "../../lib/tasks/earlier_training.ts";

Deno.test("training before the notebook counts whole, training within it only beyond its time, another recipe's never", async () => {
  const out = await Deno.makeTempDir();
  try {
    const config = createConfig({ preset: "smoke", out, depth: "block4" });
    assert.equal(await earlierTraining(config, { started: 0, seconds: 5 }), 0, "nothing trained");
    const keep = async (name: string, recipe: unknown, seconds: number) => {
      const folder = join(out, "trainings", name);
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(join(folder, "run.json"), JSON.stringify({ recipe }));
      await Deno.writeTextFile(join(folder, "run.seconds.json"), JSON.stringify({ seconds }));
    };
    await keep("block4-a", [], 1000);
    await keep("block3-b", config.recipe, 2000);
    await keep("block4-c", config.recipe, 300);
    const later = Date.now() + 60_000;
    assert.equal(await earlierTraining(config, { started: later, seconds: 5 }), 300);
    assert.equal(await earlierTraining(config, { started: 0, seconds: 100 }), 200);
    assert.equal(await earlierTraining(config, { started: 0, seconds: 310 }), 0);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
