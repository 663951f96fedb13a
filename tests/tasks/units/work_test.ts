/** Units in one process: what they refuse to compute on, what they need, and what becomes of damage. */
import assert from "node:assert/strict";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { createConfig, storeFolder } from "../../../lib/config.ts";
import { countLeakage } from "../../../lib/data/leakage.ts";
import { makeStandIn } from "../../../lib/data/stand_in.ts";
import { openExperiment } from "../../../lib/experiment/experiment.ts";
import { honestPlan, honestTrainings } from "../../../lib/experiment/honest/choice.ts";
import { selectHonest } from "../../../lib/experiment/honest/selection.ts";
import { dividePhotos, relate } from "../../../lib/experiment/leakage/division.ts";
import { trainCrossover } from "../../../lib/experiment/leakage/networks.ts";
import { modelOf, train } from "../../../lib/experiment/run.ts";
import { runStudy } from "../../../lib/experiment/studies.ts";
import { crossoverPlan, ladder, studyConfigs } from "../../../lib/experiment/study_runs.ts";
import { engineIdentity, startEngine } from "../../../lib/support/engine/engine.ts";
import { cpuInstructions } from "../../../lib/support/engine/engine_choice.ts";
import { expectedEngine } from "../../../lib/support/engine/expected_engine.ts";
import { openStore, type Store } from "../../../lib/support/store.ts";
import { recipesOf } from "../../../lib/tasks/estimate.ts";
import { honestNotebook, leakageNotebook, studiesNotebook } from "../../../lib/tasks/notebooks.ts";
import { makePlan } from "../../../lib/tasks/units/make_plan.ts";
import { isStored, type Plan, readPlan, type UnitRecord } from "../../../lib/tasks/units/records.ts";
import { pinEngine } from "../../../lib/tasks/units/unit.ts";
import type { Unit, UnitKind } from "../../../lib/tasks/units/units.ts";
import { doUnit } from "../../../lib/tasks/units/work.ts";
import { fakeEnv } from "../../support/fakes.ts";
import { withConfig } from "../../experiment/small_experiment.ts";
import { inFolder } from "../../support/temporary_folder.ts";

await startEngine();
const small = {
  preset: "smoke",
  weights: null,
  standInImages: 70,
  size: 32,
  epochs: 1,
  optimizers: ["adam"],
} as const;

Deno.test("the engine is known without being loaded", async () => {
  assert.deepEqual(await expectedEngine(), engineIdentity);
});

Deno.test("a shard damaged after it was made is named by the unit that needs it, and made again", () =>
  withConfig(small, async (config) => {
    const store = openStore(storeFolder(config), { onNotice() {} });
    const plan = await makePlan(config, { shardImages: 35 });
    assert.deepEqual(await readPlan(store, config), plan, "it is found by the flags");
    const ofKind = (kind: UnitKind) => plan.units.filter((unit) => unit.kind === kind);
    const [training] = ofKind("training");
    await assert.rejects(doUnit(config, store, { plan, unit: training }), {
      message:
        /^5 of the 5 units that this one needs are not stored:\n {2}decode, 1 of 2 \([0-9a-f]{12}\): not done\n/,
    });
    const [decoding, activations] = [ofKind("decode"), ofKind("activations")];
    assert.equal(activations.length, 3);
    for (const unit of [...decoding, ...activations]) await doUnit(config, store, { plan, unit });

    const { files: [file] } = (await store.read<UnitRecord>("units", activations[1].id))!.value;
    const bytes = await Deno.readFile(join(store.folder, file));
    bytes[bytes.length - 5] ^= 1;
    await Deno.writeFile(join(store.folder, file), bytes);
    await assert.rejects(doUnit(config, store, { plan, unit: training }), {
      message: /^1 of the 5 units .*\n {2}activations head, 2 of 3 .*: activations\/.*\.shard was damaged/,
    });
    assert.equal(await isStored(store, activations[1]), false);
    assert.equal(await isStored(store, activations[0]), true);
    assert.equal(await doUnit(config, store, { plan, unit: activations[1] }), "done");
    assert.equal(await doUnit(config, store, { plan, unit: training }), "done");
    await Deno.remove(join(store.folder, "runs"), { recursive: true });
    assert.equal(await isStored(store, training), false, "deleted work is not called stored");
  }));

