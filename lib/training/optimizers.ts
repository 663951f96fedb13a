/**
 * nadam, adam and rmsprop as Keras 3.15.1 computes them, with its defaults. lib/support/kernels/assembly.ts changes each weight by its
 * gradient. This file computes the numbers that change from step to step and are the same for all weights.
 */
import type { OptimizerName, Stage } from "../recipe.ts";
import type { Block, KernelMemory } from "../support/kernels/kernels.ts";

export interface OptimizerOptions {
  /** Decay rate of the first moment (nadam, adam), 0 ≤ β₁ < 1. Default 0.9. */
  readonly beta1?: number;
  /** Decay rate of the second moment (nadam, adam), 0 ≤ β₂ < 1. Default 0.999. */
  readonly beta2?: number;
  /** Decay rate of the mean square (rmsprop), 0 ≤ ρ < 1. Default 0.9. */
  readonly rho?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Share of each kernel, times the learning rate, that is subtracted before a step's update. Biases do not decay. Default 0. */
  readonly weightDecay?: number;
}

interface Rule {
  /** Arrays kept for each weight, zero before the first step. */
  readonly slots: number;
  /** The numbers for step t = 1, 2, …, in the order of the loop's parameters. */
  numbers(t: number, learningRate: number): number[];
}

/**
 * Nadam: T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016.
 *
 * Adam whose first moment looks one step ahead, with the momentum schedule μₜ = β₁ (1 − ½ · 0.96ᵗ). Epsilon is added to √v̂, after
 * the root of the corrected second moment. Keras computes with β rounded to float32 throughout.
 */
function nadam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: OptimizerOptions): Rule {
  const [b1, b2] = [Math.fround(beta1), Math.fround(beta2)];
  const momentumAt = (t: number) => b1 * (1 - 0.5 * 0.96 ** t);
  let [product, steps] = [1, 0]; // μ₁ · μ₂ · … · μₛ, and the number s of factors
  return {
    slots: 2,
    numbers(t, learningRate) {
      if (t <= steps) [product, steps] = [1, 0];
      while (steps < t) product *= momentumAt(++steps);
      const [now, next] = [momentumAt(t), momentumAt(t + 1)];
      const ofMomentum = learningRate * next / (1 - product * next);
      const ofGradient = learningRate * (1 - now) / (1 - product);
      return [1 - b1, 1 - b2, ofMomentum, ofGradient, 1 / (1 - b2 ** t), epsilon];
    },
  };
}

/**
 * Adam: D. P. Kingma & J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv:1412.6980.
 *
 * In the form of the paper's section 2, just before 2.1: both bias corrections are folded into the step size α, and epsilon
 * ("epsilon hat") is added to √v, after the root and without correction. Keras rounds β to float32 before it raises it to a power:
 * 1 − β₂ is then 1.3e-5 smaller than 0.001.
 */
function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: OptimizerOptions): Rule {
  return {
    slots: 2,
    numbers(t, learningRate) {
      const correction1 = 1 - Math.fround(beta1) ** t;
      const correction2 = 1 - Math.fround(beta2) ** t;
      return [1 - beta1, 1 - beta2, learningRate * Math.sqrt(correction2) / correction1, epsilon];
    },
  };
}

/**
 * RMSprop: T. Tieleman & G. Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
 *
 * Not centred, without momentum. Epsilon is added to v under the root, √(v + ε). The default 1e-7 acts like 3e-4 outside the root.
 */
function rmsprop({ rho = 0.9, epsilon = 1e-7 }: OptimizerOptions): Rule {
  return { slots: 1, numbers: (_, learningRate) => [rho, 1 - rho, learningRate, epsilon] };
}

const rules = { nadam, adam, rmsprop };

export class Optimizer {
  /** The state between steps, besides the step's number: one or two arrays as long as all weights. May be read and set. */
  readonly slots: readonly Float32Array[];
  readonly #rule: Rule;
  readonly #weightDecay: number;

  constructor(
    readonly name: OptimizerName,
    readonly network: { memory: KernelMemory; weights: Block; gradients: Block },
    options: OptimizerOptions = {},
  ) {
    this.#rule = rules[name](options);
    this.#weightDecay = options.weightDecay ?? 0;
    const { length } = network.weights.all;
    this.slots = Array.from({ length: this.#rule.slots }, () => network.memory.block([length]).all);
    network.memory.startHelper(length);
  }

  /** Step t = 1, 2, …: changes the network's weights by its gradients. */
  step(t: number, learningRate: number): void {
    const { memory, weights, gradients } = this.network;
    if (this.#weightDecay > 0) {
      weights.arrays.filter((_, i) => i % 2 === 0).forEach((kernel) => {
        const share = this.#weightDecay * learningRate;
        for (let i = 0; i < kernel.length; i++) kernel[i] -= share * kernel[i];
      });
    }
    memory.update(
      this.name,
      [weights.all, gradients.all, ...this.slots],
      this.#rule.numbers(t, learningRate),
    );
  }
}

/**
 * The learning rate of step t = 1, 2, … of a stage.
 *
 * In a warm-up of w steps it rises in equal parts to the highest rate: 1/w, 2/w, …, 1. Then `constant` stays there, and `cosine` falls
 * along half a cosine wave, ½ (1 + cos πx), to nearly 0 in the last step (I. Loshchilov & F. Hutter, "SGDR: Stochastic Gradient Descent
 * with Warm Restarts", ICLR 2017, without restarts).
 *
 * @param steps number of steps in an epoch
 */
export function learningRateAt(
  t: number,
  { schedule, learningRate, warmUpEpochs, epochs }: Pick<
    Stage,
    "schedule" | "learningRate" | "warmUpEpochs" | "epochs"
  >,
  steps: number,
): number {
  const warmUp = Math.round(warmUpEpochs * steps);
  if (t <= warmUp) return learningRate * t / warmUp;
  if (schedule === "constant") return learningRate;
  const done = (t - 1 - warmUp) / (epochs * steps - warmUp);
  return learningRate * (1 + Math.cos(Math.PI * done)) / 2;
}
