import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { type Config, createConfig } from "../../lib/config.ts";
import { writeAtomic } from "../../lib/support/atomic.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { filesBehind, planNotebooks } from "../../lib/tasks/plan.ts";
import { filesOf, readRunRecord, type RunRecord, writeRunRecord } from "../../lib/tasks/run_record.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { fakeEnv } from "../support/fakes.ts";

const name = "01_eda";

/** A run folder with one recorded notebook and one file that it wrote; data of one photo and a table. */
async function withRun(check: (config: Config, data: string, record: RunRecord) => Promise<void>) {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const data = join(folder, "data");
  await Deno.mkdir(join(data, "HAM10000_images_part_1"), { recursive: true });
  await Deno.writeTextFile(join(data, "HAM10000_metadata.csv"), "table");
  await Deno.writeTextFile(join(data, "HAM10000_images_part_1", "I.jpg"), "photo");
  const config = createConfig({ preset: "quick", data, out: join(folder, "out") });
  await Deno.mkdir(config.out);
  await Deno.writeTextFile(join(config.out, "metadata.csv"), "rows");
  const [{ fingerprint }] = await planNotebooks(config, [name], { notebooks: {} });
  const record = { notebooks: { [name]: { fingerprint, files: await filesOf(config, name, 0) } } };
  await check(config, data, record);
}

const reason = async (config: Config, record: RunRecord) =>
  (await planNotebooks(config, [name], record))[0].reason;

Deno.test("a notebook that was never run runs; one with nothing changed does not", () =>
  withRun(async (config, _data, record) => {
    assert.equal(await reason(config, { notebooks: {} }), "not run yet");
    assert.equal(await reason(config, record), null);
  }));

Deno.test("a changed seed or photo is named as the reason to run", () =>
  withRun(async (config, data, record) => {
    assert.match((await reason(Object.freeze({ ...config, seed: 1 }), record))!, /the configuration/);
    await Deno.writeTextFile(join(data, "HAM10000_images_part_1", "I.jpg"), "another photo");
    assert.match((await reason(config, record))!, /^changed: the images$/);
  }));

Deno.test("a change in any of several tables in another folder is a reason to run", () =>
  withRun(async (config, data) => {
    const metadata = ["a.csv", "b.csv"].map((name) => join(config.out, name));
    for (const path of metadata) await Deno.writeTextFile(path, "table");
    const two = createConfig({ ...config, data, metadata });
    for (const path of metadata) {
      const [{ fingerprint }] = await planNotebooks(two, [name], { notebooks: {} });
      const record = { notebooks: { [name]: { fingerprint, files: {} } } };
      assert.equal(await reason(two, record), null);
      await Deno.writeTextFile(path, "another table");
      assert.match((await reason(two, record))!, /^changed: the images$/);
    }
  }));

Deno.test("results stored in the photos' folder do not count as changed photos", () =>
  withRun(async (config, data) => {
    const inside = Object.freeze({ ...config, out: join(data, "results") });
    const [{ fingerprint }] = await planNotebooks(inside, [name], { notebooks: {} });
    const record = { notebooks: { [name]: { fingerprint, files: {} } } };
    await Deno.mkdir(inside.out);
    await Deno.writeTextFile(join(inside.out, "figure.png"), "figure");
    assert.equal(await reason(inside, record), null);
    await Deno.writeTextFile(join(data, "results.jpg"), "photo");
    assert.equal(await reason(inside, record), "changed: the images");
  }));

Deno.test({
  name:
    "a photo replaced behind a link is noticed despite equal size and date; so is a link with a new target",
  ignore: Deno.build.os === "windows", // links need a right that users lack
  fn: () =>
    withRun(async (config, data) => {
      const disk = join(data, "..", "disk");
      const date = new Date(2020, 1, 1);
      const place = async (path: string, content: string) => {
        await Deno.mkdir(dirname(join(disk, path)), { recursive: true });
        await Deno.writeTextFile(join(disk, path), content);
        await Deno.utime(join(disk, path), date, date);
      };
      for (const path of ["first/images/J.jpg", "second/images/J.jpg", "K.jpg"]) await place(path, "photo");
      await Deno.symlink("first", join(disk, "current"));
      await Deno.symlink(join(disk, "current", "images"), join(data, "images"));
      await Deno.symlink(join(disk, "K.jpg"), join(data, "K.jpg"));
      await Deno.symlink(data, join(data, "back"));
      const record = async () => {
        const [{ fingerprint }] = await planNotebooks(config, [name], { notebooks: {} });
        return { notebooks: { [name]: { fingerprint, files: {} } } };
      };
      const changes = {
        "a photo in a linked folder": () => place("first/images/J.jpg", "other"),
        "a linked photo": () => place("K.jpg", "other"),
        "a link in the middle of the path": async () => {
          await Deno.remove(join(disk, "current"));
          await Deno.symlink("second", join(disk, "current"));
        },
        "a photo in a linked folder that is gone": () => Deno.remove(join(disk, "second", "images", "J.jpg")),
      };
      await new Promise((resolve) => setTimeout(resolve, 1100)); // Deno gives the time of a change in whole seconds
      for (const [what, change] of Object.entries(changes)) {
        const before = await record();
        assert.equal(await reason(config, before), null);
        await change();
        assert.equal(await reason(config, before), "changed: the images", what);
      }
      const before = await record();
      await Deno.writeTextFile(join(data, ".DS_Store"), "a file that no run reads");
      assert.equal(await reason(config, before), null);
    }),
});

