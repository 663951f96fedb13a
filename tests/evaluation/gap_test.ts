import assert from "node:assert/strict";
import { gapPercent } from "../../lib/evaluation/gap.ts";

Deno.test("the gap is in per cent of the train accuracy", () => {
  assert.equal(gapPercent(0.8, 0.6), (0.8 - 0.6) / 0.8 * 100);
  assert.equal(gapPercent(0.75, 0.5).toFixed(4), "33.3333");
  assert.equal(gapPercent(0.5, 0.5), 0);
  assert.equal(gapPercent(0.5, 1), -100);
});

Deno.test("what is no accuracy is refused", () => {
  for (const [train, test] of [[0, 0.5], [89.5, 0.5], [NaN, 0.5], [0.5, -0.1], [0.5, 63.8], [0.5, NaN]]) {
    assert.throws(() => gapPercent(train, test), { name: "RangeError", message: /accuracy must.*Received/ });
  }
});
