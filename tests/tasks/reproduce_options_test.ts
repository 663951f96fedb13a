import assert from "node:assert/strict";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { createConfig } from "../../lib/config.ts";
import {
  honestNotebook,
  mainNotebooks,
  selectNotebooks,
  studiesNotebook,
} from "../../lib/tasks/notebooks.ts";
import { parseReproduceOptions } from "../../lib/tasks/reproduce_options.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const parse = (...args: string[]) => parseReproduceOptions(args);

Deno.test("flags are read, paths made absolute", () => {
  const options = parse("--preset", "smoke", "--seed=7", "--out", "x", "--only", "01, 03", "--dry-run");
  assert.equal(options.config.seed, 7);
  assert.ok(isAbsolute(options.config.out!));
  assert.deepEqual(options.only, ["01", "03"]);
  assert.equal(options.dryRun, true);
  const { config } = parse("--depth", "block4", "--tensorboard");
  assert.deepEqual([config.depth, config.tensorBoard], ["block4", true]);
  const weights = (...args: string[]) => parse(...args).config.weights;
  assert.ok(isAbsolute(weights("--weights", "vgg16.h5")!));
  assert.deepEqual([weights(), weights("--weights", "none")], [undefined, null]);
  const test = (...args: string[]) => parse(...args).config.officialTest;
  assert.ok(isAbsolute(test("--test", "isic2018_test")!));
  assert.deepEqual([test(), test("--test", "none")], [undefined, null]);
});

Deno.test("--engine selects the engine; an unknown name is refused with the list of engines", () => {
  assert.deepEqual([parse().engine, parse("--engine", "webgpu").engine], [null, "webgpu"]);
  assert.throws(() => parse("--engine", "gpu"), {
    name: "RangeError",
    message: "--engine is one of auto, native, wasm, webgpu. Received: gpu",
  });
});

Deno.test("a cell's time limit is given in minutes; an invalid one is refused", () => {
  assert.equal(parse().timeoutSeconds, null);
  assert.equal(parse("--timeout", "0.5").timeoutSeconds, 30);
  for (const text of ["0", "-1", "an hour", "Infinity", "1e2", "20000"]) {
    assert.throws(() => parse(`--timeout=${text}`), {
      name: "RangeError",
      message: /--timeout is a number of minutes, more than 0, at most 10,000\. Received: /,
    });
  }
});

Deno.test("a seed is read from decimal digits only; other texts give NaN", () => {
  assert.equal(parse("--seed", "16").config.seed, 16);
  for (const text of ["0x10", "1e3", "", "one"]) assert.equal(parse(`--seed=${text}`).config.seed, NaN, text);
});

Deno.test("flags describe another table's columns and classes", () => {
  const { config } = parse(
    ...["--metadata", "list.csv", "--classes", "nv, mel", "--skip-damaged", "--keep-contradictions"],
    ...["--columns", "image_id=image, dx=clinical = histological,lesion_id=patient"],
  );
  assert.equal(config.metadata, resolve("list.csv"));
  assert.deepEqual(config.columns, {
    image_id: "image",
    dx: "clinical = histological",
    lesion_id: "patient",
  });
  assert.deepEqual(config.classes, ["nv", "mel"]);
  assert.deepEqual([config.skipDamaged, config.joinCase], [true, undefined]);
  assert.equal(config.keepContradictions, true);
  assert.equal(parse("--join-case").config.joinCase, true);
});

Deno.test("several tables come from a repeated flag or a list in a file, whose paths are relative to its folder", async () => {
  assert.deepEqual(parse("--metadata", "a.csv", "--metadata=b.csv").config.metadata, [
    resolve("a.csv"),
    resolve("b.csv"),
  ]);
  assert.equal(parse().config.metadata, undefined);
  await withFile('{ "metadata": ["a.csv", "b/c.csv"], "joinCase": true }', (path) => {
    const folder = dirname(path);
    const tables = [join(folder, "a.csv"), join(folder, "b", "c.csv")];
    assert.deepEqual(parse("--config", path).config, { metadata: tables, joinCase: true });
    assert.equal(parse("--config", path, "--metadata", "d.csv").config.metadata, resolve("d.csv"));
  });
});

