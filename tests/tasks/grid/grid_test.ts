/** Grids: how one is read, and a run of one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ConfigOptions } from "../../../lib/config.ts";
import { parse } from "../../../lib/support/csv.ts";
import { projectRoot } from "../../../lib/support/project.ts";
import { readGrid } from "../../../lib/tasks/grid/grid.ts";
import { finishRun, makePlace, startRun } from "../../interruptions/run.ts";
import { inFolder } from "../../support/temporary_folder.ts";

const withGrid = (
  content: unknown,
  test: (read: (given?: ConfigOptions) => ReturnType<typeof readGrid>) => void,
) =>
  inFolder(async (folder) => {
    const file = join(folder, "try out.json");
    await Deno.writeTextFile(file, typeof content === "string" ? content : JSON.stringify(content));
    test((given = {}) => readGrid(file, { preset: "smoke", weights: null, ...given }));
  });

Deno.test("each combination of a grid's values is a run with a folder of its own; other flags hold for all", () =>
  withGrid({ seed: [0, 7], depth: ["head", "block5"], size: [32, [64, 48]] }, (read) => {
    const { folder, runs } = read({ out: "/runs", epochs: 3 });
    assert.equal(folder, "/runs");
    assert.deepEqual(runs.slice(0, 3).map(({ name }) => name), [
      "seed-0_depth-head_size-32",
      "seed-0_depth-head_size-2",
      "seed-0_depth-block5_size-32",
    ]);
    assert.equal(runs.length, 8);
    for (const { config, values, name } of runs) {
      const { seed, depth, size, epochs, out } = config;
      assert.deepEqual({ seed, depth, size }, values);
      assert.deepEqual([epochs, out], [3, join("/runs", name)]);
    }
    assert.match(read().folder!, /outputs\/grid-try out$/);
  }));

Deno.test("without a grid there is one run, in the folder that --out names", () => {
  const { folder, runs } = readGrid(null, { preset: "smoke", out: "/one" });
  assert.deepEqual([folder, runs.length, runs[0].config.out], [null, 1, "/one"]);
});

for (
  const [what, content, message] of [
    ["no JSON", "{", /--grid .*: expected a JSON file/],
    ["a value that is no list", { seed: 1 }, /expected a list of values for each field.*Received: seed: 1/],
    ["an empty list", { seed: [] }, /expected a list of values for each field.*Received: seed: \[\]/],
    ["a folder for results", { out: ["a"] }, /no out\. Received: out/],
    ["an unknown field", { seeds: [1] }, /expected fields out of .*seed.*Received: "seeds"/],
    ["no field", {}, /expected 1 to 1000 runs\. Received: 0/],
    [
      "too many runs",
      { seed: Array.from({ length: 1001 }, (_, i) => i) },
      /expected 1 to 1000 runs\. Received: 1001/,
    ],
    ["a value twice", { seed: [1, 1] }, /a value stands twice.*Received: seed-1/],
    [
      "a run that cannot be",
      { seed: [0], depth: ["head", "block9"] },
      /the run seed-0_depth-block9: .*one of head/,
    ],
    [
      "a second frozen network",
      { recipe: [[{ depth: "head", epochs: 9 }]] },
      /the run .*: Configuration: recipe must end deeper than head\..*learningRate, epochs/,
    ],
  ] as const
) {
  Deno.test(`a grid is refused with what was expected: ${what}`, () =>
    withGrid(content, (read) => assert.throws(() => read(), { name: "RangeError", message })));
}

Deno.test("two tables with the same file name do not share a folder, unless --out asks for it", async () => {
  const name = `table_${crypto.randomUUID().slice(0, 8)}`;
  const [own, other] = ["here", "there"].map((place) => join("/", place, `${name}.csv`));
  const out = join(projectRoot, "outputs", `${name}-quick`);
  const options = { preset: "quick", data: "/photos", metadata: own } as const;
  await Deno.mkdir(out, { recursive: true });
  try {
    assert.equal(readGrid(null, options).runs[0].config.out, out);
    await Deno.writeTextFile(join(out, "config.json"), JSON.stringify({ metadata: own }));
    readGrid(null, options);
    await Deno.writeTextFile(join(out, "config.json"), JSON.stringify({ metadata: other }));
    assert.throws(() => readGrid(null, options), {
      name: "RangeError",
      message:
        /holds results of another table: .*there.*Name another folder with --out.*Received: --metadata .*here/,
    });
    readGrid(null, { ...options, out });
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("the plan of a grid holds each unit once: runs that differ in epochs share images and activations", async () => {
  await using place = await makePlace();
  const grid = join(place.folder, "grid.json");
  await Deno.writeTextFile(grid, JSON.stringify({ epochs: [2, 3] }));
  const { code, text } = await startRun(place, "out", { task: "plan", flags: ["--grid", grid, "--json"] })
    .ended;
  assert.equal(code, 0, text);
  const { units } = JSON.parse(text.slice(text.indexOf("{\n")));
  const counts = Object.entries(Object.groupBy(units as { kind: string }[], ({ kind }) => kind))
    .map(([kind, units]) => [kind, units!.length]);
  assert.deepEqual(counts, [["decode", 1], ["activations", 1], ["training", 6], ["evaluation", 7]]);
  assert.ok(
    units.every(({ id, run, makes }: { id: string; run: string; makes: string[] }) =>
      /^epochs-[23]$/.test(run) && makes[0] === `${run}/store/units/${id.slice(0, 2)}/${id}.tensors`
    ),
  );
  const stores = ["epochs-2", "epochs-3"].map((run) =>
    Deno.realPathSync(join(place.folder, "out", run, "store"))
  );
  assert.deepEqual(stores, Array(2).fill(Deno.realPathSync(join(place.folder, "out", "store"))));
});

Deno.test("the runs of a grid come one after another, share one store, and end with a table of all", async () => {
  await using place = await makePlace();
  const grid = join(place.folder, "grid.json");
  await Deno.writeTextFile(grid, JSON.stringify({ epochs: [1, 2] }));
  const text = await finishRun(place, "out", { flags: ["--grid", grid, "--only", "05"] });
  assert.deepEqual(text.match(/^── run .*/gm), ["── run epochs-1", "── run epochs-2"]);
  const out = join(place.folder, "out");
  const stores = ["epochs-1", "epochs-2"].map((run) => Deno.realPathSync(join(out, run, "store")));
  assert.equal(stores[0], stores[1]);
  const rows = parse(await Deno.readTextFile(join(out, "grid.csv")), { skipFirstRow: true });
  assert.deepEqual(rows.map(({ run, epochs }) => [run, epochs]), [["epochs-1", "1"], ["epochs-2", "2"]]);
});
