/**
 * RMSprop: T. Tieleman & G. Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
 *
 * Not centred, with plain (not Nesterov) momentum. Epsilon is added to v under the root: √(v + ε), as Keras does, so at the
 * default its effect is that of 3e-4 outside.
 */
import { checkDecay, checkPositive, type UpdateRule } from "./update_rule.ts";

export interface RmspropOptions {
  /** Decay rate of the mean square, 0 ≤ ρ < 1. Default 0.9. */
  readonly rho?: number;
  /** Share of the last step that is taken again, 0 ≤ momentum < 1. Default 0: none, and no slot for it. */
  readonly momentum?: number;
  /** Added to v. Default 1e-7. */
  readonly epsilon?: number;
}

/** RMSprop's rule as Keras 3.15.1 defines it. @throws {RangeError} when an option cannot be */
export function rmsprop({ rho = 0.9, momentum = 0, epsilon = 1e-7 }: RmspropOptions = {}): UpdateRule {
  checkDecay("rmsprop", "rho", rho);
  checkDecay("rmsprop", "momentum", momentum);
  checkPositive("rmsprop", "epsilon", epsilon);
  return {
    slots: momentum > 0 ? ["velocity", "momentum"] : ["velocity"],
    scalars: {},
    formula: `
      velocity = rho * velocity + share * gradient * gradient
      step = learningRate * gradient / sqrt(velocity + epsilon)
      ${momentum > 0 ? "step = momentumShare * momentum + step\n momentum = step" : ""}
      weight = weight - step
    `,
    numbers: ["rho", "share", "learningRate", "epsilon", "momentumShare"],
    begin(_step, learningRate) {
      return { rho, share: 1 - rho, learningRate, epsilon, momentumShare: momentum };
    },
  };
}
