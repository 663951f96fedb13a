import assert from "node:assert/strict";
import { normal, randomFor, shuffled } from "../../lib/support/random.ts";

Deno.test("the same seed parts give the same numbers, in any order of calls", () => {
  const first = Array.from({ length: 5 }, randomFor(1, "ISIC_0000001", 2));
  Array.from({ length: 5 }, randomFor(1, "ISIC_0000001", 3));
  assert.deepEqual(Array.from({ length: 5 }, randomFor(1, "ISIC_0000001", 2)), first);
});

Deno.test("neighbouring seed parts give uncorrelated numbers", () => {
  const n = 20_000;
  const first = Array.from({ length: n }, (_, k) => randomFor(0, "ISIC_0024306", k)());
  const mean = first.reduce((a, b) => a + b) / n;
  const variance = first.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
  let lag = 0;
  for (let i = 1; i < n; i++) lag += (first[i] - mean) * (first[i - 1] - mean);
  assert.ok(Math.abs(mean - 0.5) < 0.01, `mean ${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 0.003, `variance ${variance}`);
  assert.ok(Math.abs(lag / n / variance) < 0.03, `lag-one correlation ${lag / n / variance}`);
  assert.equal(new Set(first).size > n - 5, true);
});

Deno.test("a number and its text are different seed parts, and parts are not simply joined", () => {
  const draws = [randomFor(1, "2"), randomFor("1", 2), randomFor(12), randomFor("12"), randomFor("1", "2")];
  assert.equal(new Set(draws.map((random) => random())).size, draws.length);
});

Deno.test("shuffled keeps every item once and leaves its argument alone", () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const result = shuffled(items, randomFor("shuffle"));
  assert.deepEqual(items, Array.from({ length: 100 }, (_, i) => i));
  assert.notDeepEqual(result, items);
  assert.deepEqual([...result].sort((a, b) => a - b), items);
});

Deno.test("normal has mean 0 and standard deviation 1", () => {
  const random = randomFor("normal");
  const draws = Array.from({ length: 50_000 }, () => normal(random));
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  const deviation = Math.sqrt(draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length);
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(deviation - 1) < 0.02, `${mean} ± ${deviation}`);
});
