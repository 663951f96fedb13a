import assert from "node:assert/strict";
import { areaUnderRoc, macroAuc } from "../../lib/evaluation/auc.ts";

interface Case {
  classes: number;
  truth: number[];
  /** (n, classes), row by row. */
  shares: number[];
  areas: number[];
  macro: number;
}

const { cases }: { cases: Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/auc/auc.json", import.meta.url)),
);

Deno.test("areas under ROC curves are scikit-learn's to 1e-9, also where scores are equal", () => {
  for (const { classes, truth, shares, areas, macro } of cases) {
    const ofClass = (label: number) =>
      areaUnderRoc(truth.map((own) => own === label), truth.map((_, row) => shares[row * classes + label]));
    areas.forEach((area, label) => assert.ok(Math.abs(ofClass(label) - area) < 1e-9, `${label}`));
    assert.ok(Math.abs(macroAuc(truth, shares, classes) - macro) < 1e-9);
  }
});

Deno.test("a class that no row has, or all have, has no area and is left out of the mean", () => {
  assert.equal(areaUnderRoc([true, true], [0.1, 0.2]), NaN);
  assert.equal(areaUnderRoc([true, false, false], [0.9, 0.1, 0.9]), 0.75, "a tie counts half");
  assert.equal(macroAuc([0, 0, 1], [0.8, 0.2, 0, 0.6, 0.4, 0, 0.1, 0.9, 0], 3), 1);
  assert.throws(() => areaUnderRoc([true], []), { name: "TypeError", message: /1 rows\. Received: 0/ });
});
