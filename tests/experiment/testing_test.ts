import assert from "node:assert/strict";
import { join } from "node:path";
import { rankTested } from "../../lib/evaluation/metrics.ts";
import { measureBaselines } from "../../lib/experiment/baselines.ts";
import { besideTheClaim, conclusion, resultRows } from "../../lib/experiment/conclusion.ts";
import { readOpenings } from "../../lib/experiment/openings.ts";
import {
  asWrittenResult,
  bestResult,
  deeperResult,
  makeResults,
  readResults,
  saveResults,
} from "../../lib/experiment/results.ts";
import { modelOf, type Run, train } from "../../lib/experiment/run.ts";
import { saveNetwork } from "../../lib/experiment/saved_network.ts";
import { accuracyByExposure } from "../../lib/experiment/exposure.ts";
import { drawnInPlaceOf } from "../../lib/data/drawn_lesion.ts";
import { answerExamples, openTest } from "../../lib/experiment/testing.ts";
import { classesOf } from "../../lib/data/diagnosis.ts";
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { withExperiment } from "./small_experiment.ts";

await startEngine();

const ignore = engine.name === "wasm";

Deno.test({
  name: "the test is opened once for each network; its answers are reread without another opening",
  ignore,
  async fn() {
    await withExperiment({}, async (experiment) => {
      const { config, parts, source } = experiment;
      const runs: Run[] = [];
      for (const optimizer of ["nadam", "adam"] as const) {
        runs.push(await train(experiment, modelOf(experiment), [{ depth: "head", epochs: 2, optimizer }]));
      }
      runs.push(await train(experiment, modelOf(experiment), [{ depth: "block5", epochs: 2 }]));
      const openAll = async () => {
        const tested = [];
        for (const run of runs) tested.push(await openTest(experiment, run));
        return tested;
      };
      const tested = await openAll();
      assert.deepEqual((await openAll()).map(({ answers }) => answers), tested.map(({ answers }) => answers));
      const openings = await readOpenings(config.out);
      assert.deepEqual(
        openings.map(({ configuration }) => configuration),
        runs.map(({ configuration }) => configuration),
      );
      assert.equal(new Set(openings.map(({ set }) => set)).size, 1);

      const results = makeResults(experiment, tested, await measureBaselines(experiment));
      await saveResults(config, results);
      assert.deepEqual(await readResults(config.out), JSON.parse(JSON.stringify(results)));
      assert.equal(await readResults(join(config.out, "nowhere")), null);
      assert.deepEqual(results.runs.map(({ depth, optimizer }) => `${depth} ${optimizer}`), [
        "head nadam",
        "head adam",
        "block5 nadam",
      ]);
      assert.deepEqual(results.counts.test, parts.test.length);
      assert.equal(deeperResult(results)!.configuration, runs[2].configuration);
      assert.equal(asWrittenResult(results).optimizer, results.chosen);
      assert.equal(bestResult(results).configuration, rankTested(tested)[0].run.configuration);
      for (const { test } of results.runs) {
        assert.ok(test.interval!.low <= test.accuracy && test.accuracy <= test.interval!.high);
        assert.equal(test.confusion.flat().reduce((a, b) => a + b), parts.test.length);
      }
      assert.deepEqual(resultRows(results).filter(({ name }) => name.endsWith("(chosen)")).length, 1);
      assert.match(conclusion(results), /SYNTHETIC/);
      assert.doesNotMatch(conclusion(results), /NaN|undefined|null/);
      assert.match(conclusion(results), /The leak makes it look smaller.*\n.*is not an accuracy on patients/);
      const splitFirst = conclusion({ ...results, protocol: "split-first" });
      assert.match(splitFirst, /: the photos were divided before they were augmented/);
      assert.doesNotMatch(splitFirst, /leak|on patients/);
      assert.equal(
        besideTheClaim(results).find(({ what }) => what === "test")!.frozen,
        `${parts.test.length}`,
      );

      const shown = answerExamples(experiment, tested[0], { right: 1, wrong: 2 });
      for (const [label, { code }] of source.classes.entries()) {
        const own = shown.filter(({ dx }) => dx === code);
        const right = tested[0].predicted.filter((answer, i) =>
          answer === label && parts.table[parts.test[i]].label === label
        );
        assert.equal(own.filter((one) => one.label.includes("✓")).length, Math.min(1, right.length));
        assert.ok(own.every((one) => one.label.startsWith(code) && /\d+\s%$/.test(one.label)), own[0]?.label);
      }
      assert.deepEqual(
        (await drawnInPlaceOf(shown, config)).map(({ label }) => label),
        shown.map(({ label }) => label),
      );

      const [best] = rankTested(tested);
      const files = await saveNetwork(experiment, best.run);
      assert.deepEqual(files.map(({ file }) => file).sort(), [
        "about.json",
        "model.h5",
        "model.json",
        "trained_on.json",
        "weights.bin",
      ]);
      for (const { file, bytes } of files) {
        assert.equal((await Deno.stat(join(config.out, "model", file))).size, bytes);
      }
    });
  },
});

Deno.test("accuracy by what training has seen matches values worked by hand, with intervals", () => {
  const rows = [[0, 0], [0, 0], [1, 0], [2, 0], [3, 1], [3, 1], [4, 2]];
  const experiment = {
    config: { seed: 0 },
    source: { classes: classesOf(["x", "y", "z"]), samples: [..."aabcd"].map((lesionId) => ({ lesionId })) },
    parts: {
      table: rows.map(([row, label]) => ({ row, copy: 0, label })),
      subsetTrain: [0, 4],
      test: [1, 2, 3, 5, 6],
    },
  } as unknown as Parameters<typeof accuracyByExposure>[0];
  const predicted = Uint8Array.of(0, 1, 0, 1, 0);
  const of = (classes: string[]) =>
    accuracyByExposure(experiment, { predicted }, classes).map(({ n, accuracy }) => [n, accuracy]);
  assert.deepEqual(of(["x"]), [[1, 1], [1, 0], [1, 1], [3, 2 / 3]]);
  assert.deepEqual(of(["x", "y", "z"]), [[2, 1], [1, 0], [2, 0.5], [5, 0.6]]);
  assert.deepEqual(of(["y"]).at(2), [0, null]);
  const [, , , all] = accuracyByExposure(experiment, { predicted }, ["x", "y", "z"]);
  assert.ok(all.interval!.low < 0.6 && 0.6 < all.interval!.high);
});
