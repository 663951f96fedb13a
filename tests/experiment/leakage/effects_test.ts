import assert from "node:assert/strict";
import type { Half, LeakFreeParts } from "../../../lib/data/leak_free_parts.ts";
import { describeEffects, describeOfficialGains } from "../../../lib/experiment/leakage/texts.ts";
import { leakEffect, leakEffects } from "../../../lib/experiment/leakage/effects.ts";
import { leakFigure } from "../../../lib/figures/leak_figure.ts";
import { leakControlTable } from "../../../lib/figures/leak_tables.ts";
import type { AnsweredNetwork } from "../../../lib/experiment/leakage/networks.ts";
import { officialByLeak } from "../../../lib/experiment/leakage/results.ts";
import { close } from "../../support/close.ts";

/** Six test photos of two classes. Those of the groups 0 and 2 have a relative each, 6 and 7. */
const truth = [0, 0, 0, 1, 1, 1];
const halfOf: Half[] = ["A", "B", "A", "B", "A", "B", "A", "A"];
const parts = {
  ...{ partition: 0, train: [], validation: [], test: [0, 1, 2, 3, 4, 5], relatives: [6, 7] },
  ...{ groupOf: [0, 1, 2, 3, 4, 5, 0, 4], halfOf, mixed: [], tooSmall: [] },
} satisfies LeakFreeParts;

/** A network that answers the photos rightly that are 1. */
function network(rung: "copy" | "lesion", half: Half, right: number[], seed = 0): AnsweredNetwork {
  const own = {
    truth,
    probabilities: Float32Array.from({ length: 12 }, (_, i) => {
      const row = Math.floor(i / 2);
      return Number((i % 2 === truth[row]) === (right[row] === 1));
    }),
    groups: parts.test.map((row) => `${parts.groupOf[row]}`),
    classes: 2,
  };
  const scores = {
    n: 6,
    balancedAccuracy: 0,
    accuracy: 0,
    macroF1: 0,
    macroAuc: 0,
    interval: { low: 0, high: 0 },
  };
  return {
    network: {
      ...{ rung, half, depth: "head", partition: 0, seed, configuration: `${half}${seed}`, trainingList: "" },
      ...{ own: scores, official: null },
    },
    ...{ parts, own, official: null, control: null },
  };
}

const options = { classes: 2, seed: 0 };

Deno.test("the effect of copies is the recall of the network that saw the photo minus the recall of the other", () => {
  // Photos 0, 2 and 4 are of half A. Seen: 1 1 1 | 1 1 0. Unseen: 0 0 1 | 0 1 0.
  const a = network("copy", "A", [1, 0, 1, 0, 1, 0]);
  const b = network("copy", "B", [0, 1, 1, 1, 1, 0]);
  const { pairs, photos, reached, seen, unseen, effect, deviation, perClass } = leakEffect(
    "copy",
    [b, a],
    options,
  )!;
  assert.deepEqual([pairs, photos, reached, deviation], [1, 6, 6, null]);
  close(seen.value, (1 + 2 / 3) / 2);
  close(unseen.value, (1 / 3 + 1 / 3) / 2);
  close(effect.value, (2 / 3 + 1 / 3) / 2);
  close(perClass[0]!.effect.value, 2 / 3);
  close(perClass[1]!.effect.value, 1 / 3);
  assert.ok(effect.low <= effect.value && effect.value <= effect.high);
});

Deno.test("the effect's text gives the number of network pairs and names classes that add no width to the interval", () => {
  const pair = [network("copy", "A", [1, 0, 1, 0, 1, 0]), network("copy", "B", [0, 1, 0, 1, 1, 0])]; // class 0: each photo gains
  const text = (networks: typeof pair) =>
    describeEffects([leakEffect("copy", networks, options)!], { codes: ["mel", "nv"] });
  assert.match(
    text(pair),
    /1 pair of networks, one division, one seed\. .* The effect is the same in each resample for mel \(softmax alone\), which adds no width to the interval\.$/m,
  );
  const effect = leakEffect("copy", pair, options)!;
  assert.match(
    describeEffects([effect, { ...effect, depth: "block3" }], { codes: ["mel", "nv"] }),
    /for mel \(softmax alone\) and for mel \(from block3 on\), which adds/,
  );
  const allRight = [network("copy", "A", [1, 0, 1, 1, 1, 1]), network("copy", "B", [1, 1, 1, 1, 1, 0])];
  assert.doesNotMatch(text(allRight), /adds no width/, "all right once seen, but not all wrong before");
  const again = pair.map((one) => ({ ...one, network: { ...one.network, seed: 1 } }));
  assert.match(text([...pair, ...again]), /2 pairs of networks, standard deviation 0\.00\. /);
});

