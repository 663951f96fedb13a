/** An optimizer's rule at work: holds the slots of its variables and takes steps with them. */
import type { UpdateRule } from "./update_rule.ts";
import { compileFormula } from "./vector_formula.ts";

export interface VectorUpdate {
  /** [variable][slot], as the rule names them; to be read and set. */
  readonly slots: readonly (readonly Float32Array[])[];
  /**
   * Changes weights and slots of all variables by the rule's formula.
   *
   * @param numbers what the rule's `begin` gives for this step
   */
  step(
    numbers: Readonly<Record<string, number>>,
    gradients: readonly Float32Array[],
    weights: readonly Float32Array[],
  ): void;
}

/** Weights and gradients pass through memory in pieces of this many elements: with the slots they fit into a core's cache. */
const pieceLength = 16_384;

/** @param lengths of the variables */
export function makeVectorUpdate(rule: UpdateRule, lengths: readonly number[]): VectorUpdate {
  const pieceBytes = 4 * pieceLength;
  let end = 2 * pieceBytes;
  const addresses = lengths.map((length) =>
    rule.slots.map(() => {
      const address = end;
      end += 16 * Math.ceil(length / 4);
      return address;
    })
  );
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65_536) }); // never grows: its views stay
  const view = (address: number, length: number) => new Float32Array(memory.buffer, address, length);
  const slots = lengths.map((length, variable) =>
    addresses[variable].map((address) => view(address, length))
  );
  const weightPiece = view(0, pieceLength);
  const gradientPiece = view(pieceBytes, pieceLength);
  const names = { arrays: ["weight", "gradient", ...rule.slots], numbers: rule.numbers };
  const run = compileFormula(rule.formula, names, memory);
  return {
    slots,
    step(numbers, gradients, weights) {
      const values = rule.numbers.map((name) => numbers[name]);
      weights.forEach((all, variable) => {
        for (let start = 0; start < all.length; start += pieceLength) {
          const piece = all.subarray(start, start + pieceLength);
          weightPiece.set(piece);
          gradientPiece.set(gradients[variable].subarray(start, start + pieceLength));
          const ofSlots = addresses[variable].map((address) => address + 4 * start);
          run(piece.length, [0, pieceBytes, ...ofSlots], values);
          piece.set(piece.length === pieceLength ? weightPiece : weightPiece.subarray(0, piece.length));
        }
      });
    },
  };
}
