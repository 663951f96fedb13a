import assert from "node:assert/strict";
import { terminalLine } from "../../../lib/support/notebook/terminal_line.ts";
import { terminalProgress } from "../../../lib/support/notebook/terminal_progress.ts";

/** A stream that keeps what is written to it. */
function fakeStream(isTerminal: boolean) {
  const stream = {
    text: "",
    isTerminal: () => isTerminal,
    writeSync(bytes: Uint8Array) {
      stream.text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  };
  return stream;
}

/** What a terminal would show: the lines after carriage returns and "erase to the end of the line". */
function screen(text: string): string[] {
  return text.split("\n").map((line) =>
    line.split("\r").reduce((shown, part) => {
      const [kept, ...rest] = part.split("\x1b[K");
      return rest.length > 0 ? kept + rest.join("") : kept + shown.slice(kept.length);
    }, "")
  );
}

const stage = { stage: "Activations", done: 45, total: 100, secondsLeft: 130, perSecond: 54.2 };

Deno.test("in a terminal one line changes in place and is gone at the end", () => {
  const stream = fakeStream(true);
  {
    using progress = terminalProgress("03_split", { index: 2, count: 5 }, { stream, columns: () => 120 });
    progress.update({ cell: 4, cells: 12, stage: null });
    assert.deepEqual(screen(stream.text), ["3/5 03_split  cell 4/12"]);
    progress.update({ cell: 4, cells: 12, stage });
    assert.deepEqual(screen(stream.text), [
      "3/5 03_split  cell 4/12  Activations ━━━━━───────  45 %  54 a second  2 min 10 s left",
    ]);
    progress.print("a line that stays");
    assert.deepEqual(screen(stream.text), [
      "a line that stays",
      "3/5 03_split  cell 4/12  Activations ━━━━━───────  45 %  54 a second  2 min 10 s left",
    ]);
    progress.update({ cell: 5, cells: 12, stage: { ...stage, done: 100, secondsLeft: 0 } });
    assert.deepEqual(screen(stream.text).at(-1), "3/5 03_split  cell 5/12  Activations ━━━━━━━━━━━━  100 %");
  }
  assert.deepEqual(screen(stream.text), ["a line that stays", ""]);
  // deno-lint-ignore no-control-regex -- colour codes are what is looked for
  assert.ok(!/\x1b\[[0-9;]*m/.test(stream.text), "no colours");
});

Deno.test("a line never wraps: it could not be taken back", () => {
  const stream = fakeStream(true);
  using progress = terminalProgress("03_split", { index: 0, count: 1 }, { stream, columns: () => 30 });
  progress.update({ cell: 4, cells: 12, stage });
  assert.equal([...screen(stream.text)[0]].length, 29);
});

Deno.test("without a terminal there are plain lines, one in 10 s, and no control codes", () => {
  const stream = fakeStream(false);
  let time = 0;
  {
    using progress = terminalProgress("03_split", { index: 0, count: 1 }, { stream, now: () => time });
    for (; time < 35; time++) progress.update({ cell: 1, cells: 2, stage: { ...stage, done: time } });
  }
  const lines = stream.text.split("\n");
  assert.deepEqual(lines.map((line) => line.match(/(\d+) %/)?.[1]), ["10", "20", "30", undefined]);
  assert.equal(lines[0], "1/1 03_split  cell 1/2  Activations  10 %  54 a second  2 min 10 s left");
  assert.ok(!stream.text.includes("\r") && !stream.text.includes("\x1b"));
});

Deno.test("a short step without a terminal writes its last state alone", () => {
  const stream = fakeStream(false);
  const line = terminalLine({ stream });
  for (const text of ["one", "two", "three"]) line.show(text);
  line.end();
  line.end();
  assert.equal(stream.text, "three\n");
});

Deno.test("a terminal keeps the last state when the line is ended", () => {
  const stream = fakeStream(true);
  const line = terminalLine({ stream, columns: () => 80 });
  line.show("a longer text");
  line.show("short");
  line.end();
  assert.deepEqual(screen(stream.text), ["short", ""]);
});
