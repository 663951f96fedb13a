/** Numbers that are equal but for rounding. */
import assert from "node:assert/strict";

/** @param tolerance the largest difference, absolute */
export function close(received: number, expected: number, tolerance = 1e-12, what = "value"): void {
  assert.ok(Math.abs(received - expected) <= tolerance, `${what}: ${received}, expected ${expected}`);
}

/** `close` for all values of two lists of one length. */
export function closeLists(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance?: number,
  what = "value",
): void {
  assert.equal(received.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) close(received[i], expected[i], tolerance, `${what} ${i}`);
}

/** max |Δ| / max |reference|; NaN where a value is none. */
export function relativeError(received: ArrayLike<number>, reference: ArrayLike<number>): number {
  assert.equal(received.length, reference.length);
  let [largest, error] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    largest = Math.max(largest, Math.abs(reference[i]));
    const difference = Math.abs(received[i] - reference[i]);
    error = difference <= error ? error : difference; // NaN stays
  }
  assert.ok(largest > 0);
  return error / largest;
}
