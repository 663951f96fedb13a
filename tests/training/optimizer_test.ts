import assert from "node:assert/strict";
import type * as TF from "@tensorflow/tfjs";
import { type OptimizerName, optimizerNames } from "../../lib/recipe.ts";
import { normal, randomFor } from "../../lib/support/random.ts";
import { tf } from "../../lib/support/engine/engine.ts";
import { makeOptimizer, type Optimizer, type OptimizerOptions } from "../../lib/training/optimizer.ts";
import golden from "../fixtures/keras_optimizers/optimizers.json" with { type: "json" };

/** One run of Keras: all variables after some of the steps. */
interface Run {
  optimizer: OptimizerName;
  options: OptimizerOptions;
  rateFrom51: number | null;
  weights: Record<string, number[][]>;
}
const runs = golden.runs as unknown as Run[];
const initial: Float32Array[] = golden.initial.map((values) => Float32Array.from(values));
type Step = (loss: () => TF.Scalar, variables: TF.Variable[], number: number) => void;

/** Takes the fixture's network through some steps; `step` changes the variables. Gives the variables after every step. */
function trajectory(step: Step, { from = 1, to = 100, weights = initial } = {}): Map<number, Float32Array[]> {
  const after = new Map<number, Float32Array[]>();
  const variables = weights.map((values, i) =>
    tf.tidy(() => tf.variable(tf.tensor(values, golden.shapes[i])))
  );
  for (let number = from; number <= to; number++) {
    tf.tidy(() => {
      const start = 4 * (number - 1) % 24;
      const x = tf.tensor2d(golden.features, [24, 5]).slice(start, 4);
      const targets = tf.oneHot(tf.tensor1d(golden.labels, "int32"), 3).toFloat().slice(start, 4);
      const loss = () => {
        const hidden = tf.tanh(
          tf.add(tf.matMul(x, variables[0] as TF.Tensor2D), variables[1]),
        ) as TF.Tensor2D;
        const logits = tf.matMul(hidden, variables[2] as TF.Tensor2D);
        return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1))) as TF.Scalar;
      };
      step(loss, variables, number);
    });
    after.set(number, variables.map((variable) => variable.dataSync().slice() as Float32Array));
  }
  variables.forEach((variable) => variable.dispose());
  return after;
}

/** One step of ours, with tfjs' gradients. */
function stepOf(optimizer: Optimizer, rateFrom51: number | null = null): Step {
  return (loss, variables, number) => {
    if (number === 51 && rateFrom51) optimizer.learningRate = rateFrom51;
    const { grads } = tf.variableGrads(loss, variables);
    optimizer.apply(variables.map((variable) => grads[variable.name]), variables);
  };
}

/** Largest max |Δ| / max |reference| over recorded steps and variables. */
function difference(after: Map<number, Float32Array[]>, { weights }: Run): number {
  return Math.max(
    ...Object.entries(weights).flatMap(([number, variables]) =>
      variables.map((reference, v) => {
        const deltas = reference.map((value, i) => Math.abs(after.get(Number(number))![v][i] - value));
        return Math.max(...deltas) / Math.max(...reference.map(Math.abs));
      })
    ),
  );
}

for (const run of runs) {
  const { optimizer, options, rateFrom51 } = run;
  const settings = Object.entries(options).map(([key, value]) => `${key} ${value}`).join(", ");
  const change = rateFrom51 ? `, learningRate ${rateFrom51} from step 51` : "";
  Deno.test(`${optimizer} follows Keras for 100 steps within 1e-5: ${settings}${change}`, () => {
    const worst = difference(trajectory(stepOf(makeOptimizer(optimizer, options), rateFrom51)), run);
    assert.ok(worst <= 1e-5, `largest relative difference ${worst}`);
  });
}

Deno.test("no two of the goldens are the same path: each rule, rate and option shows in the weights", () => {
  const ends = runs.map(({ weights }) => weights[100].flat());
  for (let a = 0; a < ends.length; a++) {
    for (let b = 0; b < a; b++) {
      const apart = Math.max(...ends[a].map((value, i) => Math.abs(value - ends[b][i])));
      assert.ok(apart > 1e-3, `runs ${a} and ${b} end ${apart} apart`);
    }
  }
});

