import assert from "node:assert/strict";
import { honestPlanTable } from "../../../lib/figures/honest_tables.ts";
import {
  changed,
  courseOf,
  type HonestChoice,
  honestPlan,
  learnedShares,
  trainedPlaces,
} from "../../../lib/experiment/honest/choice.ts";

/** Sides and epochs of the trainings that a choice comes from. */
const course = (choice: HonestChoice) => courseOf(choice).map(({ size, epochs }) => `${size}, ${epochs}`);

Deno.test("training on larger images continues from smaller", () => {
  const { start, steps } = honestPlan({ preset: "honest" });
  const larger = steps.find(({ goesOn }) => goesOn)!;
  assert.deepEqual(course(start), ["64, 2"]);
  assert.deepEqual(course(changed(start, larger)), ["64, 2", "96, 4"]);
});

Deno.test("a network is trained for each change to the training, not for changes to how it predicts", () => {
  const plan = honestPlan({ preset: "honest" });
  const labels = trainedPlaces(plan).map(({ place }) => place === 0 ? "start" : plan.steps[place - 1].label);
  const asking = plan.steps.filter(({ change }) =>
    Object.keys(change).every((name) => ["adjusted", "weights", "soup", "orientations"].includes(name))
  );
  assert.equal(asking.length, 2);
  assert.deepEqual(labels, [
    "start",
    ...plan.steps.filter((step) => !asking.includes(step)).map(({ label }) => label),
  ]);
});

Deno.test("a network's answers assume the class shares it was shown, unless its loss or its logits correct for them", () => {
  const { start } = honestPlan({ preset: "honest" });
  const photos = [100, 9, 0];
  assert.deepEqual(learnedShares({ ...start, balance: 0 }, photos), [100, 9, 1]);
  assert.deepEqual(learnedShares({ ...start, balance: 0.5 }, photos), [10, 3, 1]);
  for (const change of [{ adjusted: true }, { balancedSoftmax: true }]) {
    assert.deepEqual(learnedShares({ ...start, ...change }, photos), [1, 1, 1]);
  }
});

Deno.test("the plan's table describes the settings that are on and leaves out the others", () => {
  const [, , , start, adjusted, , last] = honestPlanTable(honestPlan({ preset: "honest" }), {
    synthetic: false,
  })
    .text.split("\n").map((line) => line.replace(/^ *\d* +/, ""));
  assert.match(start, /^to begin with +depth block3, size 64, epochs 2, weights last, orientations 1$/);
  assert.match(adjusted, /^logits adjusted +adjusted$/);
  assert.match(
    last,
    /size 96, epochs 4, shape \(rotation 180, zoom 0\.7 to 1\.2, .*\), light \(brightness 0\.05, /,
  );
  assert.match(last, /, balance 0\.5, balancedSoftmax, weights average, soup$/);
});
