import assert from "node:assert/strict";
import { timeLeft } from "../../../lib/support/notebook/time_left.ts";
import { randomFor } from "../../../lib/support/random.ts";

/** Estimates after each step of [seconds, items]. */
function estimates(steps: [number, number][], total: number): (number | null)[] {
  let time = 100, done = 0;
  const estimate = timeLeft(() => time);
  return steps.map(([seconds, items]) => {
    time += seconds;
    done += items;
    return estimate(done, total);
  });
}

Deno.test("an even pace gives the exact rest, from the second measure on", () => {
  assert.deepEqual(estimates([[1, 10], [1, 10], [1, 10], [1, 10]], 100), [null, 8, 7, 6]);
});

Deno.test("the rate is that of the same pace, and not known before two measures", () => {
  let time = 0;
  const estimate = timeLeft(() => time);
  const rates = [10, 20, 30].map((done) => {
    time += 2;
    estimate(done, 100);
    return estimate.perSecond();
  });
  assert.deepEqual(rates, [null, 5, 5]);
});

Deno.test("stored items that arrive at once, at the start or in between, do not spoil the estimate", () => {
  const computed = Array.from({ length: 10 }, (): [number, number] => [1, 10]);
  const atOnce: [number, number] = [0.01, 5000];
  const start = estimates([atOnce, ...computed], 10_000);
  assert.ok(
    start.slice(2).every((seconds, i) => Math.abs(seconds! - (4980 - 10 * i) / 10) < 15),
    String(start),
  );
  const between = estimates([...computed, atOnce, ...computed], 10_000);
  assert.ok(Math.abs(between[12]! - (10_000 - 5120) / 10) < 15, String(between));
});

Deno.test("a pause does not spoil the estimate", () => {
  const even = Array.from({ length: 6 }, (): [number, number] => [1, 10]);
  assert.equal(estimates([...even, [60, 10], [1, 10]], 100).at(-1), 2);
});

Deno.test("fast calls are measured over half a second, slow items one by one, and the rest counts down meanwhile", () => {
  const fast = estimates(Array.from({ length: 200 }, () => [0.01, 1] as [number, number]), 400);
  assert.equal(fast.findIndex((seconds) => seconds !== null), 99);
  assert.ok(Math.abs(fast[199]! - 2) < 0.1);
  assert.deepEqual(estimates([[30, 1], [30, 1], [10, 0], [10, 0], [100, 0]], 5), [null, 90, 80, 70, 0]);
});

Deno.test("the estimate follows a pace that changes, and noise moves it little", () => {
  const steps = (count: number, seconds: number) =>
    Array.from({ length: count }, (): [number, number] => [seconds, 10]);
  assert.equal(estimates([...steps(30, 1), ...steps(15, 2)], 1000).at(-1), (1000 - 450) / 5);
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor("time_left_test", seed);
    const noisy = Array.from({ length: 40 }, (): [number, number] => [0.6 + 0.8 * random(), 10]);
    const left = estimates(noisy, 1000).at(-1)!;
    assert.ok(left > 40 && left < 80, `60 s are left. Received: ${left}`);
  }
});

Deno.test("all done leaves 0, and a stage that begins again forgets its pace", () => {
  let time = 0;
  const estimate = timeLeft(() => time);
  for (let done = 1; done <= 10; done++) {
    time += 1;
    assert.equal(done === 10 ? 0 : done === 1 ? null : 10 - done, estimate(done, 10));
  }
  assert.equal(estimate(1, 10), null);
});
