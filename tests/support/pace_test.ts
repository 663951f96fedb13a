import assert from "node:assert/strict";
import { durationText, percentDone, progressText, rateText, timeLeft } from "../../lib/support/pace.ts";
import { randomFor } from "../../lib/support/random.ts";

type Steps = [seconds: number, items: number][];

const repeat = (count: number, seconds: number, items = 10): Steps =>
  Array.from({ length: count }, () => [seconds, items]);

/** Seconds left and items a second after each step. */
function estimates(steps: Steps, total: number): { left: (number | null)[]; rates: (number | null)[] } {
  let time = 100, done = 0;
  const estimate = timeLeft(() => time);
  const [left, rates]: (number | null)[][] = [[], []];
  for (const [seconds, items] of steps) {
    time += seconds;
    done += items;
    const { secondsLeft, perSecond } = estimate(done, total);
    left.push(secondsLeft);
    rates.push(perSecond);
  }
  return { left, rates };
}

Deno.test("a constant pace gives the exact time left and rate from the second measurement on; 0 s at the end", () => {
  const { left, rates } = estimates(repeat(10, 2), 100);
  assert.deepEqual(left, [null, 16, 14, 12, 10, 8, 6, 4, 2, 0]);
  assert.deepEqual(rates.slice(0, 3), [null, 5, 5]);
});

Deno.test("pauses and stored items that arrive all at once do not distort the estimate", () => {
  const atOnce = repeat(1, 0.01, 5000);
  const start = estimates([...atOnce, ...repeat(10, 1)], 10_000).left.slice(3);
  assert.ok(start.every((seconds, i) => Math.abs(seconds! - (4970 - 10 * i) / 10) < 15), String(start));
  const between = estimates([...repeat(10, 1), ...atOnce, ...repeat(10, 1)], 10_000).left;
  assert.ok(Math.abs(between[12]! - (10_000 - 5120) / 10) < 15, String(between));
  assert.equal(estimates([...repeat(6, 1), [60, 10], [1, 10]], 100).left.at(-1), 2);
  const loading = estimates([[180, 10], ...repeat(5, 1)], 1000).left;
  assert.deepEqual(
    loading.slice(0, 4),
    [null, null, 97, 96],
    "three minutes of loading before the first item",
  );
});

Deno.test("fast calls are measured over half a second, slow items one by one; the time left counts down in between", () => {
  const fast = estimates(repeat(200, 0.01, 1), 400).left;
  assert.equal(fast.findIndex((seconds) => seconds !== null), 99);
  assert.ok(Math.abs(fast[199]! - 2) < 0.1);
  const slow = estimates([[30, 1], [30, 1], [10, 0], [10, 0], [100, 0]], 5).left;
  assert.deepEqual(slow, [null, 90, 80, 70, 0]);
});

Deno.test("the estimate follows a changing pace and varies little with noise", () => {
  assert.equal(estimates([...repeat(30, 1), ...repeat(15, 2)], 1000).left.at(-1), (1000 - 450) / 5);
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor("pace_test", seed);
    const noisy = Array.from({ length: 40 }, (): [number, number] => [0.6 + 0.8 * random(), 10]);
    const left = estimates(noisy, 1000).left.at(-1)!;
    assert.ok(left > 40 && left < 80, `60 s are left. Received: ${left}`);
  }
});

Deno.test("a stage that begins again forgets its pace", () => {
  assert.deepEqual(estimates([...repeat(4, 1), [1, -30]], 100).left, [null, 8, 7, 6, null]);
});

Deno.test("the text shows stage, share, counts, rate and time left; 100 % means all is done", () => {
  const at = (done: number, secondsLeft: number | null, perSecond: number | null = null) =>
    progressText({ stage: "Activations", done, total: 20_530, secondsLeft, perSecond });
  const texts: [string, string][] = [
    [at(9240, 130, 54.2), "Activations  45 %  9,240 of 20,530  54 a second  2 min 10 s left"],
    [at(0, null), "Activations  0 %  0 of 20,530"],
    [at(20_529, 0.2), "Activations  99 %  20,529 of 20,530  1 s left"],
    [at(20_530, 0, 3), "Activations  100 %  20,530 of 20,530"],
    [rateText(0.4), "2.5 s each"],
    [rateText(0.94), "1.1 s each"],
    [rateText(1), "1.0 a second"],
    [rateText(9.94), "9.9 a second"],
    [rateText(1204.4), "1,204 a second"],
    [durationText(-3), "0 s"],
    [durationText(0.1), "1 s"],
    [durationText(59.5), "1 min 00 s"],
    [durationText(130), "2 min 10 s"],
    [durationText(3599.5), "1 h 00 min"],
    [durationText(90_000), "25 h 00 min"],
  ];
  for (const [text, expected] of texts) assert.equal(text, expected);
  const shares = [percentDone(0, 0), percentDone(999, 1000), percentDone(1000, 1000), percentDone(2, 1)];
  assert.deepEqual(shares, [100, 99, 100, 100]);
});
