import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type AugmentationRanges,
  type Config,
  type ConfigOptions,
  createConfig,
  experimentOf,
  protocolRanges,
} from "../lib/config.ts";
import { configure, type Parameters } from "../lib/notebook_config.ts";
import { digestOf } from "../lib/support/digest.ts";
import { projectRoot } from "../lib/support/project.ts";
import { stageOf } from "../lib/recipe.ts";
import { runDeno } from "./support/run_deno.ts";
import { fakeEnv } from "./support/fakes.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

Deno.test("the constants are the protocol's", () => {
  const config = createConfig({ preset: "quick", data: "/photos" });
  assert.equal(Math.round(config.subsetShare * 34_120), 12_000);
  assert.deepEqual(
    [config.size, config.scaling, config.epochs, config.batchSize, config.learningRate, config.testShare],
    [64, "divide255", 30, 32, 1e-3, 0.2],
  );
  assert.deepEqual(config.optimizers, ["nadam", "adam", "rmsprop"]);
  assert.ok(Object.isFrozen(config));
});

Deno.test("the experiment does not depend on file paths", () => {
  const experiment = (data: string, out: string) =>
    digestOf(experimentOf(createConfig({ preset: "quick", data, out })));
  assert.equal(experiment("/a", "/b"), experiment("/c", "/d"));
});

Deno.test("another table's columns, classes and skipped photos are part of the experiment, but not its path", () => {
  const experiment = (options: ConfigOptions) =>
    digestOf(experimentOf(createConfig({ preset: "quick", data: "/a", out: "/b", ...options })));
  const columns = { image_id: "image", dx: "diagnosis" };
  const digests = [
    {},
    { columns },
    { columns: { ...columns, age: "years" } },
    { classes: ["a", "b"] },
    { columns, classes: ["a", "b"] },
    { columns, classes: ["b", "a"] },
    { skipDamaged: true },
    { joinCase: true },
    { keepContradictions: true },
  ].map(experiment);
  assert.equal(new Set(digests).size, digests.length);
  assert.equal(experiment({ metadata: "/elsewhere/table.csv" }), digests[0]);
  const unset = { metadata: undefined, columns: undefined, skipDamaged: false, joinCase: false };
  assert.equal(experiment({ ...unset, keepContradictions: false }), digests[0]);
});

Deno.test("if only a table is given, its photos are expected beside it", () => {
  const config = createConfig({ metadata: "/photos/list.csv" });
  assert.deepEqual([config.preset, config.data, config.metadata], ["quick", "/photos", "/photos/list.csv"]);
  assert.equal(createConfig({ metadata: "/photos/list.csv", data: "/b" }).data, "/b");
  assert.match(config.out, /outputs\/list-quick$/, "it replaces no results of HAM10000's");
  assert.match(createConfig({ metadata: "/photos/HAM10000_metadata.tab" }).out, /outputs\/quick$/);
  const two = createConfig({ metadata: ["/photos/truth.csv", "/elsewhere/list.csv"] });
  assert.deepEqual([two.preset, two.data], ["quick", "/photos"]);
});

Deno.test("a depth selects its usual recipe; a recipe sets the depth; neither changes the optimizer comparison", () => {
  const config = (options: ConfigOptions) => createConfig({ preset: "quick", data: "/photos", ...options });
  assert.deepEqual([config({}).depth, config({}).recipe], ["head", []]);
  assert.deepEqual(config({ depth: "block4" }).recipe, [stageOf({ depth: "block4" })]);
  const recipe = [{ depth: "head", epochs: 2 }, { depth: "block3", dropout: 0.5 }] as const;
  assert.equal(config({ recipe }).depth, "block3");
  assert.deepEqual(config({ recipe }).recipe, recipe.map(stageOf));
  assert.deepEqual(config({ recipe }).epochs, 30);
  assert.equal(config(config({ depth: "block4" })).depth, "block4");
  assert.ok(createConfig({ preset: "write-up", data: "/photos" }).recipe.length > 0);
});

