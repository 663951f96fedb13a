import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { configure } from "../../lib/notebook_config.ts";
import type { Notebook } from "../../lib/support/notebook/ipynb.ts";
import { withRunParameters, withSourceParameters } from "../../lib/tasks/notebooks.ts";
import { notebookOf } from "../support/notebook/run_cells.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

function tagged(source: string): Notebook {
  const notebook = notebookOf("# 1", source, "configure(parameters)");
  notebook.cells[1].metadata.tags = ["parameters"];
  return notebook;
}

const source = tagged("// What to run.\nconst parameters = { preset: null, data: null };");

Deno.test("a run's copy of a notebook has the run's configuration, also if opened on its own", async () => {
  await using folder = await temporaryFolder();
  const out = folder.path;
  const options = { preset: "smoke", seed: 7, epochs: 3, weights: null, out } as const;
  const { cells } = withRunParameters(source, createConfig(options), options);
  const [, json] = cells[1].source.match(/^const parameters = (\{.*\});$/ms)!;
  assert.deepEqual(configure(JSON.parse(json)), createConfig(options));
  assert.deepEqual(cells[2], source.cells[2]);
  for (const officialTest of ["/set", null]) {
    const place = { data: "/photos", out: join(out, String(officialTest)) };
    const options = { ...place, preset: "quick", weights: null, officialTest } as const;
    const { cells } = withRunParameters(source, createConfig(options), options);
    const [, json] = cells[1].source.match(/^const parameters = (\{.*\});$/ms)!;
    assert.equal(configure(JSON.parse(json)).officialTest, officialTest);
  }
});

Deno.test("a published notebook has the parameters cell of its source, without the run's paths", () => {
  const run = withRunParameters(source, createConfig({ preset: "smoke", out: "/home/me/out" }), {});
  assert.match(run.cells[1].source, /\/home\/me/);
  assert.deepEqual(withSourceParameters(run, source), source);
});
