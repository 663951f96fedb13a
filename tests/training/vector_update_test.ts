import assert from "node:assert/strict";
import { makeVectorUpdate } from "../../lib/training/vector_update.ts";
import type { UpdateRule } from "../../lib/training/update_rule.ts";

const rule: UpdateRule = {
  slots: ["sum"],
  scalars: {},
  formula: "sum = sum * share + gradient\n weight = weight - rate * sum / (sqrt(sum * sum) + share)",
  numbers: ["share", "rate"],
  begin: () => ({}),
};

/** What the rule does, as a loop. */
function loop(weight: Float32Array, gradient: Float32Array, sum: Float32Array, share: number, rate: number) {
  for (let i = 0; i < weight.length; i++) {
    sum[i] = sum[i] * share + gradient[i];
    weight[i] -= rate * sum[i] / (Math.sqrt(sum[i] * sum[i]) + share);
  }
}

const wave = (length: number, phase: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + phase));

Deno.test("a helper thread takes half of large variables and changes no bit", async () => {
  const lengths = [3, 700_001, 0, 5, 600_002, 1];
  using update = makeVectorUpdate(rule, lengths, { helper: true });
  const expected = lengths.map((length) => ({ weight: wave(length, 1), sum: new Float32Array(length) }));
  update.weights.forEach((values, index) => values.set(expected[index].weight));
  let helped = 0;
  for (let step = 1; helped < 3; step++) {
    assert.ok(step < 300, "the helper did not start");
    const numbers = { share: 0.5 + 1 / (step + 2), rate: 0.01 / step };
    const gradients = lengths.map((length) => wave(length, step));
    helped += Number(update.isHelped());
    const given = gradients.map((values, i) => (i + step) % 2 ? values : update.gradients[i]); // some in memory already
    given.forEach((values, i) => values.set(gradients[i]));
    update.step(numbers, given);
    expected.forEach(({ weight, sum }, index) =>
      loop(weight, gradients[index], sum, numbers.share, numbers.rate)
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expected.forEach(({ weight, sum }, index) => {
    assert.deepEqual(update.weights[index].slice(), weight);
    assert.deepEqual(update.slots[index][0].slice(), sum);
  });
});

Deno.test("small variables need no helper", async () => {
  using update = makeVectorUpdate(rule, [1000, 500], { helper: true });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(update.isHelped(), false);
});