Deno.test("if a test set is added, removed or changed, notebook 05 runs again, but not notebook 04", () =>
  withRun(async (config, data) => {
    const names = ["04_optimizer_comparison", "05_final_evaluation"];
    const set = join(dirname(data), "set");
    await Deno.mkdir(set);
    await Deno.writeTextFile(join(set, "GroundTruth.csv"), "table");
    const planned = (officialTest: string | null, record: RunRecord) =>
      planNotebooks(Object.freeze({ ...config, officialTest }), names, record);
    const recorded = async (officialTest: string | null) => {
      const plan = await planned(officialTest, { notebooks: {} });
      return {
        notebooks: Object.fromEntries(
          plan.map(({ name, fingerprint }) => [name, { fingerprint, files: {} }]),
        ),
      };
    };
    const reasons = async (officialTest: string | null, record: RunRecord) =>
      (await planned(officialTest, record)).map(({ reason }) => reason);
    const [without, withSet] = [await recorded(null), await recorded(set)];
    assert.deepEqual(await reasons(null, without), [null, null]);
    assert.deepEqual(await reasons(set, withSet), [null, null]);
    assert.deepEqual(await reasons(set, without), [null, "changed: the images"]);
    assert.deepEqual(await reasons(null, withSet), [null, "changed: the images"]);
    await Deno.writeTextFile(join(set, "I.jpg"), "another photo");
    assert.deepEqual(await reasons(set, withSet), [null, "changed: the images"]);
  }));

Deno.test("a result that was changed or removed is named, and its notebook runs again", () =>
  withRun(async (config, _data, record) => {
    await Deno.writeTextFile(join(config.out, "metadata.csv"), "other");
    assert.equal(await reason(config, record), "metadata.csv is missing or was changed");
    assert.deepEqual((await planNotebooks(config, [name], record))[0].damaged, ["metadata.csv"]);
    await Deno.remove(join(config.out, "metadata.csv"));
    assert.equal(await reason(config, record), "metadata.csv is missing or was changed");
  }));

Deno.test("the record is read back as written; a damaged one counts as empty, with a notice", () =>
  withRun(async (config, _data, record) => {
    await writeRunRecord(config, record, { versions: {} });
    assert.deepEqual(await readRunRecord(config, assert.fail), record);
    const whole = await Deno.readTextFile(join(config.out, "run.json"));
    const broken = [0, 0.3, 0.9].map((share) => whole.slice(0, share * whole.length));
    for (const text of [...broken, "null", "{}", '{"notebooks":{"01_eda":{}}}', '{"notebooks":[]}']) {
      await Deno.writeTextFile(join(config.out, "run.json"), text);
      const notices: string[] = [];
      assert.deepEqual(await readRunRecord(config, (notice) => notices.push(notice)), { notebooks: {} });
      assert.match(notices.join(), /run\.json is damaged .* all notebooks run again/);
    }
    await Deno.remove(join(config.out, "run.json"));
    assert.deepEqual(await readRunRecord(config, assert.fail), { notebooks: {} });
  }));

Deno.test("a notebook's files are those it wrote and all in its own folders, without timings and unfinished files", () =>
  withRun(async (config) => {
    const notebook = "04_optimizer_comparison";
    const write = async (name: string, age: number) => {
      const path = join(config.out, name);
      await writeAtomic(path, name);
      await Deno.utime(path, new Date(Date.now() - age), new Date(Date.now() - age));
    };
    const hour = 3_600_000;
    const own = ["notebooks/04_optimizer_comparison.ipynb", "train.csv", "trainings/head-01/run.json"];
    await write(own[0], 0);
    await write(own[1], 0);
    await write(own[2], hour);
    await write("metadata.csv", hour);
    await write("notebooks/05_final_evaluation.ipynb", 0);
    await write(`test.csv.${Deno.pid}.01234567.tmp`, 0);
    await write("trainings/head-01/run.seconds.json", 0);
    await write("timings.json", 0);
    await write("store/images/pixels", 0);
    const files = await filesOf(config, notebook, Date.now() - hour / 2);
    assert.deepEqual(Object.keys(files).sort(), own);
  }));

