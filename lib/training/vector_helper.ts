/** The helper thread of `vector_update.ts`: runs the formula on its part of the memory, turn by turn. */
import { formulaIn } from "./vector_formula.ts";
import { begun, done, over, readCall, ready, turnsIn } from "./vector_turns.ts";

addEventListener("message", (event) => {
  const { module, memory } =
    (event as MessageEvent<{ module: WebAssembly.Module; memory: WebAssembly.Memory }>).data;
  const run = formulaIn(memory, module);
  const turns = turnsIn(memory);
  Atomics.store(turns, done, ready);
  let turn = 0;
  while (true) {
    Atomics.wait(turns, begun, turn);
    turn = Atomics.load(turns, begun);
    if (turn === over) break;
    const [count, ...rest] = readCall(memory);
    run(count, ...rest);
    Atomics.store(turns, done, turn);
    Atomics.notify(turns, done);
  }
  close(); // a thread that waits cannot be ended from outside
});
