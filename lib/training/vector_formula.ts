/**
 * Formulas over arrays, element by element, as WebAssembly's vector instructions: half the time of the same loop in JavaScript, with
 * the same bits.
 *
 * Arrays hold float32, all between is computed in float64, and what an array is given is rounded to float32 before it is read again:
 * just what a loop over Float32Arrays does.
 */
import {
  addConstant,
  f64,
  get,
  i32,
  memoryAt,
  moduleOf,
  runIn,
  set,
  unsigned,
  vector,
  whilePositive,
} from "../support/webassembly/module.ts";

/** What a formula speaks of. Other names that it assigns to are its own and keep their float64. */
export interface FormulaNames {
  readonly arrays: readonly string[];
  /** The same for all elements. */
  readonly numbers: readonly string[];
}

/**
 * Works on four elements at a time: `count` of each array, from its address in memory on, then the numbers, all in the order of their
 * names. Addresses are multiples of 16; arrays that end between are computed, and written, to the next multiple of 4.
 */
export type FormulaRun = (count: number, ...addressesAndNumbers: number[]) => void;

/**
 * Compiles `name = expression` a line, expressions of names, + − × ÷ as + - * /, parentheses and sqrt(…).
 *
 * @throws {SyntaxError} when the formula is not of that form or a name is neither given nor assigned before
 */
export function compileFormula(formula: string, names: FormulaNames): WebAssembly.Module {
  const key = JSON.stringify([formula, names]);
  const module = modules.get(key) ?? moduleOfFormula(parse(formula, names), names);
  modules.set(key, module);
  return module;
}

/** @param memory shared between threads, so that each may have a part of the arrays */
export function formulaIn(memory: WebAssembly.Memory, module: WebAssembly.Module): FormulaRun {
  return runIn(memory, module);
}

const modules = new Map<string, WebAssembly.Module>();

/** An expression in the order in which a stack machine computes it. */
type Step = { readonly read: string } | { readonly apply: Operation };
interface Assignment {
  readonly name: string;
  readonly steps: readonly Step[];
}
const operations = { sqrt: 0xef, "+": 0xf0, "-": 0xf1, "*": 0xf2, "/": 0xf3 }; // f64x2
type Operation = keyof typeof operations;

function parse(formula: string, { arrays, numbers }: FormulaNames): Assignment[] {
  const known = new Set([...arrays, ...numbers]);
  return formula.split("\n").filter((line) => line.trim()).map((line) => {
    const tokens = line.match(/\w+|[^\s\w]/g) ?? [];
    let next = 0;
    const steps: Step[] = [];
    const fail = (expected: string) => {
      throw new SyntaxError(
        `Formula "${line.trim()}": expected ${expected}. Received: ${tokens[next] ?? "its end"}`,
      );
    };
    const take = (token: string) => tokens[next] === token ? next++ : fail(token);
    const chain = (operators: readonly string[], operand: () => void) => {
      operand();
      while (operators.includes(tokens[next])) {
        const apply = tokens[next++] as Operation;
        operand();
        steps.push({ apply });
      }
    };
    const sum = () => chain(["+", "-"], () => chain(["*", "/"], atom));
    const atom = () => {
      const root = tokens[next] === "sqrt";
      if (root) next++;
      if (root || tokens[next] === "(") {
        take("(");
        sum();
        take(")");
        if (root) steps.push({ apply: "sqrt" });
      } else if (known.has(tokens[next])) {
        steps.push({ read: tokens[next++] });
      } else {
        fail(`one of ${[...known].join(", ")}`);
      }
    };
    const name = tokens[next++] ?? "";
    if (!/^[a-zA-Z]\w*$/.test(name) || numbers.includes(name)) {
      next--;
      fail("an array's name or a new one");
    }
    take("=");
    sum();
    if (next < tokens.length) fail("the end of the line");
    known.add(name);
    return { name, steps };
  });
}

const simd = { load: 0x00, store: 0x0b, shuffle: 0x0d, splat: 0x14, demote: 0x5e, promote: 0x5f };

/** Its function: `run(count, …addresses, …numbers)`. */
function moduleOfFormula(
  assignments: readonly Assignment[],
  { arrays, numbers }: FormulaNames,
): WebAssembly.Module {
  const own = assignments.map(({ name }) => name).filter((name) => !arrays.includes(name));
  // locals: count, an address for each array, the numbers; then what is declared
  const parameters = [i32, ...arrays.map(() => i32), ...numbers.map(() => f64)];
  const declared = [...numbers.map((name) => `${name} twice`), "loaded"]; // v128
  const halves = [...arrays, ...new Set(own)].flatMap((name) => [`${name} 0`, `${name} 1`]); // v128, two f64 each
  const place = new Map([...declared, ...halves].map((name, index) => [name, parameters.length + index]));
  const local = (name: string) => unsigned(place.get(name)!);
  const isArray = (name: string) => arrays.includes(name);
  const address = (name: string) => [get, ...unsigned(1 + arrays.indexOf(name))];
  const read = (name: string, half: number) =>
    numbers.includes(name) ? [get, ...local(`${name} twice`)] : [get, ...local(`${name} ${half}`)];
  const upper = [8, 9, 10, 11, 12, 13, 14, 15];
  const lower = upper.map((byte) => byte - 8);

  const load = (name: string) => [
    ...[...address(name), ...vector(simd.load), ...memoryAt, set, ...local("loaded")],
    ...[get, ...local("loaded"), ...vector(simd.promote), set, ...local(`${name} 0`)],
    ...[get, ...local("loaded"), get, ...local("loaded"), ...vector(simd.shuffle), ...upper, ...upper],
    ...[...vector(simd.promote), set, ...local(`${name} 1`)],
  ];
  const assign = ({ name, steps }: Assignment) => [
    ...[0, 1].flatMap((half) => [
      ...steps.flatMap((step) => "read" in step ? read(step.read, half) : vector(operations[step.apply])),
      ...(isArray(name) ? [...vector(simd.demote), ...vector(simd.promote)] : []),
      ...[set, ...local(`${name} ${half}`)],
    ]),
  ];
  const store = (name: string) => [
    ...address(name),
    ...[0, 1].flatMap((half) => [get, ...local(`${name} ${half}`), ...vector(simd.demote)]),
    ...[...vector(simd.shuffle), ...lower, ...lower.map((byte) => byte + 16)],
    ...[...vector(simd.store), ...memoryAt],
  ];
  const advance = (name: string) => addConstant(1 + arrays.indexOf(name), 16);

  const changed = arrays.filter((name) => assignments.some((assignment) => assignment.name === name));
  const body = [
    ...numbers.flatMap((name, index) => [
      ...[get, ...unsigned(1 + arrays.length + index), ...vector(simd.splat), set, ...local(`${name} twice`)],
    ]),
    ...whilePositive(0, [
      ...arrays.flatMap(load),
      ...assignments.flatMap(assign),
      ...changed.flatMap(store),
      ...arrays.flatMap(advance),
      ...addConstant(0, -4),
    ]),
  ];
  return moduleOf({ parameters, vectors: declared.length + halves.length, body });
}
