/** A training that a scheduler preempts: SIGTERM, an exit code that says "go on", and the same bits in the end. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig, storeFolder } from "../../lib/config.ts";
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { openStore } from "../../lib/support/store.ts";
import { makePlan } from "../../lib/tasks/units/make_plan.ts";
import { isStored, type UnitRecord } from "../../lib/tasks/units/records.ts";
import { doUnit } from "../../lib/tasks/units/work.ts";
import { makePlace, smallConfig, startRun } from "./run.ts";
import { filesIn } from "../support/folder_files.ts";

await startEngine();

const settings = {
  ...smallConfig,
  optimizers: ["nadam"] as ["nadam"],
  recipe: [{ depth: "block5", epochs: 40 } as const],
};

Deno.test({
  name:
    "a training stopped by SIGTERM exits with code 75 for go on, and ends bit-identical to an unbroken one",
  ignore: Deno.build.os === "windows" || engine.name === "wasm",
  async fn() {
    await using place = await makePlace(settings);
    const out = join(place.folder, "out");
    const config = createConfig({ ...settings, preset: "smoke", out });
    const store = openStore(storeFolder(config));
    const plan = await makePlan(config);
    for (const unit of plan.units.filter(({ kind }) => kind === "decode" || kind === "activations")) {
      assert.equal(await doUnit(config, store, { plan, unit }), "done", unit.name);
      assert.equal(await doUnit(config, store, { plan, unit }), "stored", unit.name);
    }
    const unit = plan.units.find(({ name }) => name === "training from block5, nadam")!;
    const start = () => startRun(place, "out", { task: "unit", flags: [unit.id] });
    const run = start();
    await run.writes(/^trainings.block5-.*history.jsonl$/);
    run.signal("SIGTERM");
    const stopped = await run.ended;
    assert.equal(stopped.code, 75, stopped.text);
    assert.match(
      stopped.text,
      /Stopped with a checkpoint: training from block5, nadam\. The same command continues/,
    );
    assert.equal(await isStored(store, unit), false);
    assert.equal(filesIn(join(store.folder, "checkpoints")).length, 1);
    assert.deepEqual(filesIn(join(store.folder, "locks")), [], "its locks are given back");

    const went = await start().ended;
    assert.equal(went.code, 0, went.text);
    const weights = async () => {
      const { value } = (await store.read<UnitRecord>("units", unit.id))!;
      const [, key] = value.entries.find(([kind]) => kind === "fits")!;
      const { value: { history }, tensors } = (await store.read<{ history: unknown[] }>("fits", key))!;
      return { history, tensors };
    };
    const resumed = await weights();
    assert.equal(resumed.history.length, 40);
    for (const folder of ["store/fits", "store/runs", "trainings"]) {
      await Deno.remove(join(out, folder), { recursive: true });
    }
    assert.equal(await isStored(store, unit), false, "what its record names is gone");
    assert.equal(await doUnit(config, store, { plan, unit }), "done");
    assert.deepEqual(await weights(), resumed);
  },
});