Deno.test("a log of test openings that a stopped run extended is not damaged, so no line is lost, in any folder", () =>
  withRun(async (config) => {
    const notebook = "07_leakage";
    const log = join(config.out, "leak_free", "test_openings.jsonl");
    await Deno.mkdir(dirname(log));
    await Deno.writeTextFile(log, "one line\n");
    await Deno.writeTextFile(join(config.out, "leak_free", "list.csv"), "rows");
    const [{ fingerprint }] = await planNotebooks(config, [notebook], { notebooks: {} });
    const files = await filesOf(config, notebook, 0);
    assert.ok(!("leak_free/test_openings.jsonl" in files));
    const ofEarlierVersion = { ...files, "leak_free/test_openings.jsonl": "0" };
    await Deno.writeTextFile(log, "another\n", { append: true });
    await Deno.writeTextFile(join(config.out, "leak_free", "list.csv"), "damaged");
    const [{ damaged }] = await planNotebooks(config, [notebook], {
      notebooks: { [notebook]: { fingerprint, files: ofEarlierVersion } },
    });
    assert.deepEqual(damaged, ["leak_free/list.csv"]);
  }));

Deno.test("another engine, thread count or oneDNN setting is named as the reason", () =>
  withRun(async (config, _data, record) => {
    for (
      const [name, value] of [
        ["HAM10000_ENGINE", "wasm"],
        ["HAM10000_ENGINE", "webgpu"],
        ["TF_NUM_INTRAOP_THREADS", "77"],
        [
          "TF_ENABLE_ONEDNN_OPTS",
          /oneDNN on/.test(record.notebooks["01_eda"].fingerprint.engine) ? "0" : "1",
        ],
      ]
    ) {
      using _env = fakeEnv(name, value);
      assert.equal(await reason(config, record), "changed: the engine", name);
    }
    assert.equal(await reason(config, record), null);
  }));

Deno.test("the code behind a notebook is what its cells import, directly or indirectly; other files do not count", async () => {
  await using temporary = await temporaryFolder();
  const root = temporary.path;
  const write = (name: string, text: string) => writeAtomic(join(root, name), text);
  await write("lib/mod.ts", 'export * from "./model.ts";\nimport "./support/engine/install.ts";');
  await write(
    "lib/model.ts",
    'new URL("./support/kernel.wasm", import.meta.url); await import("./later.ts");',
  );
  await write("lib/support/kernel.wasm", "");
  await write("lib/later.ts", 'import fs from "node:fs"; // and not "./gone.ts"');
  await write("lib/support/engine/install.ts", 'import "./official.ts";');
  await write("lib/tasks/reproduce.ts", 'import "../mod.ts";');
  const behind = async (code: string) =>
    (await filesBehind(code, join(root, "notebooks"), root)).map((path) => relative(root, path));
  const files = ["lib/later.ts", "lib/mod.ts", "lib/model.ts", "lib/support/kernel.wasm"];
  assert.deepEqual(await behind('import { fit } from "../lib/mod.ts";'), files);
  assert.deepEqual(await behind("1 + 1"), []);
});

Deno.test("code that decides results is behind notebooks 04 to 06; tasks, downloads and installing are behind none", async () => {
  const files = new Set<string>();
  for await (const { name } of Deno.readDir(join(projectRoot, "notebooks"))) {
    if (!name.endsWith(".ipynb")) continue; // JupyterLab keeps a folder of checkpoints beside them
    const text = (await Deno.readTextFile(join(projectRoot, "notebooks", name))).replaceAll('\\"', '"');
    const behind = await filesBehind(text, join(projectRoot, "notebooks"));
    behind.forEach((path) => files.add(relative(projectRoot, path)));
    if (!/^0[456]/.test(name)) continue;
    for (
      const folder of [
        "config.ts",
        "data",
        "model/frozen_worker.ts",
        "training",
        "support/engine/engine.ts",
        "support/kernels/kernels.wasm",
        "support/kernels/helper.ts",
        "support/plotly/plotly_window.ts",
      ]
    ) {
      assert.ok(behind.some((path) => path.includes(join("lib", folder))), `${name}: ${folder}`);
    }
  }
  const without = /lib.(tasks|support.(download|notebook|atomic|engine.(install|official|wheel)))/;
  assert.deepEqual([...files].filter((name) => without.test(name)), []);
});