Deno.test("images are squares or rectangles; equal sides are stored as one number, with the same digest", () => {
  const config = (options: ConfigOptions) => createConfig({ preset: "quick", data: "/photos", ...options });
  assert.deepEqual(config({ size: [150, 200] }).size, [150, 200]);
  assert.equal(config({ size: [96, 96] }).size, 96);
  const digest = (options: ConfigOptions) => digestOf(experimentOf(config(options)));
  assert.equal(digest({ size: [64, 64] }), digest({}));
  assert.notEqual(digest({ size: [64, 96] }), digest({ size: [96, 64] }));
  const turned = [{ depth: "block1", randomOrientation: true }] as const;
  assert.equal(config({ size: [96, 96], recipe: turned }).size, 96);
});

Deno.test("precision is part of the experiment only if it is not float32, whose digest stays", () => {
  const experiment = (options: ConfigOptions) => experimentOf(createConfig({ preset: "smoke", ...options }));
  assert.deepEqual(experiment({ precision: "float32" }), experiment({}));
  assert.equal("precision" in experiment({}), false);
  assert.equal(experiment({ precision: "bfloat16" }).precision, "bfloat16");
});

Deno.test("protocol is part of the experiment only if it is not as-written, whose digest stays", () => {
  const experiment = (options: ConfigOptions) => experimentOf(createConfig({ preset: "smoke", ...options }));
  assert.deepEqual(experiment({ protocol: "as-written" }), experiment({}));
  assert.equal("protocol" in experiment({}), false);
  assert.equal(experiment({ protocol: "split-first" }).protocol, "split-first");
});

const ranges = (change: Record<string, unknown>) =>
  ({ ...protocolRanges, ...change }) as unknown as AugmentationRanges;

