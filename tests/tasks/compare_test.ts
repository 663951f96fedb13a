/** `deno task compare` as users call it, with the permissions that it has in deno.json, on small runs that were trained and tested. */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { type Config, experimentOf, storeFolder } from "../../lib/config.ts";
import { labelsOf, lesionsOf, saveParts } from "../../lib/data/parts.ts";
import { rankTested } from "../../lib/evaluation/metrics.ts";
import { compareAnswers } from "../../lib/evaluation/set_scores.ts";
import type { Experiment } from "../../lib/experiment/experiment.ts";
import { openingsFile } from "../../lib/experiment/openings.ts";
import { makeResults, type Result, saveResults } from "../../lib/experiment/results.ts";
import { fieldDifferences, type RunComparison } from "../../lib/experiment/run_comparison.ts";
import { modelOf, train } from "../../lib/experiment/run.ts";
import { openTest, type TestedRun } from "../../lib/experiment/testing.ts";
import { stageOf, type StageOptions } from "../../lib/recipe.ts";
import { parse } from "../../lib/support/csv.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { percent } from "../../lib/support/format.ts";
import { openStore } from "../../lib/support/store.ts";
import { parseCompareFlags, usage } from "../../lib/tasks/compare.ts";
import { gridRows, writeGridTable } from "../../lib/tasks/grid/grid_table.ts";
import { withExperiment } from "../experiment/small_experiment.ts";
import { digestsIn } from "../support/folder_files.ts";
import { type Ended, runTask } from "../support/run_deno.ts";
import { drawnOfficial } from "./report/drawn_run.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

await startEngine();
const ignore = engine.name === "wasm"; // has other answers and takes longer

const folder = await lastingFolder("compare é ");

async function run(...args: string[]): Promise<Ended> {
  const ended = await runTask("compare", args, { cwd: folder });
  return { ...ended, out: ended.out.replaceAll("\u00a0", " ") };
}

async function compare(first: string, second: string): Promise<{ out: string; found: RunComparison }> {
  const { code, out, err } = await run(first, second, "--json", "found.json");
  assert.equal(code, 0, err);
  return { out, found: JSON.parse(await Deno.readTextFile(join(folder, "found.json"))) };
}

/** Trains and tests a network for each stage; the folder is then as notebooks 3 and 5 leave it. */
async function makeRun(
  experiment: Experiment,
  stages: readonly StageOptions[],
): Promise<TestedRun[]> {
  const { config, source, parts } = experiment;
  const tested: TestedRun[] = [];
  for (const stage of stages) {
    tested.push(await openTest(experiment, await train(experiment, modelOf(experiment), [stage])));
  }
  const [{ run }] = tested;
  const official = drawnOfficial({ control: false });
  await saveParts(config, source, parts);
  await saveResults(
    config,
    makeResults(experiment, tested, [], {
      ...official,
      runs: [{ ...official.runs[0], name: run.name, configuration: run.configuration }],
    }),
  );
  await Deno.writeTextFile(join(config.out, "config.json"), JSON.stringify(config));
  return tested;
}

/** Another run on the photos of the first one; what that has stored is there, too. */
async function beside(experiment: Experiment, changes: Partial<Config>): Promise<Experiment> {
  const config = { ...experiment.config, ...changes };
  await cp(storeFolder(experiment.config), storeFolder(config), { recursive: true });
  return { ...experiment, config, store: openStore(storeFolder(config)) };
}

const [a, b] = ["a", "b"].map((name) => join(folder, name));
const head = { depth: "head", epochs: 2 } as const;
let experiment: Experiment;
let tested: { a: TestedRun[]; b: TestedRun[] };
if (!ignore) {
  // Divided by 255, what random weights make of images is too small to learn from
  await withExperiment({ out: a, scaling: "imagenet" }, async (opened) => {
    experiment = opened;
    const ofA = await makeRun(opened, [head, { ...head, optimizer: "adam" }]);
    const recipe = [stageOf({ ...head, epochs: 20, learningRate: 0.1 })];
    const later = await beside(opened, { out: b, epochs: 20, recipe });
    await Deno.remove(join(storeFolder(later.config), "answers"), { recursive: true });
    tested = { a: ofA, b: await makeRun(later, [...recipe, { ...head, optimizer: "rmsprop" }]) };
  });
}

