/** The notebook that runs by name, through the real kernel, with recipes cut down to an epoch. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../lib/support/project.ts";
import { parseNotebook } from "../lib/support/notebook/ipynb.ts";
import { engine } from "../lib/support/engine/engine.ts";

Deno.test({
  name: "06 runs through and keeps each study; a second run reuses it",
  ignore: engine.name === "wasm",
  async fn() {
    const folder = await Deno.makeTempDir();
    const out = join(folder, "out");
    const config = join(folder, "config.json");
    const recipe = [{ depth: "block5", epochs: 1 }];
    await Deno.writeTextFile(
      config,
      JSON.stringify({ standInImages: 80, epochs: 2, studyEpochs: 1, recipe }),
    );
    const reproduce = async () => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-A", join(projectRoot, "lib/tasks/reproduce.ts"), "--only", "06"],
          ...["--preset", "smoke", "--weights", "none", "--config", config, "--out", out],
        ],
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.equal(code, 0, text);
      return text;
    };
    try {
      assert.match(await reproduce(), /to train +\d+ recipes[^]*06_future_work +done in/);
      const studies = Array.from(Deno.readDirSync(join(out, "studies")), ({ name }) => name).sort();
      assert.deepEqual(studies, [
        "all_images.json",
        "deep_optimizers.json",
        "image_sizes.json",
        "ladder.json",
        "optimizers.json",
        "scaling.json",
      ]);
      const path = join(out, "notebooks", "06_future_work.ipynb");
      const executed = parseNotebook(await Deno.readTextFile(path), "06_future_work.ipynb");
      const code = executed.cells.filter((cell) => cell.cell_type === "code");
      assert.ok(code.some(({ outputs }) => JSON.stringify(outputs).includes("image/png")));
      assert.match(JSON.stringify(code), /SYNTHETIC/);
      assert.match(await reproduce(), /06_future_work +reused, nothing changed/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
