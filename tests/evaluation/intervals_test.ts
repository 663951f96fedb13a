import assert from "node:assert/strict";
import {
  bootstrap,
  groupBootstrapInterval,
  meanAndDeviation,
  pairedDifference,
} from "../../lib/evaluation/intervals.ts";
import { close } from "../support/close.ts";

Deno.test("groups of one row: the interval is the normal approximation within a point", () => {
  const right = Array.from({ length: 400 }, (_, row) => (row % 5 === 0 ? 0 : 1));
  const { low, high } = groupBootstrapInterval(right, right.map((_, row) => `row ${row}`), { seed: 1 });
  const half = 1.96 * Math.sqrt(0.8 * 0.2 / 400);
  assert.ok(Math.abs(low - (0.8 - half)) < 0.01 && Math.abs(high - (0.8 + half)) < 0.01, `${low}, ${high}`);
});

Deno.test("copies of one row in a group add no certainty: the interval stays as wide", () => {
  const copies = 9;
  const single = Array.from({ length: 100 }, (_, row) => (row % 4 === 0 ? 0 : 1));
  const names = single.map((_, row) => `lesion ${row}`);
  const repeat = <T>(items: T[]) => items.flatMap((item) => new Array<T>(copies).fill(item));
  const once = groupBootstrapInterval(single, names, { seed: 3 });
  const copied = groupBootstrapInterval(repeat(single), repeat(names), { seed: 3 });
  assert.ok(Math.abs(copied.low - once.low) < 1e-12 && Math.abs(copied.high - once.high) < 1e-12);
  const asRows = groupBootstrapInterval(repeat(single), repeat(single).map((_, row) => `${row}`), {
    seed: 3,
  });
  assert.ok(
    copied.high - copied.low > 2 * (asRows.high - asRows.low),
    "drawing single rows would be too narrow",
  );
});

Deno.test("a paired difference excludes 0 only if one network is correct on clearly more lesions", () => {
  const lesions = Array.from({ length: 200 }, (_, row) => `${row}`);
  const ahead = lesions.map((_, row) => (row % 4 === 0 ? 1 : row % 19 === 0 ? -1 : 0));
  const even = lesions.map((_, row) => (row % 4 === 0 ? 1 : row % 4 === 1 ? -1 : 0));
  assert.ok(groupBootstrapInterval(ahead, lesions, { seed: 0 }).low > 0);
  const { low, high } = groupBootstrapInterval(even, lesions, { seed: 0 });
  assert.ok(low < 0 && high > 0);
});

Deno.test("the bootstrap depends only on its seed and refuses rows without groups", () => {
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

Deno.test("groups are drawn within classes: each resample keeps their counts, also for groups with several classes", () => {
  const labels = [0, 0, 0, 0, 1, 1, 2, 0, 1, 0, 1];
  const groups = ["a", "a", "b", "c", "d", "e", "f", "both", "both", "two", "two"];
  let resamples = 0;
  const { alone } = bootstrap(groups, (times) => {
    resamples++;
    const drawn = (of: readonly string[]) =>
      groups.reduce((sum, group, row) => sum + (of.includes(group) ? times[row] : 0), 0);
    assert.equal(drawn(["d", "e"]), 2);
    assert.equal(drawn(["f"]), 1);
    assert.equal(drawn(["both", "two"]), 4, "two groups of two rows, with rows of both classes");
    assert.equal(times[0], times[1], "rows of a group are drawn together");
    return { alone: times[6] };
  }, { seed: 2, repeats: 200, labels });
  assert.equal(resamples, 200);
  assert.deepEqual(alone, { low: 1, high: 1 });
  const anywhere = bootstrap(groups, (times) => ({ alone: times[6] }), { seed: 2, repeats: 200 });
  assert.deepEqual(anywhere.alone.low, 0, "drawn from all, a group of its class alone is often missing");
});

const a = [0.641, 0.652, 0.639, 0.66, 0.648];
const b = [0.636, 0.65, 0.641, 0.655, 0.64];
Deno.test("mean, deviation and Student's interval match NumPy's and SciPy 1.17.1's (ttest_rel)", () => {
  const { mean, deviation } = meanAndDeviation(a);
  close(mean, 0.648, 1e-12);
  close(deviation, 0.008514693182963207, 1e-12);
  const five = pairedDifference(a, b);
  close(five.mean, 0.0036, 1e-12);
  close(five.low, -0.0010953947254118707, 1e-7);
  close(five.high, 0.008295394725411877, 1e-7);
  const two = pairedDifference(a.slice(0, 2), b.slice(0, 2));
  close(two.low, -0.015559307104262055, 1e-7);
  close(two.high, 0.02255930710426206, 1e-7);
});

Deno.test("swapping the methods swaps the sign", () => {
  const [there, back] = [pairedDifference(a, b), pairedDifference(b, a)];
  close(there.mean, -back.mean, 1e-15);
  close(there.low, -back.high, 1e-15);
});

Deno.test("one pair, or lists of different lengths, are refused", () => {
  assert.throws(() => pairedDifference([1], [2]), { name: "RangeError" });
  assert.throws(() => pairedDifference(a, b.slice(1)), { name: "RangeError", message: /Received: 5 and 4/ });
});
