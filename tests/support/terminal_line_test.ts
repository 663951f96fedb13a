import assert from "node:assert/strict";
import { notebookLine, terminalLine } from "../../lib/support/terminal_line.ts";
import { fakeColumns, fakeStream, fakeTime } from "./fakes.ts";

const stage = { stage: "Activations", done: 45, total: 100, secondsLeft: 130, perSecond: 54.2 };

Deno.test("in a terminal one line changes in place and is gone at the end", () => {
  using _columns = fakeColumns(120);
  const stream = fakeStream(true);
  const running = "3/5 03_split  cell 4/12  Activations ━━━━━───────  45 %  54 a second  2 min 10 s left";
  {
    using line = notebookLine("03_split", { index: 2, count: 5 }, stream);
    line.update({ cell: 4, cells: 12, stage: null });
    assert.deepEqual(stream.screen(), ["3/5 03_split  cell 4/12"]);
    line.update({ cell: 4, cells: 12, stage });
    assert.deepEqual(stream.screen(), [running]);
    line.update({ cell: 5, cells: 12, stage: { ...stage, done: 100, secondsLeft: 0 } });
    assert.deepEqual(stream.screen().at(-1), "3/5 03_split  cell 5/12  Activations ━━━━━━━━━━━━  100 %");
  }
  assert.deepEqual(stream.screen(), [""]);
  // deno-lint-ignore no-control-regex -- colour codes are what is looked for
  assert.ok(!/\x1b\[[0-9;]*m/.test(stream.text), "no colours");
});

Deno.test("a line never wraps: a wrapped line could not be erased", () => {
  const stream = fakeStream(true);
  const line = terminalLine({ stream });
  using _columns = fakeColumns(30);
  line.show("x".repeat(100));
  assert.deepEqual(stream.screen(), ["x".repeat(29)]);
  line.clear();
  assert.deepEqual(stream.screen(), [""]);
});

Deno.test("without a terminal there are plain lines, one in 10 s, and no control codes", async () => {
  using clock = fakeTime();
  const stream = fakeStream(false);
  {
    using line = notebookLine("03_split", { index: 0, count: 1 }, stream);
    for (let time = 0; time < 35; time++) {
      line.update({ cell: 1, cells: 2, stage: { ...stage, done: time } });
      await clock.pass(1);
    }
  }
  const lines = stream.text.split("\n");
  assert.deepEqual(lines.map((line) => line.match(/(\d+) %/)?.[1]), ["10", "20", "30", undefined]);
  assert.equal(lines[0], "1/1 03_split  cell 1/2  Activations  10 %  54 a second  2 min 10 s left");
  assert.ok(!stream.text.includes("\r") && !stream.text.includes("\x1b"));
});

Deno.test("a finished line leaves its last state in a terminal, and prints it once without one", () => {
  for (const isTerminal of [true, false]) {
    const stream = fakeStream(isTerminal);
    const line = terminalLine({ stream });
    for (const text of ["a longer text", "two", "three"]) line.show(text);
    line.end();
    line.end();
    assert.deepEqual(stream.screen(), ["three", ""]);
    if (!isTerminal) assert.equal(stream.text, "three\n");
  }
});