Deno.test({
  name:
    "two runs are compared by settings, metrics and the paired difference of stored answers; no file is changed",
  ignore,
  async fn() {
    const before = [await digestsIn(a), await digestsIn(b)];
    const { out, found } = await compare("a", "b/");
    assert.deepEqual([await digestsIn(a), await digestsIn(b)], before);

    const [first] = tested.a;
    const [second] = tested.b;
    const { source, parts, config } = experiment;
    const rowsOf = ({ answers }: TestedRun) => ({
      ...{ truth: labelsOf(parts, parts.test), probabilities: answers, classes: 7 },
      groups: lesionsOf(source, parts, parts.test),
    });
    assert.ok(first.test.accuracy !== second.test.accuracy, "the two networks answer differently");
    const [pair, onlyA, onlyB] = found.networks;
    assert.deepEqual(pair.difference, compareAnswers(rowsOf(first), rowsOf(second), config));
    assert.equal(pair.difference!.accuracy.difference, second.test.accuracy - first.test.accuracy);
    assert.deepEqual(
      [pair.first, pair.second].map((network) => [network!.accuracy, network!.interval, network!.loss]),
      [first, second].map(({ test, interval }) => [test.accuracy, { ...interval }, test.loss]),
    );
    assert.deepEqual([onlyA.first!.name, onlyA.second, onlyA.difference], ["frozen VGG16, adam", null, null]);
    assert.deepEqual([onlyB.first, onlyB.second!.name], [null, "frozen VGG16, rmsprop"]);
    assert.deepEqual(found.test, {
      ...{ same: true, reasons: [] },
      lesions: new Set(lesionsOf(source, parts, parts.test)).size,
    });
    assert.deepEqual(found.configuration!.map(({ field }) => field), ["epochs", "recipe"]);
    assert.deepEqual(found.machines, []);
    assert.deepEqual(found.same, { photos: true, weights: true });
    assert.deepEqual(found.notes, []);
    const [bestOfA, bestOfB] = [tested.a, tested.b].map((networks) => rankTested(networks)[0].run.name);
    const areApart = bestOfA !== bestOfB; // else they are a pair already
    assert.deepEqual(
      [found.best?.first?.name, found.best?.second?.name],
      areApart ? [bestOfA, bestOfB] : [undefined, undefined],
    );

    assert.match(out, /^a +SYNTHETIC, 80 drawn images, SEEDED RANDOM weights\nb +SYNTHETIC/);
    assert.match(out, /^epochs +2 +20$/m);
    assert.match(out, /^recipe +none +head \((?=.*epochs 20)(?=.*learningRate 0\.1).*\)$/m);
    assert.match(out, new RegExp(`All networks were tested on the same ${parts.test.length} images`));
    const shown = (value: number) => percent(value).replace("\u00a0", " ");
    const accuracies = [first, second].map(({ test }) => `${shown(test.accuracy)} \\([^)]*\\)`);
    assert.match(
      out,
      new RegExp(
        `^accuracy +${accuracies.join(" +")} +[+−]?[\\d.]+ +[+−]?[\\d.]+ (?:to|–) [+−]?[\\d.]+$`,
        "m",
      ),
    );
    assert.match(out, /^balanced accuracy, official test +60\.0 % \(.*\) +60\.0 % \(.*\)/m);
    assert.match(out, /Only in a\n─+\nSYNTHETIC.*\nnetwork .*\n─.*\nfrozen VGG16, adam /);
    assert.match(out, /Only in b\n─+\nSYNTHETIC.*\nnetwork .*\n─.*\nfrozen VGG16, rmsprop /);
    assert.doesNotMatch(out, /NaN|undefined|null/);
  },
});