Deno.test("with --skip-damaged, a plan first contains only decoding, then all other units without the damaged photo", () =>
  inFolder(async (folder) => {
    const data = join(folder, "photos");
    await makeStandIn(data, { seed: 0, images: 70 });
    await Deno.writeTextFile(join(data, "HAM10000_images_part_1", "SYN_0000003.jpg"), "no photo");
    const config = createConfig({
      ...small,
      preset: "quick",
      data,
      officialTest: null,
      out: folder,
      skipDamaged: true,
    });
    const store = openStore(storeFolder(config));
    const kinds = ({ units }: Plan) => [...new Set(units.map(({ kind }: Unit) => kind))];
    const first = await makePlan(config, { shardImages: 35 });
    assert.deepEqual([first.complete, kinds(first)], [false, ["decode"]]);
    for (const unit of first.units) await doUnit(config, store, { plan: first, unit });
    const then = await makePlan(config, { shardImages: 35 });
    assert.deepEqual([then.complete, kinds(then)], [true, [
      "decode",
      "activations",
      "training",
      "evaluation",
    ]]);
    assert.deepEqual(then.units.slice(0, 2), first.units);
    const activations = then.units.find(({ kind }) => kind === "activations")!;
    assert.equal(await doUnit(config, store, { plan: then, unit: activations }), "done");
  }));

Deno.test("a split-first plan first has decoding and near-duplicates, then all other units; then nothing is left to train", () =>
  withConfig({ ...small, standInImages: 160, protocol: "split-first" }, async (config) => {
    const store = openStore(storeFolder(config));
    const kinds = ({ units }: Plan) => [...new Set(units.map(({ kind }: Unit) => kind))];
    const first = await makePlan(config);
    assert.deepEqual([first.complete, kinds(first)], [false, ["decode", "near-duplicates"]]);
    for (const unit of first.units) await doUnit(config, store, { plan: first, unit });
    const then = await makePlan(config);
    assert.equal(then.complete, true);
    assert.deepEqual(kinds(then), ["decode", "near-duplicates", "activations", "training", "evaluation"]);
    for (const unit of then.units) await doUnit(config, store, { plan: then, unit });
    const experiment = await openExperiment(config);
    const [recipe] = recipesOf(config);
    assert.equal((await train(experiment, modelOf(experiment), recipe)).computed, false);
    assert.equal(experiment.leak.allowed, "nothing");
    assert.equal(
      countLeakage(experiment.source, experiment.parts, experiment.parts.train).at(-1)!.withLesion,
      0,
    );
  }));

Deno.test({
  name:
    "a unit uses the plan's threads and refuses another engine or processor: it says what differs and what to do",
  ignore: engineIdentity.name === "wasm",
  async fn() {
    const engine = { ...engineIdentity, threads: 3 };
    const plan: Plan = { engine, instructions: cpuInstructions(), units: [], complete: true };
    const threads = "TF_NUM_INTRAOP_THREADS";
    const pin = async (given: Partial<Plan>, value: string, otherCpu = false) => {
      using _ = fakeEnv(threads, value);
      await pinEngine({ ...plan, ...given }, { otherCpu });
      return Deno.env.get(threads);
    };
    assert.equal(await pin({}, ""), "3");
    assert.equal(await pin({}, "3"), "3");
    await assert.rejects(pin({}, "2"), {
      name: "RangeError",
      message:
        /The plan is for .*3 threads\. .*or set it to 3, or make a new plan here\. Received: .*2 threads$/,
    });
    await assert.rejects(
      pin({ engine: { ...engine, tensorflow: "1.15.0" } }, ""),
      /TensorFlow 1\.15\.0 .*deno task doctor says/,
    );
    const instructions = `${plan.instructions} amx_dream`.trim();
    await assert.rejects(pin({ instructions }, ""), {
      name: "RangeError",
      message: /Lacking here: amx_dream; only here: none\. .*--constraint.*--other-cpu/,
    });
    assert.equal(await pin({ instructions }, "", true), "3");
  },
});

