import assert from "node:assert/strict";
import {
  type Cell,
  type CodeCell,
  parseNotebook,
  serializeNotebook,
} from "../../../lib/support/notebook/ipynb.ts";
import { executeNotebook } from "../../../lib/support/notebook/execute.ts";
import { withStopNotice } from "../../../lib/support/notebook/stop_notice.ts";
import type { NotebookProgress } from "../../../lib/support/terminal_line.ts";
import { notebookOf, outputsOf, run, runToError, testFolder } from "./run_cells.ts";
import { runDeno } from "../run_deno.ts";

const show = (type: string, content: string) => `await Deno.jupyter.broadcast("${type}", ${content});`;
const stream = (text: string, name: "stdout" | "stderr" = "stdout") => ({
  output_type: "stream",
  name,
  text,
});
const result = (data: Record<string, string>, execution_count: number) => ({
  ...{ output_type: "execute_result", data, metadata: {}, execution_count },
});

Deno.test("each kind of output is stored as nbformat 4.5 requires, and cells with code are numbered 1 … n", async () => {
  const executed = await run([
    "# Markdown",
    `console.log("one"); console.log("\\x1b[31mtwo\\x1b[0m"); console.error("three"); console.log("four"); 40 + 2`,
    "  \n",
    show("display_data", `{ data: { "text/plain": "shown" }, metadata: { key: 1 }, transient: {} }`),
    `({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>x</b>", "text/plain": "x" }) })`,
    "const nothing = undefined;",
  ]);
  const outputs = [2, 3, 4, 5, 6].map((cell) => outputsOf(executed, cell));
  assert.deepEqual(outputs, [
    [stream("one\ntwo\n"), stream("three\n", "stderr"), stream("four\n"), result({ "text/plain": "42" }, 1)],
    [],
    [{ output_type: "display_data", data: { "text/plain": "shown" }, metadata: { key: 1 } }],
    [result({ "text/html": "<b>x</b>", "text/plain": "x" }, 3)],
    [],
  ]);
  const counts = executed.cells.map((cell) => (cell as CodeCell).execution_count);
  assert.deepEqual(counts, [undefined, 1, null, 2, 3, 4]);
  const text = serializeNotebook(executed);
  assert.equal(serializeNotebook(parseNotebook(text)), text);
});

Deno.test("the source is not changed and its old outputs are dropped", async () => {
  const source = notebookOf("1 + 1", "");
  for (const cell of source.cells as CodeCell[]) {
    cell.outputs = [{ output_type: "stream", name: "stdout", text: "old" }];
    cell.execution_count = 7;
  }
  const before = structuredClone(source);
  const executed = await executeNotebook(source, { folder: testFolder });
  assert.deepEqual(source, before);
  const outputs = [1, 2].map((cell) => outputsOf(executed, cell));
  assert.deepEqual(outputs, [[result({ "text/plain": "2" }, 1)], []]);
});

Deno.test("output that follows the kernel's idle message belongs to its cell: 40 cells of 21 lines", async () => {
  const cells = Array.from(
    { length: 40 },
    (_, cell) =>
      `for (let i = 0; i < 20; i++) console.log("${cell}/" + i); console.error("${cell}"); ${cell}`,
  );
  const executed = await run(cells);
  for (let cell = 0; cell < cells.length; cell++) {
    const lines = Array.from({ length: 20 }, (_, i) => `${cell}/${i}\n`).join("");
    assert.deepEqual(outputsOf(executed, cell + 1), [
      stream(lines),
      stream(`${cell}\n`, "stderr"),
      result({ "text/plain": String(cell) }, cell + 1),
    ]);
  }
});

Deno.test("awaited work belongs to its cell; relative imports and environment variables work", async () => {
  const executed = await run([
    `await new Promise((resolve) => setTimeout(resolve, 200)); console.log("awaited");`,
    `import { testFolder } from "./run_cells.ts"; console.log(testFolder.endsWith("support/notebook/"));`,
    `console.log(Deno.env.get("HAM10000_TEST"));`,
  ], { env: { HAM10000_TEST: "given" } });
  const outputs = [1, 2, 3].flatMap((cell) => outputsOf(executed, cell));
  assert.deepEqual(outputs, [stream("awaited\n"), stream("true\n"), stream("given\n")]);
});

Deno.test("update_display_data changes all displays with its identifier, also in earlier cells", async () => {
  const display = (text: string, id: string) =>
    `{ data: { "text/plain": "${text}" }, metadata: { text: "${text}" }, transient: { display_id: "${id}" } }`;
  const executed = await run([
    show("display_data", display("first", "a")) + show("display_data", display("other", "b")),
    show("display_data", display("second", "a")) + show("update_display_data", display("last", "a")),
    show("update_display_data", display("unknown", "c")),
  ]);
  const texts = [1, 2, 3].map((cell) =>
    outputsOf(executed, cell).map((output) => output.output_type === "display_data" && output.metadata.text)
  );
  assert.deepEqual(texts, [["last", "other"], ["last"], []]);
});

