/** nadam, adam and rmsprop as Keras 3.15.1 computes them, on typed arrays or on tf.Variables. */
import type * as TF from "@tensorflow/tfjs";
import { type OptimizerName, optimizerNames } from "../recipe.ts";
import { tf } from "../support/engine/engine.ts";
import { adam, type AdamOptions } from "./adam.ts";
import { nadam } from "./nadam.ts";
import { rmsprop, type RmspropOptions } from "./rmsprop.ts";
import type { UpdateRule } from "./update_rule.ts";
import { makeVectorUpdate, type VectorUpdate } from "./vector_update.ts";

/** Keras' defaults hold for what is left out; see `AdamOptions` (adam, nadam) and `RmspropOptions` (rmsprop). */
export interface OptimizerOptions extends AdamOptions, RmspropOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
}

/** All that an optimizer remembers between steps; with the weights, enough to go on later as if nothing had been between. */
export interface OptimizerState {
  readonly name: OptimizerName;
  /** Steps taken. */
  readonly iterations: number;
  /** nadam: `momentumProduct`; the others: empty. */
  readonly scalars: Readonly<Record<string, number>>;
  /** By slot name, one array for each variable, in the variables' order. Empty before the first step. */
  readonly slots: Readonly<Record<string, readonly Float32Array[]>>;
}

/** Arrays in the optimizer's own memory, one for each variable. */
export interface PlacedVariables {
  /** What `update` changes. */
  readonly weights: readonly Float32Array[];
  /** Room for gradients: `update` reads them here without copying; others it copies. */
  readonly gradients: readonly Float32Array[];
}

/**
 * Made for one set of variables: every step takes the same ones, in the same order. Holds no tensors, but a
 * thread from `place` on, where there is much to do, until it is disposed of.
 */
export interface Optimizer extends Disposable {
  readonly name: OptimizerName;
  /** May be changed between steps. @throws {RangeError} when set to a negative or not finite number */
  learningRate: number;
  /** Steps taken. */
  readonly iterations: number;
  /**
   * Copies the weights to where `update` works without copying, and with two threads where they are many.
   *
   * @throws {TypeError} after a step or a state
   */
  place(weights: readonly Float32Array[]): PlacedVariables;
  /** One step on arrays: changes `weights` in place. @throws {TypeError} when numbers of arrays or lengths do not fit */
  update(gradients: readonly Float32Array[], weights: readonly Float32Array[]): void;
  /** One step on tensors: assigns to `variables`, leaves `gradients` to the caller. @throws {TypeError} as `update` */
  apply(gradients: readonly TF.Tensor[], variables: readonly TF.Variable[]): void;
  /** A copy. */
  getState(): OptimizerState;
  /** Takes a copy. @throws {TypeError} when the state is another optimizer's or has other slots or lengths */
  setState(state: OptimizerState): void;
}

const rules: Record<OptimizerName, { make: (options: OptimizerOptions) => UpdateRule; options: string[] }> = {
  nadam: { make: nadam, options: ["learningRate", "beta1", "beta2", "epsilon"] },
  adam: { make: adam, options: ["learningRate", "beta1", "beta2", "epsilon"] },
  rmsprop: { make: rmsprop, options: ["learningRate", "rho", "momentum", "epsilon"] },
};

/**
 * An optimizer by name.
 *
 * @throws {RangeError} when the name is unknown, or an option is out of range or not one of that optimizer's
 */
