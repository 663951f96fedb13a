import assert from "node:assert/strict";
import { normal, randomFor } from "../../lib/support/random.ts";
import { compileFormula, formulaIn } from "../../lib/training/vector_formula.ts";

const arrays = ["x", "y"];
const numbers = ["a", "b", "c"];

/** Runs a formula on copies of x and y; gives both as they are then, with what lies behind them in memory. */
function run(formula: string, x: ArrayLike<number>, y: ArrayLike<number>, values = [2, 3, 5]) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const bytes = 16 * Math.ceil(x.length / 4);
  const all = new Float32Array(memory.buffer).fill(7);
  all.set(x);
  all.set(y, bytes / 4);
  formulaIn(memory, compileFormula(formula, { arrays, numbers }))(x.length, 0, bytes, ...values);
  return {
    x: all.slice(0, x.length),
    y: all.slice(bytes / 4).subarray(0, y.length),
    behind: all.subarray(bytes / 2),
  };
}

Deno.test("operations bind and associate as in mathematics", () => {
  const cases: [string, number][] = [
    ["a - b - c", -6],
    ["a - (b - c)", 4],
    ["c - a * b", -1],
    ["(c - a) * b", 9],
    ["a / b / c", 2 / 15],
    ["a / (b / c)", 10 / 3],
    ["a * b / c", 6 / 5],
    ["a + b * c - a * a", 13],
    ["sqrt(a * a + b * c + c)", Math.sqrt(24)],
    ["((a)) + sqrt(sqrt(c))", 2 + Math.sqrt(Math.sqrt(5))],
  ];
  for (const [expression, value] of cases) {
    assert.deepEqual(run(`x = ${expression}`, [0, 0, 0], []).x, new Float32Array(3).fill(value), expression);
  }
});

Deno.test("what an array is given is rounded to float32 before it is read again, other names are not", () => {
  const third = Float32Array.of(1 / 3);
  const rounded = run("x = a / b\ny = x * b", [0], [0], [1, 3, 0]);
  assert.deepEqual(rounded.x, third);
  assert.deepEqual(rounded.y, Float32Array.of(third[0] * 3));
  const kept = run("own = a / b\ny = own * b - a", [0], [0], [1, 3, 0]);
  assert.deepEqual(kept.y, Float32Array.of(0));
  assert.notDeepEqual(run("x = a / b\ny = x * b - a", [0], [0], [1, 3, 0]).y, kept.y);
});

Deno.test("gives the bits of a loop in JavaScript, whatever the values and the length", () => {
  const formula = `
    x = x + (y - x) * a
    mean = (x * x + y) / b
    y = y - (mean * c - a) / (sqrt(x * x) + b)
  `;
  const special = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-40, 3.4e38, 1.17549435e-38];
  for (let length = 1; length <= 40; length++) {
    const random = randomFor("vector formula", length);
    const draw = () =>
      Float32Array.from(
        { length },
        () => random() < 0.2 ? special[Math.floor(9 * random())] : normal(random),
      );
    const [x, y, values] = [draw(), draw(), [random(), 1 + random(), normal(random)]];
    const [a, b, c] = values;
    const expected = { x: x.slice(), y: y.slice() };
    for (let i = 0; i < length; i++) {
      expected.x[i] += (expected.y[i] - expected.x[i]) * a;
      const mean = (expected.x[i] * expected.x[i] + expected.y[i]) / b;
      expected.y[i] -= (mean * c - a) / (Math.sqrt(expected.x[i] * expected.x[i]) + b);
    }
    const received = run(formula, x, y, values);
    assert.deepEqual({ x: received.x, y: received.y }, expected, `length ${length}`);
    assert.ok(received.behind.every((value) => value === 7), "writes behind its arrays");
  }
});

Deno.test("nothing is touched when there is nothing to do", () => {
  assert.ok(run("x = a", [], []).behind.every((value) => value === 7));
});

Deno.test("a formula that is none is refused, with the line, what was expected and what came", () => {
  const cases: [string, RegExp][] = [
    ["x = a +", /"x = a \+": expected one of x, y, a, b, c\. Received: its end/],
    ["x = (a", /expected \)\. Received: its end/],
    ["x = a b", /expected the end of the line\. Received: b/],
    ["x = z", /expected one of .*Received: z/],
    ["x = sqrt a", /expected \(\. Received: a/],
    ["x", /expected =\. Received: its end/],
    ["a = x", /expected an array's name or a new one\. Received: a/],
    ["x = a ^ b", /expected the end of the line\. Received: \^/],
  ];
  for (const [formula, message] of cases) {
    assert.throws(() => run(formula, [1], [1]), { name: "SyntaxError", message }, formula);
  }
});
