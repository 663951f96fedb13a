/** What a kernel is told before the first cell, so that cells that go wrong are noticed early. */

/**
 * Without this Deno 2.9.6's kernel drops errors of timers and of promises that nobody awaits, and after an error in a timer
 * it is stuck for 30 s. That needs `preventDefault`.
 */
export const reportUncaughtErrors = `{
  const report = (error) => {
    const isError = error instanceof Error;
    const uncaught = {
      ename: isError ? error.name : "Error",
      evalue: (isError ? error.message : String(error)) + " (in a timer or a promise that nobody awaits)",
      traceback: String((isError && error.stack) || error).split("\\n"),
    };
    Deno.jupyter.broadcast("display_data", { data: {}, metadata: { ham10000: { uncaught } }, transient: {} });
  };
  addEventListener("error", (event) => {
    event.preventDefault();
    report(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report(event.reason);
  });
}`;

/** The error of a cell that sends more than `limit` bytes. */
export function tooMuchOutput(limit: number): Error {
  const error = new Error(tooMuch(limit));
  error.name = "TooMuchOutput";
  return error;
}

/**
 * Counts what a cell prints where it is printed, and throws beyond `limit` bytes. Counting where it arrives comes too late for
 * short lines: Deno 2.9.6's kernel takes them in ten times faster than it sends them and holds the rest in memory, up to 9 kB a
 * line; a loop that prints took 7 GB in a minute. So each line counts 4 kB on top of its length.
 */
export function countOutput(limit: number): string {
  return `{
  let [sent, told] = [0, false];
  globalThis[Symbol.for("ham10000.newCell")] = () => void ([sent, told] = [0, false]);
  for (const name of ["log", "info", "warn", "error", "debug", "dir", "table", "trace"]) {
    const print = console[name];
    console[name] = (...values) => {
      sent += 4000;
      for (const value of values) if (typeof value === "string") sent += value.length;
      if (sent > ${limit}) {
        const metadata = { ham10000: { tooMuchOutput: true } }; // for the runner, as the cell may catch the error
        if (!told) Deno.jupyter.broadcast("display_data", { data: {}, metadata, transient: {} });
        told = true;
        throw Object.assign(new Error(${JSON.stringify(tooMuch(limit))}), { name: "TooMuchOutput" });
      }
      print.apply(console, values);
    };
  }
}`;
}

/** To be run before each cell: the limit of `countOutput` is a cell's own. */
export const startCountingAnew = `globalThis[Symbol.for("ham10000.newCell")]?.();`;

function tooMuch(limit: number): string {
  return `The cell sent more than ${limit / 1e6} MB of output and was stopped. What came first is kept. ` +
    "Print less, or write to a file";
}