const impossible: [ConfigOptions, RegExp][] = [
  [{ depth: "block6" as "block5" }, /depth must be one of head, .*Received: "block6"/],
  [{ depth: "block5", recipe: [{ depth: "block4" }] }, /depth must be that of the recipe's last stage/],
  [{ recipe: [{ depth: "block4", epochs: 0 }] }, /recipe, stage 1: epochs must be .*Received: 0/],
  [{ preset: "fast" as "quick" }, /preset must be one of smoke, quick, write-up, honest\. Received: "fast"/],
  [{ precision: "float16" as "float32" }, /precision must be one of float32, bfloat16\. Received: "float16"/],
  [{ protocol: "leak-free" as "split-first" }, /protocol must be one of as-written, split-first\. Received/],
  [{ recipe: [{ depth: "block5", readsImages: true }] }, /recipe must be without readsImages/],
  [
    { recipe: [{ depth: "block5", weight_decay: 1e-4 } as { depth: "block5" }] },
    /recipe, stage 1: fields must be out of .*weightDecay.*Received: weight_decay/,
  ],
  [{ recipe: { depth: "block5" } as unknown as ConfigOptions["recipe"] }, /recipe must be a list of stages/],
  [{ optimizers: "nadam" as unknown as ["nadam"] }, /optimizers must be a list of at least one/],
  [{ augmentation: ranges({ rotation: 181 }) }, /augmentation, rotation must be from 0 to 180 degrees/],
  [
    { augmentation: ranges({ rotation: null }) },
    /augmentation, rotation must be from 0 to 180.*Received: null/,
  ],
  [
    { augmentation: ranges({ zoom: ["0.9", "1.1"] }) },
    /augmentation, zoom must be \[least, most\].*Received: 0\.9,1\.1/,
  ],
  [{ augmentation: ranges({ zoom: 1.1 }) }, /augmentation, zoom must be \[least, most\].*Received: 1\.1/],
  [{ augmentation: ranges({ verticalFlip: 1 }) }, /augmentation, verticalFlip must be true or false/],
  [
    { augmentation: ranges({ verticalflip: true }) },
    /augmentation, ranges must be .*Received: .*verticalflip/,
  ],
  [
    { augmentation: { rotation: 90 } as AugmentationRanges },
    /ranges must be .* each once\. Received: rotation/,
  ],
  [{ subsetShare: "0.5" as unknown as number }, /subsetShare must be .*Received: "0\.5"/],
  [{ seed: -1 }, /seed must be a whole number from 0/],
  [{ seed: NaN }, /seed/],
  [{ seed: 1.5 }, /seed/],
  [{ testShare: 1 }, /testShare must be between 0 and 1/],
  [{ validationShare: 0 }, /validationShare/],
  [{ subsetShare: 1.2 }, /subset cannot be larger than its set/],
  [{ optimizers: ["sgd" as "adam"] }, /names out of nadam, adam, rmsprop. Received: \["sgd"\]/],
  [{ optimizers: [] }, /at least one optimizer/],
  [{ optimizers: ["adam", "adam"] }, /do not repeat/],
  [{ epochs: 0 }, /epochs/],
  [{ learningRate: 0 }, /learningRate/],
  [{ size: 31 }, /size must be a whole number of at least 32, .* or two of them, .*Received: 31/],
  [{ size: [150, 20] }, /size must be .*\[height, width\]\. Received: \[150,20\]/],
  [{ size: [64.5, 64] }, /size must be .*Received: \[64\.5,64\]/],
  [{ size: [64] as unknown as [number, number] }, /size must be .*Received: \[64\]/],
  [{ size: [64, 64, 3] as unknown as [number, number] }, /size must be .*Received: \[64,64,3\]/],
  [{ size: "64" as unknown as number }, /size must be .*Received: "64"/],
  [
    { size: [48, 64], recipe: [{ depth: "block1", randomOrientation: true }] },
    /size must be the side of a square .*randomOrientation.*Received: \[48,64\]/,
  ],
  [{ columns: { dx: "diagnosis" } }, /columns must be left out with drawn images: give --data/],
  [
    { columns: { image: "image_id" } as ConfigOptions["columns"] },
    /expected one of .*image_id.*image=image_id/,
  ],
  [{ columns: { dx: "" } }, /name that the table has for dx. Received: ""/],
  [{ columns: { dx: "a", image_id: "a" } }, /Received: a twice/],
  [{ classes: ["nv"] }, /classes must be 2 to 255 different diagnoses/],
  [{ classes: ["nv", "nv"] }, /classes must be/],
  [{ classes: ["nv", ""] }, /classes must be/],
  [{ classes: Array.from({ length: 256 }, (_, i) => `${i}`) }, /classes must be/],
  [
    { data: "/a", preset: "quick", metadata: [] },
    /metadata must be the path of a table, or a list.*Received: \[\]/,
  ],
  [
    { data: "/a", preset: "quick", metadata: ["/a", 1 as unknown as string] },
    /metadata must be the path of a table, or a list/,
  ],
  ...[
    [{ metadata: 5 }, /metadata must be the path of a table, or a list of such paths\. Received: 5/],
    [{ data: 5 }, /data must be a path\. Received: 5/],
    [{ weights: {} }, /weights must be a path\. Received: {}/],
    [{ out: true }, /out must be a path\. Received: true/],
    [{ columns: ["dx"] }, /columns must be an object, .*Received: \["dx"\]/],
    [{ recipe: [null] }, /recipe must be a list of stages\. Received: \[null\]/],
    [{ recipe: [{ depth: "head", optimizer: ["adam"] }] }, /optimizer must be one of .*Received: adam/],
  ] as unknown as [ConfigOptions, RegExp][], // as a file may have them
  [{ data: "/a", preset: "quick", metadata: ["/a", "/a"] }, /metadata must be a list of different tables/],
  [
    { data: "/a", preset: "quick", classes: ["nv", "NV"], joinCase: true },
    /classes must differ in more than case.*Received: \["nv","NV"\]/,
  ],
  [{ joinCase: "yes" as unknown as boolean }, /joinCase must be true or false/],
  [{ skipDamaged: "yes" as unknown as boolean }, /skipDamaged must be true or false/],
  [{ keepContradictions: 1 as unknown as boolean }, /keepContradictions must be true or false/],
  [{ preset: "smoke", data: "/photos" }, /Leave out --data/],
  [{ officialTest: "/set" }, /officialTest must be left out with drawn images: .*Received: "\/set"/],
];

for (const [options, message] of impossible) {
  Deno.test(`impossible configuration is refused: ${JSON.stringify(options)}`, () => {
    assert.throws(() => createConfig({ preset: "smoke", ...options }), { name: "RangeError", message });
  });
}

/** A folder with a copy of lib/, whose data/ and outputs/ are its own. */
async function copiedProject() {
  const root = await Deno.makeTempDir();
  await cp(join(projectRoot, "lib"), join(root, "lib"), { recursive: true });
  await Deno.writeTextFile(
    join(root, "show.ts"),
    `import * as ofRun from "./lib/config.ts";
    import * as ofNotebook from "./lib/notebook_config.ts";
    const config = { ...ofRun, ...ofNotebook };
    const [name, options] = Deno.args;
    console.log(JSON.stringify(config[name](JSON.parse(options))));`,
  );
  return {
    /** What one of these functions returns there. */
    async call(name: "createConfig" | "configure", options: ConfigOptions = {}): Promise<Config> {
      const args = ["run", "-A", "--no-config", "--no-check", "show.ts", name, JSON.stringify(options)];
      const { out, err } = await runDeno(args, { cwd: root, clearEnv: true });
      if (out === "") throw new Error(err);
      return JSON.parse(out);
    },
    path: async (name: string) => join(await Deno.realPath(root), name),
    async put(name: string, text = ""): Promise<string> {
      await Deno.mkdir(dirname(join(root, name)), { recursive: true });
      await Deno.writeTextFile(join(root, name), text);
      return join(root, name);
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("data and weights are found in data/ and its usual subfolders; a given path comes first", async () => {
  await using project = await copiedProject();
  const found = async (options: ConfigOptions = {}) => {
    const { preset, data, weights } = await project.call("createConfig", options);
    return [preset, data, weights];
  };
  assert.deepEqual(await found(), ["smoke", null, null]);
  const deeper = dirname(await project.put("data/ham10000/HAM10000_metadata.csv"));
  const weights = await project.put("data/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");
  assert.deepEqual(await found(), ["quick", deeper, weights]);
  assert.deepEqual(await found({ data: "/a", weights: "/b" }), ["quick", "/a", "/b"]);
  assert.deepEqual(await found({ weights: null }), ["quick", deeper, null]);
  const data = dirname(await project.put("data/HAM10000_metadata.csv"));
  assert.deepEqual(await found(), ["quick", data, weights]);
});

Deno.test("with real photos, the official test set is found in data/; null and none leave it out", async () => {
  await using project = await copiedProject();
  const found = async (options: ConfigOptions = {}) =>
    (await project.call("createConfig", { weights: null, ...options })).officialTest;
  assert.equal(await found({ data: "/photos" }), null);
  const folder = dirname(await project.put("data/isic2018_test/images/I.jpg"));
  assert.equal(await found({ data: "/photos" }), dirname(folder));
  assert.equal(await found(), null, "drawn images have no such test");
  assert.equal(await found({ data: "/photos", officialTest: "/set" }), "/set");
  assert.equal(await found({ data: "/photos", officialTest: null }), null);
  const parameters = { data: "/photos", weights: "none", officialTest: "none" };
  assert.equal((await project.call("configure", parameters)).officialTest, null);
});

Deno.test("HAM10000's table is found under its other names and in any folder of data/, with its photos", async () => {
  await using project = await copiedProject();
  const found = async () => {
    const { preset, data } = await project.call("createConfig");
    return [preset, data];
  };
  const kaggle = dirname(await project.put("data/skin-cancer/HAM10000_metadata.csv"));
  assert.deepEqual(await found(), ["quick", dirname(kaggle)], "photos may lie anywhere in data/");
  await project.put("data/skin-cancer/part_1/ISIC_1.jpg");
  assert.deepEqual(await found(), ["quick", kaggle]);
  await project.put("data/other/HAM10000_metadata.tab");
  await assert.rejects(
    found(),
    /several folders of data\/ hold a table of HAM10000.*--data.*other, .*skin-cancer/,
  );
  await project.put("data/HAM10000_metadata");
  assert.deepEqual(await found(), ["quick", dirname(kaggle)]);
});

Deno.test("photos in data/ without a known table are an error, never replaced by drawn ones", async () => {
  await using project = await copiedProject();
  const photo = await project.put("data/images/deeper/P1.JPG");
  const table = await project.put("data/list.csv");
  for (const options of [{}, { preset: "quick" }] as const) {
    await assert.rejects(project.call("createConfig", options), (error: Error) => {
      const expected = [
        `--metadata ${table}`,
        "--preset smoke",
        "deno task data",
        `Received: ${photo}, ${table}`,
      ];
      assert.deepEqual(expected.filter((text) => !error.message.includes(text)), [], error.message);
      return true;
    });
  }
  assert.equal((await project.call("createConfig", { preset: "smoke" })).data, null);
  assert.equal((await project.call("createConfig", { metadata: table })).data, dirname(table));
});

Deno.test("a notebook opened after a run continues with that run's configuration, wherever its results are", async () => {
  await using project = await copiedProject();
  assert.equal((await project.call("configure")).preset, "smoke");
  await project.put("outputs/latest.json", JSON.stringify({ preset: "quick", data: "/photos", seed: 7 }));
  const { preset, data, seed } = await project.call("configure");
  assert.deepEqual([preset, data, seed], ["quick", "/photos", 7]);
  await using folder = await temporaryFolder();
  const out = join(folder.path, "mine");
  await project.put("outputs/latest.json", JSON.stringify({ preset: "quick", data: "/own", seed: 3, out }));
  assert.deepEqual((await project.call("configure")).out, out);
  // What it does not set is the last run's also where it begins one of its own
  const other = await project.call("configure", { seed: 9, out: "of its own" });
  assert.deepEqual([other.data, other.seed, other.out], ["/own", 9, await project.path("of its own")]);
});

/** What `configure` makes of parameters in a folder of their own, with a file that HAM10000_CONFIG names. */
async function withConfigFile(content: ConfigOptions, use: (folder: string) => void): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const path = join(folder, "named.json");
  await Deno.writeTextFile(path, JSON.stringify({ ...content, out: join(folder, "run") }));
  using _env = fakeEnv("HAM10000_CONFIG", path);
  use(folder);
}

Deno.test("a notebook's parameters come first; if none is set, the file that HAM10000_CONFIG names is used", async () => {
  await withConfigFile({ preset: "quick", data: "/photos", seed: 7 }, (folder) => {
    const nothing = { preset: null, data: null, metadata: null, weights: null, seed: null, out: null };
    assert.deepEqual([configure(nothing).data, configure(nothing).seed], ["/photos", 7]);
    const others = { ...nothing, preset: "quick", data: "/others", weights: "none", out: join(folder, "b") };
    const given = configure(others as Parameters);
    assert.deepEqual([given.data, given.seed, given.weights], ["/others", 0, null]);
  });
});

Deno.test("a notebook never uses another run's folder: the error states the differences and what to do", async () => {
  await withConfigFile(
    { preset: "quick", data: "/photos", weights: null, recipe: [{ depth: "block5" }] },
    (folder) => {
      const run = configure();
      const path = join(run.out, "config.json");
      const text = Deno.readTextFileSync(path);
      const same: Parameters[] = [
        { out: run.out },
        { out: `${run.out}/`, preset: "quick", data: "/photos/", weights: "none" },
        { out: run.out, recipe: [{ depth: "block5" }], depth: "block5", size: [64, 64] },
        {
          out: run.out,
          augmentation: Object.fromEntries(Object.entries(run.augmentation).reverse()) as never,
        },
      ];
      for (const parameters of same) assert.deepEqual(configure(parameters), run);
      assert.equal(configure({ out: run.out, tensorBoard: true }).tensorBoard, true);
      const others: [Parameters, RegExp][] = [
        [{ seed: 5 }, /run holds a run with seed 0\. .* set out to another folder, .* Received: seed 5$/],
        [{ out: run.out, data: "/own" }, /holds a run with data "\/photos"\. .* Received: data "\/own"$/],
        [{ out: run.out, preset: "smoke" }, /with preset "quick"\. .* Received: preset "smoke"$/],
        [{ out: run.out, depth: "head" }, /with depth "block5"\. .* Received: depth "head"$/],
        [{ out: run.out, weights: "/w.h5" }, /with weights null\. .* Received: weights "\/w\.h5"$/],
      ];
      for (const [parameters, message] of others) {
        assert.throws(() => configure(parameters), { name: "RangeError", message });
      }
      assert.equal(Deno.readTextFileSync(path), text);
      assert.equal(configure({ seed: 5, out: join(folder, "five") }).data, "/photos");
      Deno.writeTextFileSync(path, "{");
      assert.throws(() => configure(), {
        name: "RangeError",
        message: /config\.json: expected a run's configuration/,
      });
    },
  );
});
