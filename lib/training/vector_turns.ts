/**
 * How an optimizer and its helper thread talk: through the first bytes of the memory that they share. Two int32, the turn that has been
 * begun and the last that is done, then float64: how many numbers follow, and those.
 */

export const talkBytes = 1024;
/** Places of the two turns; turns count from 1. */
export const begun = 0;
export const done = 1;
/** Begun: no turn comes any more. */
export const over = -1;
/** Done: the helper has started. */
export const ready = -1;

export function turnsIn({ buffer }: WebAssembly.Memory): Int32Array {
  return new Int32Array(buffer, 0, 2);
}

export function writeCall({ buffer }: WebAssembly.Memory, call: readonly number[]): void {
  new Float64Array(buffer, 8, 1 + call.length).set([call.length, ...call]);
}

export function readCall({ buffer }: WebAssembly.Memory): number[] {
  const [length] = new Float64Array(buffer, 8, 1);
  return [...new Float64Array(buffer, 16, length)];
}
