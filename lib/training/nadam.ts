/**
 * Nadam: T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016.
 *
 * Adam whose first moment looks one step ahead, with the momentum schedule μₜ = β₁ (1 − ½ · 0.96ᵗ). Epsilon is added to √v̂,
 * after the root of the corrected second moment.
 */
import type { AdamOptions } from "./adam.ts";
import { checkDecay, checkPositive, type UpdateRule } from "./update_rule.ts";

/** Nadam's rule as Keras 3.15.1 defines it. @throws {RangeError} when an option cannot be */
export function nadam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: AdamOptions = {}): UpdateRule {
  checkDecay("nadam", "beta1", beta1);
  checkDecay("nadam", "beta2", beta2);
  checkPositive("nadam", "epsilon", epsilon);
  // Keras computes with β rounded to float32 throughout.
  const b1 = Math.fround(beta1);
  const b2 = Math.fround(beta2);
  const momentumAt = (step: number) => b1 * (1 - 0.5 * 0.96 ** step);
  return {
    slots: ["momentum", "velocity"],
    scalars: { momentumProduct: 1 }, // μ₁ · μ₂ · … · μₜ
    formula: `
      momentum = momentum + (gradient - momentum) * share1
      velocity = velocity + (gradient * gradient - velocity) * share2
      weight = weight - (ofMomentum * momentum + ofGradient * gradient) / (sqrt(velocity * correction) + epsilon)
    `,
    numbers: ["share1", "share2", "ofMomentum", "ofGradient", "correction", "epsilon"],
    begin(step, learningRate, scalars) {
      const now = momentumAt(step);
      const next = momentumAt(step + 1);
      const product = scalars.momentumProduct *= now;
      return {
        share1: 1 - b1,
        share2: 1 - b2,
        ofMomentum: learningRate * next / (1 - product * next),
        ofGradient: learningRate * (1 - now) / (1 - product),
        correction: 1 / (1 - b2 ** step),
        epsilon,
      };
    },
  };
}
