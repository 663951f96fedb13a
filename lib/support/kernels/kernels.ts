/** Memory for the inner loops of training (assembly.ts), and calls to these loops. */

/** A loop; assembly.ts documents its parameters. An array is given by its address, its `byteOffset` in this memory. */
type Loop = (...parameters: readonly number[]) => void;

/** The loops over arrays of equal length in which no element depends on another. */
export type Update = "nadam" | "adam" | "rmsprop";

/** Arrays that lie one after the other, so that one loop can process them all. */
export interface Block {
  /** All of them, including the gaps between. */
  readonly all: Float32Array;
  /** Each of them. */
  readonly arrays: readonly Float32Array[];
}

/** TensorFlow takes an array without copying it if its address is a multiple of 64 bytes: 16 elements. */
const alignment = 16;
const pageBytes = 65_536;

const module = new WebAssembly.Module(Deno.readFileSync(new URL("./kernels.wasm", import.meta.url)));

export class KernelMemory implements Disposable {
  readonly loops: Readonly<Record<Update | "forward" | "backward", Loop>>;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true }); // up to 4 GB
  /** One number: how many messages the helper has answered. The first answer says that it has started. */
  readonly #answered: Int32Array;
  #used = 4 * alignment; // in bytes; `#answered` is in the first bytes
  #helper: Worker | null = null;

  constructor() {
    this.#answered = new Int32Array(this.#memory.buffer, 0, 1);
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.loops = exports as typeof this.loops;
  }

  /** New arrays of zeros. @param lengths in elements */
  block(lengths: readonly number[]): Block {
    const base = this.#used;
    const starts = lengths.map((length) => {
      const start = this.#used;
      this.#used += 4 * alignment * Math.ceil(length / alignment);
      return start;
    });
    const missing = this.#used - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes)); // older arrays stay valid
    const array = (start: number, length: number) => new Float32Array(this.#memory.buffer, start, length);
    return {
      all: array(base, (this.#used - base) / 4),
      arrays: lengths.map((length, i) => array(starts[i], length)),
    };
  }

  /**
   * Starts a thread that, once it runs, does half of each `update`. Fewer than a million elements are not worth it. It keeps the
   * process alive until this is disposed of.
   */
  startHelper(elements: number): void {
    if (elements < 1_000_000 || navigator.hardwareConcurrency < 2) return;
    this.#helper = new Worker(new URL("./helper.ts", import.meta.url), { type: "module" });
    this.#helper.addEventListener("error", (event) => event.preventDefault()); // a thread that failed never gets a half
    this.#helper.postMessage({ module, memory: this.#memory });
  }

  /** Whether the helper runs by now. */
  get isHelped(): boolean {
    return Atomics.load(this.#answered, 0) > 0;
  }

  /**
   * Runs a loop over arrays of equal length.
   *
   * @param numbers the loop's parameters after the arrays
   * @throws {Error} if the helper does not answer for a minute
   */
  update(name: Update, arrays: readonly Float32Array[], numbers: readonly number[]): void {
    const count = arrays[0].length;
    const from = (start: number) => [...arrays.map(({ byteOffset }) => byteOffset + 4 * start), ...numbers];
    if (!this.isHelped) return this.loops[name](count, ...from(0));
    const half = alignment * Math.floor(count / alignment / 2);
    const answered = Atomics.load(this.#answered, 0);
    this.#helper!.postMessage({ name, parameters: [count - half, ...from(half)] });
    this.loops[name](half, ...from(0));
    while (Atomics.load(this.#answered, 0) === answered) {
      if (Atomics.wait(this.#answered, 0, answered, 60_000) === "timed-out") {
        throw new Error("The helper thread has not answered for a minute. Run again: a checkpoint is kept");
      }
    }
  }

  [Symbol.dispose](): void {
    this.#helper?.terminate();
  }
}
