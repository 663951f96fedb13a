import assert from "node:assert/strict";
import { areaUnderRoc } from "../../lib/evaluation/curves.ts";
import { rankRows } from "../../lib/evaluation/ranking.ts";
import { randomFor } from "../../lib/support/random.ts";

Deno.test("AUC and average precision of resampled rows equal those of repeated rows, even with tied scores", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor(seed, "ranking");
    const n = 3 + Math.floor(40 * random());
    const isPositive = Array.from({ length: n }, (_, row) => row === 0 || row > 1 && random() < 0.3);
    const scores = isPositive.map((positive) => Math.round(8 * (random() + (positive ? 0.3 : 0))) / 8);
    const times = isPositive.map((_, row) => (row < 2 ? 1 : Math.floor(4 * random())));
    const rows = times.flatMap((count, row) => Array.from({ length: count }, () => row));
    const [some, drawn] = [rows.map((row) => isPositive[row]), rows.map((row) => scores[row])];
    const found = rankRows(isPositive, scores)(times);
    assert.ok(Math.abs(found.auc - areaUnderRoc(some, drawn)) < 1e-12, `seed ${seed}`);
    const { averagePrecision } = rankRows(some, drawn)(rows.map(() => 1));
    assert.ok(Math.abs(found.averagePrecision - averagePrecision) < 1e-12, `seed ${seed}`);
  }
});

Deno.test("resampled rows of only one class have no AUC", () => {
  const rank = rankRows([true, false, true], [0.3, 0.2, 0.1]);
  assert.equal(rank([1, 0, 2]).auc, NaN);
  assert.equal(rank([0, 3, 0]).auc, NaN);
  assert.equal(rank([0, 3, 0]).averagePrecision, 0);
  assert.deepEqual(rank([1, 1, 0]), { auc: 1, averagePrecision: 1 });
});
