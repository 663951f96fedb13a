import assert from "node:assert/strict";
import { runFlags } from "../../../lib/tasks/units/plan.ts";
import { chooseUnits } from "../../../lib/tasks/units/choose.ts";
import type { Unit, UnitKind } from "../../../lib/tasks/units/units.ts";

/** Units of two kinds: seven decode, three trainings. */
const units = ([["decode", 7], ["training", 3]] as [UnitKind, number][]).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ kind, index, id: `${kind === "decode" ? "d" : "a"}${String(index).padStart(63, "0")}` },
  }))
) as unknown as Unit[];

const places = (chosen: readonly Unit[]) => chosen.map(({ kind, index }) => `${kind[0]}${index}`).join(" ");

Deno.test("a unit is chosen by its id; an unknown or ambiguous id is refused", () => {
  assert.equal(places(chooseUnits(units, { id: "a".padEnd(63, "0") + "2" }, {})), "t2");
  for (const id of ["d0000000", "b".repeat(64), "a00", "../../x"]) {
    assert.throws(() => chooseUnits(units, { id }, {}), {
      name: "RangeError",
      message: /no unit with this id.*Received: /,
    });
  }
});

Deno.test("the parts of --shard K/N hold each unit of the kind once, however many there are", () => {
  for (const n of [1, 2, 3, 7, 12]) {
    const parts = Array.from(
      { length: n },
      (_, k) => chooseUnits(units, { kind: "decode", shard: `${k + 1}/${n}` }, {}),
    );
    const all = parts.flat().map(({ index }) => index).sort((a, b) => a - b);
    assert.deepEqual(all, [0, 1, 2, 3, 4, 5, 6], `${n}`);
  }
  assert.equal(places(chooseUnits(units, { kind: "decode" }, {})), "d0 d1 d2 d3 d4 d5 d6");
});

Deno.test("a job's array index is read from Slurm, Kubernetes or AWS Batch; --shard overrides it", () => {
  const chosen = (environment: Record<string, string>, shard?: string) =>
    places(chooseUnits(units, { kind: "decode", shard }, environment));
  assert.equal(
    chosen({ SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "4" }),
    "d2 d6",
  );
  const inSteps = { SLURM_ARRAY_TASK_ID: "20", SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_STEP: "5" };
  assert.equal(chosen({ ...inSteps, SLURM_ARRAY_TASK_COUNT: "3" }), "d2 d5");
  assert.equal(chosen({ JOB_COMPLETION_INDEX: "6" }), "d6");
  assert.equal(chosen({ AWS_BATCH_JOB_ARRAY_INDEX: "0", AWS_BATCH_JOB_ARRAY_SIZE: "5" }), "d0 d5");
  assert.equal(
    chosen({ AWS_BATCH_JOB_ARRAY_INDEX: "9", AWS_BATCH_JOB_ARRAY_SIZE: "10" }),
    "",
    "more jobs than units",
  );
  assert.equal(chosen({ SLURM_ARRAY_TASK_ID: "3" }, "7/7"), "d6");
  assert.throws(() => chosen({ JOB_COMPLETION_INDEX: "7" }), {
    name: "RangeError",
    message: /has 7 units of the kind decode.*Received: JOB_COMPLETION_INDEX=7/,
  });
  assert.throws(() => chosen({ SLURM_ARRAY_TASK_ID: "x" }), /SLURM_ARRAY_TASK_ID must be a whole number/);
});

Deno.test("a job array with gaps is refused, because it would silently leave out units", () => {
  const inArray = (id: string, step = "1") =>
    chooseUnits(units, { kind: "decode" }, {
      ...{ SLURM_ARRAY_TASK_ID: id, SLURM_ARRAY_TASK_MIN: "3", SLURM_ARRAY_TASK_COUNT: "3" },
      SLURM_ARRAY_TASK_STEP: step,
    });
  assert.equal(places(inArray("3")), "d0 d3 d6");
  for (const [id, step, place] of [["7", "1", "5"], ["8", "1", "6"], ["7", "5", "1.8"]]) { // --array=3,7,8
    assert.throws(() => inArray(id, step), {
      name: "RangeError",
      message:
        `The indices of a job array must have no gaps, or equal steps, so that every unit gets a job. To repeat single ` +
        `jobs of an array, give their --shard K/N. Received: SLURM_ARRAY_TASK_ID, which is place ${place} of 3`,
    });
  }
  const uncounted = { SLURM_ARRAY_TASK_ID: "4", SLURM_ARRAY_TASK_MIN: "3", SLURM_ARRAY_TASK_STEP: "2" };
  assert.throws(
    () => chooseUnits(units, { kind: "decode" }, uncounted),
    /or equal steps.*place 1\.5 of the array$/,
  );
});

Deno.test("naming no unit, or one in two ways, is refused with what was expected", () => {
  const id = units[0].id;
  for (const asked of [{}, { id, kind: "decode" }, { id, shard: "1/2" }]) {
    assert.throws(() => chooseUnits(units, asked, {}), /Name a unit by its id, or a kind with --kind/);
  }
  for (const shard of ["0/4", "5/4", "3", "1/0", "-1/4", "1/2/3"]) {
    assert.throws(() => chooseUnits(units, { kind: "decode", shard }, {}), {
      name: "RangeError",
      message: /--shard is K\/N.*Received: /,
    });
  }
  assert.throws(
    () => chooseUnits(units, { kind: "paint" }, {}),
    /--kind is one of decode, .*Received: paint/,
  );
});

Deno.test("a plan covers the main notebooks, or one further notebook by number or name; anything else is refused", () => {
  const only = (...args: string[]) => runFlags(args, { own: {}, page: "" }).only;
  assert.equal(only(), null);
  assert.deepEqual(only("--only", "07"), ["07_leakage"]);
  assert.deepEqual(only("--only", "06_future_work"), ["06_future_work"]);
  for (const given of ["04", "06,07"]) {
    assert.throws(() => only("--only", given), {
      name: "RangeError",
      message: /^--only is a flag only of deno task reproduce: .*01 to 05, or with --only 06, 07 or 08/,
    });
  }
  assert.throws(() => only("--only", "09"), /No notebook is called "09"/);
  assert.throws(() => only("--fresh"), /^RangeError: --fresh is a flag only of deno task reproduce/);
});
