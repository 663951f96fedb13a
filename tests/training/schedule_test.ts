import assert from "node:assert/strict";
import { learningRateAt } from "../../lib/training/schedule.ts";

const rates = (schedule: "constant" | "cosine", warmUpSteps: number, totalSteps: number) =>
  Array.from(
    { length: totalSteps },
    (_, i) => learningRateAt(i + 1, { schedule, learningRate: 0.4, warmUpSteps, totalSteps }),
  );

Deno.test("constant stays; a warm-up rises to it in equal parts", () => {
  assert.deepEqual(rates("constant", 0, 3), [0.4, 0.4, 0.4]);
  assert.deepEqual(rates("constant", 4, 6), [0.1, 0.2, 0.4 * 3 / 4, 0.4, 0.4, 0.4]);
});

Deno.test("cosine falls along half a wave, after the warm-up where there is one", () => {
  // ½ (1 + cos πx) at x = 0, ¼, ½, ¾
  const wave = [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2].map((share) => 0.4 * share);
  for (
    const [received, expected] of [[rates("cosine", 0, 4), wave], [rates("cosine", 2, 6), [
      0.2,
      0.4,
      ...wave,
    ]]]
  ) {
    assert.equal(received.length, expected.length);
    received.forEach((rate, i) => assert.ok(Math.abs(rate - expected[i]) < 1e-15, `step ${i + 1}: ${rate}`));
  }
});

Deno.test("a step outside the training is refused", () => {
  for (const step of [0, 5, 1.5, NaN]) {
    assert.throws(
      () => learningRateAt(step, { schedule: "constant", learningRate: 1, warmUpSteps: 0, totalSteps: 4 }),
      { name: "RangeError", message: new RegExp(`from 1 to 4\\. Received: ${step}`) },
    );
  }
});