Deno.test({
  name: "runs on different machines are told apart by CPU, instructions and engine, as far as both tell",
  ignore,
  async fn() {
    const elsewhere = join(folder, "elsewhere");
    await cp(a, elsewhere, { recursive: true });
    const path = join(elsewhere, "results.json");
    const results = JSON.parse(await Deno.readTextFile(path));
    const write = (changes: object) => Deno.writeTextFile(path, JSON.stringify({ ...results, ...changes }));
    const engineElsewhere = { ...results.engine, threads: 64 };
    await write({ cpu: "Maker X-1", instructions: "avx avx2", engine: engineElsewhere });
    const { out, found } = await compare("a", "elsewhere");
    assert.deepEqual(found.machines, [
      ...results.cpu ? [{ field: "CPU", first: results.cpu, second: "Maker X-1" }] : [],
      { field: "instructions", first: results.instructions, second: "avx avx2" },
      { field: "engine, threads", first: results.engine.threads, second: 64 },
    ]);
    assert.match(out, /Nothing that decides results\. .*\n\nfield .*\n(.*\n)*engine, threads +\d+ +64/);
    assert.match(out, /computed by different machines or engines/);
    assert.match(out, /The same recipe and seed, with the same results\./);

    const runs = results.runs.map((run: Result) => ({
      ...run,
      test: { ...run.test, loss: run.test.loss + 0.01 },
    }));
    await write({ cpu: undefined, instructions: undefined, runs });
    const older = await compare("a", "elsewhere");
    assert.deepEqual(older.found.machines, []);
    assert.doesNotMatch(older.out, /different machines|with the same results/);
    assert.match(
      older.out,
      /The same recipe and seed\. The machine, the engine or the test makes the difference\./,
    );
  },
});

Deno.test({
  name: "if stored answers are missing or do not match the results, a note replaces the paired difference",
  ignore,
  async fn() {
    const published = join(folder, "published");
    for (const name of ["results.json", openingsFile]) {
      await Deno.mkdir(published, { recursive: true });
      await Deno.copyFile(join(b, name), join(published, name));
    }
    const config: Config = JSON.parse(await Deno.readTextFile(join(b, "config.json")));
    await Deno.writeTextFile(
      join(published, "run.json"),
      JSON.stringify({ configuration: experimentOf(config) }),
    );
    const { out, found } = await compare("a", "published");
    assert.equal(found.test.same, true);
    assert.equal(found.networks[0].second!.accuracy, tested.b[0].test.accuracy);
    assert.ok(found.networks.every(({ difference }) => difference === null));
    assert.deepEqual(found.configuration!.map(({ field }) => field), ["epochs", "recipe"]);
    assert.deepEqual(found.notes, [
      "published has no stored answers (a published report has no store), so the metrics stand alone.",
    ]);
    assert.ok(out.includes(found.notes[0]));
    assert.doesNotMatch(out, /difference in points/);

    const restarted = JSON.stringify({ ...config, seed: 7 });
    await Deno.writeTextFile(join(published, "config.json"), restarted);
    assert.match(
      (await compare("a", "published")).found.notes.join("\n"),
      /^published was started again with another configuration and has not reached notebook 5/,
    );

    for (
      const change of [{ recipe: [stageOf({ depth: "block5" })] }, { protocol: "split-first" }, {
        precision: "bfloat16",
      }]
    ) {
      await Deno.writeTextFile(join(published, "config.json"), JSON.stringify({ ...config, ...change }));
      const { notes } = (await compare("a", "published")).found;
      assert.match(notes.join("\n"), /^published was started again/, JSON.stringify(change));
    }

    const changed = join(folder, "changed");
    await cp(b, changed, { recursive: true });
    const [head, ...rows] = (await Deno.readTextFile(join(changed, "test.csv"))).trim().split("\n");
    await Deno.writeTextFile(join(changed, "test.csv"), [head, ...rows.reverse()].join("\n"));
    const other = await compare("changed", "a");
    assert.ok(other.found.networks.every(({ difference }) => difference === null));
    assert.match(
      other.found.notes.join("\n"),
      /changed: the stored answers with test\.csv do not give the numbers of results\.json/,
    );
  },
});

