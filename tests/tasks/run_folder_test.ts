import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Config, createConfig } from "../../lib/config.ts";
import { writeAtomic as write } from "../../lib/support/atomic.ts";
import { hostDigits } from "../../lib/support/host.ts";
import { mainNotebooks } from "../../lib/tasks/notebooks.ts";
import {
  describeForgetting,
  forget,
  type Forgetting,
  removeLeftOvers,
  withoutForgotten,
} from "../../lib/tasks/run_folder.ts";
import { readRunRecord } from "../../lib/tasks/run_record.ts";
import { inFolder } from "../support/temporary_folder.ts";

Deno.test("unfinished files and folders of dead processes are deleted, at any depth; those of living ones and all others stay", () =>
  inFolder(async (folder) => {
    const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
    const dead = child.pid;
    await child.status;
    const inner = join(folder, "store", "images");
    await Deno.mkdir(join(inner, `stand-in.${dead}.0123abcd.tmp`, "photos"), { recursive: true });
    const old = `old.csv.${Deno.pid}.89abcdef.tmp`;
    const living = `train.csv.${Deno.pid}.89abcdef.tmp`;
    for (const name of [`results.json.${dead}.89abcdef.tmp`, living, old, "notes.tmp", "results.json"]) {
      await write(join(folder, name), "half");
    }
    const shared = join(folder, "shared"); // as a grid's runs share a store
    await write(join(shared, "fits", `a.${dead}.0123abcd.tmp`), "half");
    await write(join(shared, "locks", `.lock.${dead}.0123abcd.tmp`), "half");
    await Deno.mkdir(join(folder, "run"));
    await Deno.symlink(shared, join(folder, "run", "store"));
    await removeLeftOvers(join(folder, "run"));
    for (const name of ["fits", "locks"]) assert.deepEqual([...Deno.readDirSync(join(shared, name))], []);
    await Promise.all(["run", "shared"].map((name) => Deno.remove(join(folder, name), { recursive: true })));
    const yesterday = new Date(Date.now() - 86_400_000);
    await Deno.utime(join(folder, old), yesterday, yesterday);
    const elsewhere = `images.shard.${dead}.${hostDigits() === "0000" ? "0001" : "0000"}89abcdef.tmp`;
    await write(join(folder, elsewhere), "half, by a process of another machine");
    await removeLeftOvers(folder);
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assert.deepEqual(left, [elsewhere, "notes.tmp", "results.json", "store", living]);
    assert.deepEqual([...Deno.readDirSync(inner)], []);
    await removeLeftOvers(join(folder, "missing"));
  }));

/** Where each kind of stored work lies. */
const places = {
  images: ["store/images-64", "store/photos-64"],
  activations: ["store/activations"],
  model: ["model"],
  trainings: ["store/fits", "store/checkpoints", "store/runs", "trainings"],
  answers: ["store/answers"],
  studies: ["studies"],
};
type Work = keyof typeof places;

/** A run's folder with work of each kind, and the records of all notebooks. */
async function fullFolder(out: string): Promise<Config> {
  for (const folder of Object.values(places).flat()) await write(join(out, folder, "01", "file"), "x");
  await write(join(out, "store/images-64/01.shard"), "x".repeat(2_000_000));
  await write(join(out, "trainings/block5-01/run.seconds.json"), '{"seconds": 3600}');
  await write(join(out, "trainings/block1-02/run.seconds.json"), '{"seconds": 1800}');
  await write(join(out, "studies/ladder.json"), '[{"minutes": 10}, {"minutes": 20}]');
  const record = { fingerprint: {}, files: {} };
  const notebooks = Object.fromEntries(mainNotebooks.map((name) => [name, record]));
  await write(join(out, "run.json"), JSON.stringify({ notebooks }));
  return createConfig({ preset: "smoke", out });
}

