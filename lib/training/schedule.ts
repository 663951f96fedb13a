/** Learning rates that change from step to step. */

import type { ScheduleName } from "../recipe.ts";

export interface Schedule {
  readonly schedule: ScheduleName;
  /** The highest rate, above 0. */
  readonly learningRate: number;
  /** Steps in which the rate rises in equal parts to the highest: 1/n, 2/n, …, 1. 0: none. */
  readonly warmUpSteps: number;
  /** All steps of the training, those of the warm-up among them. */
  readonly totalSteps: number;
}

/**
 * The rate of one step, counted from 1.
 *
 * After the warm-up `constant` stays at the highest rate; `cosine` falls from it along half a wave, ½ (1 + cos πx), to nearly 0 in
 * the last step (I. Loshchilov & F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, without restarts).
 *
 * @throws {RangeError} for a step outside the training
 */
export function learningRateAt(step: number, schedule: Schedule): number {
  const { learningRate, warmUpSteps, totalSteps } = schedule;
  if (!Number.isInteger(step) || step < 1 || step > totalSteps) {
    throw new RangeError(`Step must be a whole number from 1 to ${totalSteps}. Received: ${step}`);
  }
  if (step <= warmUpSteps) return learningRate * step / warmUpSteps;
  if (schedule.schedule === "constant") return learningRate;
  const done = (step - 1 - warmUpSteps) / (totalSteps - warmUpSteps);
  return learningRate * (1 + Math.cos(Math.PI * done)) / 2;
}