Deno.test({
  name:
    "runs with different tests are not comparable, with the reason; scaling is no reason if both have test.csv",
  ignore,
  async fn() {
    const [stored, log, results, csv] = await Promise.all(
      ["config.json", openingsFile, "results.json", "test.csv"].map((name) =>
        Deno.readTextFile(join(b, name))
      ),
    );
    /** The run b with other settings, whose log names another test. */
    const write = async (name: string, changes: Partial<Config>, rows = csv) => {
      const out = join(folder, name);
      await Deno.mkdir(out);
      const { set } = JSON.parse(log.split("\n")[0]);
      const lines = log.trim().split("\n").map((line) => ({ ...JSON.parse(line), set: sha256(set) }));
      lines.forEach((line, i) => i > 0 && (line.previous = sha256(JSON.stringify(lines[i - 1]))));
      await Deno.writeTextFile(
        join(out, openingsFile),
        lines.map((line) => JSON.stringify(line) + "\n").join(""),
      );
      await Deno.writeTextFile(
        join(out, "config.json"),
        JSON.stringify({ ...JSON.parse(stored), ...changes }),
      );
      const runs = JSON.parse(results).runs.map((run: object) => ({ ...run, ...changes }));
      await Deno.writeTextFile(join(out, "results.json"), JSON.stringify({ ...JSON.parse(results), runs }));
      await Deno.writeTextFile(join(out, "test.csv"), rows);
    };
    const n = csv.trim().split("\n").length - 1;
    await write("seeded", { seed: 1 }, csv.trim().split("\n").slice(0, 4).join("\n"));
    const seeded = await compare("b", "seeded");
    assert.deepEqual(seeded.found.test.reasons, [
      "the runs differ in seed",
      `by photo and number of the copy, 3 of ${n} and 3 images are in both tests`,
    ]);
    assert.match(
      seeded.out,
      /tested on different images: the runs differ in seed; .*\.\nSo the numbers are not comparable/,
    );
    assert.doesNotMatch(seeded.out, /difference in points/);

    await write("photos", {});
    const others = JSON.parse(results);
    others.digests.data = sha256("other photos");
    others.classes[0].code = "ak";
    await Deno.writeTextFile(join(folder, "photos", "results.json"), JSON.stringify(others));
    assert.match(
      (await compare("photos", "b")).found.test.reasons.join("; "),
      /^the photos or their table differ; the labels differ: ak, bcc, .* and akiec, bcc, .* images are in both tests$/,
    );

    await write("scaled", { scaling: "divide255" });
    const scaled = await compare("b", "scaled");
    assert.deepEqual([scaled.found.test.same, scaled.found.test.reasons], [true, []]);

    await Deno.remove(join(folder, "scaled", "test.csv"));
    assert.match(
      (await compare("b", "scaled")).found.test.reasons.join(),
      /^the runs differ in scaling, and without test\.csv in both folders/,
    );

    await write("divided first", { protocol: "split-first" });
    const divided = JSON.parse(results);
    await Deno.writeTextFile(
      join(folder, "divided first", "results.json"),
      JSON.stringify({ ...divided, protocol: "split-first" }),
    );
    const first = await compare("b", "divided first");
    assert.match(first.found.test.reasons[0], /^the runs differ in protocol$/);

    await Deno.writeTextFile(join(folder, "scaled", openingsFile), "");
    const { found, out } = await compare("b", "scaled");
    assert.equal(found.test.same, null);
    assert.match(out, /It is not known whether the tests are the same: scaled does not say which test/);
  },
});