Deno.test("notebook 7's networks are units, too: afterwards the crossover trains nothing", () =>
  withConfig({ ...small, standInImages: 160 }, async (config) => {
    const store = openStore(storeFolder(config));
    const only = [leakageNotebook];
    const plan = await makePlan(config, { only });
    assert.deepEqual(await readPlan(store, config, { only }), plan);
    assert.equal(await readPlan(store, config), null, "the plan of the notebooks 01 to 05 is another one");
    for (const unit of plan.units) {
      assert.equal(await doUnit(config, store, { plan, unit }), "done", unit.name);
    }
    const trained = await fits(store);
    assert.equal(trained.length, 5);
    const experiment = await openExperiment(config);
    const [set] = crossoverPlan(config);
    const networks = await trainCrossover(experiment, await relate(experiment), { ...set, official: null });
    assert.deepEqual(await fits(store), trained);
    assert.equal(networks.length, plan.units.filter(({ kind }) => kind === "crossover").length);
  }));

Deno.test("notebook 8's networks are units too: changes are chosen as in the notebook, which then trains none of them", () =>
  withConfig({ ...small, standInImages: 160 }, async (config) => {
    const store = openStore(storeFolder(config));
    const plan = await makePlan(config, { only: [honestNotebook] });
    const networks = plan.units.filter(({ kind }) => kind === "honest");
    const all = honestPlan(config);
    assert.equal(networks.length, honestTrainings(all).length);
    const [start, first] = all.seeds.map((_, i) => networks.slice(2 * i, 2 * i + 2));
    assert.ok(
      first.every(({ needs }) => start.every(({ id }) => needs.includes(id))),
      "it is judged by those before",
    );
    for (const unit of plan.units.slice(0, plan.units.indexOf(networks.at(-1)!) + 1)) {
      assert.equal(await doUnit(config, store, { plan, unit }), "done", unit.name);
    }
    const trained = await fits(store);
    assert.equal(trained.length, 4);
    const experiment = await openExperiment(config);
    const related = await relate(experiment);
    const { parts } = await dividePhotos(experiment, related, 0);
    await selectHonest(config, experiment.source, parts, all, related);
    assert.deepEqual(await fits(store), trained);
  }));

Deno.test("notebook 6's trainings are units, too; those that share images or activations wait for the first", () =>
  withConfig(small, async (config) => {
    const store = openStore(storeFolder(config));
    const plan = await makePlan(config, { only: [studiesNotebook] });
    const studies = plan.units.filter(({ kind }) => kind === "study");
    assert.equal(studies.length, studyConfigs(config).length);
    const ids = new Set(studies.map(({ id }) => id));
    const waiting = studies.filter(({ needs }) => needs.some((id) => ids.has(id)));
    assert.ok(waiting.length > 3 && waiting.length < studies.length, `${waiting.length}`);
    const before = plan.units.filter(({ kind }) => kind === "decode");
    const block5 = studies.find(({ name, needs }) =>
      name.includes("32 × 32, from block5") && needs.length === before.length
    )!;
    for (const unit of [...before, block5]) await doUnit(config, store, { plan, unit });
    const trained = await fits(store);
    assert.equal(trained.length, 1);
    await runStudy(config, "ladder", ladder(config).filter(({ label }) => label === "block5"));
    assert.deepEqual(await fits(store), trained);
  }));

/** Trainings in a store. */
async function fits({ folder }: Store): Promise<string[]> {
  const found = await Array.fromAsync(glob("fits/*/*.tensors", { cwd: folder }));
  return found.sort();
}