Deno.test("tfjs' own adam adds epsilon elsewhere and leaves Keras' path, which is why ours exists", () => {
  const run = runs.find(({ optimizer, options }) => optimizer === "adam" && options.epsilon === 1e-3)!;
  const { learningRate, beta1, beta2, epsilon } = run.options;
  const theirs = tf.train.adam(learningRate, beta1, beta2, epsilon);
  const worst = difference(trajectory((loss) => void theirs.minimize(loss)), run);
  theirs.dispose();
  assert.ok(worst > 1e-3, `largest relative difference ${worst}`);
});

Deno.test("a state set into a new optimizer goes on to the bit", () => {
  for (const { optimizer, options } of runs) {
    const whole = trajectory(stepOf(makeOptimizer(optimizer, options)), { to: 20 });
    const first = makeOptimizer(optimizer, options);
    const half = trajectory(stepOf(first), { to: 10 });
    const second = makeOptimizer(optimizer, options);
    second.setState(first.getState());
    assert.equal(second.iterations, 10);
    const rest = trajectory(stepOf(second), { from: 11, to: 20, weights: half.get(10)! });
    assert.deepEqual(rest.get(20), whole.get(20), optimizer);
  }
});

Deno.test("a state is a copy on the way out and on the way in", () => {
  const optimizer = makeOptimizer("nadam");
  const weights = [new Float32Array(3)];
  optimizer.update([new Float32Array([1, -2, 3])], weights);
  const state = optimizer.getState();
  const before = structuredClone(state);
  optimizer.update([new Float32Array([1, 1, 1])], weights);
  assert.deepEqual(state, before);
  optimizer.setState(state);
  optimizer.update([new Float32Array([1, 1, 1])], weights);
  assert.deepEqual(state, before);
});

Deno.test("a state set back undoes steps: the same step then gives the same weights", () => {
  const random = randomFor("undo");
  const draw = () => Float32Array.from({ length: 50 }, () => normal(random));
  for (const name of optimizerNames) {
    const optimizer = makeOptimizer(name);
    const start = draw();
    const fresh = optimizer.getState();
    const gradients = [draw(), draw()];
    const path = () => {
      const weights = start.slice();
      for (const gradient of gradients) optimizer.update([gradient], [weights]);
      return weights;
    };
    const once = path();
    assert.notDeepEqual(once, start);
    optimizer.setState(fresh);
    assert.deepEqual(path(), once, name);
  }
});

Deno.test("a foreign or cut state is refused", () => {
  const adam = makeOptimizer("adam");
  adam.update([new Float32Array(2)], [new Float32Array(2)]);
  const state = adam.getState();
  const { momentum } = state.slots;
  const set = (changed: object) => () => makeOptimizer("adam").setState({ ...state, ...changed });
  assert.throws(() => makeOptimizer("nadam").setState(state), {
    name: "TypeError",
    message: /name "nadam".*Received: adam/,
  });
  assert.throws(set({ slots: { momentum } }), {
    name: "TypeError",
    message: /momentum, velocity.*Received: momentum$/,
  });
  assert.throws(set({ slots: { momentum, velocity: [] } }), { name: "TypeError", message: /equal lengths/ });
  assert.throws(set({ slots: { momentum: [], velocity: [] } }), {
    name: "TypeError",
    message: /after the first step/,
  });
  assert.throws(set({ iterations: 1.5 }), { name: "TypeError", message: /iterations.*Received: 1.5/ });
  assert.throws(set({ scalars: { momentumProduct: 1 } }), { name: "TypeError", message: /scalars: none/ });
  const other = makeOptimizer("adam");
  other.update([new Float32Array(3)], [new Float32Array(3)]);
  assert.throws(() => other.setState(state), { name: "TypeError", message: /lengths, 3. Received: 2/ });
});

Deno.test("updates leave gradients alone, and variables the arrays they were made from", () => {
  const values = new Float32Array([1, 2, 3, 4]);
  const gradient = tf.tensor2d([1, 1, 1, 1], [2, 2]);
  const variable = tf.tidy(() => tf.variable(tf.tensor2d(values, [2, 2])));
  makeOptimizer("adam", { learningRate: 0.5 }).apply([gradient], [variable]);
  assert.deepEqual([...values], [1, 2, 3, 4]);
  assert.deepEqual([...gradient.dataSync()], [1, 1, 1, 1]);
  assert.deepEqual(variable.shape, [2, 2]);
  assert.ok(variable.dataSync().every((value, i) => Math.abs(value - (values[i] - 0.5)) < 1e-4));
  tf.dispose([gradient, variable]);
});