Deno.test("a folder without a run ends with exit code 1, a wrong flag with 2; both say what was expected", async () => {
  await Deno.writeTextFile(join(folder, "file"), "");
  await Deno.mkdir(join(folder, "empty"));
  await Deno.mkdir(join(folder, "torn"));
  await Deno.writeTextFile(join(folder, "torn", "results.json"), '{"runs": [');
  const cases: [string[], number, RegExp][] = [
    [["torn", "empty"], 1, /^torn\/results\.json is no JSON/m],
    [["nowhere", "empty"], 1, /^nowhere: expected the folder of a run.*Received: no such folder$/m],
    [["empty", "nowhere"], 1, /^empty: .*Received: a folder without results\.json$/m],
    [["file", "empty"], 1, /^file: .*Received: a file$/m],
    [
      ["empty", "file", "--json", "empty"],
      1,
      /^--json must be a file .*Received: empty \(it is a folder\)$/m,
    ],
    [["empty"], 2, /^Name the folders of two runs\. Received: empty$/m],
    [["empty", "./empty/"], 2, /^Name the folders of two runs\. Received: empty twice$/m],
    [["a", "b", "--jsn", "x"], 2, /--jsn/],
    [["a", "b", "--json", ""], 2, /^--json needs a path/m],
  ];
  for (const [args, code, message] of cases) {
    const found = await run(...args);
    assert.equal(found.code, code, args.join(" "));
    assert.match(found.err, message);
  }
  assert.deepEqual(parseCompareFlags(["x/", "y"]), { folders: ["x", "y"], json: null });
  assert.ok(usage.includes("--json FILE"));
});

Deno.test("differing fields are listed one by one, including nested fields", () => {
  const [first, second] = [0, 0.3].map((dropout) => ({
    ...{ seed: 0, size: dropout ? [32, 64] : 64, recipe: [{ depth: "head" }, { depth: "block5", dropout }] },
    ...dropout ? { joinCase: true } : {},
  }));
  assert.deepEqual(fieldDifferences(first, second), [
    { field: "size", first: 64, second: [32, 64] },
    { field: "recipe, stage 2, dropout", first: 0, second: 0.3 },
    { field: "joinCase", first: null, second: true },
  ]);
  assert.deepEqual(fieldDifferences(first, structuredClone(first)), []);
  assert.deepEqual(fieldDifferences({ list: [1, 2] }, { list: [1, 3] }), [
    { field: "list", first: [1, 2], second: [1, 3] },
  ]);
});

Deno.test({
  name:
    "a grid's table shows each run's network with its paired difference to the first run's; unfinished runs are named",
  ignore,
  async fn() {
    const runs = [[2, a], [20, b], [30, join(folder, "nowhere")]].map(([epochs, out]) => ({
      ...{ name: `epochs-${epochs}`, values: { epochs }, options: {} },
      config: { ...experiment.config, out: String(out) },
    }));
    const found = await gridRows(runs);
    assert.deepEqual(found.unfinished, ["epochs-30"]);
    assert.deepEqual(found.notes, []);
    const [first, second] = found.rows;
    assert.equal(found.rows.length, 2);
    assert.deepEqual([first.difference, first.values], [null, { epochs: "2" }]);
    const best = [tested.a, tested.b].map((runs) => rankTested(runs)[0]);
    assert.deepEqual(
      [first, second].map(({ accuracy }) => accuracy),
      best.map(({ test }) => test.accuracy),
    );
    assert.equal(second.difference!.difference, best[1].test.accuracy - best[0].test.accuracy);

    const grid = join(folder, "grid");
    const files = await writeGridTable({ folder: grid, runs }, found);
    const [csv, markdown, html] = await Promise.all(files.map((name) => Deno.readTextFile(join(grid, name))));
    const [one, two] = parse(csv, { skipFirstRow: true });
    assert.deepEqual([one.run, one.epochs, one.difference, two.epochs], ["epochs-2", "2", "", "20"]);
    assert.equal(Number(two.difference), second.difference!.difference);
    for (const text of [markdown, html]) {
      assert.match(text, /not finished: epochs-30/);
      assert.match(text, /SYNTHETIC/);
      assert.ok(
        text.replaceAll("\u00a0", " ").includes(percent(second.accuracy).replaceAll("\u00a0", " ")),
      );
    }
  },
});
