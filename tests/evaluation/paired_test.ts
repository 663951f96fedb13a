import assert from "node:assert/strict";
import { meanAndDeviation, pairedDifference } from "../../lib/evaluation/paired.ts";

const a = [0.641, 0.652, 0.639, 0.66, 0.648];
const b = [0.636, 0.65, 0.641, 0.655, 0.64];
const close = (received: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(received - expected) < tolerance, `${received}, expected ${expected}`);

Deno.test("mean, deviation and Student's interval are NumPy's and SciPy 1.17.1's (ttest_rel)", () => {
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
