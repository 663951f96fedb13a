/**
 * An optimizer's rule at work: holds weights' slots, gradients and, where wanted, the weights themselves in one memory, and takes
 * steps on all of it at once.
 *
 * One loop over seven million weights would leave a second core idle for a sixth of a training step. So a helper thread takes half of
 * what is large; which half an element is in changes nothing of it.
 */
import type { UpdateRule } from "./update_rule.ts";
import { makeMemory } from "../support/webassembly/module.ts";
import { compileFormula, formulaIn } from "./vector_formula.ts";
import { begun, done, over, talkBytes, turnsIn, writeCall } from "./vector_turns.ts";

export interface VectorUpdate extends Disposable {
  /** One for each variable, in memory: what `step` changes. To be read and set. */
  readonly weights: readonly Float32Array[];
  /** Room for the gradients, one for each variable: those that are handed to `step` here are not copied first. */
  readonly gradients: readonly Float32Array[];
  /** [variable][slot], as the rule names them; to be read and set. */
  readonly slots: readonly (readonly Float32Array[])[];
  /**
   * Changes weights and slots of all variables by the rule's formula.
   *
   * @param numbers what the rule's `begin` gives for this step
   * @throws {Error} when the helper does not answer for a minute
   */
  step(numbers: Readonly<Record<string, number>>, gradients: readonly Float32Array[]): void;
  /** Whether a helper thread takes half of a step by now: it needs a moment to start. */
  isHelped(): boolean;
}

/** From so many elements on, half of the work is worth another thread's while. */
const worthHelp = 1_000_000;
/** In elements: formulas need a multiple of 4, and TensorFlow copies arrays whose address is no multiple of 64 bytes. */
const alignment = 16;
/** Gradients come into memory in pieces of this many elements, and are worked on while they are in a core's cache. */
const pieceLength = 16_384;

/**
 * @param lengths of the variables
 * @param options.helper whether a thread may help; it keeps the process alive until it is disposed of
 */
export function makeVectorUpdate(
  rule: UpdateRule,
  lengths: readonly number[],
  options: { helper: boolean },
): VectorUpdate {
  const starts: number[] = []; // of the variables, in elements
  let total = 0;
  for (const length of lengths) {
    starts.push(total);
    total += alignment * Math.ceil(length / alignment);
  }
  const arrays = ["weight", "gradient", ...rule.slots];
  const bases = arrays.map((_, index) => talkBytes + 4 * total * index);
  const memory = makeMemory(talkBytes + 4 * total * arrays.length);
  const views = (base: number) =>
    lengths.map((length, i) => new Float32Array(memory.buffer, base + 4 * starts[i], length));
  const [weights, ofGradients, ...ofSlots] = bases.map(views);
  const module = compileFormula(rule.formula, { arrays, numbers: rule.numbers });
  const run = formulaIn(memory, module);
  const helpful = total >= worthHelp && navigator.hardwareConcurrency > 1;
  const helper = options.helper && helpful ? startHelper(module, memory) : null;
  const isHelped = () => helper !== null && helper.isReady();
  const at = (start: number) => bases.map((base) => base + 4 * start);

  return {
    weights,
    gradients: ofGradients,
    slots: lengths.map((_, variable) => ofSlots.map((slot) => slot[variable])),
    step(numbers, gradients) {
      const values = rule.numbers.map((name) => numbers[name]);
      const half = isHelped() ? 4 * Math.floor(total / 8) : total;
      const take = (variable: number, from: number, to: number) => {
        if (gradients[variable] === ofGradients[variable]) return;
        ofGradients[variable].set(gradients[variable].subarray(from, to), from);
      };
      // [half, total) is the helper's: its gradients first
      forPieces(half, total, take);
      if (half < total) helper!.begin(total - half, at(half), values);
      forPieces(0, half, (variable, from, to) => {
        take(variable, from, to);
        run(to - from, ...at(starts[variable] + from), ...values);
      });
      if (half < total) helper!.finish();
    },
    isHelped,
    [Symbol.dispose]: () => helper?.end(),
  };

  /** Elements low … high − 1 of the memory as pieces of variables, `from` and `to` counted from the variable's start. */
  function forPieces(
    low: number,
    high: number,
    work: (variable: number, from: number, to: number) => void,
  ): void {
    lengths.forEach((length, variable) => {
      const end = Math.min(length, high - starts[variable]);
      for (let from = Math.max(0, low - starts[variable]); from < end; from += pieceLength) {
        work(variable, from, Math.min(from + pieceLength, end));
      }
    });
  }
}

interface Helper {
  isReady(): boolean;
  begin(count: number, addresses: readonly number[], numbers: readonly number[]): void;
  /** Waits until what was begun is done. */
  finish(): void;
  end(): void;
}

/** A thread that runs the formula on its part. Until it has started, and where it cannot, the other does all. */
function startHelper(module: WebAssembly.Module, memory: WebAssembly.Memory): Helper {
  const worker = new Worker(new URL("./vector_helper.ts", import.meta.url), { type: "module" });
  worker.addEventListener("error", (event) => event.preventDefault()); // it is never ready then
  worker.postMessage({ module, memory });
  const turns = turnsIn(memory);
  return {
    isReady: () => Atomics.load(turns, done) !== 0,
    begin(count, addresses, numbers) {
      writeCall(memory, [count, ...addresses, ...numbers]);
      Atomics.add(turns, begun, 1);
      Atomics.notify(turns, begun);
    },
    finish() {
      const wanted = Atomics.load(turns, begun);
      for (let seen; (seen = Atomics.load(turns, done)) !== wanted;) {
        if (Atomics.wait(turns, done, seen, 60_000) === "timed-out") {
          throw new Error(
            "The optimizer's helper thread has not answered for a minute. Run again: a checkpoint is kept",
          );
        }
      }
    },
    end() {
      Atomics.store(turns, begun, over);
      Atomics.notify(turns, begun);
      if (Atomics.load(turns, done) === 0) worker.terminate();
    },
  };
}
