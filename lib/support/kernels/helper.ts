/** The helper thread of kernels.ts. It runs the loops that it is sent, in shared memory, and counts its answers. */

type Message =
  | { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly name: string; readonly parameters: readonly number[] };

let loops: Record<string, (...parameters: readonly number[]) => void>;
let answered: Int32Array;

addEventListener("message", (event) => {
  const message = (event as MessageEvent<Message>).data;
  if ("module" in message) {
    const { module, memory } = message;
    loops = new WebAssembly.Instance(module, { env: { memory } }).exports as typeof loops;
    answered = new Int32Array(memory.buffer, 0, 1);
  } else {
    loops[message.name](...message.parameters);
  }
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
