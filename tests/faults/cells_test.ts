/** Cells that go wrong as cells do: floods, a full heap, closed streams. Errors, time limits, exits: tests/support/notebook/. */
import assert from "node:assert/strict";
import { outputsOf, run, runToError } from "../support/notebook/run_cells.ts";

/** Memory of a process in MB; 0 where it does not run. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).output();
  return Number(new TextDecoder().decode(stdout)) / 1024;
}

Deno.test("a cell that prints endlessly is stopped before its kernel grows large; its first lines are kept", async () => {
  let [pid, peak] = [0, 0];
  const watch = setInterval(async () => {
    const memory = pid && await memoryOf(pid);
    peak = Math.max(peak, memory);
  }, 200);
  try {
    const error = await runToError([
      "console.log(Deno.pid);",
      `for (let i = 0;; i++) console.log(i, "x".repeat(100));`,
      "1",
    ], {
      onCellDone: (partial) => void (pid ||= Number((outputsOf(partial, 1)[0] as { text: string }).text)),
    });
    assert.match(
      error.message,
      /^test\.ipynb, cell 2 \(for .*TooMuchOutput: The cell sent more than 200 MB.*Print less, or write to a file/,
    );
    const [stream, failure] = outputsOf(error.partial, 2);
    assert.ok(stream.output_type === "stream" && stream.text.startsWith("0 xxx"));
    assert.ok(failure.output_type === "error" && failure.ename === "TooMuchOutput");
    assert.deepEqual(outputsOf(error.partial, 3), []);
    assert.ok(peak > 50 && peak < 1500, `${peak} MB`); // 7 GB in a minute without a limit
  } finally {
    clearInterval(watch);
  }
});

Deno.test("a cell that displays output endlessly, or swallows the error, is stopped from outside", async () => {
  for (
    const code of [
      `for (;;) await Deno.jupyter.broadcast("display_data",
        { data: { "text/plain": "x".repeat(1e5) }, metadata: {}, transient: {} });`,
      `for (;;) try { console.log("x".repeat(1e6)); } catch { await new Promise((resolve) => setTimeout(resolve)); }`,
      `Deno.jupyter.display({ "text/html": "x".repeat(2e7) }, { raw: true });`,
    ]
  ) {
    const error = await runToError([`console.log("kept")`, code], {
      limits: { sent: 10e6 },
      timeoutSeconds: 120,
    });
    assert.match(error.message, /cell 2 .*TooMuchOutput: The cell sent more than 10 MB/);
    assert.equal(outputsOf(error.partial, 1).length, 1);
  }
});

Deno.test("the output limit is per cell: many cells together may send more", async () => {
  const cells = Array.from(
    { length: 5 },
    () => `for (let i = 0; i < 200; i++) console.log("x".repeat(100));`,
  );
  const executed = await run(cells, { limits: { sent: 1e6 } });
  for (let cell = 1; cell <= 5; cell++) {
    assert.equal((outputsOf(executed, cell)[0] as { text: string }).text.length, 200 * 101);
  }
});

Deno.test("a cell that fills the heap ends the kernel, and the error says so and what to do", async () => {
  const error = await runToError([
    `console.log("kept"); await new Promise((resolve) => setTimeout(resolve, 100));`,
    `const all = []; for (;;) all.push(new Array(1e5).fill(Math.random()));`,
  ], { env: { DENO_V8_FLAGS: "--max-old-space-size=160" } });
  assert.match(
    error.message,
    /cell 2 .*KernelDied: .*: out of memory, JavaScript's heap is full\. Hold less/,
  );
  assert.equal((outputsOf(error.partial, 1)[0] as { text: string }).text, "kept\n");
});

Deno.test("closing the standard streams in a cell does not affect its output or the next cell's", async () => {
  const executed = await run([
    `console.log("a");
Deno.stdout.close();
Deno.stderr.close();
console.log("b");`,
    `console.error("c"); 5`,
  ]);
  assert.deepEqual(outputsOf(executed, 1), [{ output_type: "stream", name: "stdout", text: "a\nb\n" }]);
  assert.deepEqual(outputsOf(executed, 2).map(({ output_type }) => output_type), [
    "stream",
    "execute_result",
  ]);
});
