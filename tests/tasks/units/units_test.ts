import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { rowsAt } from "../../../lib/tasks/units/shards.ts";
import { planCrossover } from "../../../lib/tasks/units/crossover_units.ts";
import { planUnits, type Unit } from "../../../lib/tasks/units/units.ts";
import { runDeno } from "../../support/run_deno.ts";
import { engine, planInput } from "./made_up_table.ts";

/** 2,000 photos that nobody has, in shards of about 100, with a recipe from block5 on. */
const plan = (changes: Parameters<typeof planInput>[1] = {}) =>
  planUnits(planInput(2000, { shardImages: 100, recipe: [{ depth: "block5" }], ...changes }));
const ofKind = (units: readonly Unit[], kind: string) => units.filter((unit) => unit.kind === kind);

Deno.test("shards hold each photo and each row once, and each unit comes after all that it needs", () => {
  const input = planInput(2000, { shardImages: 100, recipe: [{ depth: "block5" }] });
  const units = planUnits(input);
  const done = new Set<string>();
  for (const unit of units) {
    assert.deepEqual(unit.needs.filter((id) => !done.has(id)), [], unit.name);
    done.add(unit.id);
  }
  assert.equal(done.size, units.length, "no two units have one id");
  const { subset, test } = input.parts!;
  for (
    const [kind, count] of [["decode", 2000], ["activations", 2 * (subset.length + test.length)]] as const
  ) {
    const shards = ofKind(units, kind);
    assert.equal(shards.reduce((sum, { images }) => sum + images, 0), count);
    assert.ok(shards.every(({ images }) => images > 90 && images < 110), kind);
  }
  const rows = rowsAt(input.parts!, { opensTest: true });
  assert.deepEqual([...rows].sort((a, b) => a - b), [...subset, ...test].sort((a, b) => a - b));
  assert.deepEqual(ofKind(units, "training").map(({ name }) => name), [
    "training from head, nadam",
    "training from head, adam",
    "training from head, rmsprop",
    "training from block5, nadam",
  ]);
});

Deno.test("a shard of activations needs only its own photos' shards: twice the photos, twice the edges", () => {
  const edges = (photos: number) =>
    ofKind(planUnits(planInput(photos, { shardImages: 100 })), "activations")
      .reduce((sum, { needs }) => sum + needs.length, 0);
  const [once, twice] = [edges(2000), edges(4000)];
  assert.ok(twice < 2.2 * once, `${once}, then ${twice}`);
  const input = planInput(2000, { shardImages: 100 });
  const units = planUnits(input);
  const rows = rowsAt(input.parts!, { opensTest: true });
  const decoding = ofKind(units, "decode");
  for (const { work, needs, name } of ofKind(units, "activations")) {
    assert.ok(work.kind === "activations");
    const photos = [...rows.subarray(work.first, work.end)].map((row) => input.parts!.table[row].row);
    const holds = decoding.filter(({ work }) =>
      work.kind === "decode" && photos.some((photo) => photo >= work.first && photo < work.end)
    );
    assert.deepEqual(needs, holds.map(({ id }) => id), name);
  }
});

Deno.test("ids are digests only of what decides a unit: seed, size, epochs, engine, weights and photos", () => {
  const ids = (units: readonly Unit[], kind: string) => ofKind(units, kind).map(({ id }) => id);
  const before = plan();
  const shared = (after: readonly Unit[]) =>
    ["decode", "activations", "training", "evaluation"].map((kind) => {
      const old = new Set(ids(before, kind));
      const same = ids(after, kind).filter((id) => old.has(id)).length;
      return same === old.size ? "all" : same === 0 ? "none" : "some";
    });
  assert.deepEqual(shared(plan()), ["all", "all", "all", "all"]);
  assert.deepEqual(shared(plan({ out: "/elsewhere" })), ["all", "all", "all", "all"]);
  assert.deepEqual(shared(plan({ epochs: 7 })), ["all", "all", "some", "some"], "of the comparison alone");
  assert.deepEqual(shared(plan({ seed: 1 })), ["all", "none", "none", "none"]);
  assert.deepEqual(shared(plan({ size: 32 })), ["none", "none", "none", "none"]);
  assert.deepEqual(shared(plan({ engine: { ...engine, threads: 3 } })), ["all", "none", "none", "none"]);
  assert.deepEqual(
    shared(plan({ weights: "0".repeat(64) })),
    ["all", "none", "none", "some"],
    "the baselines",
  );
  assert.deepEqual(shared(plan({ changed: 1234 })), ["some", "some", "none", "none"]);
});

