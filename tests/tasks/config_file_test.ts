import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { readConfigFile } from "../../lib/tasks/config_file.ts";
import { parseReproduceOptions } from "../../lib/tasks/reproduce_options.ts";

async function withFile(text: string, check: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "c.json"), text);
    check(join(folder, "c.json"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fields of a file reach the configuration, and flags win over them", () =>
  withFile('{ "epochs": 3, "seed": 1 }', (path) => {
    assert.deepEqual(parseReproduceOptions(["--config", path]).config, { epochs: 3, seed: 1 });
    assert.deepEqual(parseReproduceOptions(["--config", path, "--seed", "2"]).config, { epochs: 3, seed: 2 });
  }));

Deno.test("a file's size is a number or [height, width]", async () => {
  for (const [text, size] of [["96", 96], ["[150, 200]", [150, 200]], ["[96, 96]", 96]]) {
    await withFile(`{ "size": ${text} }`, (path) => {
      assert.deepEqual(createConfig({ preset: "smoke", ...readConfigFile(path) }).size, size);
    });
  }
  await withFile('{ "size": [96] }', (path) => {
    const message = /size must be .*Received: \[96\]/;
    assert.throws(() => createConfig({ preset: "smoke", ...readConfigFile(path) }), message);
  });
});

Deno.test("a missing file, a broken one, a list and an unknown field are told with file and field", async () => {
  assert.throws(() => readConfigFile("none.json"), { name: "RangeError", message: /none\.json/ });
  await withFile("{", (path) => assert.throws(() => readConfigFile(path), /c\.json: expected a JSON file/));
  await withFile("[]", (path) => assert.throws(() => readConfigFile(path), /expected one JSON object/));
  await withFile('{ "epoch": 3 }', (path) => {
    assert.throws(() => readConfigFile(path), { name: "RangeError", message: /epochs.*Received: "epoch"/ });
  });
});

Deno.test("paths in a file start at its own folder", () =>
  withFile('{ "out": "here", "weights": null }', (path) => {
    assert.deepEqual(readConfigFile(path), { out: join(path, "..", "here"), weights: null });
  }));
