/**
 * The one sum of which both products of a softmax layer are made, in WebAssembly's vector instructions: for matrices this small,
 * handing them to TensorFlow and waking its threads takes longer than the products.
 *
 * A kernel (features, classes) is read as blocks of four rows: 4 · classes numbers, one after the other. The number at place k of a
 * block belongs to the block's feature ⌊k / classes⌋. So four features times a block, number by number, is four rows of the
 * product x · kernel before they are added up; and four features times a row of the gradient, written four times, are four rows of
 * xᵀ · gradient. Either way nothing is transposed.
 */
import {
  addConstant,
  addLocal,
  get,
  i32,
  memoryAt,
  moduleOf,
  runIn,
  set,
  unsigned,
  vector,
  whilePositive,
} from "../webassembly/module.ts";

/**
 * Adds up, for t = 0 … count − 1, four features times a block, in float32: writes Σ features(t)[⌊k / classes⌋] · block(t)[k], for
 * k = 0 … 4 · classes − 1, to `result`.
 *
 * Addresses in bytes, multiples of 16; features(t) is at `features + t · featuresStep`, block(t) at `blocks + t · blocksStep`.
 */
export type BlockSum = (
  count: number,
  features: number,
  featuresStep: number,
  blocks: number,
  blocksStep: number,
  result: number,
) => void;

export function blockSumIn(memory: WebAssembly.Memory, classes: number): BlockSum {
  return runIn(memory, compile(classes)) as BlockSum;
}

const modules = new Map<number, WebAssembly.Module>();
const simd = { load: 0x00, store: 0x0b, shuffle: 0x0d, add: 0xe4, multiply: 0xe6 };

function compile(classes: number): WebAssembly.Module {
  const known = modules.get(classes);
  if (known) return known;
  const [count, features, featuresStep, blocks, blocksStep, result] = [0, 1, 2, 3, 4, 5];
  const sums = Array.from({ length: classes }, (_, index) => unsigned(6 + index));
  const four = unsigned(6 + classes);
  const offset = (index: number) => [4, ...unsigned(16 * index)];
  /** Each of the four features where the numbers of a block's vector need it. */
  const spread = (index: number) =>
    [0, 1, 2, 3].flatMap((lane) => {
      const feature = Math.floor((4 * index + lane) / classes);
      return [0, 1, 2, 3].map((byte) => 4 * feature + byte);
    });
  const body = [
    ...whilePositive(count, [
      ...[get, features, ...vector(simd.load), ...memoryAt, set, ...four],
      ...sums.flatMap((sum, index) => [
        ...[get, ...sum, get, ...four, get, ...four, ...vector(simd.shuffle), ...spread(index)],
        ...[get, blocks, ...vector(simd.load), ...offset(index), ...vector(simd.multiply)],
        ...[...vector(simd.add), set, ...sum],
      ]),
      ...addLocal(features, featuresStep),
      ...addLocal(blocks, blocksStep),
      ...addConstant(count, -1),
    ]),
    ...sums.flatMap((sum, index) => [get, result, get, ...sum, ...vector(simd.store), ...offset(index)]),
  ];
  const module = moduleOf({ parameters: Array(6).fill(i32), vectors: classes + 1, body });
  modules.set(classes, module);
  return module;
}