Deno.test("if none or all of the test photos have relatives, the effect of lesions is left out, and the text says why", () => {
  for (const relatives of [[], [0, 1, 2, 3, 4, 5]]) {
    const networks = (["copy", "lesion"] as const).flatMap((rung) =>
      (["A", "B"] as const).map((half) => {
        const one = network(rung, half, [1, 0, 1, 0, 1, 0]);
        return { ...one, parts: { ...parts, relatives } };
      })
    );
    const effects = leakEffects(networks, options);
    assert.deepEqual(effects.map(({ kind }) => kind), ["copy"]);
    const text = describeEffects(effects, { codes: ["mel", "nv"] });
    assert.match(
      text,
      /^- The effect of other photos of the test's lesions cannot be measured: no diagnosis has /m,
    );
    assert.doesNotMatch(text, /NaN/);
    const figure = leakFigure(effects, [], { codes: ["mel", "nv"], depth: "head" });
    assert.match(
      figure.alt,
      /^Points of recall that a leak adds, softmax alone: copies of the photo [+−\d.]+\. copy: /,
    );
  }
});

Deno.test("the change on photos without relatives is subtracted from the effect of lesions", () => {
  // Reached: photo 0 of class 0 and photo 4 of class 1, both of half A.
  const a = network("lesion", "A", [1, 0, 1, 0, 1, 0]);
  const b = network("lesion", "B", [0, 1, 0, 0, 1, 0]);
  const { reached, perClass, effect } = leakEffect("lesion", [a, b], options)!;
  assert.equal(reached, 2);
  // Class 0: 1 − 0 where reached; elsewhere seen 1 1 and unseen 0 0, a change of 1. Class 1: 0, and no change.
  assert.deepEqual(perClass.map((own) => own!.effect.value), [0, 0]);
  assert.equal(effect.value, 0);
});

Deno.test("answers are pooled over seeds; the deviation is over single pairs of networks", () => {
  const all = [1, 1, 1, 1, 1, 1];
  const none = [0, 0, 0, 0, 0, 0];
  const onlyA = [1, 0, 1, 0, 1, 0];
  const networks = [
    ...[network("copy", "A", all), network("copy", "B", all)], // seen or not, all are right: 0
    ...[network("copy", "A", onlyA, 1), network("copy", "B", none, 1)], // half A gains, half B does not
  ];
  const { pairs, effect, deviation } = leakEffect("copy", networks, options)!;
  assert.equal(pairs, 2);
  assert.ok(Math.abs(effect.value - 0.25) < 1e-12, "the mean of 0 and 1/2");
  assert.ok(Math.abs(deviation! - Math.SQRT1_2 / 2) < 1e-12);
  assert.throws(() => leakEffect("lesion", networks, options), {
    name: "RangeError",
    message: /Received: none/,
  });
});