Deno.test("--fresh deletes stored work of the selected notebooks, but trainings only if named themselves", async () => {
  const fresh = (...numbers: string[]) => ({
    notebooks: mainNotebooks.filter((name) => numbers.includes(name.slice(0, 2))),
    work: [],
  });
  const cases: [Parameters<typeof forget>[1], gone: Work[], records: number][] = [
    [fresh("01"), [], 4],
    [fresh("02"), ["images"], 4],
    [fresh("04"), ["activations"], 4],
    [fresh("05"), ["model"], 4],
    [fresh("01", "02", "03", "04", "05"), ["images", "activations", "model"], 0],
    [{ notebooks: [], work: ["trainings"] }, ["trainings"], 5],
    [{ notebooks: [], work: ["answers"] }, ["answers"], 5],
    [{ ...fresh("01"), work: ["studies", "images"] }, ["images", "studies"], 4],
  ];
  for (const [forgetting, gone, records] of cases) {
    await inFolder(async (out) => {
      const config = await fullFolder(out);
      const told = await describeForgetting(config, forgetting);
      assert.deepEqual(told.map((line) => line.split(" ")[0]), gone);
      await forget(config, forgetting);
      const missing = Object.values(places).flat().filter((folder) => !existsSync(join(out, folder)));
      assert.deepEqual(missing, gone.flatMap((work) => places[work]), JSON.stringify(forgetting));
      assert.equal(Object.keys((await readRunRecord(config)).notebooks).length, records);
    });
  }
});

Deno.test("before stored work is deleted, its size is shown, and for trainings their duration", () =>
  inFolder(async (out) => {
    const work = ["trainings", "studies", "images"] as const;
    const lines = await describeForgetting(await fullFolder(out), { notebooks: [], work });
    assert.match(lines.join("\n"), /^images \(decoded photos\): 2\.0 MB$/m);
    assert.match(lines.join("\n"), /^trainings \(.*\): 0\.0 MB, 1 h 30 min of training$/m);
    assert.match(lines.join("\n"), /^studies \(.*\): 0\.0 MB, 30 min 00 s of training$/m);
  }));

Deno.test("a dry run knows which notebooks forgotten work makes run again: those that wrote one of its files", () => {
  const wrote = {
    "01_eda": ["notebooks/01_eda.ipynb"],
    "04_optimizer_comparison": ["notebooks/04_optimizer_comparison.ipynb", "trainings/head-01/run.json"],
    "05_final_evaluation": ["model/model.json", "results.json"],
    "06_future_work": ["studies/ladder.json"],
  };
  const fingerprint = {} as never;
  const notebooks = Object.fromEntries(
    Object.entries(wrote).map(([name, files]) => [
      name,
      { fingerprint, files: Object.fromEntries(files.map((file) => [file, "digest"])) },
    ]),
  );
  const again = (forgetting: Forgetting) => {
    const left = withoutForgotten({ notebooks }, forgetting).notebooks;
    return Object.keys(notebooks).filter((name) => !(name in left)).map((name) => name.slice(0, 2));
  };
  assert.deepEqual(again({ notebooks: [], work: ["trainings"] }), ["04"]);
  assert.deepEqual(again({ notebooks: [], work: ["model", "studies"] }), ["05", "06"]);
  assert.deepEqual(again({ notebooks: [], work: ["images", "activations", "answers"] }), []);
  assert.deepEqual(again({ notebooks: ["01_eda"], work: [] }), ["01"]);
});

Deno.test("a grid's store is emptied only once; in the run's own folder, everything named is deleted", () =>
  inFolder(async (out) => {
    const config = await fullFolder(out);
    const forgetting = { notebooks: [], work: ["trainings", "images"], keepsStore: true } as const;
    assert.match(
      (await describeForgetting(config, forgetting)).join("\n"),
      /^trainings .* 1 h 30 min of training$/,
    );
    await forget(config, forgetting);
    for (const place of [...places.images, "store/runs"]) assert.ok(existsSync(join(out, place)), place);
    assert.equal(existsSync(join(out, "trainings")), false);
  }));
