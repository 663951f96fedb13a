/**
 * Adam: D. P. Kingma & J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv:1412.6980.
 *
 * In the form of the paper's section 2, just before 2.1, which Keras computes too: both bias corrections are folded into the
 * step size, and epsilon ("epsilon hat") is added to √v, after the root and without correction.
 */
import { checkDecay, checkPositive, type UpdateRule } from "./update_rule.ts";

export interface AdamOptions {
  /** Decay rate of the first moment, 0 ≤ β₁ < 1. Default 0.9. */
  readonly beta1?: number;
  /** Decay rate of the second moment, 0 ≤ β₂ < 1. Default 0.999. */
  readonly beta2?: number;
  /** Added to √v. Default 1e-7. */
  readonly epsilon?: number;
}

/** Adam's rule as Keras 3.15.1 defines it. @throws {RangeError} when an option cannot be */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: AdamOptions = {}): UpdateRule {
  checkDecay("adam", "beta1", beta1);
  checkDecay("adam", "beta2", beta2);
  checkPositive("adam", "epsilon", epsilon);
  return {
    slots: ["momentum", "velocity"],
    scalars: {},
    formula: `
      momentum = momentum + (gradient - momentum) * share1
      velocity = velocity + (gradient * gradient - velocity) * share2
      weight = weight - alpha * momentum / (sqrt(velocity) + epsilon)
    `,
    numbers: ["share1", "share2", "alpha", "epsilon"],
    begin(step, learningRate) {
      // Keras rounds β to float32 before it raises it to a power: 1 − β₂ is then 1.3e-5 smaller than 0.001.
      const correction1 = 1 - Math.fround(beta1) ** step;
      const correction2 = 1 - Math.fround(beta2) ** step;
      const alpha = learningRate * Math.sqrt(correction2) / correction1;
      return { share1: 1 - beta1, share2: 1 - beta2, alpha, epsilon };
    },
  };
}