Deno.test("official-set scores pool networks of a kind, with and without near-duplicates, beside scores on the control", () => {
  const [a, b] = [network("copy", "A", [1, 0, 1, 0, 1, 0]), network("copy", "B", [0, 1, 1, 1, 1, 0])];
  const wrong = network("copy", "A", [0, 0, 0, 0, 0, 0]).own;
  const networks = [
    { ...a, official: a.own, control: { asTheyAre: a.own, sameForm: wrong } },
    { ...b, official: b.own, control: { asTheyAre: b.own, sameForm: wrong } },
  ];
  const imageIds = truth.map((_, i) => `photo ${i}`);
  const [row, ...others] = officialByLeak(networks, { imageIds, near: ["photo 2", "photo 5"], seed: 0 });
  assert.deepEqual([others.length, row.rung, row.networks], [0, "copy", 2]);
  close(row.score.value, (4 / 6 + 3 / 6) / 2);
  close(row.unrelated!.value, (2 / 4 + 3 / 4) / 2);
  close(row.control!.asTheyAre.value, row.score.value);
  close(row.control!.sameForm.value, 0);
  close(row.control!.change.value, -row.score.value);
  assert.ok(
    row.control!.change.low <= row.control!.change.value &&
      row.control!.change.value <= row.control!.change.high,
  );
  const deeper = networks.map((one) => ({ ...one, network: { ...one.network, depth: "block3" as const } }));
  const rows = officialByLeak([...networks, ...deeper.slice(0, 1)], { imageIds, near: [], seed: 0 });
  assert.deepEqual(rows.map(({ depth, networks }) => `${depth} ${networks}`), ["head 2", "block3 1"]);
  const [plain] = officialByLeak([{ ...a, official: a.own }], { imageIds, near: [], seed: 0 });
  assert.deepEqual([plain.unrelated, plain.control], [null, null]);
  const control = leakControlTable([plain, row], { synthetic: false })!.markdown.split("\n").filter((line) =>
    line.startsWith("| ")
  );
  assert.equal(control.length, 3, "head, line, and the one row with a control");
  assert.match(control[2], /\| copies leak \| 6 \| 58\.3\u00a0% \| 0\.0\u00a0% \| −58\.33 /);
  assert.equal(leakControlTable([plain], { synthetic: false }), null);
});

Deno.test("a leak's gain on the official set is over its division's leak-free network; the text compares it with the prediction", () => {
  const officially = (one: AnsweredNetwork) => ({ ...one, official: one.own });
  // Balanced accuracy: 3/6 and 3/6 where copies leak; 2/6 of the same division where nothing does, and 6/6 of another one.
  const leaks = [network("copy", "A", [1, 0, 1, 0, 1, 0]), network("copy", "B", [0, 1, 0, 1, 1, 0])];
  const none = (right: number[], seed: number) => {
    const one = network("copy", "A", right, seed);
    return { ...one, network: { ...one.network, rung: "none" as const, half: null } };
  };
  const imageIds = truth.map((_, i) => `photo ${i}`);
  const rowsOf = (...networks: AnsweredNetwork[]) =>
    officialByLeak(networks.map(officially), { imageIds, near: [], seed: 0 });
  const rows = rowsOf(none([1, 0, 0, 1, 0, 0], 0), none([1, 1, 1, 1, 1, 1], 1), ...leaks);
  const [before, copies] = rows;
  assert.deepEqual([before.rung, before.gain, copies.rung], ["none", null, "copy"]);
  const { value, low, high } = copies.gain!;
  assert.ok(Math.abs(value - ((3 / 6 + 3 / 6) / 2 - 2 / 6)) < 1e-12, `${value}`);
  assert.ok(low <= 0 && high > value);
  assert.match(
    describeOfficialGains(rows),
    /^- What it adds on the official test set if copies leak, in points: softmax alone \+16\.67 \(.*\)\. The interval includes zero: no effect is shown, but one within the interval cannot be ruled out\.$/,
  );
  assert.equal(rowsOf(...leaks)[0].gain, null, "without a network to which nothing leaked");
  const [, sure] = rowsOf(none([0, 0, 0, 0, 0, 0], 0), network("copy", "A", [1, 1, 1, 1, 1, 1]));
  assert.match(
    describeOfficialGains([sure]),
    /\+100\.00 .* The interval lies above zero, against the prediction\.$/,
  );
  const deeper = { ...sure, depth: "block3" as const };
  assert.match(
    describeOfficialGains([sure, deeper]),
    /^- [^\n]* softmax alone \+100\.00 .*; from block3 on .* The interval lies above zero, at each depth, against the prediction/,
  );
  assert.match(
    describeOfficialGains([copies, { ...deeper, label: copies.label }]),
    /lies above zero for training from block3 on, against the prediction\. The interval includes zero for the softmax alone: no effect is shown/,
  );
  const lost = { ...sure, gain: { value: -1, low: -2, high: -0.5 } };
  assert.match(describeOfficialGains([lost]), /The interval lies below zero\.$/, "no gain, as predicted");
});
