import assert from "node:assert/strict";
import { notebookLine, terminalLine } from "../../lib/support/terminal_line.ts";
import { fakeStream } from "./fake_stream.ts";

const stage = { stage: "Activations", done: 45, total: 100, secondsLeft: 130, perSecond: 54.2 };

Deno.test("in a terminal one line changes in place and is gone at the end", () => {
  const stream = fakeStream(true);
  const running = "3/5 03_split  cell 4/12  Activations ━━━━━───────  45 %  54 a second  2 min 10 s left";
  {
    using line = notebookLine("03_split", { index: 2, count: 5 }, { stream, columns: () => 120 });
    line.update({ cell: 4, cells: 12, stage: null });
    assert.deepEqual(stream.screen(), ["3/5 03_split  cell 4/12"]);
    line.update({ cell: 4, cells: 12, stage });
    assert.deepEqual(stream.screen(), [running]);
    line.print("a line that stays");
    assert.deepEqual(stream.screen(), ["a line that stays", running]);
    line.update({ cell: 5, cells: 12, stage: { ...stage, done: 100, secondsLeft: 0 } });
    assert.deepEqual(stream.screen().at(-1), "3/5 03_split  cell 5/12  Activations ━━━━━━━━━━━━  100 %");
  }
  assert.deepEqual(stream.screen(), ["a line that stays", ""]);
  // deno-lint-ignore no-control-regex -- colour codes are what is looked for
  assert.ok(!/\x1b\[[0-9;]*m/.test(stream.text), "no colours");
});

Deno.test("a line never wraps: it could not be taken back", () => {
  const stream = fakeStream(true);
  using line = notebookLine("03_split", { index: 0, count: 1 }, { stream, columns: () => 30 });
  line.update({ cell: 4, cells: 12, stage });
  assert.equal([...stream.screen()[0]].length, 29);
});

Deno.test("without a terminal there are plain lines, one in 10 s, and no control codes", () => {
  const stream = fakeStream(false);
  let time = 0;
  {
    using line = notebookLine("03_split", { index: 0, count: 1 }, { stream, now: () => time });
    for (; time < 35; time++) line.update({ cell: 1, cells: 2, stage: { ...stage, done: time } });
  }
  const lines = stream.text.split("\n");
  assert.deepEqual(lines.map((line) => line.match(/(\d+) %/)?.[1]), ["10", "20", "30", undefined]);
  assert.equal(lines[0], "1/1 03_split  cell 1/2  Activations  10 %  54 a second  2 min 10 s left");
  assert.ok(!stream.text.includes("\r") && !stream.text.includes("\x1b"));
});

Deno.test("a line that ends leaves its last state: in a terminal, and once where there is none", () => {
  for (const isTerminal of [true, false]) {
    const stream = fakeStream(isTerminal);
    const line = terminalLine({ stream, columns: () => 80, now: () => 0 });
    for (const text of ["a longer text", "two", "three"]) line.show(text);
    line.end();
    line.end();
    assert.deepEqual(stream.screen(), ["three", ""]);
    if (!isTerminal) assert.equal(stream.text, "three\n");
  }
});
