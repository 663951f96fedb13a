import assert from "node:assert/strict";
import { join } from "node:path";
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
