/** What tests put in the place of a terminal and of the time. */

/** A stream that keeps what is written to it. */
export function fakeStream(isTerminal: boolean) {
  const stream = {
    text: "",
    isTerminal: () => isTerminal,
    writeSync(bytes: Uint8Array) {
      stream.text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
    /** What a terminal would show: the lines after carriage returns and "erase to the end of the line". */
    screen: () =>
      stream.text.split("\n").map((line) =>
        line.split("\r").reduce((shown, part) => {
          const [kept, ...rest] = part.split("\x1b[K");
          return rest.length > 0 ? kept + rest.join("") : kept + shown.slice(kept.length);
        }, "")
      ),
  };
  return stream;
}

/** Gives a variable of the environment this value until it is disposed of. */
export function fakeEnv(name: string, value: string): Disposable {
  const real = Deno.env.get(name);
  Deno.env.set(name, value);
  return { [Symbol.dispose]: () => real === undefined ? Deno.env.delete(name) : Deno.env.set(name, real) };
}

/** Makes the terminal so wide until it is disposed of. */
export function fakeColumns(columns: number): Disposable {
  const real = Deno.consoleSize;
  Deno.consoleSize = () => ({ columns, rows: 10 });
  return { [Symbol.dispose]: () => void (Deno.consoleSize = real) };
}

/** Stops `performance.now` and `setTimeout` until it is disposed of; they go on when `pass` is called. */
export function fakeTime(): Disposable & { pass(seconds: number): Promise<void> } {
  const real = { setTimeout, clearTimeout, now: performance.now };
  let time = 0;
  const timers = new Map<number, { due: number; call: () => void }>();
  performance.now = () => time * 1000;
  Object.assign(globalThis, {
    setTimeout(call: () => void, milliseconds = 0) {
      timers.set(timers.size, { due: time + milliseconds / 1000, call });
      return timers.size - 1;
    },
    clearTimeout: (timer: number) => timers.set(timer, { due: Infinity, call() {} }),
  });
  return {
    async pass(seconds) {
      time += seconds;
      for (const timer of timers.values()) {
        if (timer.due > time + 1e-9) continue;
        timer.due = Infinity;
        timer.call();
      }
      await new Promise((resolve) => real.setTimeout(resolve)); // what was sent has arrived
    },
    [Symbol.dispose]() {
      performance.now = real.now;
      Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    },
  };
}