Deno.test("a hundred steps on variables leave no tensor behind", () => {
  for (const name of optimizerNames) {
    const before = tf.memory().numTensors;
    trajectory(stepOf(makeOptimizer(name)));
    assert.equal(tf.memory().numTensors, before, name);
  }
});

Deno.test("a step that throws changes nothing and leaves no tensor behind", () => {
  const before = tf.memory().numTensors;
  const optimizer = makeOptimizer("nadam");
  const weights = [new Float32Array([1, 2]), new Float32Array([3])];
  optimizer.update([new Float32Array(2), new Float32Array(1)], weights);
  const state = optimizer.getState();
  const wrong = { name: "TypeError", message: /lengths, 2, 1. Received: 2, 2/ };
  assert.throws(() => optimizer.update([new Float32Array(2), new Float32Array(2)], weights), wrong);
  const others = [new Float32Array(2)];
  assert.throws(() => optimizer.update(others, others), {
    name: "TypeError",
    message: /steps before.*Received: 2, 1/,
  });
  assert.deepEqual(optimizer.getState(), state);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("options out of range are refused, with the value", () => {
  const refused: [OptimizerName, OptimizerOptions, RegExp][] = [
    ["adam", { beta1: 1 }, /adam: beta1 .*below 1. Received: 1/],
    ["adam", { beta2: -0.1 }, /beta2.*Received: -0.1/],
    ["nadam", { beta1: NaN }, /nadam: beta1.*Received: NaN/],
    ["nadam", { epsilon: 0 }, /epsilon.*Received: 0/],
    ["rmsprop", { rho: 1.5 }, /rmsprop: rho.*Received: 1.5/],
    ["rmsprop", { momentum: 1 }, /momentum.*Received: 1/],
    ["rmsprop", { epsilon: Infinity }, /epsilon.*Received: Infinity/],
    ["adam", { learningRate: -1 }, /Learning rate.*Received: -1/],
    ["adam", { rho: 0.9 }, /adam takes learningRate, beta1, beta2, epsilon. Received: rho/],
  ];
  for (const [name, options, message] of refused) {
    assert.throws(() => makeOptimizer(name, options), { name: "RangeError", message });
  }
  const optimizer = makeOptimizer("adam");
  assert.throws(() => optimizer.learningRate = NaN, { name: "RangeError", message: /Received: NaN/ });
  assert.equal(optimizer.learningRate, 1e-3);
});

Deno.test("an unknown name is answered with the three that exist", () => {
  assert.throws(() => makeOptimizer("sgd" as OptimizerName), {
    name: "RangeError",
    message: /nadam, adam, rmsprop. Received: sgd/,
  });
});

Deno.test("every optimizer brings a convex loss near its minimum", () => {
  for (const name of optimizerNames) {
    for (let seed = 0; seed < 20; seed++) {
      const random = randomFor(seed);
      const target = Float32Array.from({ length: 8 }, () => normal(random));
      const weights = new Float32Array(8);
      const optimizer = makeOptimizer(name, { learningRate: 0.05 });
      for (let step = 0; step < 500; step++) {
        optimizer.learningRate = 0.05 * (1 - step / 500);
        optimizer.update([weights.map((value, i) => value - target[i])], [weights]);
      }
      weights.forEach((value, i) =>
        assert.ok(Math.abs(value - target[i]) < 0.01, `${name}, seed ${seed}: ${value}`)
      );
    }
  }
});

/** Each rule as a plain loop: Keras' formulas, on float32 arrays, computed in float64. */
const loops: Record<
  OptimizerName,
  (step: number, w: Float32Array, g: Float32Array, slots: Float32Array[]) => void
> = {
  nadam(step, w, g, [m, v]) {
    const [b1, b2] = [Math.fround(0.9), Math.fround(0.999)];
    const momentumAt = (step: number) => b1 * (1 - 0.5 * 0.96 ** step);
    let product = 1;
    for (let i = 1; i <= step; i++) product *= momentumAt(i);
    const [now, next] = [momentumAt(step), momentumAt(step + 1)];
    const [ofMomentum, ofGradient] = [1e-3 * next / (1 - product * next), 1e-3 * (1 - now) / (1 - product)];
    for (let i = 0; i < w.length; i++) {
      m[i] += (g[i] - m[i]) * (1 - b1);
      v[i] += (g[i] * g[i] - v[i]) * (1 - b2);
      const correction = 1 / (1 - b2 ** step);
      w[i] -= (ofMomentum * m[i] + ofGradient * g[i]) / (Math.sqrt(v[i] * correction) + 1e-7);
    }
  },
  adam(step, w, g, [m, v]) {
    const alpha = 1e-3 * Math.sqrt(1 - Math.fround(0.999) ** step) / (1 - Math.fround(0.9) ** step);
    for (let i = 0; i < w.length; i++) {
      m[i] += (g[i] - m[i]) * (1 - 0.9);
      v[i] += (g[i] * g[i] - v[i]) * (1 - 0.999);
      w[i] -= alpha * m[i] / (Math.sqrt(v[i]) + 1e-7);
    }
  },
  rmsprop(_step, w, g, [v]) {
    for (let i = 0; i < w.length; i++) {
      v[i] = 0.9 * v[i] + (1 - 0.9) * g[i] * g[i];
      w[i] -= 1e-3 * g[i] / Math.sqrt(v[i] + 1e-7);
    }
  },
};

for (const name of optimizerNames) {
  Deno.test(`${name} gives the bits of a plain loop, for variables of any length`, () => {
    const random = randomFor("bits", name);
    const lengths = [1, 7, 512, 16_384, 40_003];
    const draw = () => lengths.map((length) => Float32Array.from({ length }, () => normal(random)));
    const optimizer = makeOptimizer(name);
    const weights = draw();
    const expected = weights.map((values) => values.slice());
    const slots = lengths.map((length) => [new Float32Array(length), new Float32Array(length)]);
    for (let step = 1; step <= 5; step++) {
      const gradients = draw();
      optimizer.update(gradients, weights);
      expected.forEach((values, index) => loops[name](step, values, gradients[index], slots[index]));
    }
    assert.deepEqual(weights, expected);
    Object.values(optimizer.getState().slots).forEach((slot, which) =>
      assert.deepEqual(slot, slots.map((ofVariable) => ofVariable[which]))
    );
  });
}

Deno.test("placed weights are copies that steps change, with the bits of weights that are not placed", () => {
  for (const name of optimizerNames) {
    const random = randomFor("placed", name);
    const draw = () => [5, 1, 2000].map((length) => Float32Array.from({ length }, () => normal(random)));
    const start = draw();
    const before = structuredClone(start);
    using optimizer = makeOptimizer(name);
    const other = makeOptimizer(name);
    const { weights: placed, gradients: room } = optimizer.place(start);
    const plain = structuredClone(start);
    for (let step = 0; step < 3; step++) {
      const gradients = draw();
      // some where the optimizer reads them, some that it has to copy
      const given = gradients.map((values, i) => (i + step) % 2 ? values : room[i]);
      given.forEach((values, i) => values.set(gradients[i]));
      optimizer.update(given, placed);
      other.update(gradients, plain);
    }
    assert.deepEqual(placed.map((values) => values.slice()), plain, name);
    assert.deepEqual(start, before);
    assert.deepEqual(optimizer.getState(), other.getState());
  }
});

Deno.test("a state set back before placed weights' first step leaves none of its slots", () => {
  using optimizer = makeOptimizer("adam");
  const { weights: placed } = optimizer.place([new Float32Array(3)]);
  const fresh = optimizer.getState();
  assert.deepEqual(fresh.slots, { momentum: [], velocity: [] });
  optimizer.update([Float32Array.of(1, 2, 3)], placed);
  const once = placed[0].slice();
  optimizer.setState(fresh);
  placed[0].fill(0);
  optimizer.update([Float32Array.of(1, 2, 3)], placed);
  assert.deepEqual(placed[0].slice(), once);
});

Deno.test("weights are placed first or not at all", () => {
  const optimizer = makeOptimizer("adam");
  optimizer.update([new Float32Array(2)], [new Float32Array(2)]);
  assert.throws(() => optimizer.place([new Float32Array(2)]), {
    name: "TypeError",
    message: "adam: weights must be placed before the first step or a state",
  });
});