Deno.test("--classes and --columns take names with a comma or a quote in double quotes", () => {
  const classes = (text: string) => parse("--classes", text).config.classes;
  assert.deepEqual(classes('nevus, "Melanoma, NOS"'), ["nevus", "Melanoma, NOS"]);
  assert.deepEqual(classes('"a ""b"", c",d'), ['a "b", c', "d"]);
  assert.deepEqual(classes('Melanoma"," NOS,x'), ["Melanoma, NOS", "x"]);
  const columns = (text: string) => parse("--columns", text).config.columns;
  const expected = { dx: "Diagnosis, final", image_id: "image" };
  assert.deepEqual(columns('"dx=Diagnosis, final",image_id=image'), expected);
  assert.deepEqual(columns('dx="Diagnosis, final", image_id=image'), expected);
  for (const flag of ["--classes", "--columns"]) {
    assert.throws(() => parse(flag, 'dx="a,b'), {
      name: "RangeError",
      message: new RegExp(`${flag}: each " .*closed.*Received: dx="a,b`),
    });
  }
});

Deno.test("columns that are not pairs are refused with an example; a column given twice is named", () => {
  for (const text of ["", "image", "image_id=image,dx", "=image"]) {
    assert.throws(() => parse("--columns", text), {
      name: "RangeError",
      message: /image_id=image,dx=diagnosis/,
    });
  }
  assert.throws(() => parse("--columns", "dx=a,dx=b"), /Received: dx twice/);
});

Deno.test("notebooks are selected by number or name, in their own order; 06 only by --only, 08 by preset honest", () => {
  const select = (...args: string[]) => {
    const { only, from, config: { preset } } = parse(...args);
    return selectNotebooks({ only, from, preset });
  };
  assert.deepEqual(select(), mainNotebooks);
  assert.deepEqual(select("--only", "3,01_eda"), ["01_eda", "03_split"]);
  assert.deepEqual(select("--from", "02"), mainNotebooks.slice(1));
  assert.deepEqual(select("--only", "06"), [studiesNotebook]);
  assert.deepEqual(select("--preset", "honest"), [honestNotebook]);
  assert.deepEqual(select("--preset", "honest", "--only", "01"), ["01_eda"]);
  assert.throws(() => select("--from", "06"), { name: "RangeError" });
  for (const flag of ["--from", "--only"]) {
    assert.throws(() => select(flag, ""), RangeError, `an empty ${flag}`);
  }
  assert.throws(() => select("--only", "9"), { message: /"9".*01_eda, 02_augmentation/ });
});

Deno.test("--forget accepts only names of stored work, and otherwise lists them", () => {
  assert.deepEqual(parse().forget, []);
  assert.deepEqual(parse("--forget", "trainings,studies").forget, ["trainings", "studies"]);
  assert.throws(() => parse("--forget", "everything"), {
    name: "RangeError",
    message: /--forget takes a list from images, .*, studies\. Received: "everything"/,
  });
});

Deno.test("an unknown flag, a missing value and flags that exclude each other are errors", () => {
  assert.throws(() => parse("--sed", "1"), { name: "RangeError", message: /--sed[\s\S]*--seed N/ });
  assert.throws(() => parse("--seed"), RangeError);
  assert.throws(() => parse("--only", "1", "--from", "2"), /exclude each other/);
  for (const flag of ["--data", "--metadata", "--test", "--weights", "--out", "--config", "--grid"]) {
    assert.throws(() => parse(`${flag}=`), {
      name: "RangeError",
      message: `${flag} needs a path. Received: an empty text`,
    });
  }
});

async function withFile(text: string, check: (path: string) => void): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await Deno.writeTextFile(join(folder, "c.json"), text);
  check(join(folder, "c.json"));
}

Deno.test("a file's fields set the configuration, its paths are relative to its folder, and flags override it", async () => {
  await withFile('{ "epochs": 3, "seed": 1, "out": "here", "weights": null }', (path) => {
    const fromFile = { epochs: 3, seed: 1, out: join(path, "..", "here"), weights: null };
    assert.deepEqual(parse("--config", path).config, fromFile);
    assert.deepEqual(parse("--config", path, "--seed", "2").config, { ...fromFile, seed: 2 });
  });
  for (const [text, size] of [["96", 96], ["[150, 200]", [150, 200]], ["[96, 96]", 96]]) {
    await withFile(`{ "size": ${text} }`, (path) => {
      assert.deepEqual(createConfig({ preset: "smoke", ...parse("--config", path).config }).size, size);
    });
  }
});

Deno.test("a missing or invalid file, a list and an unknown field are reported with file and field", async () => {
  const read = (path: string) => parse("--config", path);
  assert.throws(() => read("none.json"), { name: "RangeError", message: /none\.json/ });
  await withFile("{", (path) => assert.throws(() => read(path), /c\.json: expected a JSON file/));
  await withFile("[]", (path) => assert.throws(() => read(path), /expected one JSON object/));
  await withFile('{ "epoch": 3 }', (path) => {
    assert.throws(() => read(path), { name: "RangeError", message: /epochs.*Received: "epoch"/ });
  });
});
