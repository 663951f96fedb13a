import assert from "node:assert/strict";
import { groupBootstrapInterval, wilsonInterval } from "../../lib/evaluation/intervals.ts";
import { randomFor } from "../../lib/support/random.ts";

const z = 1.959963984540054;

Deno.test("Wilson's ends solve |p − share| = z √(p (1 − p) / n), the equation that defines them", () => {
  for (const n of [1, 2, 10, 263, 8530]) {
    for (const correct of new Set([0, 1, Math.floor(n / 3), n - 1, n])) {
      const { low, high } = wilsonInterval(correct, n);
      for (const end of [low, high]) {
        const away = Math.abs(end - correct / n);
        assert.ok(Math.abs(away - z * Math.sqrt(end * (1 - end) / n)) < 1e-12, `${correct} of ${n}: ${end}`);
      }
      assert.ok(low >= 0 && low <= correct / n && correct / n <= high && high <= 1);
    }
  }
});

Deno.test("Wilson, worked by hand: 0 of 10 gives z² / (10 + z²); 5 of 10 is symmetric about one half", () => {
  assert.equal(wilsonInterval(0, 10).low, 0);
  assert.ok(Math.abs(wilsonInterval(0, 10).high - z * z / (10 + z * z)) < 1e-15); // 0.2775
  assert.equal(wilsonInterval(10, 10).high, 1);
  const { low, high } = wilsonInterval(5, 10);
  assert.ok(Math.abs(low + high - 1) < 1e-15);
  assert.ok(Math.abs(low - 0.236593) < 1e-6);
});

Deno.test("Wilson refuses what is no count", () => {
  for (const [correct, n] of [[1, 0], [-1, 5], [6, 5], [0.5, 5], [NaN, 5]]) {
    assert.throws(() => wilsonInterval(correct, n), { name: "RangeError", message: /Received: correct/ });
  }
});

Deno.test("the bootstrap of groups of one row agrees with Wilson", () => {
  const n = 400;
  const right = Array.from({ length: n }, (_, row) => (row % 5 === 0 ? 0 : 1));
  const groups = right.map((_, row) => `row ${row}`);
  const { low, high } = groupBootstrapInterval(right, groups, { seed: 1 });
  const wilson = wilsonInterval(320, n);
  assert.ok(Math.abs(low - wilson.low) < 0.01 && Math.abs(high - wilson.high) < 0.01, `${low}, ${high}`);
});

Deno.test("copies of one row in a group add no certainty: the interval stays, where Wilson's shrinks", () => {
  const copies = 9;
  const single = Array.from({ length: 100 }, (_, row) => (row % 4 === 0 ? 0 : 1));
  const names = single.map((_, row) => `lesion ${row}`);
  const repeat = <T>(items: T[]) => items.flatMap((item) => new Array<T>(copies).fill(item));
  const once = groupBootstrapInterval(single, names, { seed: 3 });
  const copied = groupBootstrapInterval(repeat(single), repeat(names), { seed: 3 });
  assert.ok(Math.abs(copied.low - once.low) < 1e-12 && Math.abs(copied.high - once.high) < 1e-12);
  const wilson = wilsonInterval(75 * copies, 100 * copies);
  assert.ok(copied.high - copied.low > 2 * (wilson.high - wilson.low));
});

Deno.test("about 95 of 100 intervals hold the true share", () => {
  let hold = 0;
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor("coverage", seed);
    const right = Array.from({ length: 150 }, () => (random() < 0.7 ? 1 : 0));
    const groups = right.map((_, row) => String(row));
    const { low, high } = groupBootstrapInterval(right, groups, { seed, repeats: 400 });
    if (low <= 0.7 && 0.7 <= high) hold++;
  }
  assert.ok(hold >= 88 && hold <= 99, `${hold} of 100`);
});

Deno.test("the bootstrap depends on its seed alone and refuses rows without groups", () => {
  const right = [1, 0, 1, 1, 0, 1, 0];
  const groups = ["a", "a", "b", "c", "c", "d", "e"];
  const interval = groupBootstrapInterval(right, groups, { seed: 5, repeats: 50 });
  assert.deepEqual(groupBootstrapInterval(right, groups, { seed: 5, repeats: 50 }), interval);
  assert.notDeepEqual(groupBootstrapInterval(right, groups, { seed: 6, repeats: 50 }), interval);
  assert.deepEqual(groupBootstrapInterval([1, 1], ["a", "b"], { seed: 1 }), { low: 1, high: 1 });
  assert.throws(() => groupBootstrapInterval(right, ["a"], { seed: 1 }), {
    name: "TypeError",
    message: /7 rows, 1 groups/,
  });
  assert.throws(() => groupBootstrapInterval([], [], { seed: 1 }), { name: "TypeError", message: /0 rows/ });
});
