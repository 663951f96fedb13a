/** What an optimizer's rule is made of. */

export interface UpdateRule {
  /** Names of the arrays kept per variable, zero before the first step. */
  readonly slots: readonly string[];
  /** Numbers kept for all variables together, with their values before the first step. */
  readonly scalars: Readonly<Record<string, number>>;
  /** What becomes of `weight` and the slots, given `gradient` and the numbers; as `compileFormula` takes it. */
  readonly formula: string;
  /** Names of the numbers that `begin` gives. */
  readonly numbers: readonly string[];
  /** The numbers of one step, counted from 1, the same for all variables; moves `scalars` on by that step. */
  begin(step: number, learningRate: number, scalars: Record<string, number>): Record<string, number>;
}

/** @throws {RangeError} unless 0 ≤ value < 1, as a decay rate must be */
export function checkDecay(rule: string, option: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new RangeError(`${rule}: ${option} must be at least 0 and below 1. Received: ${value}`);
  }
}

/** @throws {RangeError} unless the value is positive and finite */
export function checkPositive(rule: string, option: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`${rule}: ${option} must be a positive, finite number. Received: ${value}`);
  }
}