export function makeOptimizer(name: OptimizerName, options: OptimizerOptions = {}): Optimizer {
  if (!optimizerNames.includes(name)) {
    throw new RangeError(`Optimizer must be one of ${optimizerNames.join(", ")}. Received: ${String(name)}`);
  }
  for (const option of Object.keys(options)) {
    if (!rules[name].options.includes(option)) {
      throw new RangeError(`${name} takes ${rules[name].options.join(", ")}. Received: ${option}`);
    }
  }
  const rule = rules[name].make(options);
  const scalars: Record<string, number> = { ...rule.scalars };
  let held: VectorUpdate | null = null; // the slots, and weights to work on
  let iterations = 0;
  let learningRate = checkLearningRate(options.learningRate ?? 1e-3);

  function update(gradients: readonly Float32Array[], weights: readonly Float32Array[]): void {
    const lengths = weights.map(({ length }) => length);
    expectLengths(name, "gradients", gradients, lengths);
    held ??= makeVectorUpdate(rule, lengths, { helper: false });
    expectLengths(name, "variables of the steps before", held.weights, lengths);
    const own = held.weights;
    const placed = weights.every((values, index) => values === own[index]);
    if (!placed) own.forEach((values, index) => values.set(weights[index]));
    held.step(rule.begin(++iterations, learningRate, scalars), gradients);
    if (!placed) own.forEach((values, index) => weights[index].set(values));
  }

  return {
    name,
    get learningRate() {
      return learningRate;
    },
    set learningRate(value) {
      learningRate = checkLearningRate(value);
    },
    get iterations() {
      return iterations;
    },
    place(weights) {
      if (held) throw new TypeError(`${name}: weights must be placed before the first step or a state`);
      held = makeVectorUpdate(rule, weights.map(({ length }) => length), { helper: true });
      held.weights.forEach((values, index) => values.set(weights[index]));
      return { weights: held.weights, gradients: held.gradients };
    },
    update,
    apply(gradients, variables) {
      // A tensor that was not used yet hands out the array it was made from: copy, or that array would change.
      const weights = variables.map((variable) => variable.dataSync().slice() as Float32Array);
      update(gradients.map((gradient) => gradient.dataSync() as Float32Array), weights);
      variables.forEach((variable, index) => {
        const value = tf.tensor(weights[index], variable.shape, "float32");
        variable.assign(value);
        value.dispose();
      });
    },
    getState() {
      const taken = iterations > 0 ? held!.slots : [];
      const ofSlot = (index: number) => taken.map((ofVariable) => ofVariable[index].slice());
      return {
        name,
        iterations,
        scalars: { ...scalars },
        slots: Object.fromEntries(rule.slots.map((slot, index) => [slot, ofSlot(index)])),
      };
    },
    setState(state) {
      const next = slotsFrom(name, rule, state);
      if (held && next.length > 0) {
        expectLengths(name, "slots", next.map(([slot]) => slot), held.weights.map(({ length }) => length));
      }
      if (next.length > 0) {
        held ??= makeVectorUpdate(rule, next.map(([slot]) => slot.length), { helper: false });
      }
      held?.slots.forEach((ofVariable, index) => {
        ofVariable.forEach((slot, which) => next.length > 0 ? slot.set(next[index][which]) : slot.fill(0));
      });
      iterations = state.iterations;
      Object.assign(scalars, state.scalars);
    },
    [Symbol.dispose]: () => held?.[Symbol.dispose](),
  };
}

/** [variable][slot], the state's own arrays. */
function slotsFrom(name: OptimizerName, rule: UpdateRule, state: OptimizerState): Float32Array[][] {
  const expect = (holds: boolean, expected: string, received: unknown) => {
    if (!holds) throw new TypeError(`${name}: the state must have ${expected}. Received: ${received}`);
  };
  const keys = (record: object) => Object.keys(record).sort().join(", ") || "none";
  const named = (names: readonly string[]) => [...names].sort().join(", ") || "none";
  const variables = state.slots[rule.slots[0]]?.length ?? 0;
  expect(state.name === name, `name "${name}"`, state.name);
  expect(
    Number.isInteger(state.iterations) && state.iterations >= 0,
    "iterations, a whole number",
    state.iterations,
  );
  expect(keys(state.scalars) === keys(rule.scalars), `scalars: ${keys(rule.scalars)}`, keys(state.scalars));
  expect(keys(state.slots) === named(rule.slots), `slots: ${named(rule.slots)}`, keys(state.slots));
  expect(variables > 0 || state.iterations === 0, "slots after the first step", "none");
  const lengths = Object.values(state.slots).map((slot) => slot.map(({ length }) => length).join(", "));
  expect(new Set(lengths).size === 1, "slots of equal lengths", lengths.join("; "));
  return Array.from(
    { length: variables },
    (_, index) => rule.slots.map((slot) => state.slots[slot][index]),
  );
}

function expectLengths(name: string, what: string, arrays: readonly Float32Array[], lengths: number[]): void {
  const received = arrays.map(({ length }) => length);
  if (received.join() !== lengths.join()) {
    throw new TypeError(
      `${name}: ${what} must have the variables' lengths, ${lengths.join(", ")}. Received: ${
        received.join(", ")
      }`,
    );
  }
}

function checkLearningRate(value: number): number {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new RangeError(`Learning rate must be a finite number of at least 0. Received: ${value}`);
  }
  return value;
}