Deno.test("clear_output clears, at once or with the next output", async () => {
  const executed = await run([
    `console.log("a");` + show("clear_output", `{ wait: false }`) + `console.log("b");`,
    `console.log("a");` + show("clear_output", `{ wait: true }`) + `console.log("b");`,
    `console.log("a");` + show("clear_output", `{ wait: true }`),
  ]);
  const outputs = [1, 2, 3].map((cell) => outputsOf(executed, cell));
  assert.deepEqual(outputs, [[stream("b\n")], [stream("b\n")], [stream("a\n")]]);
});

Deno.test("progress is handed on and kept out of the notebook", async () => {
  const seen: NotebookProgress[] = [];
  const executed = await run([
    `import { progress } from "../../../lib/support/progress.ts";
const report = progress("Activations");
for (let i = 0; i <= 20; i++) { report(i, 20); await new Promise((resolve) => setTimeout(resolve, 50)); }
console.log("kept");`,
    `report(20, 20);`,
  ], { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual([1, 2].map((cell) => outputsOf(executed, cell)), [[stream("kept\n")], []]);
  const starts = seen.filter(({ stage }) => stage === null).map(({ cell, cells }) => [cell, cells]);
  assert.deepEqual(starts, [[1, 2], [2, 2]]);
  const stages = seen.flatMap(({ cell, stage }) => stage && cell === 1 ? [stage] : []);
  assert.ok(stages.length > 1 && stages[0].done < 20);
  assert.equal(stages.at(-1)?.done, 20);
  assert.ok(stages.every(({ stage, total }) => stage === "Activations" && total === 20));
});

Deno.test("an error in cell 3 stops the notebook and is named; earlier outputs are kept", async () => {
  const saved: string[] = [];
  const error = await runToError([
    "# Title",
    `console.log("first"); 1`,
    `console.log("before");\nfunction inner(): never {\n  throw new RangeError("too \\x1b[1mlarge");\n}\ninner();`,
    `console.log("never")`,
  ], { onCellDone: (partial) => void saved.push(serializeNotebook(partial)) });
  assert.match(error.message, /^test\.ipynb, cell 3 \(console\.log\("before"\);\): RangeError: too /);
  assert.match(error.message, /at inner \(<anonymous>/);
  assert.deepEqual([error.notebook, error.cell, error.ename], ["test.ipynb", 3, "RangeError"]);
  assert.equal(outputsOf(error.partial, 2).length, 2);
  const [printed, failure] = outputsOf(error.partial, 3);
  assert.deepEqual(printed, stream("before\n"));
  assert.ok(failure.output_type === "error" && failure.ename === "RangeError");
  assert.match(failure.traceback.join("\n"), /^RangeError: too large\n {4}at inner/);
  assert.deepEqual(outputsOf(error.partial, 4), []);
  assert.equal((error.partial.cells[3] as CodeCell).execution_count, null);
  assert.equal(saved.length, 2);
  assert.equal(saved[1], serializeNotebook(withStopNotice(error.partial)));
  assert.match(saved[1], /did not run to its end.*It stopped in cell 3/);
});

Deno.test("a syntax error is reported with its line, although the kernel does not report it", async () => {
  const error = await runToError(["1", "const a = 1;\n// why\nconst b: = 3;"]);
  assert.deepEqual([error.cell, error.ename], [2, "SyntaxError"]);
  assert.match(error.message, /line 3, column \d+ of the cell/);
  assert.equal(outputsOf(error.partial, 2).length, 1);
});

Deno.test("an unhandled promise rejection or an error in a timer makes the notebook fail", async () => {
  const rejected = await runToError([`Promise.reject(new TypeError("lost")); 5`, "6"]);
  assert.deepEqual([rejected.cell, rejected.ename], [1, "TypeError"]);
  assert.match(rejected.evalue, /^lost \(in a timer or a promise that nobody awaits\)/);
  const timer = await runToError([
    `setTimeout(() => { throw new Error("late") }, 50);`,
    `await new Promise((resolve) => setTimeout(resolve, 300));`,
    "6",
  ]);
  assert.ok([1, 2].includes(timer.cell), `${timer.cell}: the first where it takes more than 50 ms to end`);
  assert.match(timer.evalue, /^late/);
});

Deno.test("thrown texts that are not Error objects and failed imports are named, too", async () => {
  assert.match((await runToError([`throw "a text"`])).message, /a text/);
  const missing = await runToError([`await import("./no_such_file.ts")`]);
  assert.match(missing.message, /cell 1 .*Module not found .*no_such_file\.ts/);
});

Deno.test("a kernel that exits in a cell is detected; its earlier output is kept", async () => {
  const error = await runToError([
    `1`,
    `console.log("last words");\nfor (let i = 0; i < 40; i++) await new Promise((resolve) => setTimeout(resolve, 5));\nDeno.exit(3);`,
    `2`,
  ]);
  assert.match(error.message, /^test\.ipynb, cell 2 .*KernelDied: .*exit code 3/);
  const [words, failure] = outputsOf(error.partial, 2);
  assert.deepEqual(words, stream("last words\n"));
  assert.equal(failure.output_type, "error");
  const killed = await runToError([`Deno.kill(Deno.pid, "SIGKILL"); await new Promise(() => {});`]);
  assert.match(killed.message, /cell 1 .*killed by SIGKILL; the system does that when memory runs out/);
  const left = await runToError([`Deno.exit();`]);
  assert.match(left.message, /cell 1 .*KernelDied: .*exit code 0, as after Deno\.exit\(\)/);
});

Deno.test("an error of the caller's own callbacks reaches the caller", async () => {
  const broken = () => {
    throw new RangeError("disk full");
  };
  await assert.rejects(run(["1", "2"], { onCellDone: broken }), /^RangeError: disk full/);
  const code = show(
    "display_data",
    `{ data: {}, transient: {}, metadata: { ham10000: { progress: { stage: "s", done: 0, total: 1 } } } }`,
  );
  const onProgress = ({ stage }: NotebookProgress) => stage && broken();
  await assert.rejects(run([code, "2"], { onProgress }), /^RangeError: disk full/);
});

Deno.test("an endless cell is stopped after its limit, whether it computes or waits", async () => {
  for (const code of [`console.log("y"); for (;;) {}`, `console.log("y"); await new Promise(() => {});`]) {
    const error = await runToError([`console.log("x")`, code], { timeoutSeconds: 6 });
    assert.match(error.message, /cell 2 .*CellTimeout: The cell ran longer than its limit of 6 s/);
    assert.deepEqual(outputsOf(error.partial, 1), [stream("x\n")]);
    assert.deepEqual(outputsOf(error.partial, 2)[0], stream("y\n"));
  }
});

Deno.test("a cell that prints 150 MB fits a runner with a heap of 100 MB, and its head and tail are kept", async () => {
  const code = `import { outputsOf, run } from "./run_cells.ts";
const loop = 'for (let i = 0; i < 150; i++) console.log(i + "x".repeat(1e6)); console.log("end")';
const executed = await run([loop, 'console.log("next")']);
const [text, next] = [1, 2].map((cell) => outputsOf(executed, cell)[0].text);
const leftOut = text.match(/x\\n\\[… ([\\d,]+) characters left out …\\]\\nx/)?.[1];
console.log(JSON.stringify([text.slice(0, 4), leftOut, text.length < 10_000_100, text.slice(-8), next]));`;
  const args = ["eval", "--quiet", "--v8-flags=--max-old-space-size=100", code];
  const ended = await runDeno(args, { cwd: testFolder });
  assert.equal(ended.code, 0, ended.err);
  assert.deepEqual(JSON.parse(ended.out), ["0xxx", "140,000,494", true, "xxx\nend\n", "next\n"]);
});

Deno.test("if the runner draws, the kernel knows it; a cell's pictures are drawn during the next cell and then stored", async () => {
  const sayWhoDraws = 'String(Symbol.for("ham10000.drawnByRunner") in globalThis)';
  const figure = show(
    "display_data",
    `{ data: { "text/plain": ${sayWhoDraws} }, metadata: {}, transient: {} }`,
  );
  const seen: string[] = [];
  const nextRuns = Promise.withResolvers<void>();
  const executed = await run([figure, "2", figure], {
    draw: async (data) => {
      if (seen.length === 0) await nextRuns.promise;
      seen.push(String(data["text/plain"]));
      return { ...data, "image/png": "AAAA" };
    },
    onProgress: ({ cell }) => cell === 2 && nextRuns.resolve(),
    onCellDone: ({ cells }) =>
      void seen.push(`kept ${cells.filter((cell) => "image/png" in dataOf(cell)).length}`),
  });
  assert.deepEqual(seen, ["true", "kept 1", "2", "kept 2", "true", "kept 3"]);
  assert.deepEqual(executed.cells.map(dataOf), [
    { "text/plain": "true", "image/png": "AAAA" },
    { "text/plain": "2", "image/png": "AAAA" },
    { "text/plain": "true", "image/png": "AAAA" },
  ]);
  assert.deepEqual(dataOf((await run([figure])).cells[0]), { "text/plain": "false" });

  const error = await runToError(["1", figure, "3"], {
    draw: ({ "text/plain": text, ...data }) =>
      text === "true" ? Promise.reject(new RangeError("no such colour")) : Promise.resolve(data),
  });
  assert.deepEqual([error.cell, error.ename, error.evalue], [2, "RangeError", "no such colour"]);
});

/** What a cell's first output shows. */
function dataOf(cell: Cell): Record<string, unknown> {
  const [output] = (cell as CodeCell).outputs;
  return output && "data" in output ? output.data : {};
}