Deno.test("HAM10000's plan: shards of 1,000 to 5,000 images, costs that grow with the depth", () => {
  const units = planUnits(planInput(10_015, { recipe: [{ depth: "block1" }] }));
  for (const kind of ["decode", "activations"]) {
    assert.ok(ofKind(units, kind).every(({ images }) => images >= 1000 && images <= 5000), kind);
  }
  const [nadam, , , block1] = ofKind(units, "training");
  assert.ok(block1.minutes > 10 * nadam.minutes && block1.memory > nadam.memory);
  assert.ok(units.every(({ cores, minutes, memory }) => cores >= 1 && minutes > 0 && memory > 0));
  assert.deepEqual(
    ofKind(units, "activations").filter(({ name }) => /block1/.test(name)),
    [],
    "nothing is frozen",
  );
});

Deno.test("a million photos are planned in under one CPU minute and 1 GB, without reading a pixel", async () => {
  const program = fileURLToPath(new URL("./made_up_table.ts", import.meta.url));
  const { code, out, err } = await runDeno([
    "run",
    ...await planFlags(),
    "--no-check",
    "-A",
    program,
    "1000000",
  ]);
  assert.equal(code, 0, err);
  const { cpuSeconds, megabytes, units, edges, largestFolder, bytes } = JSON.parse(out);
  assert.ok(cpuSeconds < 60, `${cpuSeconds} s`);
  assert.ok(megabytes < 1000, `${megabytes} MB`);
  assert.ok(units > 1000 && edges < 20 * units, `${edges} edges between ${units} units`);
  assert.ok(largestFolder <= 10_000, `${largestFolder} files in a folder`);
  assert.ok(bytes < 20e6, `the plan has ${bytes} bytes`);
});

/** What `deno task plan` tells V8, which otherwise lets half a gigabyte of garbage lie. */
async function planFlags(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));
  const flags = tasks.plan.command.match(/--v8-flags=\S+/g);
  assert.ok(flags, "the task has flags for V8");
  return flags;
}

Deno.test("if damaged photos are to be left out, only decoding is planned until they are known", () => {
  const units = planUnits({ ...planInput(2000, { shardImages: 100 }), parts: null });
  assert.deepEqual([...new Set(units.map(({ kind }) => kind))], ["decode"]);
});

Deno.test("notebook 7's units: near-duplicates after all photos, then five lists per partition, first seed first", () => {
  const sets = [{ recipe: [{ depth: "head" as const }], partitions: [0, 1], seeds: [0, 1, 2] }];
  const input = planInput(2000, { shardImages: 100 });
  const units = planCrossover(input, sets);
  const [[related], networks] = [ofKind(units, "near-duplicates"), ofKind(units, "crossover")];
  assert.deepEqual(related.needs, ofKind(units, "decode").map(({ id }) => id));
  assert.equal(networks.length, 2 * 5 * 3);
  assert.equal(new Set(networks.map(({ id }) => id)).size, networks.length);
  for (const { work, needs, name } of networks) {
    assert.ok(work.kind === "crossover" && needs.includes(related.id));
    const first = networks.find(({ work: other }) =>
      other.kind === "crossover" && other.partition === work.partition && other.list === work.list &&
      other.seed === 0
    )!;
    assert.equal(needs.includes(first.id), work.seed > 0, name);
  }
  const again = planCrossover(planInput(2000, { shardImages: 100, seed: 1 }), sets);
  const ids = new Set(networks.map(({ id }) => id));
  assert.deepEqual(
    ofKind(again, "crossover").filter(({ id }) => ids.has(id)),
    [],
    "another seed divides otherwise",
  );
});
