/** WebAssembly modules of one function, written as bytes: for inner loops that vector instructions make several times faster. */

export const [i32, f64, v128] = [0x7f, 0x7c, 0x7b];
export const [get, set] = [0x20, 0x21];
/** Aligned to 16 bytes, no offset: what follows a vector's load or store. */
export const memoryAt = [4, 0];

/** A vector instruction. */
export function vector(instruction: number): number[] {
  return [0xfd, ...unsigned(instruction)];
}

/** LEB128 */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** A number from 0 on; what is written is signed, so that its highest bit of seven must be 0. */
export function constant(value: number): number[] {
  const bytes = unsigned(value);
  const last = bytes.at(-1)!;
  return [0x41, ...last < 0x40 ? bytes : [...bytes.slice(0, -1), last | 0x80, 0]];
}

/** What is repeated while the local `count` is above 0; `body` has to make it smaller. */
export function whilePositive(count: number, body: readonly number[]): number[] {
  return [
    ...[0x02, 0x40, 0x03, 0x40], // block, loop
    ...[get, ...unsigned(count), 0x41, 0, 0x4c, 0x0d, 1], // out of the block when count ≤ 0
    ...body,
    ...[0x0c, 0, 0x0b, 0x0b], // again; ends of loop and block
  ];
}

/** Adds a local to another one. */
export function addLocal(target: number, added: number): number[] {
  return [get, ...unsigned(target), get, ...unsigned(added), 0x6a, set, ...unsigned(target)];
}

/** Adds −64 … 63 to a local. */
export function addConstant(target: number, value: number): number[] {
  return [get, ...unsigned(target), 0x41, value & 0x7f, 0x6a, set, ...unsigned(target)];
}

/**
 * A module that imports `env.memory`, shared, and exports `run`.
 *
 * @param parameters types of the function's first locals
 * @param integers how many i32 locals follow them
 * @param vectors how many v128 locals follow those
 * @param body instructions, without the function's end
 */
export function moduleOf(
  { parameters, integers = 0, vectors, body }: {
    parameters: readonly number[];
    integers?: number;
    vectors: number;
    body: readonly number[];
  },
): WebAssembly.Module {
  const declared = [[...unsigned(integers), i32], [...unsigned(vectors), v128]];
  const code = [...list(declared), ...body, 0x0b];
  return new WebAssembly.Module(Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...list(parameters.map((type) => [type])), 0]]),
    ...section(2, [[...text("env"), ...text("memory"), 2, sharedMemory, 1, ...unsigned(largestMemory)]]),
    ...section(3, [[0]]),
    ...section(7, [[...text("run"), 0, 0]]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ]));
}

/** A module's function, at work in a memory. */
export function runIn(memory: WebAssembly.Memory, module: WebAssembly.Module): (...values: number[]) => void {
  return new WebAssembly.Instance(module, { env: { memory } }).exports.run as (...values: number[]) => void;
}

/** Memory of at least so many bytes, which threads may share. */
export function makeMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.max(1, Math.ceil(bytes / 65_536));
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** With a largest size; in pages of 64 KiB, all that addresses of 32 bits reach. */
const sharedMemory = 3;
const largestMemory = 65_536;

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = list(entries);
  return [id, ...unsigned(content.length), ...content];
}

function list(entries: readonly (readonly number[])[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()];
}

function text(ascii: string): number[] {
  return list([...ascii].map((character) => [character.charCodeAt(0)]));
}
