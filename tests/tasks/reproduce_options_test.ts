import assert from "node:assert/strict";
import { isAbsolute } from "node:path";
import { parseReproduceOptions, selectNotebooks } from "../../lib/tasks/reproduce_options.ts";

const names = ["01_eda", "02_augmentation", "03_split"];

Deno.test("flags are read, paths made absolute", () => {
  const options = parseReproduceOptions([
    "--preset",
    "smoke",
    "--seed=7",
    "--out",
    "x",
    "--only",
    "01, 03",
    "--dry-run",
  ]);
  assert.equal(options.config.seed, 7);
  assert.ok(isAbsolute(options.config.out!));
  assert.deepEqual(options.only, ["01", "03"]);
  assert.equal(options.dryRun, true);
});

Deno.test("weights are a file, looked for, or none on purpose", () => {
  const weights = (...args: string[]) => parseReproduceOptions(args).config.weights;
  assert.ok(isAbsolute(weights("--weights", "vgg16.h5")!));
  assert.equal(weights(), undefined);
  assert.equal(weights("--weights", "none"), null);
});

Deno.test("a cell's limit is given in minutes; what is none is refused", () => {
  assert.equal(parseReproduceOptions([]).timeoutSeconds, null);
  assert.equal(parseReproduceOptions(["--timeout", "0.5"]).timeoutSeconds, 30);
  for (const text of ["0", "-1", "an hour", "Infinity"]) {
    assert.throws(() => parseReproduceOptions([`--timeout=${text}`]), {
      name: "RangeError",
      message: /--timeout is a number of minutes.*Received: /,
    });
  }
});

Deno.test("a depth and TensorBoard are read; a further notebook runs by name alone", () => {
  const { config } = parseReproduceOptions(["--depth", "block4", "--tensorboard"]);
  assert.deepEqual([config.depth, config.tensorBoard], ["block4", true]);
  const select = (...args: string[]) =>
    selectNotebooks(names, parseReproduceOptions(args), ["06_future_work"]);
  assert.deepEqual(select(), names);
  assert.deepEqual(select("--from", "02"), names.slice(1));
  assert.deepEqual(select("--only", "06"), ["06_future_work"]);
  assert.throws(() => select("--from", "06"), { name: "RangeError" });
});

Deno.test("another table's columns and classes are read", () => {
  const { config } = parseReproduceOptions([
    "--metadata",
    "list.csv",
    "--columns",
    "image_id=image, dx=clinical = histological,lesion_id=patient",
    "--classes",
    "nv, mel",
    "--skip-damaged",
  ]);
  assert.ok(isAbsolute(config.metadata!));
  assert.deepEqual(config.columns, {
    image_id: "image",
    dx: "clinical = histological",
    lesion_id: "patient",
  });
  assert.deepEqual(config.classes, ["nv", "mel"]);
  assert.equal(config.skipDamaged, true);
});

Deno.test("columns that are no pairs, or there twice, are errors that show how to write them", () => {
  for (const text of ["", "image", "image_id=image,dx", "=image"]) {
    assert.throws(() => parseReproduceOptions(["--columns", text]), {
      name: "RangeError",
      message: /image_id=image,dx=diagnosis/,
    });
  }
  assert.throws(() => parseReproduceOptions(["--columns", "dx=a,dx=b"]), /Received: dx twice/);
});

Deno.test("notebooks are selected by number or name, in their own order", () => {
  assert.deepEqual(selectNotebooks(names, { only: ["3", "01_eda"], from: null }), ["01_eda", "03_split"]);
  assert.deepEqual(selectNotebooks(names, { only: null, from: "02" }), ["02_augmentation", "03_split"]);
  assert.throws(() => selectNotebooks(names, { only: ["9"], from: null }), {
    message: /"9".*01_eda, 02_augmentation/,
  });
});

Deno.test("an unknown flag, a missing value and flags that exclude each other are errors", () => {
  assert.throws(() => parseReproduceOptions(["--sed", "1"]), {
    name: "RangeError",
    message: /--sed[\s\S]*--seed N/,
  });
  assert.throws(() => parseReproduceOptions(["--seed"]), RangeError);
  assert.throws(() => parseReproduceOptions(["--only", "1", "--from", "2"]), /exclude each other/);
  assert.ok(Number.isNaN(parseReproduceOptions(["--seed", ""]).config.seed));
  assert.ok(Number.isNaN(parseReproduceOptions(["--seed", "seven"]).config.seed));
});
