import assert from "node:assert/strict";
import { KernelMemory } from "../../../lib/support/kernels/kernels.ts";
import { normal, randomFor } from "../../../lib/support/random.ts";
import { compileKernels, kernelsPath } from "./compile.ts";

Deno.test("kernels.wasm matches the compiled assembly.ts; if not, run `deno task kernels`", async () => {
  assert.deepEqual(await Deno.readFile(kernelsPath), await compileKernels());
});

/** The updates as plain loops: float32 in the arrays, float64 in between. */
const updates = {
  nadam(w: Float32Array, g: Float32Array, [m, v]: Float32Array[], [s1, s2, a, b, c, epsilon]: number[]) {
    for (let i = 0; i < w.length; i++) {
      m[i] += (g[i] - m[i]) * s1;
      v[i] += (g[i] * g[i] - v[i]) * s2;
      w[i] -= (a * m[i] + b * g[i]) / (Math.sqrt(v[i] * c) + epsilon);
    }
  },
  adam(w: Float32Array, g: Float32Array, [m, v]: Float32Array[], [s1, s2, alpha, epsilon]: number[]) {
    for (let i = 0; i < w.length; i++) {
      m[i] += (g[i] - m[i]) * s1;
      v[i] += (g[i] * g[i] - v[i]) * s2;
      w[i] -= alpha * m[i] / (Math.sqrt(v[i]) + epsilon);
    }
  },
  rmsprop(w: Float32Array, g: Float32Array, [v]: Float32Array[], [rho, share, rate, epsilon]: number[]) {
    for (let i = 0; i < w.length; i++) {
      v[i] = rho * v[i] + share * g[i] * g[i];
      w[i] -= rate * g[i] / Math.sqrt(v[i] + epsilon);
    }
  },
};
const names = Object.keys(updates) as (keyof typeof updates)[];
const numbersOf = { nadam: 6, adam: 4, rmsprop: 4 };
const slotsOf = { nadam: 2, adam: 2, rmsprop: 1 };

/** Takes steps on random numbers, some of them extreme, and compares all arrays with the plain loop's. */
function compare(memory: KernelMemory, name: keyof typeof updates, length: number): void {
  const random = randomFor("kernels", name, length);
  const special = [0, -0, Infinity, NaN, 1e-45, -1e-40, 3.4e38];
  const draw = () => random() < 0.1 ? special[Math.floor(7 * random())] : normal(random);
  const [w, g, ...slots] = Array.from({ length: 2 + slotsOf[name] }, () => memory.block([length]).arrays[0]);
  w.forEach((_, i) => w[i] = draw());
  const expected = [w.slice(), ...slots.map((slot) => slot.slice())];
  for (let step = 0; step < 3; step++) {
    g.forEach((_, i) => g[i] = draw());
    const numbers = Array.from({ length: numbersOf[name] }, () => 1e-7 + random());
    memory.update(name, [w, g, ...slots], numbers);
    updates[name](expected[0], g, expected.slice(1), numbers);
  }
  [w, ...slots].forEach((values, which) => {
    const other = values.findIndex((value, i) => !Object.is(value, expected[which][i])); // NaN is NaN, whatever its bits
    assert.equal(other, -1, `${name}, length ${length}: array ${which} differs at ${other}`);
  });
}

Deno.test("updates match plain loops bit for bit at any length and do not change the neighbouring array", () => {
  for (const name of names) {
    for (const length of [1, 2, 3, 7, 16, 17, 100, 40_003]) {
      using memory = new KernelMemory();
      const before = memory.block([length]).arrays[0].fill(7);
      compare(memory, name, length);
      assert.ok(before.every((value) => value === 7));
    }
  }
});

Deno.test("a helper does half of a large update and changes no bit; a small update has no helper", async () => {
  using small = new KernelMemory();
  small.startHelper(999_999);
  using memory = new KernelMemory();
  compare(memory, "nadam", 50); // before it starts
  memory.startHelper(1_000_000);
  for (let waits = 0; navigator.hardwareConcurrency > 1 && !memory.isHelped; waits++) {
    assert.ok(waits < 6000, "Expected a helper within a minute. Received: none");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const name of names) compare(memory, name, 1_000_003);
  assert.equal(small.isHelped, false);
});

Deno.test("memory grows: arrays keep their values, begin at multiples of 64 bytes and do not overlap", () => {
  using memory = new KernelMemory();
  const [first] = memory.block([10]).arrays;
  first.fill(3);
  const { all, arrays } = memory.block([5, 0, 100_000, 1]);
  all.fill(4);
  assert.deepEqual(arrays.map(({ length }) => length), [5, 0, 100_000, 1]);
  assert.deepEqual(arrays.map(({ byteOffset }) => byteOffset % 64), [0, 0, 0, 0]);
  arrays.forEach((values, i) => values.fill(i));
  arrays.forEach((values, i) => assert.ok(values.every((value) => value === i)));
  assert.ok(first.every((value) => value === 3));
});
