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
  constant,
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

/**
 * Adds up, for t = 0 … count − 1, four features times a block, in float32: writes Σ features(t)[⌊k / classes⌋] · block(t)[k], for
 * k = 0 … 4 · classes − 1, to `result`. Takes so many sums one after the other, each from its own features and over the same blocks.
 *
 * Addresses in bytes, multiples of 16; for sum s features(t) is at `features + s · featuresNext + t · featuresStep`, block(t) at
 * `blocks + t · 16 · classes`, and the sum is written to `result + s · 16 · classes`.
 */
export type BlockSums = (
  sums: number,
  featuresNext: number,
  count: number,
  features: number,
  featuresStep: number,
  blocks: number,
  result: number,
) => void;

export function blockSumsIn(memory: WebAssembly.Memory, classes: number): BlockSums {
  return runIn(memory, compile(classes)) as BlockSums;
}

const modules = new Map<number, WebAssembly.Module>();
const simd = { load: 0x00, splat: 0x09, store: 0x0b, shuffle: 0x0d, add: 0xe4, multiply: 0xe6, xor: 0x51 };

function compile(classes: number): WebAssembly.Module {
  const known = modules.get(classes);
  if (known) return known;
  const [left, featuresNext, count, features, featuresStep, blocks, result] = [0, 1, 2, 3, 4, 5, 6];
  const [t, feature, block, blockBytes] = [7, 8, 9, 10];
  const sums = Array.from({ length: classes }, (_, index) => unsigned(11 + index));
  const four = unsigned(11 + classes);
  const offset = (index: number) => [4, ...unsigned(16 * index)];
  const copy = (from: number, to: number) => [get, from, set, to];
  /** Each of the four features where the numbers of a block's vector need it. */
  const spread = (index: number) => {
    const lanes = [0, 1, 2, 3].map((lane) => Math.floor((4 * index + lane) / classes));
    return lanes[0] === lanes[3]
      ? [get, feature, ...vector(simd.splat), 2, ...unsigned(4 * lanes[0])] // all the same one
      : [
        ...[get, ...four, get, ...four, ...vector(simd.shuffle)],
        ...lanes.flatMap((of) => [0, 1, 2, 3].map((byte) => 4 * of + byte)),
      ];
  };
  const body = [
    ...[...constant(16 * classes), set, blockBytes],
    ...whilePositive(left, [
      ...[...copy(count, t), ...copy(features, feature), ...copy(blocks, block)],
      ...sums.flatMap((sum) => [get, ...sum, get, ...sum, ...vector(simd.xor), set, ...sum]),
      ...whilePositive(t, [
        ...[get, feature, ...vector(simd.load), ...memoryAt, set, ...four],
        ...sums.flatMap((sum, index) => [
          ...[get, ...sum, ...spread(index)],
          ...[get, block, ...vector(simd.load), ...offset(index), ...vector(simd.multiply)],
          ...[...vector(simd.add), set, ...sum],
        ]),
        ...addLocal(feature, featuresStep),
        ...addLocal(block, blockBytes),
        ...addConstant(t, -1),
      ]),
      ...sums.flatMap((sum, index) => [get, result, get, ...sum, ...vector(simd.store), ...offset(index)]),
      ...addLocal(features, featuresNext),
      ...addLocal(result, blockBytes),
      ...addConstant(left, -1),
    ]),
  ];
  const module = moduleOf({ parameters: Array(7).fill(i32), integers: 4, vectors: classes + 1, body });
  modules.set(classes, module);
  return module;
}
